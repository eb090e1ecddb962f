"""What fails beside an alarm must not take the alarm with it."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from lookout_contract.events import EventData, Scenario
from lookout_edge.closer import Plates
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.pose import Pose
from lookout_edge.domain.track import Track
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.replay import events_of
from lookout_edge.rules.base import Rule
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import FakePlateReader, FakePoseEstimator, FixedDirectory, ShadeDetector

CAR = Detection("car", 0.9, Box(0.1, 0.2, 0.5, 0.6))
FIRE = Detection("fire", 0.95, Box(0.6, 0.1, 0.8, 0.5))


class TornReader(FakePlateReader):
    """Fails as nobody foresaw."""

    read_at: Callable[[], None] = staticmethod(lambda: None)

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        self.read_at()
        raise RuntimeError("torn")


class TornPose(FakePoseEstimator):
    """The same of poses."""

    def estimate(self, image: Image, box: Box) -> Pose | None:
        raise RuntimeError("torn")


def rule(scenario: Scenario) -> Rule:
    kind = RULES[scenario]
    params = {"dwell_s": 2.0} if scenario is Scenario.UNFAMILIAR_VEHICLE else {}
    return kind.build(kind.params.model_validate(params), (), ZoneInfo("UTC"))


def pipeline_of(*rules: Rule, plates: Plates | None = None) -> CameraPipeline:
    return CameraPipeline(
        Provenance(camera="gate", models={}), rules, ShadeDetector(lambda shade: [CAR, FIRE]), plates=plates
    )


def frames(seconds: float) -> list[Frame]:
    noise = np.random.default_rng(1)
    return [
        Frame("gate", index / 5, noise.integers(0, 255, (90, 160, 3), dtype=np.uint8), 0.0)
        for index in range(round(5 * seconds))
    ]


def test_an_alarm_is_kept_before_a_plate_is_read_and_a_bug_there_costs_no_look() -> None:
    """Raised, it would have the worker open the stream anew at each look at a vehicle, and nobody see the fire."""
    kept: list[EventData] = []
    kept_before: list[int] = []
    reader = TornReader("")
    reader.read_at = lambda: kept_before.append(len(kept))
    plates = Plates(reader=reader, directory=FixedDirectory(), least_width=1)
    pipeline = pipeline_of(rule(Scenario.FIRE_SMOKE), rule(Scenario.UNFAMILIAR_VEHICLE), plates=plates)
    faults = 0
    for frame in frames(6.0):
        pipeline.step(frame, kept.extend)
        faults += len(pipeline.faults)
    assert [(event.scenario, event.phase.value) for event in kept][:1] == [(Scenario.FIRE_SMOKE, "start")]
    assert (faults, kept_before[0]) == (len(kept_before), 0)
    assert kept_before[-1] == len(kept) > 0, "what the same look told was kept before"
    assert pipeline.impairment == ("plates_failed", "RuntimeError: torn")


def test_a_bug_in_the_pose_model_costs_no_look() -> None:
    kind = RULES[Scenario.CARE]
    care = kind.build(kind.params.model_validate({"opted_in": True}), (), ZoneInfo("UTC"))
    person = Detection("person", 0.9, Box(0.4, 0.2, 0.5, 0.8))
    detector = ShadeDetector(lambda shade: [person])
    pipeline = CameraPipeline(Provenance(camera="gate", models={}), [care], detector, pose=TornPose([]))
    told = [fault for frame in frames(6.0) for fault in (pipeline.step(frame), pipeline.faults)[1]]
    assert len(told) > 3
    assert pipeline.impairment == ("poses_failed", "RuntimeError: torn")


class Broken:
    """A rule with a bug that shows at times."""

    def __init__(self, inner: Rule) -> None:
        self._inner = inner
        self.is_broken = True
        self.resets = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        if self.is_broken:
            raise ZeroDivisionError("a bug")
        return self._inner.observe(at, tracks, scene)

    def reset(self) -> None:
        self.resets += 1


@pytest.mark.parametrize("first", [True, False])
def test_a_rule_that_raises_costs_its_own_scenario_and_says_so(first: bool) -> None:
    broken = Broken(rule(Scenario.UNFAMILIAR_VEHICLE))
    rules: list[Rule] = [rule(Scenario.FIRE_SMOKE), broken]  # pyright: ignore[reportAssignmentType]
    pipeline = pipeline_of(*(reversed(rules) if first else rules))
    shown = frames(12.0)
    told = [event for frame in shown[:30] for event in pipeline.step(frame)]
    assert {event.scenario for event in told} == {Scenario.FIRE_SMOKE}
    assert [str(fault) for fault in pipeline.faults] == ["a bug"]
    assert pipeline.impairment == ("rule_failed", "unfamiliar_vehicle: ZeroDivisionError: a bug")
    assert broken.resets > 0
    broken.is_broken = False
    told = [event for frame in shown[30:] for event in pipeline.step(frame)]
    assert Scenario.UNFAMILIAR_VEHICLE in {event.scenario for event in told}
    assert (pipeline.faults, pipeline.impairment) == ((), None)


def test_who_tries_rules_out_hears_of_it() -> None:
    broken: Rule = Broken(rule(Scenario.GARBAGE))  # pyright: ignore[reportAssignmentType]
    with pytest.raises(ZeroDivisionError):
        list(events_of(frames(1.0), pipeline_of(broken), start_at=0.0))
