"""The spool: gapless numbers, nothing unsettled lost, whatever happens in between."""

import itertools
import sqlite3
import threading
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lookout_contract.commands import Gone
from lookout_contract.delivery import Receipt, Rejection
from lookout_contract.events import Event, Scenario, Severity
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.spool_file import open_spool_file
from lookout_edge.adapters.spool_room import SpoolLimits, make_room
from lookout_edge.adapters.testing import HandClock, some_event


def opened(path: Path, clock: HandClock | None = None, *, max_bytes: int = 10**9) -> SqliteSpool:
    return SqliteSpool(
        path, site="s1", gateway="g1", clock=clock or HandClock(), limits=SpoolLimits(max_bytes=max_bytes)
    )


def numbers(spool: SqliteSpool) -> list[int]:
    return [row.sequence for row in spool.pending(10_000)]


def test_an_event_waits_in_its_envelope(tmp_path: Path) -> None:
    clock = HandClock()
    spool = opened(tmp_path / "spool.db", clock)
    assert spool.put(some_event("occ-9")) == 1
    (row,) = spool.pending(10)
    event = Event.model_validate_json(row.payload)
    assert (event.sequence, event.epoch, event.source) == (1, spool.epoch, "/site/s1/gateway/g1")
    assert event.time.timestamp() == clock.now()
    assert event.data == some_event("occ-9")
    assert (row.camera, row.scenario) == ("gate", Scenario.UNFAMILIAR_VEHICLE)


def test_epoch_and_numbers_outlive_a_restart_even_when_all_is_settled(tmp_path: Path) -> None:
    first = opened(tmp_path / "spool.db")
    for _ in range(3):
        first.put(some_event())
    epoch = first.epoch
    first.settle(Receipt(epoch=epoch, upto=3))
    first.close()
    second = opened(tmp_path / "spool.db")
    assert (second.epoch, second.last_sequence) == (epoch, 3)
    assert second.put(some_event()) == 4


def test_epochs_sort_by_age(tmp_path: Path) -> None:
    clock = HandClock()
    older = opened(tmp_path / "a.db", clock).epoch
    clock.forward(60)
    assert older < opened(tmp_path / "b.db", clock).epoch


