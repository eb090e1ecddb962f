"""Pasting cut-out objects into pictures that show none: a few good photos stand in for many places."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from lookout_models.pictures import read_picture
from lookout_models.training.data.augment import Sample
from lookout_models.training.data.examples import Boxes, Example
from lookout_models.training.data.geometry import Floats, Picture, areas

#: Objects narrower or lower than this, in pixels of the photo, are not worth cutting out.
_LEAST = (90, 90)
_GRABCUT_ROUNDS = 4
#: Cut-outs that keep less or more of their box than this went wrong.
_SOLID = (0.25, 0.9)
#: What a pasted object hides by more than this is neither there nor not there.
_HIDDEN = 0.5
#: The least and the greatest width, beside the photo's, and brightness of a pasted object.
_WIDTHS, _LIGHTS = (0.55, 1.1), (0.55, 1.15)

Random = np.random.Generator


@dataclass(frozen=True, slots=True, eq=False)
class CutOut:
    """An object and its coverage, H × W in 0..1."""

    picture: Picture
    coverage: Floats


def cut_outs(examples: Sequence[Example], label: int) -> list[CutOut]:
    """The objects of class ``label`` in ``examples``, cut along their outlines as GrabCut finds them."""
    found = [cut_out(read_picture(e.path), box, _LEAST) for e in examples for box in e.boxes.of(label)]
    return [cut for cut in found if cut is not None]


def cut_out(picture: Picture, box: Floats, least: tuple[int, int]) -> CutOut | None:
    """What lies in ``box`` (fractions of the picture) along its outline, or None when GrabCut finds none or the box is
    narrower or lower than ``least`` (pixels).
    """
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = (int(v) for v in np.clip(box, 0, 1) * (width, height, width, height))
    if x2 - x1 < least[0] or y2 - y1 < least[1]:
        return None
    mask = np.zeros((height, width), np.uint8)
    background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
    inside = (max(1, x1), max(1, y1), min(x2, width - 1) - max(1, x1), min(y2, height - 1) - max(1, y1))
    cv2.grabCut(picture, mask, inside, background, foreground, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    solid = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)[y1:y2, x1:x2]
    if not _SOLID[0] < float(solid.mean()) < _SOLID[1]:
        return None
    coverage = cv2.GaussianBlur(solid, (0, 0), 1.0).astype(np.float32, copy=False)
    return CutOut(picture[y1:y2, x1:x2].copy(), coverage)


def resized(
    cut: CutOut, longer: float, random: Random, widths: tuple[float, float], lights: tuple[float, float]
) -> CutOut:
    """``cut`` with a longer side of ``longer`` pixels, mirrored at random.

    Its width and its brightness are multiplied by something between the two ``widths``, and the two ``lights``.
    """
    height, width = cut.coverage.shape
    scale = longer / max(height, width)
    side = (max(4, round(width * scale * random.uniform(*widths))), max(4, round(height * scale)))
    picture = cv2.resize(cut.picture, side, interpolation=cv2.INTER_AREA)
    coverage = cv2.resize(cut.coverage, side, interpolation=cv2.INTER_AREA)
    if random.random() < 0.5:
        picture, coverage = picture[:, ::-1], coverage[:, ::-1]
    light = random.uniform(*lights)
    return CutOut(np.clip(picture * light, 0, 255).astype(np.uint8), np.asarray(coverage, np.float32))


def clipped(cut: CutOut, corner: tuple[int, int], size: tuple[int, int]) -> tuple[CutOut, tuple[slice, slice]]:
    """What of ``cut`` lies in a picture of ``size`` (height, width) when its ``corner`` (left, top) is there; and
    where that is, as rows and columns of the picture.
    """
    (left, top), (height, width) = corner, cut.coverage.shape
    y1, x1 = max(0, top), max(0, left)
    y2, x2 = max(y1, min(size[0], top + height)), max(x1, min(size[1], left + width))
    part = np.s_[y1 - top : y2 - top, x1 - left : x2 - left]
    return CutOut(cut.picture[part], cut.coverage[part]), np.s_[y1:y2, x1:x2]


def lay(cut: CutOut, picture: Picture, where: tuple[slice, slice]) -> None:
    """Draw ``cut`` over the rows and columns ``where`` of ``picture``, which are of its size, in place."""
    share, place = cut.coverage[:, :, np.newaxis].astype(np.float64), picture[where]
    place[...] = (share * cut.picture + (1.0 - share) * place.astype(np.float64)).astype(np.uint8)


def pasted(sample: Sample, objects: Sequence[CutOut], label: int, random: Random) -> Sample:
    """``sample`` with one of ``objects`` somewhere in its lower two thirds, mirrored at random."""
    size = sample.picture.shape[0]
    chosen = objects[int(random.integers(len(objects)))]
    cut = resized(chosen, size * random.uniform(0.2, 0.75), random, _WIDTHS, _LIGHTS)
    height, width = (int(side) for side in cut.coverage.shape)
    lowest = max(0, size - height)
    left = int(random.random() * max(1, size - width))
    top = round(min(size // 3, lowest) + random.random() * max(0, lowest - size // 3))
    picture = sample.picture.copy()
    seen, where = clipped(cut, (left, top), (size, size))
    lay(seen, picture, where)
    height, width = seen.coverage.shape
    box = np.array([[left, top, left + width, top + height]], np.float32)
    return _with_box(Sample(picture, sample.boxes, sample.undecided), box, label)


def _with_box(sample: Sample, box: Floats, label: int) -> Sample:
    hidden = _covered(sample.boxes.corners, box[0]) > _HIDDEN
    kept = ~hidden
    boxes, unsure = sample.boxes, sample.undecided
    return Sample(
        sample.picture,
        Boxes(np.concatenate([boxes.corners[kept], box]), np.concatenate([boxes.classes[kept], [label]])),
        Boxes(
            np.concatenate([unsure.corners, boxes.corners[hidden]]),
            np.concatenate([unsure.classes, boxes.classes[hidden]]),
        ),
    )


def _covered(boxes: Floats, box: Floats) -> Floats:
    """Share of each of N boxes that ``box`` covers."""
    common = np.concatenate([np.maximum(boxes[:, :2], box[:2]), np.minimum(boxes[:, 2:], box[2:])], axis=1)
    return (areas(common.astype(np.float32)) / np.maximum(areas(boxes), 1e-6)).astype(np.float32)
