"""交接班."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from lookout_contract.cases import CaseState
from lookout_contract.events import Severity
from lookout_server.api.models.base import Model, Reason, Ref, RequestModel, Text, UtcTime, shown
from lookout_server.api.routes.parameters import PersonId
from lookout_server.domain.case import Case, Source
from lookout_server.domain.hand_over import HandOverState
from lookout_server.domain.roster import Duty
from lookout_server.services.handing_over import Colleague, ShownHandOver

_EXAMPLE: dict[str, Any] = {
    "id": "h-3f6d0c1be2a94d7781c0",
    "giver": {"id": "u-wangfang", "name": "王芳"},
    "taker": {"id": "u-zhangwei", "name": "张伟"},
    "note": "2单元电表箱待物业处理",
    "cases": ["c-20261122-0007"],
    "shown": [
        {
            "id": "c-20261122-0007",
            "number": "20261122-0007",
            "title": "电动车进楼 · 2单元楼道",
            "topic": "scenario.corridor_ebike",
            "scene": "2单元楼道",
            "source": "camera",
            "severity": "yellow",
            "state": "accepted",
        }
    ],
    "state": "signed",
    "given_at": "2026-11-22T08:00:00.000Z",
    "answered_at": "2026-11-22T08:03:00.000Z",
    "declined": None,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class HandOverBody(RequestModel):
    """To whom, and what they should know."""

    model_config = shown({"to": "u-zhangwei", "note": "2单元电表箱待物业处理"}, request=True)

    to: PersonId
    note: Text = ""


class DeclineBody(RequestModel):
    """Why not."""

    model_config = shown({"reason": "人不在社区"}, request=True)

    reason: Reason


class HandedCase(Model):
    """A case of a hand-over as it is now."""

    id: str
    number: str
    title: str
    topic: str | None
    scene: str | None
    source: Source
    severity: Severity
    state: CaseState

    @classmethod
    def of(cls, case: Case) -> "HandedCase":
        """From the domain's value."""
        return cls(
            id=case.id,
            number=case.number,
            title=case.title,
            topic=case.topic,
            scene=case.scene,
            source=case.source,
            severity=case.severity,
            state=case.state,
        )


class HandOverModel(Model):
    """What one handed over to another; `sha256` is of what both sign, and stands in the audit log twice."""

    model_config = shown(_EXAMPLE)

    id: str
    giver: Ref
    taker: Ref
    note: str
    cases: tuple[str, ...]
    shown: Annotated[tuple[HandedCase, ...], Field(description="Of `cases`, those that the asking person may know of.")]
    state: HandOverState
    given_at: UtcTime
    answered_at: UtcTime | None
    declined: Annotated[str | None, Field(description="Why it was declined.")]
    sha256: str

    @classmethod
    def of(cls, held: ShownHandOver, at: datetime) -> "HandOverModel":
        """From the services' value, as it stands at this moment."""
        each, people = held.hand_over, held.people
        return cls(
            id=each.id,
            giver=Ref(id=each.giver, name=people[each.giver].name),
            taker=Ref(id=each.taker, name=people[each.taker].name),
            note=each.note,
            cases=each.cases,
            shown=tuple(HandedCase.of(held.cases[name]) for name in each.cases if name in held.cases),
            state=each.state(at),
            given_at=each.given_at,
            answered_at=each.answered_at,
            declined=each.declined,
            sha256=each.digest,
        )


class HandOverList(Model):
    """Newest first."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[HandOverModel, ...]


class ColleagueModel(Model):
    """Somebody to hand over to."""

    id: str
    name: str
    duty: Duty
    begins_at: Annotated[UtcTime | None, Field(description="When their next shift begins, unless they are on duty.")]
    places: Annotated[tuple[str, ...], Field(description="Names of their places.")] = ()

    @classmethod
    def of(cls, each: Colleague) -> "ColleagueModel":
        """From the services' value."""
        return cls(
            id=each.person.id,
            name=each.person.name,
            duty=each.duty,
            begins_at=each.begins_at,
            places=each.places,
        )


class ColleagueList(Model):
    """Who is on duty first, then by when they will be."""

    model_config = shown(
        {"items": [{"id": "u-zhangwei", "name": "张伟", "duty": "on", "begins_at": None, "places": ["第三网格"]}]}
    )

    items: tuple[ColleagueModel, ...]
