"""Rounds of workers: the diary, and inspections."""

import secrets
from datetime import date
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from lookout_server.api.models.base import Identifier, Model, Reason, Ref, RequestModel, Sha256, Text, UtcTime, shown
from lookout_server.api.models.moves import PersonName, Place
from lookout_server.domain.resident import ReportKind
from lookout_server.domain.rounds import (
    DIARY_WORDS,
    DiaryDay,
    DiaryEntry,
    DiaryKind,
    Inspection,
    InspectionKind,
    InspectionReport,
)
from lookout_server.services.diary import Note, RolledUp
from lookout_server.services.inspecting import Found

_SHA = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
_PLACE = {"lat": 31.8639, "lon": 117.2808, "accuracy_m": 12.0}
_ENTRY: dict[str, Any] = {
    "id": "d-3f6d0c1be2a94d7781c03f6d",
    "person": "u-wangfang",
    "grid": "grid-07",
    "at": "2026-11-22T06:20:00.000Z",
    "kind": "visit",
    "kind_zh": "入户走访",
    "kind_en": "Household visit",
    "words": "张阿姨家水管漏水，已联系物业",
    "photos": [_SHA],
    "place": _PLACE,
    "case": None,
}
_ENTRY_BODY = {key: _ENTRY[key] for key in ("id", "kind", "words", "grid", "photos", "place")}
_INSPECTION: dict[str, Any] = {
    "id": "i-lift-3",
    "kind": "lift",
    "title": "3号楼电梯",
    "grid": "grid-07",
    "every_days": 30,
    "due_at": "2026-12-01T10:00:00.000Z",
    "checks": ["轿厢照明", "应急电话", "检验标志"],
    "assignee": "u-wangfang",
}
_INSPECTION_SHOWN = {**_INSPECTION, "late": False, "last_done_at": None, "ended_at": None}
_REPORT_BODY: dict[str, Any] = {
    "id": "r-3f6d0c1be2a94d7781c03f6d",
    "ok": False,
    "words": "应急电话无人接听",
    "failed": ["应急电话"],
    "photos": [_SHA],
}
_REPORT: dict[str, Any] = {
    **_REPORT_BODY,
    "inspection": "i-lift-3",
    "person": "u-wangfang",
    "at": "2026-11-30T06:20:00.000Z",
    "late": False,
    "case": "c-20261130-0002",
}

Photos = Annotated[tuple[Sha256, ...], Field(max_length=9, description="SHA-256 of pictures uploaded before.")]
#: Phones without a network make the id, so that what is sent twice is kept once.
DiaryName = Annotated[str, StringConstraints(pattern=r"^d-[0-9a-f]{24}$")]
ReportName = Annotated[str, StringConstraints(pattern=r"^r-[0-9a-f]{24}$")]


def _new(prefix: str, digits: int) -> str:
    return f"{prefix}-{secrets.token_hex(digits // 2)}"


class DiaryBody(RequestModel):
    """What a worker did. `id` is the client's own, random; sending it again is the same entry."""

    model_config = shown(_ENTRY_BODY, request=True)

    id: DiaryName = Field(default_factory=lambda: _new("d", 24))
    kind: DiaryKind
    words: Annotated[Text, Field(min_length=1)]
    grid: Identifier | None = Field(default=None, description="Left out: the only grid that one looks after.")
    photos: Photos = ()
    place: Place | None = None

    def note(self) -> Note:
        """As the service's value."""
        return Note(
            id=self.id,
            kind=self.kind,
            words=self.words,
            grid=self.grid,
            photos=self.photos,
            place=self.place.model_dump(exclude_none=True) if self.place else None,
        )


class DiaryModel(Model):
    """An entry of the diary."""

    model_config = shown(_ENTRY)

    id: str
    person: str
    grid: str
    at: UtcTime
    kind: DiaryKind
    kind_zh: str
    kind_en: str
    words: str
    photos: tuple[str, ...]
    place: dict[str, Any] | None
    case: str | None = Field(description="The case that was made of it.")

    @classmethod
    def of(cls, entry: DiaryEntry) -> "DiaryModel":
        """From the domain's value."""
        words = DIARY_WORDS[entry.kind]
        return cls(
            id=entry.id,
            person=entry.person,
            grid=entry.grid,
            at=entry.at,
            kind=entry.kind,
            kind_zh=words.zh,
            kind_en=words.en,
            words=entry.words,
            photos=entry.photos,
            place=dict(entry.place) if entry.place else None,
            case=entry.case_id,
        )


class GridList(Model):
    """Grids, by name."""

    model_config = shown({"items": [{"id": "grid-07", "name": "第七网格"}]})

    items: tuple[Ref, ...]


class DiaryPage(Model):
    """Entries, newest first."""

    model_config = shown({"items": [_ENTRY], "next_cursor": None})

    items: tuple[DiaryModel, ...]
    next_cursor: str | None


