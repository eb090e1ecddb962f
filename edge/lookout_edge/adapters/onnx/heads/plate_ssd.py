"""The plate finder's head: a box and four corners for every prior, RetinaFace's way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class PlateCandidates:
    """Plates before suppression, in input pixels: boxes (n, 4), scores (n,), corners (n, 8).

    Corners are x, y pairs: left top, right top, right bottom, left bottom as the plate is read.
    """

    boxes: Floats
    scores: Floats
    corners: Floats


class PlateSsdDecoder:
    """Decodes one picture for a fixed input size."""

    def __init__(
        self,
        size: tuple[int, int],
        strides: tuple[int, ...],
        prior_sizes: tuple[tuple[int, ...], ...],
        variances: tuple[float, float],
    ) -> None:
        self._centres, self._sides = _priors(size, strides, prior_sizes)
        self._variances = variances

    def decode(self, locations: Floats, scores: Floats, landmarks: Floats, threshold: float) -> PlateCandidates:
        """Priors whose score reaches the threshold. ``locations`` is (priors, 4), ``landmarks`` (priors, 8)."""
        chosen = np.nonzero(scores >= threshold)[0]
        centres, sides = self._centres[chosen], self._sides[chosen][:, None]
        step = sides * self._variances[0]
        middle = centres + locations[chosen, :2] * step
        half = sides * np.exp(locations[chosen, 2:] * self._variances[1]) / 2
        corners = np.tile(centres, 4) + landmarks[chosen] * step
        # The network names them right bottom, left bottom, left top, right top, as its training set does.
        corners = np.roll(corners, 4, axis=1)
        boxes = np.concatenate([middle - half, middle + half], axis=1)
        return PlateCandidates(boxes.astype(np.float32), scores[chosen], corners.astype(np.float32))


def _priors(
    size: tuple[int, int], strides: tuple[int, ...], prior_sizes: tuple[tuple[int, ...], ...]
) -> tuple[Floats, Floats]:
    """Centres (n, 2) and sides (n,) in input pixels: by stride, row, column, prior size."""
    centres: list[Floats] = []
    sides: list[Floats] = []
    for stride, lengths in zip(strides, prior_sizes, strict=True):
        columns, rows = -(-size[0] // stride), -(-size[1] // stride)
        y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
        cells = ((np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * stride).astype(np.float32)
        centres.append(np.repeat(cells, len(lengths), axis=0))
        sides.append(np.tile(np.array(lengths, np.float32), len(cells)))
    return np.concatenate(centres), np.concatenate(sides)
