"""The shipped pose model on real people: who stands is upright, and turned by a quarter they lie."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.onnx.chain import DetectorChain
from lookout_edge.adapters.onnx.pose import OnnxPoseEstimator
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import torso_tilt

CLIP = Path(__file__).parents[4] / "shared" / "data" / "video" / "one-by-one-person-detection.mp4"
ZOO = Zoo.find()


def people() -> Iterator[tuple[Image, Box]]:
    """Pictures of the clip, twenty seconds apart, with each person that is wholly inside."""
    detector = DetectorChain(ZOO, "community-nano-int8", raw=True, threshold=0.45).whole
    video = cv2.VideoCapture(str(CLIP))
    for number in range(0, 1300, 200):
        video.set(cv2.CAP_PROP_POS_FRAMES, number)
        read, picture = video.read()
        if not read:
            return
        image = np.asarray(picture, np.uint8)
        for found in detector.detect(image):
            box = found.box
            inside = min(box.x1, box.y1) > 0.02 and max(box.x2, box.y2) < 0.98
            if found.label == "person" and inside and box.height > 0.3:
                yield image, box


@pytest.mark.skipif(not CLIP.is_file(), reason=f"{CLIP.name} is missing")
def test_who_stands_is_upright_and_turned_by_a_quarter_they_lie() -> None:
    estimator = OnnxPoseEstimator(ZOO.entry("movenet-lightning"))
    upright: list[float | None] = []
    lying: list[float | None] = []
    for image, box in people():
        aspect = image.shape[1] / image.shape[0]
        standing = estimator.estimate(image, box)
        turned = np.ascontiguousarray(np.rot90(image, -1))
        fallen = estimator.estimate(turned, Box(1 - box.y2, box.x1, 1 - box.y1, box.x2))
        assert standing is not None
        assert fallen is not None
        upright.append(torso_tilt(standing, aspect))
        lying.append(torso_tilt(fallen, 1 / aspect))
    assert len(upright) >= 3
    assert all(tilt is not None and tilt <= 35 for tilt in upright)
    assert sum(tilt is not None and tilt >= 60 for tilt in lying) >= len(lying) - 1
