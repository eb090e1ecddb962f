"""What is known of a camera ends with its gateway's last sign of life, however that ended."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.status import CameraState, Sight
from lookout_edge.adapters.memory import BEAT_S, LAPSE_S, Memory
from lookout_edge.adapters.page import Recalled
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.adapters.pulse import Pulse, is_running
from lookout_edge.domain.memory import Kind, Note, Recollection, Silence, note_of_sight
from lookout_edge.recall import answer
from lookout_edge.testing import FakeClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINESE, ENGLISH = Words.of(Language.CHINESE), Words.of(Language.ENGLISH)
START = 1_777_899_600.0
NOTHING_NEAR = "Nothing came close to an alarm."
NOTHING_WHILE = "While the camera watched, nothing came close to an alarm."
BROKE_OFF = "What the camera could see after {} is not known: the gateway broke off."


@dataclass
class Gateway:
    """A memory, its pulse and a camera, on a clock that is set by hand; signs of life are given by hand, too."""

    path: Path
    clock: FakeClock
    states: dict[str, CameraState] = field(default_factory=dict[str, CameraState])

    def __post_init__(self) -> None:
        self.memory = Memory(self.path)
        self.pulse = Pulse(self.memory, self.path, self.clock, self.states.values, every_s=1e6)
        self.pulse.start()

    def say(self, sight: Sight, reason: str | None = None, camera: str = "stairs") -> None:
        since = datetime.fromtimestamp(self.clock.at, UTC)
        self.states[camera] = CameraState(camera=camera, state=sight, since=since, reason=reason)
        self.memory.add(note_of_sight(self.states[camera]))

    def live(self, seconds: float) -> None:
        """With a sign of life each minute."""
        until = self.clock.at + seconds
        while self.clock.at + BEAT_S <= until:
            self.clock.at += BEAT_S
            self.pulse.beat()
        self.clock.at = until

    def recall(self, start: float, end: float) -> Recollection:
        """As the page of the running gateway has it."""
        return self.memory.recall("stairs", START + start, START + end, lives_at=self.clock.at)

    def die(self) -> None:
        """Without a word: the power is cut."""
        self.memory.close()
        self.pulse._held.close()  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path / "memory.db", FakeClock(START))
    yield made
    made.memory.close()


def told_later(gateway: Gateway, start: float, end: float, words: Words = ENGLISH) -> tuple[Silence | None, list[str]]:
    """What is told of a gateway that may not live any more, by another process."""
    lives_at = gateway.clock.at if is_running(gateway.path) else None
    with closing(Memory(gateway.path)) as memory:
        recalled = memory.recall("stairs", START + start, START + end, lives_at=lives_at)
    return recalled.silence, answer(recalled, SHANGHAI, words)


def test_while_the_gateway_lives_silence_is_told_as_ever(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(600)
    gateway.clock.at += BEAT_S - 1
    for start, end in ((60.0, 120.0), (540.0, 780.0)):
        assert gateway.recall(start, end).silence is Silence.WHOLE
        assert told_later(gateway, start, end) == (Silence.WHOLE, [NOTHING_NEAR])


def test_after_a_power_cut_nothing_is_known_from_the_last_sign_of_life_on(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(630)
    gateway.die()
    gateway.clock.at += 86_400
    assert told_later(gateway, 300, 590) == (Silence.WHOLE, [NOTHING_NEAR])
    ends = BROKE_OFF.format("05-04 21:10:00")
    assert told_later(gateway, 540, 660) == (Silence.WATCHED, [ends, NOTHING_WHILE])
    assert told_later(gateway, 3600, 3700) == (None, [ends])
    assert told_later(gateway, 3600, 3700, CHINESE)[1] == [
        "05-04 21:10:00 之后摄像头能否看见，没有记录：网关突然中断了。"
    ]


def test_the_next_run_notes_that_the_gateway_did_not_run(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.say(Sight.BLIND, "stalled", "gate")
    gateway.say(Sight.OFF, "ended", "clip")
    gateway.live(630)
    gateway.die()
    gateway.clock.at += 3600
    again = Gateway(gateway.path, gateway.clock)
    again.say(Sight.WATCHING)
    again.live(600)
    again.die()
    silence, lines = told_later(gateway, 1800, 1900)
    assert (silence, lines) == (None, ["Since 05-04 21:10:00 the camera was: off · gateway not running"])
    assert told_later(gateway, 1800, 1900, CHINESE)[1] == ["05-04 21:10:00 起摄像头已停止 · 网关未运行"]
    assert told_later(gateway, 4240, 4500) == (Silence.WHOLE, [NOTHING_NEAR])
    with closing(Memory(gateway.path)) as memory:
        noted = {note.camera: note.reason for note in memory.between(START + 590, START + 610)}
    assert noted == {"stairs": "not_running", "gate": "not_running"}


def test_who_says_that_it_stops_was_off_and_did_not_break_off(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(600)
    gateway.say(Sight.OFF, "shutdown")
    gateway.pulse.close()
    gateway.die()
    off = "05-04 21:10:00 camera: off · gateway stopped"
    assert told_later(gateway, 540, 660) == (Silence.WATCHED, [off, NOTHING_WHILE])
    gateway.clock.at += 3600
    Gateway(gateway.path, gateway.clock).die()
    assert told_later(gateway, 540, 660) == (Silence.WATCHED, [off, NOTHING_WHILE])


def test_an_alarm_after_the_last_sign_of_life_is_one_more(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(600)
    alarm = Note(at=START + 640, camera="stairs", kind=Kind.EVENT, scenario=None, state="start")
    gateway.memory.add(alarm)
    gateway.die()
    gateway.clock.at += 3600
    with closing(Memory(gateway.path)) as memory:
        assert memory.recall("stairs", START + 500, START + 700).unknown_since == alarm.at
    Gateway(gateway.path, gateway.clock).die()
    with closing(Memory(gateway.path)) as memory:
        assert [note.at - START for note in memory.between(START + 500, START + 700)] == [640, 640]


def test_while_the_box_slept_nobody_watched(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(600)
    gateway.clock.at += 7200
    assert gateway.recall(3600, 3700).silence is None, "nor is it told before the next sign of life"
    gateway.live(600)
    assert gateway.recall(3600, 3700).silence is None
    assert gateway.recall(7860, 8000).silence is Silence.WHOLE


def test_a_late_sign_of_life_is_no_sleep(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.clock.at += LAPSE_S
    gateway.pulse.beat()
    assert gateway.recall(10, LAPSE_S).silence is Silence.WHOLE


@pytest.mark.parametrize("behind_s", [30.0, 3000.0])
def test_a_clock_that_comes_up_behind_and_is_set_hides_no_outage(gateway: Gateway, behind_s: float) -> None:
    """A box without a battery goes on from a time that it wrote down before the cut, until it has a line."""
    gateway.say(Sight.WATCHING)
    gateway.live(3600)
    gateway.die()
    gateway.clock.at -= behind_s
    again = Gateway(gateway.path, gateway.clock)
    again.say(Sight.WATCHING)
    again.live(60)
    again.clock.at += behind_s + (7200 if behind_s > LAPSE_S else 0)
    again.live(120)
    lasts = again.clock.at - START
    assert again.recall(lasts - 50, lasts).silence is Silence.WHOLE
    if behind_s > LAPSE_S:
        assert again.recall(3700, 7200).silence is None
    again.die()


def test_a_memory_from_before_there_was_a_pulse_vouches_for_its_notes(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with closing(Memory(path)) as memory:
        for at in (0.0, 500.0):
            memory.add(Note(at=START + at, camera="stairs", kind=Kind.SIGHT, state="watching"))
    gateway = Gateway(path, FakeClock(START + 3600))
    assert gateway.recall(400, 490).silence is Silence.WHOLE
    assert gateway.recall(600, 700).silence is None
    gateway.die()


def test_signs_of_life_take_no_room(gateway: Gateway) -> None:
    gateway.live(100 * BEAT_S)
    with closing(sqlite3.connect(gateway.path)) as file:
        assert file.execute("SELECT upto FROM lived").fetchall() == [(START + 100 * BEAT_S,)]
        assert file.execute("SELECT count(*) FROM notes").fetchone() == (0,)


def test_signs_of_life_are_given_by_themselves(tmp_path: Path) -> None:
    path, clock = tmp_path / "memory.db", FakeClock(START)
    memory = Memory(path)
    pulse = Pulse(memory, path, clock, list[CameraState], every_s=0.01)
    pulse.start()
    clock.at += 30
    with closing(sqlite3.connect(path)) as file:
        for _ in range(500):
            if file.execute("SELECT upto FROM lived").fetchone() == (START + 30,):
                break
            pulse._closing.wait(0.01)  # pyright: ignore[reportPrivateUsage]
        else:
            raise AssertionError("no sign of life")
    pulse.close()
    memory.close()


def test_a_disk_that_refuses_ends_nothing(gateway: Gateway, tmp_path: Path) -> None:
    gateway.memory.close()
    gateway.pulse.beat()
    gateway.clock.at += 2 * LAPSE_S
    gateway.pulse.beat()
    homeless = Pulse(gateway.memory, tmp_path / "none" / "memory.db", gateway.clock, list[CameraState])
    homeless.start()
    homeless.close()
    assert not is_running(tmp_path / "none" / "memory.db")


def test_the_page_is_told_since_when_nothing_is_known(gateway: Gateway) -> None:
    gateway.say(Sight.WATCHING)
    gateway.live(600)
    gateway.clock.at += 7200
    recalled = gateway.recall(540, 700)
    shown = Recalled(lines=(), remembered=recalled, timezone=SHANGHAI).as_json()
    assert (shown["unknown_since"], shown["silence"]) == ("05-04 21:10:00", "watched")


LIVES = """
import sys, time
from pathlib import Path
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.pulse import Pulse
path = Path(sys.argv[1])
Pulse(Memory(path), path, SystemClock(), list).start()
print("lives", flush=True)
time.sleep(60)
"""


def test_a_process_that_is_killed_is_known_not_to_run(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    with subprocess.Popen([sys.executable, "-c", LIVES, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"lives\n"
        assert is_running(path)
        assert is_running(path), "asking does not end it"
        process.kill()
        process.wait()
    assert not is_running(path)
