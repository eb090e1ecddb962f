"""What the reel shows can be read, and its camera sees grey by night."""

from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.adapters.zoo import Zoo
from lookout_models.errors import UsageError
from lookout_models.reel import ROOM, YARD
from lookout_models.reel.camera_look import CameraLook, Picture
from lookout_models.reel.props import PLATES, draw_props
from lookout_models.reel.stories import STORIES


def test_the_shipped_reader_reads_the_plates_at_the_gate(tmp_path: Path) -> None:
    try:
        draw_props(tmp_path)
    except UsageError as error:
        pytest.skip(str(error))
    zoo = Zoo.find()
    reader = OnnxPlateReader(zoo.entry("plate-detector"), zoo.entry("plate-reader"))
    for name, (_, text) in PLATES.items():
        drawn = cv2.imread(str(tmp_path / name))
        assert drawn is not None
        assert reader.read_plate(drawn.astype(np.uint8)).text == text


def taken(*, infrared: bool) -> Picture:
    look = CameraLook(name="CAM", begins=datetime(2026, 1, 1), fps=8, seed=1, infrared=infrared)
    clean = np.full((180, 320, 3), (40, 90, 160), np.uint8)
    return look.taken(0, clean)[60:120]


def test_by_night_the_camera_sees_grey_and_noise() -> None:
    day, night = taken(infrared=False), taken(infrared=True)
    assert np.ptp(night, 2).max() == 0
    assert np.ptp(day, 2).min() > 50
    assert night[:, 150:170].std() > day[:, 150:170, 2].std()


def test_the_renderer_and_the_film_know_the_same_simulated_clips() -> None:
    assert {*YARD, *ROOM} == set(STORIES)
