"""What holds for a whole camera, from its pictures to its events, with all six rules at once."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lookout_contract.events import EndReason, EventData, Phase, Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.zone import Zone
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import ScriptedDetector, box_at

LANE = Zone("lane", ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)))
LABELS = ["car", "motorcycle", "person", "fire", "smoke", "garbage", "overflow", "garbage_bin"]
#: Short waits, so that what stays for some looks is an alarm.
PARAMS: dict[Scenario, dict[str, object]] = {
    Scenario.FIRE_SMOKE: {},
    Scenario.CARE: {"opted_in": True, "lie_s": 1.0, "alive_by": "09:00"},
}
anywhere = st.builds(box_at, st.floats(-0.2, 1), st.floats(-0.2, 1), st.floats(0, 0.8), st.floats(0, 0.8))
#: Upright and lying, apart from each other: what is found there again and again is a thing that stays.
places = st.sampled_from([box_at(0.25, 0.3, 0.1, 0.4), box_at(0.3, 0.55, 0.2, 0.15), box_at(0.6, 0.4, 0.15, 0.3)])
found = st.one_of(
    st.builds(Detection, st.sampled_from(LABELS), st.floats(0.5, 1), places),
    st.builds(Detection, st.sampled_from(LABELS), st.floats(0, 1), anywhere),
)
#: (eighths of a second since the picture before, number of pictures, what is found in them)
Shot = tuple[int, int, Sequence[Detection]]
shots = st.lists(
    st.tuples(
        st.one_of(st.just(2), st.sampled_from([1, 3, 8, 40, 120, 8000, -1, -40])),
        st.integers(1, 40),
        st.lists(found, max_size=4),
    ),
    min_size=1,
    max_size=8,
)
#: Something moves in each picture.
NOISE = [np.random.default_rng(seed).integers(0, 256, (36, 64, 3), np.uint8) for seed in range(5)]


class Camera:
    """A pipeline to which shots are shown; what it said."""

    def __init__(self, story: Sequence[Shot], start: float, name: str = "gate") -> None:
        self.frames: list[Frame] = []
        at, script = start, list[Sequence[Detection]]()
        for eighths, pictures, things in story:
            for number in range(pictures):
                at += eighths / 8
                self.frames.append(Frame(name, at, NOISE[number % len(NOISE)], None))
            script += [things] * pictures
        rules = [
            kind.build(kind.params.model_validate(PARAMS.get(scenario, {"dwell_s": 1.0})), [LANE], ZoneInfo("UTC"))
            for scenario, kind in RULES.items()
        ]
        self.pipeline = CameraPipeline(Provenance(camera=name, models={}), rules, ScriptedDetector(script))
        self.end_at = max(frame.at for frame in self.frames) + 1
        self.said: list[EventData] = []

    def see(self, frame: Frame) -> None:
        self.said += self.pipeline.step(frame)

    def watch(self) -> list[EventData]:
        for frame in self.frames:
            self.see(frame)
        return self.finish()

    def finish(self) -> list[EventData]:
        self.said += self.pipeline.finish(self.end_at, EndReason.SHUTDOWN)
        return self.said


def told(events: Sequence[EventData], shift: float = 0.0) -> list[tuple[object, ...]]:
    """The events without their names, which hash the time."""
    return [
        (e.phase, e.scenario, e.captured_at.timestamp() - shift, e.zone, e.severity, e.dwell_s, e.explain, e.end_reason)
        for e in events
    ]


@settings(max_examples=40, deadline=None)
@given(story=shots)
def test_random_pictures_never_raise_and_what_begins_ends_once(story: Sequence[Shot]) -> None:
    is_open: dict[str, bool] = {}
    for event in Camera(story, 1e6).watch():
        was_open = is_open.get(event.occurrence)
        if event.phase is Phase.START:
            assert was_open is None
        else:
            assert was_open is not None
            # What goes on after its end says so; what ended as nobody watched is ended again as gone.
            assert was_open or event.resumed or event.phase is Phase.END
        is_open[event.occurrence] = event.phase is not Phase.END
    assert not any(is_open.values())


@settings(max_examples=20, deadline=None)
@given(story=shots, days=st.integers(1, 4000))
@example(story=[(3, 8, [Detection("car", 1.0, box_at(0.25, 0.3, 0.1, 0.4))])], days=1)
def test_a_shift_by_days_changes_nothing_but_time(story: Sequence[Shot], days: int) -> None:
    shift = days * 86_400.0
    assert told(Camera(story, 1e6).watch()) == told(Camera(story, 1e6 + shift).watch(), shift)


@pytest.mark.parametrize(("fps", "looks"), [(5, 150), (8, 122), (10, 150), (20, 150)])
def test_a_minute_costs_as_many_looks_on_any_day(fps: int, looks: int) -> None:
    """With pictures at 8 and 20 a second some stand just where a step of the cadence begins to take them."""
    car = [Detection("car", 0.8, box_at(0.25, 0.3, 0.1, 0.4))]
    for start in (0.0, 1e6, 1.7e9, 1.7e9 + 285_120):
        camera = Camera([(1, 60 * fps, car)], start)
        for number in range(60 * fps):
            camera.see(Frame("gate", start + number / fps, NOISE[number % len(NOISE)], None))
        assert camera.pipeline.looks == looks, f"from {start}"


@settings(max_examples=20, deadline=None)
@given(story=shots, other=shots)
def test_two_cameras_never_influence_each_other(story: Sequence[Shot], other: Sequence[Shot]) -> None:
    alone = Camera(story, 1e6).watch()
    here, there = Camera(story, 1e6), Camera(other, 2e6, "yard")
    for number, frame in enumerate(here.frames):
        here.see(frame)
        if number < len(there.frames):
            there.see(there.frames[number])
    assert here.finish() == alone
