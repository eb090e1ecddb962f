"""The mirrored look: the mean of two passes, asked for only where the first saw something worth it."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.adapters.onnx.mirrored_look import MirroredDetector, fused
from lookout_edge.adapters.zoo import MirroredLook
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError

LEFT, RIGHT = Box(0.1, 0.5, 0.3, 0.7), Box(0.7, 0.5, 0.9, 0.7)
SETTINGS = MirroredLook(first={"garbage": 0.3, "garbage_bin": 0.3}, asks=("garbage",))
#: Bright on its left half, so that a mirrored one can be told from it.
PICTURE = np.zeros((20, 40, 3), np.uint8)
PICTURE[:, :20] = 255


class Finds:
    """A detector that finds one thing in the picture as it is and another in its mirror."""

    name, sha256, labels, takes_regions = "finds", "0" * 64, ("person", "garbage", "garbage_bin"), True

    def __init__(self, plain: Sequence[Detection], mirrored: Sequence[Detection] = ()) -> None:
        self.plain, self.mirrored = plain, mirrored
        self.regions: list[Box | None] = []

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """By what the left half shows."""
        self.regions.append(region)
        return self.plain if image[0, 0, 0] == 255 else self.mirrored


def detector(first: Finds, limit: float = 0.3) -> MirroredDetector:
    return MirroredDetector(first, SETTINGS, {"garbage": limit, "garbage_bin": limit})


def test_box_and_score_are_the_means_of_both_looks() -> None:
    first = Finds([Detection("garbage", 0.8, LEFT)], [Detection("garbage", 0.4, Box(0.71, 0.5, 0.91, 0.7))])
    (found,) = detector(first).detect(PICTURE)
    assert found.score == pytest.approx(0.6)
    # The mirrored box lies at 0.09..0.29 and counts half as much.
    assert found.box == pytest.approx(Box(0.1 - 0.01 / 3, 0.5, 0.3 - 0.01 / 3, 0.7))


def test_what_one_look_alone_sees_counts_half() -> None:
    seen = detector(Finds([Detection("garbage", 0.8, LEFT)]), limit=0.1).detect(PICTURE)
    assert [d.score for d in seen] == [pytest.approx(0.4)]
    assert detector(Finds([Detection("garbage", 0.8, LEFT)]), limit=0.5).detect(PICTURE) == []


def test_the_second_pass_finds_what_the_first_overlooked() -> None:
    first = Finds(
        [Detection("garbage", 0.9, RIGHT)], [Detection("garbage", 0.9, LEFT), Detection("garbage", 0.8, RIGHT)]
    )
    assert [(d.score, d.box) for d in detector(first).detect(PICTURE)] == [
        (pytest.approx(0.9), pytest.approx(RIGHT)),
        (pytest.approx(0.4), pytest.approx(LEFT)),
    ]


@pytest.mark.parametrize("found", [Detection("person", 0.9, LEFT), Detection("garbage_bin", 0.9, LEFT)])
def test_nobody_asks_again_about_what_is_not_worth_it(found: Detection) -> None:
    first = Finds([found, Detection("garbage", 0.29, RIGHT)])
    assert detector(first).detect(PICTURE) == [found]
    assert first.regions == [None]


def test_other_labels_stay_as_the_first_look_saw_them() -> None:
    person = Detection("person", 0.2, LEFT)
    first = Finds([Detection("garbage", 0.8, LEFT), person], [Detection("person", 0.9, RIGHT)])
    assert person in detector(first).detect(PICTURE)
    assert len(detector(first).detect(PICTURE)) == 2


def test_the_region_is_mirrored_too() -> None:
    first = Finds([Detection("garbage", 0.8, LEFT)])
    detector(first).detect(PICTURE, Box(0.0, 0.25, 0.5, 1.0))
    assert first.regions == [Box(0.0, 0.25, 0.5, 1.0), Box(0.5, 0.25, 1.0, 1.0)]


def test_labels_that_the_detector_does_not_know_are_named() -> None:
    with pytest.raises(ModelError, match="smoke"):
        MirroredDetector(Finds([]), MirroredLook(first={"smoke": 0.1}, asks=("smoke",)), {})
    with pytest.raises(ValueError, match="'asks' names smoke"):
        MirroredLook(first={"garbage": 0.1}, asks=("smoke",))


_CORNER = st.floats(0, 0.8)
_SIDE = st.floats(0.01, 0.2)


@st.composite
def _detections(draw: st.DrawFn) -> Detection:
    x, y = draw(_CORNER), draw(_CORNER)
    box = Box(x, y, x + draw(_SIDE), y + draw(_SIDE))
    return Detection(draw(st.sampled_from(["garbage", "garbage_bin"])), draw(st.floats(0.01, 1)), box)


@given(st.lists(_detections(), max_size=12))
def test_fusing_keeps_every_thing_and_invents_none(detections: list[Detection]) -> None:
    found = fused(detections, 0.55)
    assert {d.label for d in found} == {d.label for d in detections}
    assert len(found) <= len(detections)
    for detection in found:
        assert 0 < detection.score <= 1
        around = [d.box for d in detections if d.label == detection.label]
        assert min(b.x1 for b in around) - 1e-9 <= detection.box.x1
        assert detection.box.x2 <= max(b.x2 for b in around) + 1e-9
