"""Rounds of workers: the patrol diary 民情日记, and inspections that come again and again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_server.domain.case import Data
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.wording import Words


class DiaryKind(StrEnum):
    """What a worker did, in the order in which pages show it."""

    VISIT = "visit"
    PATROL = "patrol"
    MEDIATION = "mediation"
    PUBLICITY = "publicity"
    SERVICE = "service"
    OTHER = "other"


DIARY_WORDS: Mapping[DiaryKind, Words] = {
    DiaryKind.VISIT: Words("入户走访", "Household visit"),
    DiaryKind.PATROL: Words("日常巡查", "Patrol"),
    DiaryKind.MEDIATION: Words("矛盾调解", "Mediation"),
    DiaryKind.PUBLICITY: Words("政策宣传", "Publicity"),
    DiaryKind.SERVICE: Words("代办服务", "Errand for somebody"),
    DiaryKind.OTHER: Words("其他", "Something else"),
}


@dataclass(frozen=True, kw_only=True)
class DiaryEntry:
    """What a worker wrote down. Never changed, but for the case that was made of it."""

    id: str
    person: str
    grid: str
    at: datetime
    kind: DiaryKind
    words: str
    #: SHA-256 of stored pictures.
    photos: tuple[str, ...] = ()
    #: ``lat``, ``lon``, ``accuracy_m``.
    place: Data | None = None
    case_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class DiaryDay:
    """One person's day in the diary."""

    person: str
    entries: int
    cases: int
    kinds: Mapping[DiaryKind, int]


def roll_up(entries: Sequence[DiaryEntry]) -> tuple[DiaryDay, ...]:
    """What each person wrote, the busiest first."""
    people = dict.fromkeys(entry.person for entry in entries)
    days = [_day(person, [entry for entry in entries if entry.person == person]) for person in people]
    return tuple(sorted(days, key=lambda day: (-day.entries, day.person)))


def _day(person: str, entries: Sequence[DiaryEntry]) -> DiaryDay:
    kinds = {kind: sum(entry.kind is kind for entry in entries) for kind in DiaryKind}
    return DiaryDay(
        person=person,
        entries=len(entries),
        cases=sum(entry.case_id is not None for entry in entries),
        kinds={kind: count for kind, count in kinds.items() if count},
    )


class InspectionKind(StrEnum):
    """What is inspected."""

    LIFT = "lift"
    CHARGING = "charging"
    FIRE_GEAR = "fire_gear"
    PASSAGE = "passage"
    #: 重点人群: a visit to somebody who needs looking after. Only the cleared, and whoever goes, know of it.
    CARE = "care"
    OTHER = "other"


#: What a problem that an inspection found is reported as; one of a care visit is a care case.
PROBLEMS: Mapping[InspectionKind, ReportKind] = {
    InspectionKind.LIFT: ReportKind.FACILITY,
    InspectionKind.CHARGING: ReportKind.EBIKE,
    InspectionKind.FIRE_GEAR: ReportKind.FACILITY,
    InspectionKind.PASSAGE: ReportKind.BLOCKED,
    InspectionKind.OTHER: ReportKind.OTHER,
}

_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """Something that somebody has to look at every so many days, at the latest by ``due_at``."""

    id: str
    kind: InspectionKind
    title: str
    grid: str
    every_days: int
    due_at: datetime
    #: What to look at; empty: at the whole.
    checks: tuple[str, ...] = ()
    #: Whose it is; None: whoever works in the grid.
    assignee: str | None = None
    last_done_at: datetime | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class InspectionReport:
    """What somebody found. ``failed``: those of the checks that were not in order."""

    id: str
    inspection: str
    person: str
    at: datetime
    due_at: datetime
    ok: bool
    words: str
    failed: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    case_id: str | None = None

    @property
    def late(self) -> bool:
        """Whether it came after it was due."""
        return self.at > self.due_at


def done(inspection: Inspection, at: datetime) -> Inspection:
    """The inspection once somebody has looked: due again so many days from then, so that no gap is longer."""
    return replace(inspection, last_done_at=at, due_at=at + inspection.every_days * _DAY)


#: Parts of an inspection's deadline.
REMIND, LATE = "remind", "late"


def timers(inspection: Inspection) -> tuple[Deadline, ...]:
    """When its worker is reminded (a day before, of a daily one a quarter before) and when it is late."""
    ahead = min(_DAY, inspection.every_days * _DAY / 4)
    return (
        Deadline(key=timer_key(inspection.id, REMIND), due_at=inspection.due_at - ahead),
        Deadline(key=timer_key(inspection.id, LATE), due_at=inspection.due_at),
    )


def late_again(inspection: Inspection, at: datetime) -> Deadline:
    """Who does not come is asked again every day."""
    return Deadline(key=timer_key(inspection.id, LATE), due_at=at + _DAY)


def timer_key(inspection_id: str, part: str) -> DeadlineKey:
    """One of an inspection's timers."""
    return DeadlineKey(subject=inspection_id, kind=DeadlineKind.INSPECTION, part=part)
