from threading import Semaphore

import pytest

from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.supervisor import SharedDetector, SharedPlateReader
from lookout_edge.testing import FakePlateReader, ScriptedDetector, picture


def test_it_gives_what_the_detector_gives() -> None:
    inner = ScriptedDetector([()], labels=("car",))
    shared = SharedDetector(inner, Semaphore(1))
    assert (shared.name, shared.sha256, shared.labels) == (inner.name, inner.sha256, ("car",))
    assert list(shared.detect(picture())) == []
    assert inner.calls == 1


def test_a_turn_that_does_not_come_is_an_error_and_not_an_empty_scene() -> None:
    turns = Semaphore(1)
    detector = SharedDetector(ScriptedDetector([()]), turns, timeout_s=0.01)
    reader = SharedPlateReader(FakePlateReader("皖A12345"), turns, timeout_s=0.01)
    with turns:
        with pytest.raises(ModelError, match="overloaded"):
            detector.detect(picture())
        with pytest.raises(ModelError, match="overloaded"):
            reader.read(picture(), Box(0, 0, 1, 1))
    assert reader.read(picture(), Box(0, 0, 1, 1))[0].text == "皖A12345"


def test_the_turn_is_given_back_after_an_error() -> None:
    detector = SharedDetector(ScriptedDetector([ModelError("broken"), ()]), Semaphore(1), timeout_s=0.01)
    with pytest.raises(ModelError, match="broken"):
        detector.detect(picture())
    assert list(detector.detect(picture())) == []
