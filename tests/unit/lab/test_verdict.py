"""The judge: each invariant, once kept and once broken."""

from dataclasses import replace

from lookout_lab.records import AlarmRow, EventRow, Journal, Stored
from lookout_lab.verdict import judge

GATEWAY = "gateway-1"


def event(sequence: int, phase: str = "start", *, occurrence: str = "o-1") -> EventRow:
    return EventRow(
        gateway=GATEWAY, epoch="e1", sequence=sequence, occurrence=occurrence, phase=phase, received_at=100.0 + sequence
    )


def alarm(newest: EventRow, *, cases: int = 0) -> AlarmRow:
    state = "cleared" if newest.phase == "end" else "active"
    return AlarmRow(
        gateway=GATEWAY,
        occurrence=newest.occurrence,
        state=state,
        epoch=newest.epoch,
        sequence=newest.sequence,
        cases=cases,
    )


START, END = event(1), event(2, "end")


def told(*events: EventRow, fire: bool = False) -> Journal:
    journal = Journal()
    for each in events:
        key = f'"occurrence": "{each.occurrence}", "phase": "{each.phase}", "fire": {str(fire).lower()}'
        journal.hear(GATEWAY, f'{{"meant": true, {key}}}'.encode())
        journal.hear(GATEWAY, f'{{"confirmed": {each.sequence}, "at": 100.0, {key}}}'.encode())
    return journal


def broken(journal: Journal, stored: Stored, **more: list[str]) -> set[str]:
    verdict = judge(journal, stored, rungs=2, early_receipts=more.get("early", []))
    return {name for name, found in verdict.broken.items() if found}


def test_what_was_confirmed_and_stored_once_is_good() -> None:
    stored = Stored(events=(START, END), alarms=(alarm(END),))
    verdict = judge(told(START, END), stored, rungs=2)
    assert verdict.good
    assert verdict.latest_s == 2.0


def test_a_confirmed_event_that_is_not_stored_is_lost() -> None:
    assert broken(told(START, END), Stored(events=(START,), alarms=(alarm(START),))) == {"lost"}


def test_the_same_event_under_two_numbers_is_a_duplicate() -> None:
    twice = replace(START, epoch="e2", sequence=1)
    stored = Stored(events=(START, twice), alarms=(replace(alarm(START), epoch="e2"),))
    assert broken(told(START), stored) == {"duplicated"}


def test_an_event_that_nobody_meant_is_a_phantom() -> None:
    assert broken(told(START), Stored(events=(START, END), alarms=(alarm(END),))) == {"phantom"}


def test_an_event_that_was_meant_and_died_before_its_confirmation_may_be_stored() -> None:
    journal = told(START)
    journal.hear(GATEWAY, b'{"meant": true, "occurrence": "o-1", "phase": "end", "fire": false}')
    journal.hear(GATEWAY, b'{"confirmed": 2, "occurr')
    assert broken(journal, Stored(events=(START, END), alarms=(alarm(END),))) == set()


def test_a_fire_has_one_case_and_nothing_else_has_any() -> None:
    timers = (("c-1", 1), ("c-1", 2))
    stored = Stored(events=(START,), alarms=(alarm(START, cases=1),), cases=1, escalations=timers)
    assert broken(told(START, fire=True), stored) == set()
    assert broken(told(START, fire=True), replace(stored, alarms=(alarm(START, cases=2),))) == {"cases"}
    assert broken(told(START, fire=True), replace(stored, alarms=(alarm(START),))) == {"cases"}
    assert broken(told(START), stored) == {"cases"}
    assert broken(told(START), replace(stored, alarms=(alarm(START),))) == set()


def test_a_fire_that_was_stored_and_died_before_its_confirmation_may_have_its_case() -> None:
    journal = Journal()
    journal.hear(GATEWAY, b'{"meant": true, "occurrence": "o-1", "phase": "start", "fire": true}')
    stored = Stored(events=(START,), alarms=(alarm(START, cases=1),), cases=1, escalations=(("c-1", 1), ("c-1", 2)))
    assert broken(journal, stored) == set()


def test_an_alarm_that_an_old_event_turned_back_is_out_of_order() -> None:
    assert broken(told(START, END), Stored(events=(END, START), alarms=(alarm(START),))) == {"order"}


def test_a_timer_acts_once_and_does_act() -> None:
    stored = Stored(events=(START,), alarms=(alarm(START, cases=1),), cases=1)
    assert broken(told(START, fire=True), replace(stored, escalations=(("c-1", 1),))) == {"timers"}
    ahead = (("c-1", 1), ("c-1", 2), ("c-1", 3), ("c-2", 1))
    assert broken(told(START, fire=True), replace(stored, cases=2, escalations=ahead)) == {"timers"}
    twice = (("c-1", 1), ("c-1", 1), ("c-1", 2))
    assert broken(told(START, fire=True), replace(stored, escalations=twice)) == {"timers"}


def test_a_receipt_ahead_of_its_commit_and_a_good_event_in_quarantine_are_named() -> None:
    stored = Stored(events=(START,), alarms=(alarm(START),), quarantined=1)
    assert broken(told(START), stored, early=["1"]) == {"early receipts", "quarantined"}
