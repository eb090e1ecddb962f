"""Smoke where it was suspected all along: what holds it back, what never does, and what nobody else hears of."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lookout_contract.events import Phase
from lookout_edge.domain.appearance import Appearance
from lookout_edge.domain.detection import Detection, parted
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.scenery import Scenery
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.events import Provenance
from lookout_edge.looking import EVERY_LOOK
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.fire_smoke import FireSmoke, FireSmokeParams
from lookout_edge.testing import ScriptedDetector, ShadeDetector

THRESHOLDS = {"fire": 0.8, "smoke": 0.6}
FOG, ELSEWHERE = Box(0.4, 0.2, 1.0, 0.6), Box(0.0, 0.7, 0.2, 0.9)
#: When what was suspected until then seems to be smoke.
SEEMS = 60.0
See = Callable[[float], Sequence[Detection]]
Stood = Callable[[Box, float], bool]
CALM, OTHER = (Appearance(np.random.default_rng(seed).uniform(100, 255, (8, 8)).astype(np.float32)) for seed in (0, 1))


def smoke(score: float = 0.7, box: Box = FOG) -> See:
    return lambda at: (Detection("smoke", score, box),)


def rule(**params: object) -> FireSmoke:
    return FireSmoke(
        FireSmokeParams.model_validate(params), [WHOLE_FRAME], RuleContext(SiteCalendar(ZoneInfo("UTC")), THRESHOLDS)
    )


def watch(
    watched: FireSmoke,
    see: See,
    since: float,
    until: float,
    *,
    step: float = 0.2,
    flickers: bool = False,
    is_as_before: Callable[[Box, float, bool], bool] | None = None,
    stood: Stood | None = None,
) -> list[tuple[float, Observation]]:
    found: list[tuple[float, Observation]] = []
    for number in range(round((until - since) / step)):
        at = since + number * step
        believed, doubtful = parted(see(at), THRESHOLDS)
        shown = OTHER if flickers and number % 2 else CALM

        def appearance(box: Box, shown: Appearance = shown) -> Appearance:
            return shown if box in {FOG} else CALM

        scene = Scene("yard", detections=believed, doubtful=doubtful, appearance=appearance)
        scene = replace(scene, is_as_before=is_as_before, stood=stood)
        found += [(at, o) for o in watched.observe(at, (), scene)]
    return found


def suspicious(score: float = 0.4, **params: object) -> FireSmoke:
    """A rule that has suspected smoke in the fog for a minute."""
    watched = rule(**params)
    watch(watched, smoke(score), 0.0, SEEMS, step=1.0)
    return watched


def first_alarm(seen: list[tuple[float, Observation]]) -> float | None:
    return next((at for at, o in seen if o.standing is Standing.ACTIVE), None)


def test_smoke_that_was_suspected_all_along_pends_and_says_why() -> None:
    seen = watch(suspicious(), smoke(), SEEMS, SEEMS + 20)
    assert first_alarm(seen) is None
    last = seen[-1][1]
    (why,) = [each for each in last.conditions if each.name == "scenery"]
    assert (last.standing, last.blocked_by) == (Standing.PENDING, "scenery")
    assert (why.value, why.limit, why.met) == (1.0, 0.77, False)


def growing(at: float) -> Sequence[Detection]:
    """From its place over the rest of the picture, within ten seconds."""
    out = min(1.0, (at - SEEMS) / 10)
    return (Detection("smoke", 0.7, Box(0.4 - 0.4 * out, 0.2, 1.0, 0.6 + 0.4 * out)),)


def with_flames(at: float) -> Sequence[Detection]:
    return (*smoke()(at), Detection("fire", 0.82, Box(0.6, 0.55, 0.7, 0.65)))


@pytest.mark.parametrize(
    ("see", "flickers", "within_s"),
    [
        (growing, False, 7.0),
        (smoke(), True, 4.0),
        (with_flames, False, 4.2),
        (smoke(0.9), False, 2.2),
        (smoke(box=ELSEWHERE), False, 2.2),
        (smoke(box=Box(0.0, 0.0, 1.0, 0.9)), False, 2.2),
    ],
    ids=["grows", "flickers", "flames", "clearly surer", "elsewhere", "far larger"],
)
def test_a_past_never_hides_a_fire(see: See, flickers: bool, within_s: float) -> None:
    alarm = first_alarm(watch(suspicious(), see, SEEMS, SEEMS + 20, flickers=flickers))
    assert alarm is not None
    assert alarm - SEEMS <= within_s


@given(step=st.floats(0.2, 1.0))
@settings(max_examples=5, deadline=None)
def test_it_is_believed_when_nearly_every_look_sees_it_for_long_however_often_one_looks(step: float) -> None:
    for looked in (step, 2 * step):
        alarm = first_alarm(watch(suspicious(), smoke(), SEEMS, SEEMS + 35, step=looked))
        assert alarm is not None
        assert 30.0 - 1e-6 <= alarm - SEEMS <= max(30.0, 2 * looked) + looked + 1e-6


def test_what_comes_and_goes_is_not_believed_later_either() -> None:
    def see(at: float) -> Sequence[Detection]:
        return smoke(0.7 if round(at / 0.2) % 10 else 0.5)(at)

    assert first_alarm(watch(suspicious(), see, SEEMS, SEEMS + 60)) is None
    assert first_alarm(watch(rule(scenery_s=0), see, SEEMS, SEEMS + 60)) is not None


def test_a_column_of_smoke_is_no_scenery_however_long_it_was_suspected() -> None:
    column = Box(0.4, 0.2, 0.7, 0.6)
    watched = rule()
    watch(watched, smoke(0.4, column), 0.0, SEEMS, step=1.0)
    alarm = first_alarm(watch(watched, smoke(0.7, column), SEEMS, SEEMS + 5))
    assert alarm == pytest.approx(SEEMS + 2.0, abs=0.21)


def test_an_alarm_that_was_told_is_not_taken_back_and_is_no_scenery() -> None:
    watched = rule()
    seen = watch(watched, smoke(), 0.0, 60.0)
    assert first_alarm(seen) == pytest.approx(2.0, abs=0.21)
    assert all(o.standing is Standing.ACTIVE for at, o in seen if at > 3)
    watch(watched, lambda at: (), 60.0, 70.0)
    again = first_alarm(watch(watched, smoke(), 70.0, 75.0))
    assert again == pytest.approx(72.0, abs=0.21)


def test_what_is_suspected_within_an_alarm_makes_no_scenery_of_its_place() -> None:
    watched, part = rule(), Detection("smoke", 0.4, FOG)
    watch(watched, lambda at: (*smoke(0.7, Box(0.5, 0.2, 1.0, 0.6))(at), part), 0.0, 60.0)
    watch(watched, lambda at: (), 60.0, 70.0)
    assert first_alarm(watch(watched, smoke(), 70.0, 75.0)) == pytest.approx(72.0, abs=0.21)


def test_smoke_that_seemed_to_come_and_go_without_an_alarm_is_a_past_too() -> None:
    watched = rule()
    assert first_alarm(watch(watched, lambda at: smoke()(at) if at % 1 < 0.5 else (), 0.0, 60.0)) is None
    seen = watch(watched, smoke(0.64), 70.0, 80.0)
    assert {(o.standing, o.blocked_by) for at, o in seen if at > 75} == {(Standing.PENDING, "scenery")}


def test_two_puffs_and_a_lamp_make_no_scenery_of_their_place() -> None:
    watched = rule()
    for start in (0.0, 30.0):
        watch(watched, lambda at, start=start: smoke()(at) if at < start + 0.1 else (), start, start + 10)
    assert first_alarm(watch(watched, smoke(), 60.0, 65.0)) == pytest.approx(62.0, abs=0.21)
    watched = rule()
    lamp = watch(watched, lambda at: (Detection("fire", 0.85, FOG),) if at % 1 < 0.5 else (), 0.0, 40.0)
    assert first_alarm(lamp) is None
    watch(watched, lambda at: (), 40.0, 50.0)
    assert first_alarm(watch(watched, smoke(), 50.0, 55.0)) == pytest.approx(52.0, abs=0.21)


def test_smoke_without_a_past_is_told_at_once() -> None:
    for score in (0.7, 0.64):
        alarm = first_alarm(watch(rule(), smoke(score), 0.0, 10.0))
        assert alarm is not None
        assert alarm <= 4.2


NEWLY = Box(0.3, 0.45, 0.5, 0.7)


def partly_new(at: float) -> Sequence[Detection]:
    return (*smoke()(at), *smoke(box=NEWLY)(at))


def test_smoke_that_comes_without_a_change_of_its_place_must_last() -> None:
    """A cloud that has always been there, and seems to be smoke while somebody passes."""
    seen = watch(
        rule(), smoke(), SEEMS, SEEMS + 35, is_as_before=lambda box, before, just: before <= SEEMS - 30 and not just
    )
    assert first_alarm(seen) == pytest.approx(SEEMS + 30, abs=0.21)
    assert {o.blocked_by for at, o in seen if SEEMS + 2.1 < at < SEEMS + 29} == {"as_before"}
    fitful = watch(
        rule(),
        lambda at: smoke()(at) if round(at / 0.2) % 10 else (),
        SEEMS,
        SEEMS + 100,
        is_as_before=lambda box, before, just: not just,
    )
    assert first_alarm(fitful) is None
    assert {o.blocked_by for at, o in fitful if at > SEEMS + 5} == {"as_before"}, "it is no past that would outlive it"
    soon = watch(
        rule(), smoke(), SEEMS, SEEMS + 5, is_as_before=lambda box, before, just: not just and before > SEEMS - 30
    )
    assert first_alarm(soon) == pytest.approx(SEEMS + 2, abs=0.21), "what looked otherwise half a minute ago has come"


@pytest.mark.parametrize("box", [FOG, Box(0.4, 0.2, 0.6, 0.6)], ids=["lies", "rises"])
def test_smoke_that_changes_nothing_for_some_seconds_must_last(box: Box) -> None:
    """Fog that becomes smoke the moment somebody steps before something else."""

    def same_lately(box: Box, before: float, just: bool) -> bool:
        return just and SEEMS - 30 < before <= SEEMS - 8

    seen = watch(rule(), smoke(box=box), SEEMS, SEEMS + 35, is_as_before=same_lately)
    assert first_alarm(seen) == pytest.approx(SEEMS + 30, abs=0.21)
    clearly = watch(rule(), smoke(0.9, box), SEEMS, SEEMS + 35, is_as_before=same_lately)
    assert first_alarm(clearly) == pytest.approx(SEEMS + 2, abs=0.21)


def stands_still(since: float, until: float) -> Callable[[Box, float, bool], bool]:
    """A place that looks just as 20 s before, at the frame times from ``since`` to ``until``."""
    return lambda box, before, just: just and before > SEEMS - 20 and since <= before + 20 < until


@pytest.mark.parametrize(
    ("until", "told_after_s"),
    [(SEEMS + 200, None), (SEEMS + 40, 80.0)],
    ids=["always", "until it moves for as long"],
)
def test_smoke_that_was_suspected_all_along_and_does_not_move_is_a_picture_of_it(
    until: float, told_after_s: float | None
) -> None:
    seen = watch(suspicious(), smoke(), SEEMS, SEEMS + 100, is_as_before=stands_still(SEEMS, until))
    alarm = first_alarm(seen)
    assert (alarm is None) == (told_after_s is None)
    if alarm is not None:
        assert alarm - SEEMS == pytest.approx(told_after_s, abs=1.0)
    assert {o.blocked_by for at, o in seen if SEEMS + 4.1 < at < SEEMS + 79} == {"scenery"}


@pytest.mark.parametrize("see", [growing, smoke(0.9), with_flames], ids=["grows", "clearly surer", "flames"])
def test_what_stands_still_never_hides_what_comes_later(see: See) -> None:
    watched = suspicious()
    still = stands_still(SEEMS, SEEMS + 50)
    later = SEEMS + 50
    assert first_alarm(watch(watched, smoke(), SEEMS, later, is_as_before=still, stood=always)) is None
    told = first_alarm(watch(watched, lambda at: see(at - 50), later, later + 20, stood=never))
    assert told is not None
    assert told - later <= 7.0


@pytest.mark.parametrize("see", [growing, smoke(0.9), smoke(box=Box(0.4, 0.2, 0.6, 0.6))])
def test_what_looks_just_as_before_has_not_come_however_sure_and_large_it_is(see: See) -> None:
    """Somebody who passes changes how the rest of the picture is seen, and the model finds more and more of a cloud."""
    seen = watch(rule(), see, SEEMS, SEEMS + 70, is_as_before=lambda box, before, just: before <= SEEMS - 30)
    assert first_alarm(seen) == pytest.approx(SEEMS + 60, abs=0.21)
    assert {o.blocked_by for at, o in seen if SEEMS + 4.1 < at < SEEMS + 59} == {"as_before"}
    assert all(o.attributes.stage == "pre_alarm" for at, o in seen if at < SEEMS + 59)


@pytest.mark.parametrize(
    ("see", "flickers"),
    [
        (growing, False),
        (smoke(), True),
        (with_flames, False),
        (smoke(0.9), False),
        (smoke(box=Box(0.4, 0.2, 0.6, 0.6)), False),
        (partly_new, False),
    ],
    ids=["grows", "flickers", "flames", "clearly surer", "rises", "partly new"],
)
def test_a_place_without_a_change_never_hides_a_fire(see: See, flickers: bool) -> None:
    def is_as_before(box: Box, before: float, just: bool) -> bool:
        return box != NEWLY and (flickers or not just)

    alarm = first_alarm(watch(rule(), see, SEEMS, SEEMS + 20, flickers=flickers, is_as_before=is_as_before))
    assert alarm is not None
    assert alarm - SEEMS <= 7.0


@pytest.mark.parametrize(("comes", "told_at"), [(False, 110.0), (True, 52.0)], ids=["cloud", "smoke"])
def test_the_pipeline_tells_whether_smoke_has_changed_its_place(comes: bool, told_at: float) -> None:
    pipeline = CameraPipeline(
        Provenance(camera="yard", models={}),
        [rule()],
        ShadeDetector(lambda shade: smoke()(0.0) if shade % 2 else ()),
        settings=PipelineSettings(looks=EVERY_LOOK),
    )
    clear, clouded = (np.full((90, 160, 3), 100, np.uint8) for _ in range(2))
    clouded[0, 0] = 101
    clouded[18:54, 64:] = 150 if comes else 100
    starts: list[float] = []
    for number in range(600):
        at = number * 0.2
        events = pipeline.step(Frame("yard", at, clear if at < 50 else clouded, 0.0))
        starts += [event.captured_at.timestamp() for event in events if event.phase is Phase.START]
    assert starts == [pytest.approx(told_at, abs=1.0)]


def test_suspicion_is_forgotten() -> None:
    alarm = first_alarm(watch(suspicious(), smoke(), SEEMS + 700, SEEMS + 710))
    assert alarm is not None
    scenery = Scenery()
    for at in (0.0, 1.0, 3.0, 6.0):
        scenery.suspect(at, FOG)
    assert [scenery.share(at, FOG) for at in (13.0, 14.0, 606.0, 607.0)] == [0.0, 1.0, 1.0, 0.0]
    assert scenery.share(30.0, Box(0.0, 0.0, 0.3, 0.3)) == 0.0
    assert scenery.share(30.0, Box(2.0, 2.0, 2.0, 2.0)) == 0.0


def test_two_looks_prove_nothing_where_twenty_were_taken() -> None:
    """An idle camera looks every ten seconds: what most looks missed is not there because the last two saw it."""
    watched = rule(scenery_s=0)
    watch(watched, lambda at: smoke(0.7 if round(at / 0.2) % 2 else 0.5)(at), 0.0, 6.0)
    assert first_alarm(watch(watched, smoke(), 10.0, 40.0, step=10.0)) is None
    assert first_alarm(watch(watched, smoke(), 40.2, 60.0)) is not None


def test_what_is_doubtful_is_told_to_rules_alone() -> None:
    scenes = list[Scene]()

    class Listener(FireSmoke):
        def observe(self, at: float, tracks: Sequence[object], scene: Scene) -> Sequence[Observation]:
            scenes.append(scene)
            return ()

    listener = Listener(FireSmokeParams(), [WHOLE_FRAME], RuleContext(SiteCalendar(ZoneInfo("UTC")), THRESHOLDS))
    found = [Detection("smoke", 0.4, FOG), Detection("person", 0.4, ELSEWHERE)]
    pipeline = CameraPipeline(
        Provenance(camera="yard", models={}),
        [listener],
        ScriptedDetector([found] * 9),
        settings=PipelineSettings(doubts=THRESHOLDS),
    )
    for number in range(9):
        pipeline.step(Frame("yard", number * 0.2, np.full((90, 160, 3), 40 * (number % 2), np.uint8), 0.0))
    assert {d.label for scene in scenes for d in scene.detections} == {"person"}
    assert {d.label for scene in scenes for d in scene.doubtful} == {"smoke"}
    assert {track.label for track in pipeline.tracks} == {"person"}


def flames(score: float = 0.85, box: Box = FOG) -> See:
    return lambda at: (Detection("fire", score, box),)


def growing_flames(at: float) -> Sequence[Detection]:
    return flames(box=Box(0.4, 0.2, 0.5 + 0.05 * (at - SEEMS), 0.6))(at)


def always(box: Box, before: float) -> bool:
    return before <= SEEMS - 20


def same_picture(box: Box, before: float, just: bool) -> bool:
    return True


def never(box: Box, before: float) -> bool:
    return False


def watch_flames(
    see: See, seconds: float, *, flickers: bool = False, stood: Stood | None = always
) -> list[tuple[float, Observation]]:
    until = SEEMS + seconds
    return watch(rule(), see, SEEMS, until, flickers=flickers, is_as_before=same_picture, stood=stood)


def test_flames_where_the_same_thing_stood_before_must_last() -> None:
    """A lamp that the model knows until somebody passes."""
    seen = watch_flames(flames(), 70)
    assert first_alarm(seen) == pytest.approx(SEEMS + 60, abs=0.21)
    assert {o.blocked_by for at, o in seen if SEEMS + 4.1 < at < SEEMS + 59} == {"as_before"}
    assert all(o.attributes.stage == "pre_alarm" for at, o in seen if at < SEEMS + 59)
    often = watch_flames(lambda at: flames()(at) if round(at / 0.2) % 10 != 5 else (), 70)
    assert first_alarm(often) == pytest.approx(SEEMS + 60, abs=2.0), "flames need not be seen in nearly every look"


@pytest.mark.parametrize(
    ("see", "flickers", "stood"),
    [
        (flames(), True, always),
        (flames(0.93), False, always),
        (growing_flames, False, always),
        (flames(), False, never),
        (flames(), False, None),
    ],
    ids=["flickers", "clearly surer", "grows", "has come", "nobody can tell"],
)
def test_what_stood_there_never_hides_flames_that_behave_so_or_have_come(
    see: See, flickers: bool, stood: Stood | None
) -> None:
    alarm = first_alarm(watch_flames(see, 20, flickers=flickers, stood=stood))
    assert alarm is not None
    assert alarm - SEEMS <= 5.0


def test_a_lamp_stays_one_while_something_hides_it_and_a_small_flame_is_none_for_long() -> None:
    """The look at ``now`` is the rule's own: most of the looks decide."""
    looks = iter(range(10_000))
    hidden = watch_flames(flames(), 30, stood=lambda box, before: next(looks) % 5 != 4)
    assert first_alarm(hidden) is None
    looks = iter(range(10_000))
    small = watch_flames(flames(), 30, stood=lambda box, before: next(looks) < 8)
    assert first_alarm(small) == pytest.approx(SEEMS + 3.0, abs=0.01), "eight looks of sixteen"
