"""SSD's head: offsets from prior boxes and class probabilities with a background (Liu et al. 2016)."""

from collections.abc import Iterator, Mapping
from math import sqrt

import numpy as np

from lookout_edge.adapters.onnx.heads.candidates import Candidates, Floats, above, corners, named
from lookout_edge.adapters.onnx.letterbox import Canvas
from lookout_edge.adapters.zoo_heads import Priors, SsdHead


class SsdDecoder:
    """Decodes one picture for a fixed input size; see ``zoo_heads.SsdHead``."""

    #: Priors are described for one size.
    step = None

    def __init__(self, width: int, height: int, head: SsdHead) -> None:
        self._head = head
        self._priors = np.concatenate([_priors(width, height, priors) for priors in head.priors])

    def decode(self, outputs: Mapping[str, Floats], thresholds: Floats, canvas: Canvas) -> Candidates:
        """Boxes are (priors, 4), scores (priors, 1 + classes)."""
        offsets, scores = named(outputs, self._head.outputs)
        if self._head.logits:
            raised = np.exp(scores - scores.max(axis=1, keepdims=True))
            scores = raised / raised.sum(axis=1, keepdims=True)
        scores = scores[:, 1:]
        rows, classes = above(scores, thresholds)
        priors, moved = self._priors[rows], offsets[rows]
        by_centre, by_size = self._head.variances
        centres = priors[:, :2] + moved[:, :2] * by_centre * priors[:, 2:]
        sizes = priors[:, 2:] * np.exp(moved[:, 2:] * by_size)
        return Candidates(
            corners(np.concatenate([centres, sizes], axis=1, dtype=np.float32)), scores[rows, classes], classes
        )


def _priors(width: int, height: int, priors: Priors) -> Floats:
    """(cells × shapes, 4): centre x, centre y, width, height in input pixels."""
    shapes = np.array(list(_shapes(priors)), np.float32)
    y, x = np.mgrid[0 : priors.rows, 0 : priors.columns].astype(np.float32)
    step = np.array([width / priors.columns, height / priors.rows], np.float32)
    centres = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) * step
    pairs = [np.repeat(centres, len(shapes), axis=0), np.tile(shapes, (len(centres), 1))]
    return np.concatenate(pairs, axis=1).astype(np.float32)


def _shapes(priors: Priors) -> Iterator[tuple[float, float]]:
    yield priors.size, priors.size
    if priors.next_size is not None:
        mean = sqrt(priors.size * priors.next_size)
        yield mean, mean
    for ratio in priors.ratios:
        stretch = sqrt(ratio)
        yield priors.size * stretch, priors.size / stretch
        yield priors.size / stretch, priors.size * stretch
