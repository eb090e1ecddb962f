"""What came of a candidate beside the running rules: counted camera by camera, kept over restarts, and compared."""

import weakref
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.events import Scenario
from lookout_contract.status import ShadowReport
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.adapters.shadow_file import ShadowFile
from lookout_edge.bootstrap.models import Models
from lookout_edge.bootstrap.shadows import Shadows, comparisons, open_shadows
from lookout_edge.config import CameraConfig, LoadedConfig, ModelsConfig, load_config
from lookout_edge.domain.comparison import SAME_S, compare
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.memory import Kind, Note
from lookout_edge.errors import ModelError
from lookout_edge.recall import shadow_text
from lookout_edge.rules.base import Rule
from lookout_edge.supervisor import InferenceOwner
from lookout_edge.testing import FakeClock, ShadeDetector, box_at

EBIKE = Scenario.CORRIDOR_EBIKE
BIKE = Detection("motorcycle", 0.8, box_at(0.4, 0.4, 0.2, 0.2))


def see(shade: int) -> Sequence[Detection]:
    return (BIKE,) if shade >= 150 else ()


def test_a_candidate_that_does_not_load_keeps_no_camera_from_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "g.yaml").write_text(
        "site: s\ngateway: g\nmodels: {plates: false}\ncameras:\n  stairs:\n    source: {url: 'rtsp://192.0.2.1/x'}\n"
        "    rules: [{scenario: corridor_ebike}]\nshadows:\n  newer: {detector: coco-nano}\n",
        encoding="utf-8",
    )
    loaded = load_config(tmp_path / "g.yaml", models={"coco-nano": ("person", "motorcycle", "bicycle")}, environ={})
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})

    def refuse(_: ModelsConfig) -> Models:
        raise ModelError("coco-nano: the weights are damaged")

    monkeypatch.setattr("lookout_edge.bootstrap.shadows.load_models", refuse)
    memory, owner = Memory(tmp_path / "memory.db"), InferenceOwner(1)
    shadows = Shadows(loaded.config, memory, owner, FakeClock())
    try:
        assert shadows.of("stairs", loaded.config.cameras["stairs"], loaded, running) == []
        assert shadows.report()["newer"].gave_up == "coco-nano: the weights are damaged"
        assert open_shadows(loaded.config).all()["newer"].rests_since == {"stairs": 1_000_000.0}
    finally:
        owner.close()
        memory.close()


def note(at: float, kind: Kind = Kind.EVENT, camera: str = "stairs", shadow: str | None = None) -> Note:
    return Note(at=at, camera=camera, kind=kind, scenario=EBIKE, state="start", label="motorcycle", shadow=shadow)


def test_each_alarm_answers_to_one_of_the_other() -> None:
    notes = [
        note(0),
        note(1000),
        note(2000),
        note(50, Kind.SHADOW, shadow="trial"),
        note(55, Kind.SHADOW, shadow="trial"),
    ]
    notes += [note(3000, Kind.SHADOW, shadow="other"), note(2000, camera="gate")]
    (found,) = compare("trial", notes, {("stairs", EBIKE): 0.0})
    assert (found.running, found.shadow, found.both) == (3, 2, 1)
    assert [each.at for each in found.spared] == [1000, 2000]
    assert [each.at for each in found.added] == [55]


_TIMES = st.lists(st.floats(0, 5000), max_size=12)


@given(_TIMES, _TIMES)
def test_nothing_is_counted_twice_or_forgotten(running: list[float], shadow: list[float]) -> None:
    notes = [note(at) for at in running] + [note(at, Kind.SHADOW, shadow="trial") for at in shadow]
    (found,) = compare("trial", notes, {("stairs", EBIKE): 0.0})
    assert (found.running, found.shadow) == (len(running), len(shadow))
    assert all(abs(a.at - b.at) > SAME_S for a in found.spared for b in found.added)


