"""Gaps are asked for once they have lasted, and ever more rarely."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from lookout_server.adapters.mqtt.replay import GRACE, LONGEST_PAUSE, ReplayPlanner
from lookout_server.ports import Gap

NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)
STREAM = ("gw-a", "e1")


def gap(first: int, last: int, *, gateway: str = "gw-a") -> Gap:
    return Gap(gateway=gateway, epoch="e1", first=first, last=last)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_gap_that_closes_by_itself_is_not_asked_for() -> None:
    planner = ReplayPlanner()
    planner.note({STREAM: [gap(1, 4)]}, NOW)
    assert planner.due(after(1)) == ()
    planner.note({STREAM: []}, after(2))
    assert planner.due(after(600)) == ()


def test_a_gap_that_stays_is_asked_for_again_after_longer_and_longer_pauses() -> None:
    planner = ReplayPlanner()
    planner.note({STREAM: [gap(1, 4)]}, NOW)
    asked = [second for second in range(0, 4000) if planner.due(after(second))]
    assert asked[0] == GRACE.total_seconds()
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[:3] == [30, 60, 120]
    assert max(pauses) == LONGEST_PAUSE.total_seconds()


def test_what_is_asked_for_is_what_is_missing_by_then() -> None:
    planner = ReplayPlanner()
    planner.note({STREAM: [gap(1, 4), gap(7, 7)]}, NOW)
    planner.note({STREAM: [gap(3, 4)]}, after(3))
    assert planner.due(after(5)) == (gap(3, 4),)


def test_gateways_do_not_wait_for_each_other() -> None:
    planner = ReplayPlanner()
    planner.note({STREAM: [gap(1, 1)]}, NOW)
    planner.note({("gw-b", "e1"): [gap(2, 2, gateway="gw-b")]}, after(4))
    assert planner.due(after(5)) == (gap(1, 1),)
    assert planner.due(after(9)) == (gap(2, 2, gateway="gw-b"),)
