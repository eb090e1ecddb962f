import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from lookout_contract.events import EndReason, EventData, Phase, Scenario, Severity
from lookout_contract.status import CameraState, Sight
from lookout_edge.__main__ import app
from lookout_edge.adapters.memory import Memory, open_or_renew
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.bootstrap import MEMORY
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.memory import (
    Kind,
    Note,
    Recollection,
    Silence,
    note_of_event,
    note_of_sight,
    note_of_suppressed,
)
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.errors import ConfigError, SpoolError
from lookout_edge.recall import answer, read_moment
from lookout_edge.supervisor import RememberingSink
from lookout_edge.testing import MemorySink, picture

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE, ENGLISH = Words.of(Language.CHINESE), Words.of(Language.ENGLISH)
NOW = datetime(2026, 5, 4, 21, 30, tzinfo=SHANGHAI)
DWELL = Condition(name="dwell", value=12.3, limit=20.0, met=False, unit="s")
NOTHING_KNOWN = "Whether the camera could see then is not known: nothing is remembered of that time."
UNKNOWN_BEFORE = "What the camera could see before that is not known."
NOTHING_NEAR = "Nothing came close to an alarm."
NOTHING_WHILE = "While the camera watched, nothing came close to an alarm."
CONFIG = """\
site: riverside
gateway: gw-1
models: {plates: false}
cameras:
  stairs:
    source: {url: "rtsp://192.0.2.1:1/stream"}
    zones:
      landing: {polygon: [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9], [0.1, 0.9]]}
    rules: [{scenario: corridor_ebike, zones: [landing]}]
"""


def suppressed(at: float = 0.0, camera: str = "stairs") -> Suppressed:
    return Suppressed(
        camera=camera,
        scenario=Scenario.CORRIDOR_EBIKE,
        zone="landing",
        at=at,
        label="motorcycle",
        condition=DWELL,
        conditions=(Condition(name="votes", value=5, limit=3, met=True), DWELL),
        box=(0.1, 0.2, 0.3, 0.4),
    )


def event(at: float, phase: Phase = Phase.START) -> EventData:
    moment = datetime.fromtimestamp(at, UTC)
    return EventData(
        occurrence="o-1",
        scenario=Scenario.CORRIDOR_EBIKE,
        camera="stairs",
        phase=phase,
        captured_at=moment,
        started_at=moment,
        severity=Severity.YELLOW,
        severity_reason="ebike_parked",
        explain=(DWELL.as_contract(),),
        end_reason=EndReason.REMOVED if phase is Phase.END else None,
    )


def sight(at: float, state: str = "watching") -> Note:
    return Note(at=at, camera="stairs", kind=Kind.SIGHT, state=state)


def told(*notes: Note, before: Note | None = None) -> Recollection:
    return Recollection(start=0.0, end=100.0, notes=notes, before=before)


def test_notes_are_found_by_time_camera_and_occurrence(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "deep" / "memory.db")
    for at in (100.0, 200.0, 300.0):
        memory.add(note_of_suppressed(suppressed(at)))
    memory.add(note_of_suppressed(suppressed(200.0, "lift")))
    memory.add(note_of_event(event(210.0)))
    assert [(n.at, n.kind) for n in memory.between(150, 250, camera="stairs")] == [
        (200.0, Kind.SUPPRESSED),
        (210.0, Kind.EVENT),
    ]
    assert len(memory.between(0, 1000)) == 5
    assert memory.of_occurrence("o-1")[0].conditions == (DWELL.as_contract(),)
    memory.close()
    again = Memory(tmp_path / "deep" / "memory.db")
    assert again.between(100, 100)[0] == note_of_suppressed(suppressed(100.0))
    again.close()