def going_on(name: str, start: float, end: float, kind: Kind, x: float = 0.0) -> list[Note]:
    """An alarm's start and end, ``x`` from the left."""
    first = note(start, kind, shadow="trial" if kind is Kind.SHADOW else None)
    first = first.model_copy(update={"occurrence": name, "box": (x, 0.0, x + 0.2, 0.2)})
    return [first, first.model_copy(update={"at": end, "state": "end"})]


def test_what_waits_longer_tells_the_same_thing_later() -> None:
    notes = going_on("a", 0, 3600, Kind.EVENT) + going_on("b", 180, 3600, Kind.SHADOW)
    notes += going_on("c", 10_000, 10_060, Kind.EVENT) + going_on("d", 10_200, 10_300, Kind.SHADOW)
    (found,) = compare("trial", notes, {("stairs", EBIKE): 0.0})
    assert (found.running, found.shadow, found.both) == (2, 2, 1)
    assert [each.occurrence for each in (*found.spared, *found.added)] == ["c", "d"], "the second had gone"


def test_of_two_that_go_on_at_once_the_one_at_its_place_is_the_same() -> None:
    notes = going_on("long", 0, 9000, Kind.EVENT) + going_on("short", 4000, 4500, Kind.EVENT, x=0.6)
    notes += going_on("later", 4600, 9000, Kind.SHADOW)
    (found,) = compare("trial", notes, {("stairs", EBIKE): 0.0})
    assert [each.occurrence for each in found.spared] == ["short"]


def test_what_goes_on_over_a_restart_or_was_there_before_is_nothing_new() -> None:
    cut = going_on("c", 10_500, 10_900, Kind.SHADOW)
    cut[1] = cut[1].model_copy(update={"reason": "shutdown"})
    notes = going_on("a", 0, 5000, Kind.EVENT, x=0.6) + going_on("b", 1100, 5000, Kind.SHADOW, x=0.6)
    notes += going_on("d", 10_480, 13_000, Kind.EVENT) + cut + going_on("e", 10_960, 13_000, Kind.SHADOW)
    (found,) = compare("trial", notes, {("stairs", EBIKE): 1000.0})
    assert (found.running, found.shadow, found.both) == (1, 1, 1)


def test_a_camera_counts_from_when_it_joins_and_no_more_once_it_is_taken_out(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ShadowFile(tmp_path / "shadows.json")
    file.begin("trial", "a", 1000.0, 86_400.0)
    file.judges("trial", "stairs", {EBIKE: "as-before"}, 5000.0)
    for at in (2000.0, 6000.0):
        memory.add(note(at))
    (report, _) = comparisons(file, memory, 9000.0, ["stairs"])["trial"]
    assert [tally.running for tally in report.alarms] == [1], "what was told before it joined was not spared"
    file.judges("trial", "stairs", {EBIKE: "as-before", Scenario.KEY_AREA: "x"}, 8000.0)
    (report, _) = comparisons(file, memory, 9000.0, ["stairs"])["trial"]
    assert [tally.running for tally in report.alarms] == [1, 0], "a restart changes nothing"
    file.judges("trial", "stairs", {}, 9000.0)
    memory.add(note(9500.0))
    assert comparisons(file, memory, 9999.0, ["stairs"])["trial"][0].alarms == ()
    memory.close()


def test_what_judges_no_more_spares_nothing_and_counts_anew_when_it_judges_again(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ShadowFile(tmp_path / "shadows.json")
    file.begin("trial", "a", 1000.0, 86_400.0)
    file.judges("trial", "stairs", {EBIKE: "as-before"}, 1000.0)
    for at in (2000.0, 6000.0):
        memory.add(note(at))
    file.rests("trial", "stairs", 5000.0)
    file.rests("trial", "stairs", 5500.0)
    (report, (difference,)) = comparisons(file, memory, 9000.0, ["stairs"])["trial"]
    assert ([tally.running for tally in report.alarms], len(difference.spared)) == ([1], 1)
    file.judges("trial", "stairs", {EBIKE: "as-before"}, 7000.0)
    memory.add(note(8000.0))
    (report, _) = comparisons(file, memory, 9000.0, ["stairs"])["trial"]
    assert [tally.running for tally in report.alarms] == [1], "the one at 8000 alone"
    memory.close()


def test_a_model_that_is_given_up_while_it_runs_rests_from_then_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = beside_config(tmp_path, "[{scenario: corridor_ebike}]", "{detector: coco-nano}")
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})

    def load(_: ModelsConfig) -> Models:
        return running

    monkeypatch.setattr("lookout_edge.bootstrap.shadows.load_models", load)
    clock, owner, memory = FakeClock(1000.0), InferenceOwner(1), Memory(tmp_path / "memory.db")
    shadows = Shadows(loaded.config, memory, owner, clock)
    (shadow,) = shadows.of("stairs", loaded.config.cameras["stairs"], loaded, running)
    shadow.gave_up, shadow.gave_up_at = "broken", 1500.0
    for at in (1200.0, 2000.0):
        memory.add(note(at))
    clock.at = 3000.0
    (tally,) = shadows.report()["trial"].alarms
    assert tally.running == 1
    owner.close()
    memory.close()


