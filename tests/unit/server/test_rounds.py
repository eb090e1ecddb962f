"""The diary's roll-up, and when inspections are due."""

from datetime import timedelta

from lookout_server.domain.rounds import (
    LATE,
    REMIND,
    DiaryEntry,
    DiaryKind,
    Inspection,
    InspectionKind,
    done,
    late_again,
    roll_up,
    timers,
)
from lookout_server.testing import NOON

DAY = timedelta(days=1)


def _entry(number: int, person: str, kind: DiaryKind, *, case: str | None = None) -> DiaryEntry:
    return DiaryEntry(id=f"d-{number:024x}", person=person, grid="grid-07", at=NOON, kind=kind, words="x", case_id=case)


def _inspection(every_days: int) -> Inspection:
    return Inspection(
        id="i-1", kind=InspectionKind.LIFT, title="3号楼电梯", grid="grid-07", every_days=every_days, due_at=NOON
    )


def test_a_day_is_rolled_up_by_person_and_kind() -> None:
    days = roll_up(
        [
            _entry(1, "u-chen", DiaryKind.PATROL),
            _entry(2, "u-wang", DiaryKind.VISIT),
            _entry(3, "u-wang", DiaryKind.VISIT, case="c-1"),
            _entry(4, "u-wang", DiaryKind.PATROL),
        ]
    )
    assert [(day.person, day.entries, day.cases, dict(day.kinds)) for day in days] == [
        ("u-wang", 3, 1, {DiaryKind.VISIT: 2, DiaryKind.PATROL: 1}),
        ("u-chen", 1, 0, {DiaryKind.PATROL: 1}),
    ]


def test_an_inspection_is_due_again_so_many_days_after_somebody_looked() -> None:
    late = done(_inspection(30), NOON + 3 * DAY)
    assert (late.due_at, late.last_done_at) == (NOON + 33 * DAY, NOON + 3 * DAY)
    assert done(_inspection(30), NOON - 5 * DAY).due_at == NOON + 25 * DAY


def test_a_worker_is_reminded_before_it_is_late_and_asked_again_every_day() -> None:
    by_part = {timer.key.part: timer.due_at for timer in timers(_inspection(30))}
    assert by_part == {REMIND: NOON - DAY, LATE: NOON}
    daily = {timer.key.part: timer.due_at for timer in timers(_inspection(1))}
    assert daily[REMIND] == NOON - timedelta(hours=6)
    assert late_again(_inspection(1), NOON).due_at == NOON + DAY
