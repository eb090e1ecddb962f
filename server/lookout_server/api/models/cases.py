"""Cases and what can be done to them."""

from typing import Any

from pydantic import Field

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.api.models.alarms import ALARM_EXAMPLE, EVIDENCE_URL, AlarmModel
from lookout_server.api.models.base import CaseNumber, Model, Ref, UtcTime, shown
from lookout_server.domain.case import Actor, Asked, CaseEvidence, CaseEvidenceKind, HistoryEntry, Source, Stage
from lookout_server.domain.choosing import Candidate
from lookout_server.domain.choosing import Reason as WhyReason
from lookout_server.domain.moves import Action
from lookout_server.domain.moving import allowed
from lookout_server.domain.policy import Tier
from lookout_server.domain.territory import Level, Person
from lookout_server.services.views import CaseDetail, CaseView

_SHA = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"

CASE_EXAMPLE: dict[str, Any] = {
    "id": "c-20261122-0007",
    "number": "20261122-0007",
    "title": "电动车进楼 · 2单元楼道",
    "topic": "scenario.corridor_ebike",
    "scene": "2单元楼道",
    "scenario": "corridor_ebike",
    "severity": "yellow",
    "state": "dispatched",
    "version": 2,
    "camera": {"id": "corridor-2", "name": "2单元楼道"},
    "also": [],
    "grid": {"id": "grid-07", "name": "第七网格"},
    "opened_at": "2026-11-22T06:04:00.000Z",
    "updated_at": "2026-11-22T06:04:10.000Z",
    "due_at": "2026-11-22T06:09:10.000Z",
    "handler": {"id": "u-wangfang", "name": "王芳"},
    "handler_gone": False,
    "first_due_at": None,
    "paused_left_s": None,
    "asked": None,
    "supervised": False,
    "whistles": [],
    "merged_into": None,
    "tier": None,
    "score": None,
    "source": "camera",
    "seen_by": 0,
    "alarms": ["a-3f6d0c1be2a94d7781c0"],
    "allowed": ["dispatch", "void", "merge"],
}

_HISTORY_EXAMPLE: dict[str, Any] = {
    "seq": 2,
    "at": "2026-11-22T06:04:10.000Z",
    "actor": {"id": "u-li", "name": "李"},
    "action": "dispatch",
    "from_state": "confirmed",
    "to_state": "dispatched",
    "note": None,
    "data": {"worker": {"id": "u-wangfang", "name": "王芳"}},
}

_FILE_EXAMPLE: dict[str, Any] = {
    "kind": "photo",
    "sha256": _SHA,
    "mime": "image/jpeg",
    "bytes": 183044,
    "url": EVIDENCE_URL + _SHA,
    "at": "2026-11-22T06:20:00.000Z",
    "stage": "after",
}

_DETAIL_EXAMPLE: dict[str, Any] = {
    **CASE_EXAMPLE,
    "primary_alarm": ALARM_EXAMPLE,
    "other_alarms": [],
    "history": [_HISTORY_EXAMPLE],
    "evidence": [_FILE_EXAMPLE],
    "opened": True,
}


class AskedModel(Model):
    """More time that somebody asks for."""

    action: Action
    until: UtcTime
    by: str
    by_name: str
    """What the person is called."""
    reason: str


class WhistleModel(Model):
    """A department that was called."""

    department: str
    name: str = Field(description="What people call it.")
    due_at: UtcTime
    reported_at: UtcTime | None


class CaseModel(Model):
    """A case as lists and the feed show it. ``due_at`` is the limit of the present step."""

    model_config = shown(CASE_EXAMPLE)

    id: str
    number: CaseNumber
    title: str = Field(description="In Chinese, as it was opened.")
    topic: str | None = Field(description="What it is about, as a code; null for cases from before there were any.")
    scene: str | None = Field(description="Where, as that was called then.")
    scenario: Scenario | None
    severity: Severity
    state: CaseState
    version: int
    camera: Ref | None
    also: tuple[Ref, ...] = Field(description="The other cameras at which it was seen: alarms of theirs joined it.")
    grid: Ref | None
    opened_at: UtcTime
    updated_at: UtcTime
    due_at: UtcTime | None
    handler: Ref | None
    handler_gone: bool = Field(description="The handler's account is disabled: nobody goes until another is sent.")
    first_due_at: UtcTime | None = Field(description="The limit that the step had before it was extended.")
    paused_left_s: int | None = Field(description="While suspended: what is left of the step's limit then.")
    asked: AskedModel | None = Field(description="More time that somebody asks for.")
    supervised: bool = Field(description="督办: supervisors alone decide.")
    whistles: tuple[WhistleModel, ...] = Field(description="Departments called, and when each reported in.")
    merged_into: str | None
    tier: Tier | None = Field(description="How soon somebody asks how things are, once it is closed.")
    score: int | None
    source: Source = Field(description="Which way it came in.")
    seen_by: int = Field(
        description="How many residents said by a QR code that they see it, too; with those of merged cases. Nobody "
        "checks who taps: a hint, which changes neither severity nor order."
    )
    alarms: tuple[str, ...]
    allowed: tuple[Action, ...] = Field(description="What the asking person may do now.")

    @classmethod
    def of(cls, view: CaseView, person: Person) -> "CaseModel":
        """From the services' view, for this person."""
        return cls(**_fields(view, person))


class HistoryModel(Model):
    """One line of the history; ``actor`` null is the system."""

    model_config = shown(_HISTORY_EXAMPLE)

    seq: int
    at: UtcTime
    actor: Ref | None
    action: Action
    from_state: CaseState | None
    to_state: CaseState
    note: str | None
    data: dict[str, Any]


