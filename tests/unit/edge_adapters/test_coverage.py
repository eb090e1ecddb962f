"""Coverage: minutes watched, blind and off, by the site's own days, over restarts and clocks that are set."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.status import CameraState, Coverage, Sight
from lookout_edge.adapters.coverage import CoverageFile
from lookout_edge.domain.coverage import NOT_RUNNING, WATCHING, CoverageBook
from lookout_edge.testing import FakeClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: Five minutes to midnight in Shanghai.
LATE = datetime(2026, 5, 4, 15, 55, tzinfo=UTC).timestamp()


def shanghai() -> ZoneInfo:
    return SHANGHAI


def state(at: float, sight: Sight, reason: str | None = None) -> CameraState:
    return CameraState(camera="gate", state=sight, since=datetime.fromtimestamp(at, UTC), reason=reason)


class Box:
    """A gateway that can be started again."""

    def __init__(self, folder: Path) -> None:
        self.path, self.clock = folder / "data" / "coverage.json", FakeClock(LATE)
        self.file = self.start()

    def start(self) -> CoverageFile:
        self.file = CoverageFile(self.path, shanghai, self.clock)
        return self.file

    def say(self, sight: Sight, reason: str | None = None) -> None:
        self.file.note(state(self.clock.at, sight, reason))

    def wait(self, minutes: float) -> None:
        """Time passes, with the status told every half minute."""
        for _ in range(round(minutes * 2)):
            self.clock.at += 30.0
            self.file.report()

    def told(self) -> tuple[Coverage, ...]:
        return self.file.report()["gate"]


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_minutes_are_added_up_by_reason_and_by_the_sites_own_day(box: Box) -> None:
    box.say(Sight.WATCHING)
    box.wait(3)
    box.say(Sight.BLIND, "stalled")
    box.wait(4)
    box.say(Sight.WATCHING)
    box.wait(1)
    box.say(Sight.BLIND, "black")
    box.wait(0.5)
    assert box.told() == (
        Coverage(day=date(2026, 5, 5), watching_min=1, blind_min={"stalled": 2, "black": 0.5}),
        Coverage(day=date(2026, 5, 4), watching_min=3, blind_min={"stalled": 2}),
    )


def test_a_restart_forgets_nothing_and_the_time_between_is_off(box: Box) -> None:
    box.say(Sight.WATCHING)
    box.wait(2)
    box.file.close()
    box.clock.at += 60.0
    box.start()
    box.say(Sight.WATCHING)
    box.wait(1)
    assert box.told() == (Coverage(day=date(2026, 5, 4), watching_min=3, off_min={"not_running": 1}),)


def test_after_a_power_cut_what_was_not_written_counts_as_not_running(box: Box) -> None:
    box.say(Sight.WATCHING)
    box.wait(3)
    box.start()
    box.say(Sight.BLIND, "connecting")
    (today,) = box.told()
    assert today.watching_min + sum(today.off_min.values()) == pytest.approx(3)
    assert 0 < today.off_min["not_running"] <= 1.0


def test_a_clock_that_is_set_makes_up_no_minutes(box: Box) -> None:
    box.say(Sight.WATCHING)
    box.wait(1)
    box.clock.at -= 40.0
    box.wait(1)
    box.clock.at += 3600.0
    box.wait(1)
    assert sum(day.watching_min for day in box.told()) == 3 - 2 * 0.5


def test_a_file_that_cannot_be_read_is_begun_anew(box: Box) -> None:
    box.path.parent.mkdir()
    box.path.write_text("{", encoding="utf-8")
    box.start()
    box.say(Sight.WATCHING)
    box.wait(1)
    assert [day.watching_min for day in box.told()] == [1]


def test_a_disk_that_refuses_costs_no_minute(box: Box) -> None:
    box.path.parent.write_text("not a folder", encoding="utf-8")
    box.say(Sight.WATCHING)
    box.wait(2)
    assert [day.watching_min for day in box.told()] == [2]


def test_days_long_gone_are_forgotten() -> None:
    book = CoverageBook(shanghai, {"gate": {date(2026, 1, 1): {WATCHING: 60.0}}}, left_at=0.0)
    book.note("gate", LATE, WATCHING)
    book.take_stock(LATE)
    assert date(2026, 1, 1) not in book.of("gate")
    assert all(set(spent) == {NOT_RUNNING} for spent in book.of("gate").values())


@given(
    steps=st.lists(st.tuples(st.floats(0, 599), st.sampled_from([WATCHING, "blind:black", "off:ended"])), max_size=40)
)
def test_no_second_is_lost_or_counted_twice(steps: list[tuple[float, str]]) -> None:
    book, at = CoverageBook(shanghai), LATE
    book.note("gate", at, WATCHING)
    for seconds, what in steps:
        at += seconds
        book.note("gate", at, what)
    total = sum(seconds for spent in book.of("gate").values() for seconds in spent.values())
    assert total == pytest.approx(at - LATE, abs=1e-3)
