"""The weekly round: at its moment, made up for, never twice, and not the minute a box is new."""

import threading
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.events import Scenario
from lookout_edge.adapters.self_tests import WeeklySelfTests
from lookout_edge.domain.weekly import WeeklyMoment, parse_weekly
from lookout_edge.errors import EdgeError
from lookout_edge.testing import FakeClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
#: A Wednesday.
WEDNESDAY = datetime(2026, 11, 25, 10, 0, tzinfo=SHANGHAI)
PLAN = (("gate", Scenario.FIRE_SMOKE), ("lift", Scenario.CORRIDOR_EBIKE))


@pytest.mark.parametrize(
    ("after", "expected"),
    [(timedelta(0), 0), (timedelta(seconds=-1), -7), (timedelta(days=6, hours=23), 0), (timedelta(days=7), 7)],
)
def test_the_last_moment_is_not_after_now(after: timedelta, expected: int) -> None:
    assert parse_weekly("wed 10:00").last(WEDNESDAY + after) == WEDNESDAY + timedelta(days=expected)


def test_it_stays_at_its_time_of_day_when_clocks_change() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    monday = datetime(2026, 10, 26, 12, 0, tzinfo=berlin)
    assert WeeklyMoment(6, 600).last(monday) == datetime(2026, 10, 25, 10, 0, tzinfo=berlin)


@pytest.mark.parametrize("text", ["", "10:00", "someday 10:00", "wed 25:00", "wed 10"])
def test_what_is_no_moment_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"wed 10:00|09:30|no valid time"):
        parse_weekly(text)


class World:
    def __init__(self, folder: Path, now: datetime) -> None:
        self.clock, self.ran = FakeClock(), list[tuple[str, Scenario]]()
        self.clock.at = now.timestamp()
        self.folder = folder
        self.fault: Exception = EdgeError("The gate is not there.")

    def box(self) -> WeeklySelfTests:
        return WeeklySelfTests(
            self.folder / "data" / "self_tests.json",
            parse_weekly("wed 10:00"),
            timezone=lambda: SHANGHAI,
            plan=lambda: PLAN,
            run=self.test,
            clock=self.clock,
        )

    def test(self, camera: str, scenario: Scenario) -> None:
        self.ran.append((camera, scenario))
        if camera == "gate":
            raise self.fault


def test_a_new_box_waits_for_its_first_moment_and_a_missed_one_is_made_up_for(tmp_path: Path) -> None:
    world = World(tmp_path, WEDNESDAY + timedelta(hours=1))
    box = world.box()
    assert not box.is_due()
    box.start()
    box.close()
    assert not box.is_due()
    world.clock.at += timedelta(days=6, hours=22).total_seconds()
    assert not box.is_due()
    world.clock.at += timedelta(days=2).total_seconds()
    again = world.box()
    assert again.is_due()
    again.run_round()
    assert world.ran == list(PLAN)
    assert not world.box().is_due()


def test_a_round_of_a_clock_that_was_far_ahead_keeps_no_box_from_testing_once_the_clock_is_right(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, WEDNESDAY + timedelta(days=3000))
    world.box().run_round()
    box = world.box()
    assert not box.is_due()
    world.clock.at = (WEDNESDAY + timedelta(hours=1)).timestamp()
    assert not box.is_due()
    world.clock.at += timedelta(days=6, hours=22).total_seconds()
    assert not box.is_due()
    world.clock.at += timedelta(hours=1).total_seconds()
    assert box.is_due()
    box.run_round()
    assert not box.is_due()
    world.clock.at += timedelta(days=7).total_seconds()
    assert box.is_due()


def test_a_clock_that_begins_in_1970_until_it_is_set_makes_no_round(tmp_path: Path) -> None:
    world = World(tmp_path, WEDNESDAY + timedelta(hours=1))
    world.box().run_round()
    box = world.box()
    now, world.clock.at = world.clock.at, 0.0
    assert not box.is_due()
    world.clock.at = now + 60.0
    assert not box.is_due()


def test_a_test_that_stumbles_does_not_end_the_round_nor_those_of_later_weeks(tmp_path: Path) -> None:
    world = World(tmp_path, WEDNESDAY)
    world.fault = ZeroDivisionError("a bug")
    world.box().run_round()
    assert world.ran == list(PLAN)


def test_a_plan_that_fails_ends_no_later_round(tmp_path: Path) -> None:
    """The thread ended with it, and nothing was tested any more until somebody restarted the gateway."""
    world, planned = World(tmp_path, WEDNESDAY - timedelta(minutes=1)), threading.Event()
    tries = iter([ZeroDivisionError("a bug")])

    def plan() -> tuple[tuple[str, Scenario], ...]:
        if (error := next(tries, None)) is not None:
            world.clock.at += 7 * 86_400
            raise error
        planned.set()
        return ()

    box = WeeklySelfTests(
        tmp_path / "self_tests.json",
        parse_weekly("wed 10:00"),
        timezone=lambda: SHANGHAI,
        plan=plan,
        run=world.test,
        clock=world.clock,
        every_s=0.01,
    )
    box.start()
    world.clock.at += 120
    assert planned.wait(5)
    box.close()
