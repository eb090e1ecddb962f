"""A candidate beside the running rules: it sees the same, says nothing, and is compared."""

from collections.abc import Sequence
from math import inf
from typing import cast
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from lookout_contract.events import EndReason, EventData, Phase, Scenario
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.track import Track
from lookout_edge.errors import ModelError, OverloadError
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import Detector
from lookout_edge.rules.base import Rule
from lookout_edge.rules.registry import RULES
from lookout_edge.shadow import FAILURES, Shadow
from lookout_edge.testing import ScriptedDetector, ShadeDetector, box_at, picture

BIKE = Detection("motorcycle", 0.8, box_at(0.4, 0.4, 0.2, 0.2))
EBIKE = Scenario.CORRIDOR_EBIKE


def rules(dwell_s: float) -> list[Rule]:
    kind = RULES[EBIKE]
    return [kind.build(kind.params.model_validate({"dwell_s": dwell_s}), (), ZoneInfo("UTC"))]


def see(shade: int) -> Sequence[Detection]:
    return (BIKE,) if shade >= 150 else ()


class Beside:
    """A pipeline whose e-bikes are parked after 4 s, and what came of it and of a shadow."""

    def __init__(self, shadow_dwell_s: float, detector: Detector | None = None, until: float = inf) -> None:
        self.told: list[tuple[str, EventData]] = []
        provenance = Provenance(camera="stairs", models={})
        self.shadow = Shadow(
            "trial",
            provenance,
            rules(shadow_dwell_s),
            lambda name, e: self.told.append((name, e)),
            detector=detector,
            until=until,
        )
        self.pipeline = CameraPipeline(provenance, rules(4.0), ShadeDetector(see))
        self.pipeline.beside([self.shadow])
        self.said: list[EventData] = []

    def show(self, shade: int, start: float, seconds: float) -> None:
        for index in range(round(seconds * 5)):
            self.said += self.pipeline.step(Frame("stairs", start + index / 5, picture(shade)))
            self.pipeline.judge_beside()

    def starts(self) -> tuple[list[float], list[float]]:
        """Of the running rules and of the shadow."""
        running = [e.captured_at.timestamp() for e in self.said if e.phase is Phase.START]
        return running, [e.captured_at.timestamp() for _, e in self.told if e.phase is Phase.START]


def test_another_threshold_shares_the_tracks_and_says_nothing() -> None:
    world, alone = Beside(8.0), Beside(8.0)
    alone.pipeline.beside([])
    for each in (world, alone):
        each.show(0, 0.0, 2.0)
        each.show(200, 2.0, 6.0)
        each.show(0, 8.0, 20.0)
        each.show(200, 30.0, 25.0)
    running, shadow = world.starts()
    assert (len(running), len(shadow)) == (2, 1)
    # It asks for no look of its own: the heartbeat's is the first after its dwell.
    assert 4.0 <= shadow[0] - running[1] <= 14.0
    assert [event.model_dump() for event in world.said] == [event.model_dump() for event in alone.said]
    assert {name for name, _ in world.told} == {"trial"}


def test_another_model_looks_when_the_running_one_does() -> None:
    blind = ScriptedDetector([])
    world = Beside(4.0, blind)
    world.show(200, 0.0, 10.0)
    running, shadow = world.starts()
    assert (len(running), shadow) == (1, [])
    assert blind.calls == world.pipeline.looks == world.shadow.looks


def test_what_it_may_not_look_at_is_no_empty_scene_and_what_fails_is_given_up() -> None:
    class Moody(ShadeDetector):
        trouble: ModelError | None = None

        def detect(self, image: object, region: object = None) -> Sequence[Detection]:
            self.calls += 1
            if self.trouble is not None:
                raise self.trouble
            return (BIKE,)

    moody = Moody(see)
    world = Beside(1.0, moody)
    world.show(200, 0.0, 4.0)
    moody.trouble = OverloadError("busy")
    world.show(200, 4.0, 20.0)
    assert world.shadow.shed > 0
    assert [event.phase for _, event in world.told] == [Phase.START]  # and no end: nobody has looked
    moody.trouble = ModelError("broken")
    calls = moody.calls
    for second in range(24, 60, 2):
        world.show(0 if second % 4 else 200, second, 2.0)
    assert (moody.calls - calls, world.shadow.gave_up) == (FAILURES, "broken")
    assert world.shadow.gave_up_at is not None
    assert 24.0 <= world.shadow.gave_up_at < 60.0
    assert world.pipeline.failed_looks == 0