def test_fire_and_key_area_overtake_the_backlog(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for scenario in (Scenario.GARBAGE, Scenario.FIRE_SMOKE, Scenario.CARE, Scenario.KEY_AREA):
        spool.put(some_event(scenario=scenario))
    assert numbers(spool) == [2, 4, 1, 3]


def test_pending_skips_what_is_under_way(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for _ in range(6):
        spool.put(some_event())
    assert [row.sequence for row in spool.pending(2, frozenset({1, 3}))] == [2, 4]
    assert spool.pending(0) == ()


def test_a_receipt_settles_upto_also_and_rejected_only(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for _ in range(10):
        spool.put(some_event())
    receipt = Receipt(epoch=spool.epoch, upto=2, also=((4, 5),), rejected=(Rejection(seq=8, reason="bad"),))
    assert spool.settle(receipt) == 5
    assert numbers(spool) == [3, 6, 7, 9, 10]
    assert spool.settle(receipt) == 0


def test_a_receipt_of_another_epoch_changes_nothing(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    spool.put(some_event())
    assert spool.settle(Receipt(epoch="20200101t000000-beef", upto=99)) == 0
    assert numbers(spool) == [1]


def test_a_receipt_for_numbers_never_given_begins_a_new_epoch_and_keeps_what_waits(tmp_path: Path) -> None:
    """The disk was restored from an old image: its next numbers are taken already."""
    clock = HandClock()
    spool = opened(tmp_path / "spool.db", clock)
    for name in ("occ-1", "occ-2", "occ-3"):
        spool.put(some_event(name))
    old = spool.epoch
    clock.forward(-100 * 86_400)
    assert spool.settle(Receipt(epoch=old, upto=500)) == 0
    assert spool.epoch > old, "whatever the clock says"
    events = [Event.model_validate_json(row.payload) for row in spool.pending(10)]
    assert [(event.sequence, event.subject) for event in events] == [(1, "occ-1"), (2, "occ-2"), (3, "occ-3")]
    assert {event.epoch for event in events} == {spool.epoch}
    assert spool.put(some_event()) == 4


def test_range_and_requeue_give_what_is_still_here(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for _ in range(5):
        spool.put(some_event())
    spool.settle(Receipt(epoch=spool.epoch, upto=2))
    assert [row.sequence for row in spool.range(spool.epoch, 1, 4)] == [3, 4]
    assert spool.range("20200101t000000-beef", 1, 4) == ()
    assert spool.requeue(spool.epoch, 3, 4) is None
    gone = Gone(epoch=spool.epoch, ranges=((1, 2), (6, 9)), why="not in the spool any more")
    assert spool.requeue(spool.epoch, 1, 9) == gone
    assert spool.take_requeued() == {3, 4, 5}
    assert spool.take_requeued() == frozenset()


def test_a_full_spool_gives_up_blue_first_and_fire_last(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    spool.put(some_event(scenario=Scenario.FIRE_SMOKE))
    spool.put(some_event(severity=Severity.RED))
    spool.put(some_event(severity=Severity.BLUE))
    spool.put(some_event(severity=Severity.YELLOW))
    spool.put(some_event(severity=Severity.BLUE))
    size = spool.depth().bytes
    spool.close()
    survivors: list[list[int]] = []
    for share in (0.85, 0.65, 0.5, 0.3):
        small = opened(tmp_path / "spool.db", max_bytes=int(size * share))
        survivors.append(numbers(small))
        dropped = small.depth().dropped
        small.close()
    assert survivors == [[1, 2, 4, 5], [1, 2, 4], [1, 2], [1]]
    assert dropped == 4


def test_numbers_stay_gapless_when_events_are_given_up(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db", max_bytes=2500)
    given = [spool.put(some_event(f"occ-{n}")) for n in range(20)]
    assert given == list(range(1, 21))
    assert spool.depth().dropped == 20 - spool.depth().events > 0


def test_age_gives_up_all_but_fire_and_key_area(tmp_path: Path) -> None:
    clock = HandClock()
    spool = SqliteSpool(
        tmp_path / "spool.db", site="s1", gateway="g1", clock=clock, limits=SpoolLimits(max_age_s=(100, 100, 100))
    )
    spool.put(some_event())
    spool.put(some_event(scenario=Scenario.KEY_AREA))
    clock.forward(101)
    spool.put(some_event())
    assert sorted(numbers(spool)) == [2, 3]


@pytest.mark.parametrize("leap_s", [40 * 86_400.0, -40 * 86_400.0])
def test_a_clock_that_is_set_makes_nothing_old(tmp_path: Path, leap_s: float) -> None:
    clock, steady = HandClock(), HandClock(0.0)
    spool = SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=clock, steady=steady.now)
    spool.put(some_event())
    for each in (clock, steady):
        each.forward(50)
    clock.forward(leap_s)
    spool.put(some_event())
    assert numbers(spool) == [1, 2]
    assert spool.depth().oldest_s == pytest.approx(50)
    for each in (clock, steady):
        each.forward(31 * 86_400)
    spool.put(some_event())
    assert numbers(spool) == [3]


def test_a_clock_that_is_set_between_two_runs_makes_nothing_old(tmp_path: Path) -> None:
    """A box that came up a year behind is restarted, with the right time, before its backlog could leave."""
    clock = HandClock()

    def start() -> SqliteSpool:
        return SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=clock, steady=clock.now)

    spool = start()
    spool.put(some_event())
    clock.forward(86_400)
    spool.put(some_event())
    spool.close()
    clock.forward(365 * 86_400.0)
    again = start()
    assert numbers(again) == [1, 2]
    assert again.depth().oldest_s == pytest.approx(86_400)
    again.close()
    # A box that was off for some days says how old it is what it has.
    clock.forward(6 * 86_400.0)
    later = start()
    assert later.depth().oldest_s == pytest.approx(7 * 86_400)
    # And what waits while it runs becomes too old as ever.
    clock.forward(40 * 86_400.0)
    later.put(some_event(severity=Severity.RED))
    assert numbers(later) == [3]


@pytest.mark.parametrize("comes_up_at", [60.0, 1_749_000_000.0], ids=["1970", "behind"])
def test_what_was_left_is_not_old_on_a_box_whose_clock_comes_up_behind(tmp_path: Path, comes_up_at: float) -> None:
    """It was off for forty days, and its clock is set when the line is there: nothing has waited for that time."""
    first = opened(tmp_path / "spool.db")
    first.put(some_event())
    first.close()
    clock, steady = HandClock(comes_up_at), HandClock(0.0)
    spool = SqliteSpool(tmp_path / "spool.db", site="s1", gateway="g1", clock=clock, steady=steady.now)
    spool.put(some_event())
    clock.forward(1_750_000_000.0 + 40 * 86_400 - comes_up_at)
    spool.put(some_event())
    assert numbers(spool) == [1, 2, 3]
    assert spool.depth().oldest_s == pytest.approx(0.0)
    for each in (clock, steady):
        each.forward(31 * 86_400)
    spool.put(some_event())
    assert numbers(spool) == [4]


def test_what_was_put_before_the_clock_was_ever_set_is_not_old_after_a_restart(tmp_path: Path) -> None:
    clock = HandClock(1000.0)
    opened(tmp_path / "spool.db", clock).put(some_event())
    assert numbers(opened(tmp_path / "spool.db", HandClock())) == [1]


def test_what_was_given_up_is_named_and_counted_for_good(tmp_path: Path) -> None:
    clock = HandClock()
    spool = SqliteSpool(
        tmp_path / "spool.db", site="s1", gateway="g1", clock=clock, limits=SpoolLimits(max_age_s=(10, 100, 100))
    )
    spool.put(some_event())
    spool.put(some_event(severity=Severity.RED))
    clock.forward(11)
    spool.put(some_event(scenario=Scenario.FIRE_SMOKE))
    assert dict(spool.depth().dropped_by_scenario) == {"unfamiliar_vehicle": 1}
    gone = spool.requeue(spool.epoch, 1, 3)
    assert gone == Gone(epoch=spool.epoch, ranges=((1, 1),), why="given up: 1 unfamiliar_vehicle at gate for their age")
    spool.close()
    again = opened(tmp_path / "spool.db", clock)
    assert dict(again.depth().dropped_by_scenario) == {"unfamiliar_vehicle": 1}
    assert again.requeue(again.epoch, 1, 1) == gone


def test_another_event_under_a_number_that_waits_begins_a_new_epoch(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    for number in range(1, 5):
        spool.put(some_event(f"occ-{number}"))
    old = spool.epoch
    refused = Rejection(seq=2, reason="another event is stored under this number", conflict=True)
    spool.settle(Receipt(epoch=old, upto=3, rejected=(refused,)))
    assert spool.epoch != old
    events = [Event.model_validate_json(row.payload) for row in spool.pending(10)]
    assert [(event.sequence, event.subject) for event in events] == [(1, "occ-2"), (2, "occ-4")]
    gone = spool.requeue(old, 4, 4)
    assert gone is not None
    assert "carried over" in gone.why
    unknown = spool.requeue("e0", 1, 1)
    assert unknown is not None
    assert "does not know this epoch" in unknown.why


def test_live_fire_has_slots_of_its_own_when_the_window_is_full(tmp_path: Path) -> None:
    clock = HandClock()
    spool = opened(tmp_path / "spool.db", clock)
    old_fire = spool.put(some_event(scenario=Scenario.FIRE_SMOKE))
    backlog = [spool.put(some_event()) for _ in range(3)]
    clock.forward(600)
    live = spool.put(some_event(scenario=Scenario.KEY_AREA))
    assert [row.sequence for row in spool.pending(0, reserve=2)] == [live]
    assert [row.sequence for row in spool.pending(3)] == [live, old_fire, backlog[0]]
    assert [row.sequence for row in spool.pending(2, {live, old_fire}, reserve=2)] == backlog[:2]


def test_a_spool_of_the_first_version_is_carried_on(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    spool.put(some_event())
    spool.close()
    with sqlite3.connect(tmp_path / "spool.db") as file:
        file.executescript(
            "DROP TABLE dropped; DROP TABLE dropped_count; DROP TABLE past_epoch; DROP TABLE occurrence;"
            "DROP TABLE waiting; DROP TRIGGER event_comes; DROP TRIGGER event_goes; DROP INDEX event_age;"
            "ALTER TABLE event DROP COLUMN test; PRAGMA user_version = 1;"
        )
    file.close()
    again = opened(tmp_path / "spool.db")
    assert numbers(again) == [1]
    depth = again.depth()
    assert (depth.events, depth.bytes, depth.dropped_by_scenario) == (1, len(again.pending(1)[0].payload), {})


def test_what_one_more_event_costs_does_not_grow_with_what_waits(tmp_path: Path) -> None:
    clock = HandClock()
    spool = opened(tmp_path / "spool.db", clock)
    file = open_spool_file(tmp_path / "spool.db", "unused")
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    def cost() -> int:
        nonlocal steps
        steps = 0
        make_room(file, SpoolLimits(), clock.now())
        return steps

    file.set_progress_handler(count, 1)
    spool.put(some_event())
    alone = cost()
    for _ in range(200):
        spool.put(some_event())
    assert cost() == alone
    file.close()


def test_depth_tells_count_and_age(tmp_path: Path) -> None:
    clock = HandClock()
    spool = opened(tmp_path / "spool.db", clock)
    assert spool.depth().oldest_s == 0
    spool.put(some_event())
    clock.forward(30)
    spool.put(some_event())
    depth = spool.depth()
    assert (depth.events, depth.oldest_s, depth.dropped) == (2, 30.0, 0)
    assert depth.bytes == sum(len(row.payload) for row in spool.pending(10))


def test_listeners_hear_of_every_event_after_it_is_stored(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    heard: list[int] = []
    spool.listen(lambda: heard.append(spool.last_sequence))
    spool.put(some_event())
    spool.put(some_event())
    assert heard == [1, 2]


def test_many_threads_get_distinct_numbers(tmp_path: Path) -> None:
    spool = opened(tmp_path / "spool.db")
    given: list[int] = []

    def put() -> None:
        for _ in range(10):
            given.append(spool.put(some_event()))

    threads = [threading.Thread(target=put) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(given) == list(range(1, 61))


class SpoolMachine(RuleBasedStateMachine):
    """Any order of puts, receipts and restarts, against a list."""

    _folders = itertools.count()
    root: Path

    @initialize()
    def start(self) -> None:
        self.path = self.root / f"{next(self._folders)}.db"
        self.spool = opened(self.path)
        self.epoch = self.spool.epoch
        self.waiting: dict[int, str] = {}
        self.last = 0

    @rule(scenario=st.sampled_from(list(Scenario)), severity=st.sampled_from(list(Severity)))
    def put(self, scenario: Scenario, severity: Severity) -> None:
        self.last += 1
        name = f"occ-{self.last}"
        assert self.spool.put(some_event(name, scenario=scenario, severity=severity)) == self.last
        self.waiting[self.last] = name

    @rule(data=st.data())
    def receive(self, data: st.DataObject) -> None:
        upto = data.draw(st.integers(0, self.last))
        cuts = sorted(data.draw(st.sets(st.integers(upto + 1, max(upto + 1, self.last)), max_size=6)))
        also = tuple((a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False) if b <= self.last)
        rejected = data.draw(st.sets(st.integers(1, max(1, self.last)), max_size=2))
        receipt = Receipt(
            epoch=self.epoch, upto=upto, also=also, rejected=tuple(Rejection(seq=n, reason="x") for n in rejected)
        )
        gone = {n for n in self.waiting if receipt.settles(n) or n in rejected}
        assert self.spool.settle(receipt) == len(gone)
        self.waiting = {n: name for n, name in self.waiting.items() if n not in gone}

    @rule()
    def restart(self) -> None:
        self.spool.close()
        self.spool = opened(self.path)

    @rule()
    def power_cut(self) -> None:
        """Another process finds the file as it is, never closed."""
        self.left_open = self.spool
        self.spool = opened(self.path)

    @invariant()
    def nothing_unsettled_is_lost(self) -> None:
        rows = self.spool.pending(10_000)
        held = {row.sequence: Event.model_validate_json(row.payload).subject for row in rows}
        assert held == self.waiting
        assert (self.spool.epoch, self.spool.last_sequence) == (self.epoch, self.last)

    def teardown(self) -> None:
        self.spool.close()


def test_any_interleaving(tmp_path: Path) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    class Machine(SpoolMachine):
        root = tmp_path

    run_state_machine_as_test(  # pyright: ignore[reportUnknownMemberType]
        Machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
