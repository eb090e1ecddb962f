from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lookout_edge.adapters.watched_days import WatchedDayFile
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.watched import AtCamera, WatchedDay
from lookout_edge.domain.zone import WHOLE_FRAME
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.care import Care, CareParams
from lookout_edge.testing import FakeClock, track

#: 2026-05-04 00:00 UTC.
MIDNIGHT = 1_777_852_800.0
SOMEBODY = Box(0.40, 0.30, 0.48, 0.80)


class Room:
    """A room that is watched from five on; somebody should have been seen by half past nine."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "data" / "watched-days.json", FakeClock(0.0)
        self.alarms: list[float] = []
        self.start()

    def start(self, **others: object) -> None:
        """Begin a run; with ``others`` for what a rule is usually given."""
        self.file = WatchedDayFile(self.path, self.clock)
        self.rule = self.another(**others)

    def another(self, **others: object) -> Care:
        """A rule at the same zones."""
        given = CareParams.model_validate({"opted_in": True, "alive_by": "09:30", **others})
        days = AtCamera("room", self.file)
        return Care(given, [WHOLE_FRAME], RuleContext(SiteCalendar(ZoneInfo("UTC")), days=days))

    def watch(self, since: float, until: float, *, anybody: bool = False) -> None:
        """From one hour of the day to another, a look every ten seconds."""
        for index in range(round((until - since) * 360)):
            at = MIDNIGHT + since * 3600 + index * 10
            self.clock.at = at
            walked = SOMEBODY._replace(x1=SOMEBODY.x1 + 0.05 * index, x2=SOMEBODY.x2 + 0.05 * index)
            seen = (track(1, at, label="person", box=walked),) if anybody else ()
            looked = self.rule.observe(at, seen, Scene("room"))
            self.alarms += [(at - MIDNIGHT) / 3600 for o in looked if o.standing is Standing.ACTIVE]


def test_silence_is_told_of_on_the_day_of_a_restart(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.watch(4.9, 8.5)
    room.start()  # after a power cut: nothing was closed
    room.watch(8.6, 10)
    assert room.alarms[0] == 9.5


def test_a_sign_of_life_just_before_a_power_cut_is_not_forgotten(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.watch(4.9, 6)
    room.watch(6, 6.01, anybody=True)
    room.start()
    room.watch(6.05, 12)
    assert room.alarms == []
    room.start()
    room.watch(28.9, 34)
    assert room.alarms[0] == 33.5, "nor is yesterday's one of today"


def test_the_time_between_two_runs_was_not_watched(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.watch(5, 6)
    room.file.close()
    room.start()
    room.watch(8, 11)
    assert room.alarms == []


def test_a_clock_that_was_set_back_has_not_watched_what_is_to_come(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.watch(5, 9.4)
    room.file.close()
    room.start()
    room.watch(5.5, 5.6)
    room.watch(9.4, 11)
    assert room.alarms == []


def test_two_rules_at_the_same_zones_do_not_share_a_day(tmp_path: Path) -> None:
    """Somebody is seen, and no dog: after a restart it is still the dog alone of which there was no sign."""
    room = Room(tmp_path)
    dogs = room.another(labels=["dog"])
    for each in (room.rule, dogs):
        room.rule = each
        room.watch(4.9, 6)
        room.watch(6, 6.01, anybody=True)
    room.file.close()
    room.start()
    room.watch(6.05, 10)
    assert room.alarms == []
    room.rule = room.another(labels=["dog"])
    room.watch(6.05, 10)
    assert room.alarms[0] == 9.5


def test_a_rule_that_is_given_an_earlier_hour_has_not_watched_the_time_before_it(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.start(alive_by="20:00")
    room.watch(9, 16)
    room.file.close()
    room.start(alive_by="09:30")
    room.watch(16, 17)
    assert room.alarms == [], "of the time from five to half past nine only its end was watched"


def test_what_was_kept_when_zones_alone_told_rules_apart_is_read(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.file.keep("room/frame", WatchedDay(MIDNIGHT + 5 * 3600, 3 * 3600.0))
    room.file.close()
    room.start()
    room.watch(8.05, 10)
    assert room.alarms[0] == 9.5


def test_it_is_written_once_a_minute_and_what_is_old_is_let_go(tmp_path: Path) -> None:
    clock = FakeClock(1000.0)
    file = WatchedDayFile(tmp_path / "days.json", clock)
    file.keep("a/x", WatchedDay(0.0, 1.0))
    file.keep("a/x", WatchedDay(0.0, 2.0))
    assert WatchedDayFile(tmp_path / "days.json", clock).last("a/x") == WatchedDay(0.0, 1.0)
    file.close()
    assert WatchedDayFile(tmp_path / "days.json", clock).last("a/x") == WatchedDay(0.0, 2.0)
    file.keep("b/x", WatchedDay(4 * 86_400.0, 0.0, 4 * 86_400.0))
    assert file.last("a/x") is None


@pytest.mark.parametrize("text", ["{", '{"a": {"begins_at": "noon"}}'])
def test_a_broken_file_is_begun_anew_and_a_disk_that_refuses_stops_nobody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "days.json"
    path.write_text(text, encoding="utf-8")
    assert WatchedDayFile(path, FakeClock(0.0)).last("a") is None
    (tmp_path / "file").write_text("", encoding="utf-8")
    file = WatchedDayFile(tmp_path / "file" / "days.json", FakeClock(0.0))
    file.keep("a/x", WatchedDay(0.0, 1.0))
    assert file.last("a/x") == WatchedDay(0.0, 1.0)