class CaseEvidenceModel(Model):
    """A file of the case, before or after somebody dealt with it."""

    model_config = shown(_FILE_EXAMPLE)

    kind: CaseEvidenceKind
    sha256: str
    mime: str
    bytes: int
    url: str
    at: UtcTime
    stage: Stage


class CaseDetailModel(CaseModel):
    """A case with its alarms, its history (oldest first) and its files."""

    model_config = shown(_DETAIL_EXAMPLE)

    primary_alarm: AlarmModel | None
    other_alarms: tuple[AlarmModel, ...] = Field(description="Those that joined it, in that order: the newest 30.")
    history: tuple[HistoryModel, ...]
    evidence: tuple[CaseEvidenceModel, ...]
    opened: bool = Field(description="False: a care case whose notes and files nobody has opened to you.")

    @classmethod
    def of_detail(cls, detail: CaseDetail, person: Person) -> "CaseDetailModel":
        """From the services' view, for this person."""
        return cls(
            **_fields(detail.view, person),
            primary_alarm=AlarmModel.of(detail.primary_alarm) if detail.primary_alarm else None,
            other_alarms=tuple(AlarmModel.of(view) for view in detail.other_alarms),
            history=tuple(_history(entry, detail.people) for entry in detail.history),
            evidence=tuple(_file(file) for file in detail.evidence),
            opened=detail.opened,
        )


class CasePage(Model):
    """Cases, newest first."""

    model_config = shown({"items": [CASE_EXAMPLE], "next_cursor": None})

    items: tuple[CaseModel, ...]
    next_cursor: str | None


class ReasonModel(Model):
    """Something that speaks for or against a candidate."""

    code: str
    text_zh: str
    text_en: str


class CandidateModel(Model):
    """Somebody who could go."""

    user: Ref
    grid: str | None = Field(description="The case's grid, when the candidate works there.")
    level: Level | None = Field(description="Their rung of the ladder for this case.")
    fit: bool
    reasons: tuple[ReasonModel, ...]
    why_not: tuple[ReasonModel, ...]

    @classmethod
    def of(cls, candidate: Candidate, grid: str | None) -> "CandidateModel":
        """From the services' value; ``grid`` is the case's."""
        person = candidate.person
        return cls(
            user=Ref(id=person.id, name=person.name),
            grid=grid if grid in person.grids else None,
            level=candidate.level,
            fit=candidate.fit,
            reasons=tuple(_reason(reason) for reason in candidate.reasons),
            why_not=tuple(_reason(reason) for reason in candidate.why_not),
        )


class CandidateList(Model):
    """The fittest first."""

    model_config = shown(
        {
            "items": [
                {
                    "user": {"id": "u-wangfang", "name": "王芳"},
                    "grid": "grid-07",
                    "level": "grid",
                    "fit": True,
                    "reasons": [
                        {
                            "code": "in_grid",
                            "text_zh": "负责本网格（第七网格）",
                            "text_en": "Works in this grid (第七网格)",
                        }
                    ],
                    "why_not": [],
                }
            ]
        }
    )

    items: tuple[CandidateModel, ...]


def _fields(view: CaseView, person: Person) -> dict[str, Any]:
    case = view.case
    camera = Ref(id=case.camera.id, name=view.camera.name if view.camera else case.camera.id) if case.camera else None
    return {
        "id": case.id,
        "number": case.number,
        "title": case.title,
        "topic": case.topic,
        "scene": case.scene,
        "scenario": case.scenario,
        "severity": case.severity,
        "state": case.state,
        "version": case.version,
        "camera": camera,
        "also": tuple(Ref(id=each.key.id, name=each.name) for each in view.also),
        "grid": Ref(id=view.grid.id, name=view.grid.name) if view.grid else None,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "due_at": case.due_at,
        "handler": Ref(id=view.handler.id, name=view.handler.name) if view.handler else None,
        "handler_gone": view.handler_gone,
        "first_due_at": case.first_due_at,
        "paused_left_s": case.paused_left_s,
        "asked": _asked(case.asked, view.asked_by) if case.asked else None,
        "supervised": case.supervised,
        "whistles": tuple(
            WhistleModel(
                department=each.person,
                name=called.name if (called := view.called.get(each.person)) else each.person,
                due_at=each.due_at,
                reported_at=each.reported_at,
            )
            for each in case.whistles
        ),
        "merged_into": case.merged_into,
        "tier": case.tier,
        "score": case.score,
        "source": case.source,
        "seen_by": view.seen_by,
        "alarms": case.alarms,
        "allowed": allowed(case, Actor(person=person)),
    }


def _asked(asked: Asked, person: Person | None) -> AskedModel:
    name = person.name if person else asked.by
    return AskedModel(action=asked.action, until=asked.until, by=asked.by, by_name=name, reason=asked.reason)


def _history(entry: HistoryEntry, people: dict[str, Person]) -> HistoryModel:
    person = people.get(entry.actor) if entry.actor else None
    return HistoryModel(
        seq=entry.seq,
        at=entry.at,
        actor=Ref(id=person.id, name=person.name) if person else None,
        action=entry.action,
        from_state=entry.from_state,
        to_state=entry.to_state,
        note=entry.note,
        data=dict(entry.data),
    )


def _file(file: CaseEvidence) -> CaseEvidenceModel:
    return CaseEvidenceModel(
        kind=file.kind,
        sha256=file.sha256,
        mime=file.mime,
        bytes=file.bytes,
        url=EVIDENCE_URL + file.sha256,
        at=file.at,
        stage=file.stage,
    )


def _reason(reason: WhyReason) -> ReasonModel:
    return ReasonModel(code=reason.code, text_zh=reason.words.zh, text_en=reason.words.en)