def test_a_camera_that_is_gone_is_in_no_report(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ShadowFile(tmp_path / "shadows.json")
    file.begin("trial", "a", 1000.0, 86_400.0)
    for camera in ("stairs", "cellar"):
        file.judges("trial", camera, {EBIKE: "as-before"}, 1000.0)
    (report, _) = comparisons(file, memory, 9000.0, ["stairs"])["trial"]
    memory.close()
    assert [tally.camera for tally in report.alarms] == ["stairs"]


def beside_config(tmp_path: Path, rules: str, shadow: str) -> LoadedConfig:
    (tmp_path / "g.yaml").write_text(
        "site: s\ngateway: g\nmodels: {plates: false}\ncameras:\n  stairs:\n    source: {url: 'rtsp://192.0.2.1/x'}\n"
        "    zones:\n      low: {polygon: [[0, 0], [1, 0], [1, 0.5]]}\n"
        "      high: {polygon: [[0, 1], [1, 1], [1, 0.5]]}\n"
        f"    rules: {rules}\nshadows:\n  trial: {shadow}\n",
        encoding="utf-8",
    )
    return load_config(tmp_path / "g.yaml", models={"coco-nano": ("person", "motorcycle", "bicycle")}, environ={})


@pytest.mark.parametrize(
    ("second", "zones"),
    [("{scenario: corridor_ebike, zones: [high]}", ("low", "high")), ("{scenario: corridor_ebike}", ())],
    ids=["both", "whole"],
)
@pytest.mark.parametrize("shadow", ["{rules: [{scenario: corridor_ebike, dwell_s: 1}]}", "{detector: coco-nano}"])
def test_a_rule_without_zones_watches_those_of_all_rules_for_its_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: str, zones: tuple[str, ...], shadow: str
) -> None:
    loaded = beside_config(tmp_path, f"[{{scenario: corridor_ebike, zones: [low]}}, {second}]", shadow)
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})
    built: list[CameraConfig] = []

    def build(_name: str, section: CameraConfig, *_: object) -> list[Rule]:
        built.append(section)
        return []

    def load(_: ModelsConfig) -> Models:
        return running

    monkeypatch.setattr("lookout_edge.bootstrap.shadows.load_models", load)
    monkeypatch.setattr("lookout_edge.bootstrap.shadows.build_rules", build)
    memory, owner = Memory(tmp_path / "memory.db"), InferenceOwner(1)
    Shadows(loaded.config, memory, owner, FakeClock()).of("stairs", loaded.config.cameras["stairs"], loaded, running)
    owner.close()
    memory.close()
    watched = [rule.zones for rule in built[0].rules]
    assert watched == ([zones] if "rules" in shadow else [("low",), zones[1:]])