class DiaryCaseBody(RequestModel):
    """What the entry is reported as."""

    model_config = shown({"kind": "facility"}, request=True)

    kind: ReportKind


class DiaryDayModel(Model):
    """One person's day."""

    person: Ref
    entries: int
    cases: int
    kinds: dict[DiaryKind, int]


class RollUpModel(Model):
    """A day's diary: who wrote what, and who wrote nothing."""

    model_config = shown(
        {
            "day": "2026-11-22",
            "entries": 3,
            "cases": 1,
            "people": [
                {
                    "person": {"id": "u-wangfang", "name": "王芳"},
                    "entries": 3,
                    "cases": 1,
                    "kinds": {"visit": 2, "patrol": 1},
                }
            ],
            "silent": [{"id": "u-chen", "name": "陈"}],
        }
    )

    day: date
    entries: int
    cases: int
    people: tuple[DiaryDayModel, ...]
    silent: tuple[Ref, ...] = Field(description="Workers of these places without an entry.")

    @classmethod
    def of(cls, rolled: RolledUp) -> "RollUpModel":
        """From the service's value."""
        return cls(
            day=rolled.day,
            entries=sum(each.entries for each in rolled.people),
            cases=sum(each.cases for each in rolled.people),
            people=tuple(_day(each, rolled) for each in rolled.people),
            silent=tuple(Ref(id=each.id, name=each.name) for each in rolled.silent),
        )


def _day(day: DiaryDay, rolled: RolledUp) -> DiaryDayModel:
    person = rolled.names.get(day.person)
    return DiaryDayModel(
        person=Ref(id=day.person, name=person.name if person else day.person),
        entries=day.entries,
        cases=day.cases,
        kinds=dict(day.kinds),
    )


class InspectionBody(RequestModel):
    """Something to look at every so many days; an id that exists changes that one."""

    model_config = shown(_INSPECTION, request=True)

    id: Identifier = Field(default_factory=lambda: _new("i", 20))
    kind: InspectionKind
    title: Annotated[Reason, Field(max_length=100)]
    grid: Identifier
    every_days: Annotated[int, Field(ge=1, le=3660)]
    due_at: UtcTime = Field(description="When it is due next.")
    checks: Annotated[tuple[Annotated[Reason, Field(max_length=100)], ...], Field(max_length=50)] = ()
    assignee: PersonName | None = Field(default=None, description="Left out: whoever works in the grid.")

    def inspection(self) -> Inspection:
        """As the domain's value."""
        return Inspection(
            id=self.id,
            kind=self.kind,
            title=self.title,
            grid=self.grid,
            every_days=self.every_days,
            due_at=self.due_at,
            checks=self.checks,
            assignee=self.assignee,
        )


class InspectionModel(Model):
    """An inspection and when it is due."""

    model_config = shown(_INSPECTION_SHOWN)

    id: str
    kind: InspectionKind
    title: str
    grid: str
    every_days: int
    due_at: UtcTime
    late: bool
    checks: tuple[str, ...]
    assignee: str | None
    last_done_at: UtcTime | None
    ended_at: UtcTime | None

    @classmethod
    def of(cls, inspection: Inspection, now: UtcTime) -> "InspectionModel":
        """From the domain's value."""
        return cls(**vars(inspection), late=inspection.ended_at is None and inspection.due_at < now)


class InspectionList(Model):
    """The most urgent first."""

    model_config = shown({"items": [_INSPECTION_SHOWN]})

    items: tuple[InspectionModel, ...]


class InspectionReportBody(RequestModel):
    """What was found. A problem makes a case. `id` is the client's own; sending it again is the same report."""

    model_config = shown(_REPORT_BODY, request=True)

    id: ReportName = Field(default_factory=lambda: _new("r", 24))
    ok: bool
    words: Text = ""
    failed: Annotated[tuple[str, ...], Field(max_length=50, description="Which checks are not in order.")] = ()
    photos: Photos = ()

    def found(self) -> Found:
        """As the service's value."""
        return Found(id=self.id, ok=self.ok, words=self.words, failed=self.failed, photos=self.photos)


class InspectionReportModel(Model):
    """What somebody found, and the case that was made of it."""

    model_config = shown(_REPORT)

    id: str
    inspection: str
    person: str
    at: UtcTime
    late: bool
    ok: bool
    words: str
    failed: tuple[str, ...]
    photos: tuple[str, ...]
    case: str | None

    @classmethod
    def of(cls, report: InspectionReport) -> "InspectionReportModel":
        """From the domain's value."""
        return cls(
            id=report.id,
            inspection=report.inspection,
            person=report.person,
            at=report.at,
            late=report.late,
            ok=report.ok,
            words=report.words,
            failed=report.failed,
            photos=report.photos,
            case=report.case_id,
        )


class InspectionReportList(Model):
    """Newest first."""

    model_config = shown({"items": [_REPORT]})

    items: tuple[InspectionReportModel, ...]