def test_a_week_is_kept_and_no_more(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db")
    memory.add(note_of_suppressed(suppressed(0.0)))
    for index in range(501):
        memory.add(note_of_suppressed(suppressed(8 * 86_400.0 + index)))
    assert min(note.at for note in memory.between(0, 1e9)) >= 86_400.0
    memory.close()


def test_so_many_notes_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_edge.adapters.memory.MOST_NOTES", 20)
    memory = Memory(tmp_path / "memory.db")
    for index in range(501):
        memory.add(note_of_suppressed(suppressed(float(index))))
    assert [note.at for note in memory.between(0, 1e9)] == [float(at) for at in range(481, 501)]
    memory.close()


def test_a_camera_that_has_watched_for_longer_than_a_week_is_known_to_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_edge.adapters.memory.MOST_NOTES", 20)
    memory, week = Memory(tmp_path / "memory.db"), 7 * 86_400.0
    for seconds, camera, sight in (
        (0, "stairs", Sight.BLIND),
        (60, "stairs", Sight.WATCHING),
        (90, "lift", Sight.WATCHING),
    ):
        since = datetime.fromtimestamp(seconds, UTC)
        memory.add(note_of_sight(CameraState(camera=camera, state=sight, since=since)))
    for weeks in (1.5, 3.0):
        for index in range(501):
            memory.add(note_of_suppressed(suppressed(weeks * week + index)))
    noted = [(note.at, note.camera) for note in memory.between(0, 100)]
    before = memory.last_sight("stairs", 3 * week)
    memory.close()
    assert noted == [(60.0, "stairs"), (90.0, "lift")]
    assert before is not None
    assert before.state == "watching"


def test_what_is_forgotten_is_not_told_as_if_nothing_had_been(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_edge.adapters.memory.MOST_NOTES", 20)
    memory = Memory(tmp_path / "memory.db")
    for index in range(501):
        memory.add(note_of_suppressed(suppressed(float(index))))
    memory.close()
    memory = Memory(tmp_path / "memory.db")
    wholly, partly, after, other = (
        answer(memory.recall(camera, start, start + 10), SHANGHAI, ENGLISH)
        for camera, start in (("stairs", 440.0), ("stairs", 475.0), ("stairs", 600.0), ("lift", 440.0))
    )
    memory.close()
    assert wholly == [
        "Not everything up to 01-01 08:08:00 is remembered any more: older notes have given way to newer ones."
    ]
    assert (partly[0], len(partly)) == (wholly[0], 1 + 5 * 3)
    assert after == other == [NOTHING_KNOWN]
    silent = Recollection(start=0.0, end=100.0, forgotten_until=50.0, before=sight(-1.0))
    assert answer(silent, SHANGHAI, ENGLISH)[1:] == ["Since then nothing came close to an alarm."]


@pytest.mark.parametrize(
    ("before", "sights", "says"),
    [
        (None, [], [NOTHING_KNOWN]),
        ("watching", [], [NOTHING_NEAR]),
        ("watching", [(50, "watching")], ["08:00:50", NOTHING_NEAR]),
        ("blind", [], ["07:59:59"]),
        (None, [(50, "off")], [UNKNOWN_BEFORE, "08:00:50"]),
        (None, [(50, "watching")], [UNKNOWN_BEFORE, "08:00:50", NOTHING_WHILE]),
        ("off", [(50, "watching")], ["07:59:59", "08:00:50", NOTHING_WHILE]),
        ("watching", [(50, "blind")], ["08:00:50", NOTHING_WHILE]),
        ("off", [(0, "watching")], ["07:59:59", "08:00:00", NOTHING_NEAR]),
    ],
)
def test_that_nothing_came_close_is_said_of_the_time_in_which_the_camera_is_known_to_have_watched(
    before: str | None, sights: list[tuple[int, str]], says: list[str]
) -> None:
    notes = [sight(at, state) for at, state in sights]
    lines = answer(told(*notes, before=None if before is None else sight(-1.0, before)), SHANGHAI, ENGLISH)
    assert all(part in line for part, line in zip(says, lines, strict=True)), lines


def test_of_what_is_forgotten_and_of_no_watching_since_no_silence_is_told() -> None:
    watched_till_then = Recollection(
        start=0.0, end=100.0, forgotten_until=50.0, before=sight(-1.0), notes=[sight(40.0, "off")]
    )
    assert watched_till_then.silence is None
    blind_then = Recollection(start=0.0, end=100.0, forgotten_until=50.0, notes=[sight(60.0, "blind")])
    assert blind_then.silence is None
    seen_then = Recollection(start=0.0, end=100.0, forgotten_until=50.0, notes=[sight(60.0)])
    assert seen_then.silence is Silence.SINCE


def test_the_page_has_words_for_each_silence_in_both_languages() -> None:
    script = files("lookout_edge.adapters.page").joinpath("static", "page.js").read_text("utf-8")
    found = re.search(r"SILENCE = \{ (.*) \}", script)
    assert found is not None
    said = dict(re.findall(r'(\w+): "(\w+)"', found[1]))
    assert set(said) == set(Silence)
    for words in (CHINESE, ENGLISH):
        assert all(words.sentence(key) for key in (*said.values(), "why_empty"))


def test_a_note_from_the_far_future_does_not_tidy_away_what_is_true(tmp_path: Path) -> None:
    now, future = 1_777_899_840.0, 4_000_000_000.0
    for start, count in ((now, 40), (future, 3), (now + 40, 1)):
        memory = Memory(tmp_path / "memory.db")  # opened anew, it tidies at the first note
        for index in range(count):
            memory.add(note_of_suppressed(suppressed(start + index)))
        memory.close()
    memory = Memory(tmp_path / "memory.db")
    left, told = memory.between(now, now + 60), memory.recall("stairs", now, now + 60)
    memory.close()
    assert [note.at - now for note in left] == [float(at) for at in range(2, 41)]
    assert (told.forgotten_until, told.is_forgotten) == (now + 1, False)


def test_after_weeks_without_power_what_is_too_old_goes_by_and_by(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db")
    for start, count in ((0.0, 1400), (30 * 86_400.0, 1001)):
        for index in range(count):
            memory.add(note_of_suppressed(suppressed(start + index)))
    left = memory.between(0, 1e6)
    memory.close()
    assert len(left) < 400 + 1
    assert all(note.at >= 1000 for note in left)


def test_the_last_sight_before_a_time_is_known(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db")
    for seconds, sight, reason in ((0, Sight.WATCHING, None), (100, Sight.BLIND, "stalled")):
        since = datetime.fromtimestamp(seconds, UTC)
        memory.add(note_of_sight(CameraState(camera="stairs", state=sight, since=since, reason=reason)))
    before = memory.last_sight("stairs", 150.0)
    assert before is not None
    assert (before.state, before.reason) == ("blind", "stalled")
    assert memory.last_sight("stairs", -1.0) is None
    assert answer(told(before=before), SHANGHAI, CHINESE) == ["01-01 08:01:40 起摄像头看不见 · 没有新画面"]
    memory.close()


def test_an_event_is_told_with_its_reason_and_an_end_without_its_conditions() -> None:
    begun, ended = note_of_event(event(0.0)), note_of_event(event(60.0, Phase.END))
    lines = answer(told(begun, ended), SHANGHAI, ENGLISH)
    assert lines == [
        "What the camera could see before that is not known.",
        "01-01 08:00:00 Alarm begins: e-bike, whole picture (yellow: parked)",
        "    ✗ There for: 12.3 s (wanted: 20 s)",
        "01-01 08:01:00 Alarm ends: e-bike, whole picture (yellow: taken away)",
    ]


def test_what_merely_informs_has_no_tick_and_says_plainly_that_its_limit_was_not_reached() -> None:
    conditions = (
        Condition(name="votes", value=6.0, limit=5.0, met=True, unit="1"),
        Condition(name="flicker", value=0.0, limit=0.12, met=True, bound="least"),
        Condition(name="growth", value=2.5, limit=1.3, met=True, bound="least"),
        Condition(name="drift", value=0.5, limit=0.35, met=True, bound="most"),
        Condition(name="as_before", value=True, limit=False, met=True),
    )
    begun = event(0.0)
    explain = tuple(condition.as_contract() for condition in conditions)
    note = note_of_event(begun.model_copy(update={"explain": explain}))
    assert answer(told(note), SHANGHAI, CHINESE)[2:] == [
        "    ✓ 看见：6",
        "    · 闪烁：0（未达到 0.12）",
        "    · 增长：2.50",
        "    · 位移：0.50（超出 0.35）",
        "    · 与出现前一样：是",
    ]


def test_yes_and_no_unknown_values_and_blindness_have_words() -> None:
    conditions = (
        Condition(name="window", value=True, limit=True, met=True),
        Condition(name="separation", value=None, limit=2.0, met=True, unit="1"),
        Condition(name="socket_zone", value=False, met=True),
        Condition(name="score", value=0.256, limit=0.3, met=False, unit="1"),
        Condition(name="sight", value="covered", met=True),
    )
    note = Note(
        at=0.0,
        camera="stairs",
        kind=Kind.SHADOW,
        scenario=Scenario.CAMERA_BLIND,
        state="start",
        severity="red",
        reason="blind_covered",
        conditions=tuple(condition.as_contract() for condition in conditions),
    )
    lines = answer(told(note), SHANGHAI, CHINESE)
    assert lines[1] == "01-01 08:00:00 报警开始（试运行）：摄像头看不见，整个画面（特急：镜头被遮挡）"
    assert lines[2:7] == [
        "    ✓ 在布防时段",
        "    ✓ 人与物的距离：未知",
        "    · 插座区：否",
        "    ✗ 把握：0.26（要求 0.30）",
        "    · 画面：镜头被遮挡",
    ]
    silent = note.model_copy(update={"scenario": Scenario.CARE, "reason": "care_no_sign_of_life", "conditions": ()})
    assert "，整个画面，无人（" in answer(told(silent), SHANGHAI, CHINESE)[1]


def test_of_one_moment_the_order_of_the_notes_counts(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "memory.db")
    for state, at in (("start", 10.0), ("update", 20.9102), ("end", 20.91)):
        memory.add(Note(at=at, camera="stairs", kind=Kind.EVENT, scenario=Scenario.CAMERA_BLIND, state=state))
    assert [note.state for note in memory.between(0, 100)] == ["start", "update", "end"]


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"rubbish" * 1000)
    with pytest.raises(SpoolError, match=r"memory\.db.*delete the file"):
        Memory(tmp_path / "memory.db")


@pytest.mark.parametrize("rubbish", [b"rubbish" * 1000, None])
def test_a_gateway_begins_a_damaged_memory_anew_and_keeps_a_sound_one(tmp_path: Path, rubbish: bytes | None) -> None:
    path = tmp_path / "memory.db"
    with closing(open_or_renew(path)) as memory:
        for at in range(500):
            memory.add(sight(float(at)))
    with closing(open_or_renew(path)) as again:
        assert len(again.between(0, 1000)) == 500
    content = path.read_bytes()
    # A power cut may leave any page half written.
    path.write_bytes(rubbish or content[:8192] + b"\xff" * (len(content) - 8192))
    with closing(open_or_renew(path)) as fresh:
        fresh.add(sight(1.0))
        assert len(fresh.between(0, 1000)) == 1
    assert len(list(tmp_path.glob("memory.db.broken-*"))) == 1


def test_what_was_stored_is_remembered_and_what_was_not_is_not() -> None:
    notes: list[Note] = []

    class Keeper:
        def add(self, note: Note) -> None:
            notes.append(note)

    inner = MemorySink()
    sink = RememberingSink(inner, Keeper())
    assert sink.put(event(1.0)) == 1
    inner.broken = True
    with pytest.raises(SpoolError):
        sink.put(event(2.0))
    assert [(note.at, note.state) for note in notes] == [(1.0, "start")]


def test_why_answers_for_a_time_on_the_sites_clock(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    run = CliRunner().invoke
    arguments = ["why", "--config", str(path), "--camera", "stairs", "--at"]
    assert "there is no memory yet" in run(app, [*arguments, "21:04"]).output
    moment = datetime.now(SHANGHAI) - timedelta(minutes=30)
    three_hours_before = [*arguments, (moment - timedelta(hours=3)).isoformat()]
    memory = Memory(tmp_path / ".lookout" / "gateway" / MEMORY)
    memory.add(note_of_suppressed(suppressed(moment.timestamp())))
    unknown = run(app, [*three_hours_before, "--json"], env={"LC_ALL": "en_GB.UTF-8"})
    assert (unknown.stdout, unknown.stderr.strip()) == ("", NOTHING_KNOWN)
    assert run(app, three_hours_before, env={"LC_ALL": "C.UTF-8"}).output == "当时摄像头能否看见，没有记录。\n"
    memory.add(sight(moment.timestamp() - 4 * 3600))
    memory.close()
    result = run(app, [*arguments, f"{moment:%H:%M}"], env={"LC_ALL": "zh_CN.UTF-8"})
    assert result.exit_code == 0, result.output
    assert "没有报警：电动车，landing，摩托车或电动车；未满足：停留" in result.output
    assert "    ✗ 停留：12.3 秒（要求 20 秒）" in result.output
    english = run(app, [*arguments, f"{moment:%H:%M}", "--lang", "en"]).output
    assert "No alarm: e-bike, landing, " in english
    as_json = run(app, [*arguments, moment.isoformat(), "--json"])
    assert Note.model_validate_json(as_json.output).blocked_by == "dwell"
    assert "没有接近报警" in run(app, three_hours_before, env={"LC_ALL": "C.UTF-8"}).output
    assert "Nothing came close" in run(app, three_hours_before, env={"LC_ALL": "en_GB.UTF-8"}).output
    memory = Memory(tmp_path / ".lookout" / "gateway" / MEMORY)
    memory.add(note_of_suppressed(suppressed(moment.timestamp() + 8 * 86_400)))
    memory.close()
    forgotten = run(app, [*three_hours_before, "--json"], env={"LC_ALL": "en_GB.UTF-8"})
    assert (forgotten.stdout, "is remembered any more" in forgotten.stderr) == ("", True)
    assert run(app, ["why", "--config", str(path), "--camera", "roof", "--at", "21:04"]).exit_code == 2


def test_why_answers_of_a_camera_that_was_taken_out(tmp_path: Path) -> None:
    config, now = tmp_path / "gateway.yaml", datetime.now(UTC).timestamp()
    config.write_text(f"{CONFIG}data_dir: {tmp_path}\n", encoding="utf-8")
    memory = Memory(tmp_path / MEMORY)
    memory.add(note_of_event(event(now - 60).model_copy(update={"camera": "cellar"})))
    memory.close()
    asked = ["why", "--config", str(config), "--at", datetime.fromtimestamp(now - 60, UTC).isoformat(), "--lang", "en"]
    result = CliRunner().invoke(app, [*asked, "--camera", "cellar"])
    assert (result.exit_code, "e-bike" in result.output) == (0, True), result.output
    result = CliRunner().invoke(app, [*asked, "--camera", "celar"])
    assert (result.exit_code, "known are stairs, cellar" in result.output) == (2, True), result.output


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("21:04", datetime(2026, 5, 4, 21, 4, tzinfo=SHANGHAI)),
        ("21:31", datetime(2026, 5, 3, 21, 31, tzinfo=SHANGHAI)),
        ("9:04", datetime(2026, 5, 4, 9, 4, tzinfo=SHANGHAI)),
        (" 21：04 ", datetime(2026, 5, 4, 21, 4, tzinfo=SHANGHAI)),
        ("13:04Z", datetime(2026, 5, 4, 13, 4, tzinfo=UTC)),
        ("21:04+00:00", datetime(2026, 5, 3, 21, 4, tzinfo=UTC)),
        ("22:45+09:30", datetime(2026, 5, 4, 13, 15, tzinfo=UTC)),
        ("2026-05-01T08:00", datetime(2026, 5, 1, 8, 0, tzinfo=SHANGHAI)),
        ("2026-05-01T08:00:00Z", datetime(2026, 5, 1, 8, 0, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_is_its_last_one(text: str, moment: datetime) -> None:
    assert read_moment(text, SHANGHAI, NOW) == moment


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("yesterday", "write 21:04"),
        ("2026-05-04", "is a day and no time: write 2026-05-04T21:04"),
        ("2026-05-04T21:31", "still to come: it is 2026-05-04 21:30"),
        ("2026-04-27T21:29", "remembers 7 days"),
    ],
)
def test_a_time_of_which_nothing_can_be_known_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_moment(text, SHANGHAI, NOW)


def test_check_draws_the_zones_on_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    masked = CONFIG.replace(
        "    rules:", "    masks: [{polygon: [[0.9, 0.8], [1, 0.8], [1, 0.9], [0.9, 0.9]]}]\n    rules:"
    )
    path.write_text(masked, encoding="utf-8")
    clip = tmp_path / "clip.mp4"
    writer = cv2.VideoWriter(str(clip), cv2.VideoWriter.fourcc(*"mp4v"), 5, (320, 240))
    for _ in range(5):
        writer.write(picture(60, width=320, height=240))
    writer.release()
    arguments = ["check", "--config", str(path), "--draw", str(tmp_path / "drawn"), "--picture"]
    result = CliRunner().invoke(app, [*arguments, str(clip)])
    assert result.exit_code == 0, result.output
    assert "zones of stairs on clip.mp4" in result.output
    drawn = cv2.imread(str(tmp_path / "drawn" / "stairs.png"))
    assert drawn is not None
    assert drawn.shape == (240, 320, 3)
    assert int(np.abs(drawn[120, 160].astype(int) - 60).max()) > 20, "the zone is tinted"
    assert int(np.abs(drawn[235, 310].astype(int) - 60).max()) < 10, "outside the picture is as it was"
    assert int(drawn[203, 304].max()) == 0, "what is masked is black"
    assert CliRunner().invoke(app, [*arguments, str(tmp_path / "none.mp4")]).exit_code == 2
    result = CliRunner().invoke(app, ["check", "--config", str(path), "--picture", str(clip)])
    assert (result.exit_code, "say where to with --draw DIR" in result.stderr) == (2, True)


def test_without_a_picture_the_zones_are_drawn_on_grey(tmp_path: Path) -> None:
    path = tmp_path / "g.yaml"
    path.write_text(CONFIG.replace("192.0.2.1:1", "127.0.0.1:1"), encoding="utf-8")
    result = CliRunner().invoke(app, ["check", "--config", str(path), "--draw", str(tmp_path / "drawn")])
    assert result.exit_code == 0, result.output
    assert "on grey, for the camera gives no picture" in result.output
    assert (tmp_path / "drawn" / "stairs.png").is_file()