def test_beside_another_rule_it_counts_anew_and_says_since_when(tmp_path: Path) -> None:
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})
    clock, owner, memory = FakeClock(1000.0), InferenceOwner(1), Memory(tmp_path / "memory.db")

    def report(rule: str) -> tuple[list[int], str]:
        loaded = beside_config(tmp_path, f"[{rule}]", "{rules: [{scenario: corridor_ebike, dwell_s: 9}]}")
        shadows = Shadows(loaded.config, memory, owner, clock)
        shadows.of("stairs", loaded.config.cameras["stairs"], loaded, running)
        shadows.close()
        found = comparisons(open_shadows(loaded.config), memory, clock.at + 43_200, ["stairs"])["trial"]
        now = datetime.fromtimestamp(clock.at + 43_200, UTC)
        (_, line, *_) = shadow_text("trial", found, now, UTC, Words.of(Language.ENGLISH))
        return [tally.running for tally in found[0].alarms], line

    memory.add(note(2000.0))
    assert report("{scenario: corridor_ebike, dwell_s: 3}")[0] == [1]
    clock.at = 44_200.0
    counts, line = report("{scenario: corridor_ebike, dwell_s: 3}")
    assert (counts, "counted since" in line) == ([1], False), "a restart changes nothing"
    memory.add(note(50_000.0))
    counts, line = report("{scenario: corridor_ebike, dwell_s: 5}")
    assert counts == [1], "the one before was told by another rule"
    assert "1 alarms, the shadow 0, 0 of them the same; a day 2.0 and 0.0; counted since 01-01 12:16:40" in line
    owner.close()
    memory.close()


def test_what_came_of_it_stays_when_the_notes_go(tmp_path: Path) -> None:
    loaded = beside_config(tmp_path, "[{scenario: corridor_ebike}]", "{rules: [{scenario: corridor_ebike}], days: 1}")
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})
    clock, owner, memory = FakeClock(1000.0), InferenceOwner(1), Memory(tmp_path / "memory.db")
    shadows = Shadows(loaded.config, memory, owner, clock)
    shadows.of("stairs", loaded.config.cameras["stairs"], loaded, running)
    memory.add(note(2000.0))
    clock.at = 2500.0
    assert [tally.running for tally in shadows.report()["trial"].alarms] == [1]
    memory.add(note(3000.0))
    clock.at += 86_400.0
    assert [tally.running for tally in shadows.report()["trial"].alarms] == [2]
    owner.close()
    memory.close()
    empty = Memory(tmp_path / "other.db")
    (report, differences) = comparisons(
        open_shadows(loaded.config), empty, clock.now() + 8 * 86_400.0, loaded.config.cameras
    )["trial"]
    empty.close()
    assert [(tally.running, tally.shadow) for tally in report.alarms] == [(2, 0)]
    assert [(each.running, each.spared) for each in differences] == [(2, ())]


def test_a_restart_goes_on_with_its_days_and_another_candidate_begins_its_own(tmp_path: Path) -> None:
    path = tmp_path / "shadows.json"
    first = ShadowFile(path).begin("trial", "a", 1000.0, 500.0)
    assert (first.since, first.until) == (1000.0, 1500.0)
    again = ShadowFile(path)
    assert again.begin("trial", "a", 1400.0, 500.0).until == 1500.0
    assert again.begin("trial", "b", 1400.0, 500.0).since == 1400.0
    path.write_text("{", encoding="utf-8")
    assert ShadowFile(path).all() == {}


def test_what_gave_up_before_a_restart_runs_again(tmp_path: Path) -> None:
    file = ShadowFile(tmp_path / "shadows.json")
    file.begin("bolder", "one", 0.0, 86_400.0)
    file.count("bolder", 5, 0, "broken")
    assert file.all()["bolder"].gave_up == "broken"
    file.count("bolder", 500, 0, None)
    assert (file.all()["bolder"].gave_up, file.all()["bolder"].looks) == (None, 505)