def test_it_looks_no_more_once_its_days_are_over() -> None:
    bold = ShadeDetector(see)
    world = Beside(1.0, bold, until=10.0)
    world.show(200, 0.0, 10.0)
    calls = bold.calls
    world.show(0, 10.0, 20.0)
    world.show(200, 30.0, 10.0)
    running, shadow = world.starts()
    assert (len(running), len(shadow)) == (2, 1)
    assert 0 < calls == bold.calls == world.shadow.looks < world.pipeline.looks


class Torn:
    """A rule with a bug that shows at times."""

    def __init__(self, inner: Rule) -> None:
        self._inner = inner
        self.is_torn = True

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def observe(self, at: float, tracks: Sequence[Track], scene: Scene) -> Sequence[Observation]:
        if self.is_torn:
            raise ZeroDivisionError("a bug")
        return self._inner.observe(at, tracks, scene)


def test_a_bug_in_a_candidate_costs_the_camera_no_look_and_is_given_up_where_it_stays() -> None:
    """Raised, it would have the worker open the stream anew at each look, and nobody see a fire for a mere trial."""
    (inner,) = rules(4.0)
    torn = Torn(inner)
    provenance = Provenance(camera="stairs", models={})
    world = Beside(4.0)
    world.shadow = Shadow("trial", provenance, [cast(Rule, torn)], lambda name, event: None)
    world.pipeline.beside([world.shadow])
    for start in (0.0, 10.0):
        torn.is_torn = True
        world.show(200, start, 0.4)
        torn.is_torn = False
        world.show(200, start + 1.0, 2.0)
    assert (world.shadow.gave_up, world.shadow.looks > 4) == (None, True)
    torn.is_torn = True
    world.show(200, 20.0, 40.0)
    assert (world.shadow.gave_up, len(world.starts()[0])) == ("ZeroDivisionError: a bug", 1)
    assert world.shadow.gave_up_at is not None


_BOX = st.builds(
    box_at,
    st.floats(0, 0.9),
    st.floats(0, 0.9),
    st.floats(0.01, 0.5),
    st.floats(0.01, 0.5),
)
_LABELS = ("motorcycle", "person", "car", "fire", "smoke", "garbage", "overflow", "garbage_bin")
_FOUND = st.lists(st.builds(Detection, st.sampled_from(_LABELS), st.floats(0, 1), _BOX), max_size=4)
_LOOKS = st.lists(st.tuples(st.floats(-2, 8), st.integers(0, 255), _FOUND), min_size=1, max_size=30)


def random_rules() -> list[Rule]:
    kinds = [kind for scenario, kind in RULES.items() if scenario is not Scenario.CARE]
    return [kind.build(kind.params(), (), ZoneInfo("UTC")) for kind in kinds]


@given(_LOOKS, st.sets(st.integers(0, 29)))
@settings(max_examples=25, deadline=None)
def test_random_pictures_and_findings_never_raise_and_a_shadow_changes_nothing(
    looks: list[tuple[float, int, list[Detection]]], failing: set[int]
) -> None:
    """Frames, jumps of the clock, findings and failures by chance, once with shadows and once without."""
    script = [ModelError("by chance") if n in failing else found for n, (_, _, found) in enumerate(looks)]

    def said(shadowed: bool) -> list[str]:
        provenance = Provenance(camera="gate", models={})
        pipeline = CameraPipeline(provenance, random_rules(), ScriptedDetector(script, labels=_LABELS))
        if shadowed:
            other = ScriptedDetector(list(reversed(script)), labels=_LABELS)
            pipeline.beside(
                [
                    Shadow("rules", provenance, random_rules(), lambda _name, _event: None),
                    Shadow("model", provenance, random_rules(), lambda _name, _event: None, detector=other),
                ]
            )
        at, events = 1e6, list[EventData]()
        for step, shade, _ in looks:
            at += step
            events += pipeline.step(Frame("gate", at, picture(shade)))
            pipeline.judge_beside()
        events += pipeline.finish(at, EndReason.SHUTDOWN)
        return [event.model_dump_json() for event in events]

    assert said(True) == said(False)