def test_the_report_is_made_of_what_is_remembered(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ShadowFile(tmp_path / "shadows.json")
    file.begin("trial", "a", 1000.0, 86_400.0)
    file.judges("trial", "stairs", {EBIKE: "as-before"}, 1000.0)
    file.count("trial", 40, 2, None)
    for each in (note(500), note(2000), note(9000), note(2010, Kind.SHADOW, shadow="trial")):
        memory.add(each)
    memory.add(note(2500).model_copy(update={"state": "end"}))
    report, differences = comparisons(file, memory, 87_400.0, ["stairs"])["trial"]
    memory.close()
    assert [(t.running, t.shadow, t.both) for t in report.alarms] == [(2, 1, 1)]
    now, english = datetime.fromtimestamp(87_400.0, UTC), Words.of(Language.ENGLISH)
    lines = shadow_text("trial", (report, differences), now, UTC, english)
    assert lines[0] == "trial  since 01-01 00:16:40, 1.0 of 1 days, 40 looks, 2 more left out while the box was busy"
    assert lines[1].endswith("2 alarms, the shadow 1, 1 of them the same; a day 2.0 and 1.0")
    assert lines[2].strip().startswith("01-01 02:30:00  spared: motorcycle")
    chinese = shadow_text("trial", (report, differences), now, UTC, Words.of(Language.CHINESE))
    assert chinese[1].strip() == "stairs 电动车：现行报警 2 次，试运行 1 次，相同 1 次；每天 2.0 次与 1.0 次"
    young = ShadowReport(since=datetime.fromtimestamp(0, UTC), until=datetime.fromtimestamp(0, UTC) + timedelta(days=1))
    assert "0.0 of 1 days" in shadow_text("new", (young, []), datetime.fromtimestamp(60, UTC), UTC, english)[0]


@pytest.mark.parametrize(
    ("scenario", "reason", "english", "chinese"),
    [
        (Scenario.FIRE_SMOKE, "smoke_confirmed", "spared: smoke confirmed", "少报：确认冒烟"),
        (Scenario.CARE, "care_no_sign_of_life", "spared: nobody (no sign of life)", "少报：无人（久无动静）"),
    ],
)
def test_an_alarm_about_no_thing_is_told_by_its_reason_alone_unless_it_is_about_nobody(
    scenario: Scenario, reason: str, english: str, chinese: str
) -> None:
    start = datetime.fromtimestamp(0, UTC)
    report = ShadowReport(since=start, until=start + timedelta(days=1))
    bare = note(3600).model_copy(update={"label": None, "scenario": scenario, "reason": reason})
    (difference,) = compare("trial", [bare], {("stairs", scenario): 0.0})
    for language, said in ((Language.ENGLISH, english), (Language.CHINESE, chinese)):
        lines = shadow_text("trial", (report, [difference]), report.until, UTC, Words.of(language))
        assert lines[2].strip() == f"01-01 01:00:00  {said}"


def test_of_a_camera_that_is_taken_out_nothing_is_kept_and_one_that_is_added_is_in_the_report(tmp_path: Path) -> None:
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})
    loaded = beside_config(tmp_path, "[{scenario: corridor_ebike}]", "{rules: [{scenario: corridor_ebike}]}")
    clock, owner, memory = FakeClock(1000.0), InferenceOwner(1), Memory(tmp_path / "memory.db")
    shadows = Shadows(loaded.config, memory, owner, clock)
    section = loaded.config.cameras["stairs"]
    (gone,) = shadows.of("stairs", section, loaded, running)
    shadows.of("cellar", section, loaded, running)
    gone.looks, let_go = 7, weakref.ref(gone)
    del gone
    shadows.watch(["cellar"])
    assert let_go() is None
    report = shadows.report()["trial"]
    assert ([tally.camera for tally in report.alarms], report.looks) == (["cellar"], 7)
    owner.close()
    memory.close()


def test_what_it_looked_at_before_its_camera_was_started_anew_counts(tmp_path: Path) -> None:
    running = Models(detector=ShadeDetector(see), plates=None, thresholds={})
    loaded = beside_config(tmp_path, "[{scenario: corridor_ebike}]", "{rules: [{scenario: corridor_ebike}]}")
    owner, memory = InferenceOwner(1), Memory(tmp_path / "memory.db")
    shadows = Shadows(loaded.config, memory, owner, FakeClock(1000.0))
    for looks in (7, 5):
        (shadow,) = shadows.of("stairs", loaded.config.cameras["stairs"], loaded, running)
        shadow.looks = looks
    assert shadows.report()["trial"].looks == 12
    owner.close()
    memory.close()
