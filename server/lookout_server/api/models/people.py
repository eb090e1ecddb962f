"""The roster, where people can be reached, and what they are told."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from lookout_contract.events import Severity
from lookout_server.api.models.base import Identifier, Model, Ref, RequestModel, Text, UtcTime, shown
from lookout_server.domain.notice import DeliveryState, Notice, NoticeKind
from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.territory import Person

_NOTICE_EXAMPLE: dict[str, Any] = {
    "id": "n-3f6d0c1be2a94d7781c03f6d",
    "person": {"id": "u-wangfang", "name": "王芳"},
    "kind": "dispatched",
    "severity": "yellow",
    "case_id": "c-20261122-0007",
    "text_zh": "新任务：电动车进楼 · 2单元楼道（20261122-0007），请签收",
    "text_en": "New task: 电动车进楼 · 2单元楼道 (20261122-0007), please accept",
    "at": "2026-11-22T06:04:10.000Z",
    "deliveries": [
        {"channel": "in_app", "state": "seen", "at": "2026-11-22T06:04:12.000Z", "attempts": 0, "error": None},
        {
            "channel": "wecombot",
            "state": "failed",
            "at": "2026-11-22T06:04:50.000Z",
            "attempts": 3,
            "error": "the channel did not answer within 10 s",
        },
    ],
}
_SHIFT_EXAMPLE: dict[str, Any] = {
    "id": "s-20261122-wangfang",
    "person": "u-wangfang",
    "kind": "duty",
    "starts_at": "2026-11-22T00:00:00.000Z",
    "ends_at": "2026-11-22T08:00:00.000Z",
    "note": None,
}


class DeliveryModel(Model):
    """How far a notice came on one channel: `sent` means that the channel took it."""

    channel: str
    state: DeliveryState
    at: UtcTime
    attempts: int
    error: str | None


class NoticeModel(Model):
    """Something a person was told."""

    model_config = shown(_NOTICE_EXAMPLE)

    id: str
    person: Ref
    kind: NoticeKind
    severity: Severity
    case_id: str | None
    text_zh: str
    text_en: str
    at: UtcTime
    deliveries: tuple[DeliveryModel, ...]

    @classmethod
    def of(cls, notice: Notice, person: Person | None) -> "NoticeModel":
        """From the domain's value."""
        return cls(
            id=notice.id,
            person=Ref(id=notice.person, name=person.name if person else notice.person),
            kind=notice.kind,
            severity=notice.severity,
            case_id=notice.case_id,
            text_zh=notice.words.zh,
            text_en=notice.words.en,
            at=notice.at,
            deliveries=tuple(
                DeliveryModel(
                    channel=each.channel, state=each.state, at=each.at, attempts=each.attempts, error=each.error
                )
                for each in notice.deliveries
            ),
        )


class NoticeList(Model):
    """Notices, newest first."""

    model_config = shown({"items": [_NOTICE_EXAMPLE]})

    items: tuple[NoticeModel, ...]


class ShiftBody(RequestModel):
    """A span of somebody's roster; the same id again changes it."""

    model_config = shown(_SHIFT_EXAMPLE, request=True)

    id: Identifier
    person: Annotated[str, Field(max_length=64)]
    kind: ShiftKind
    starts_at: UtcTime
    ends_at: UtcTime
    note: Text | None = None

    def shift(self) -> Shift:
        """As the domain's value."""
        return Shift(
            id=self.id,
            person=self.person,
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            note=self.note,
        )


class ShiftModel(Model):
    """A span of somebody's roster."""

    model_config = shown(_SHIFT_EXAMPLE)

    id: str
    person: str
    kind: ShiftKind
    starts_at: UtcTime
    ends_at: UtcTime
    note: str | None

    @classmethod
    def of(cls, shift: Shift) -> "ShiftModel":
        """From the domain's value."""
        return cls(
            id=shift.id,
            person=shift.person,
            kind=shift.kind,
            starts_at=shift.starts_at,
            ends_at=shift.ends_at,
            note=shift.note,
        )


class ShiftList(Model):
    """The roster of a span, by start."""

    model_config = shown({"items": [_SHIFT_EXAMPLE]})

    items: tuple[ShiftModel, ...]


class ContactBody(RequestModel):
    """An address in Apprise's notation. It is kept and never shown again."""

    model_config = shown({"address": "wecombot://YOUR-BOT-KEY"}, request=True)

    address: Annotated[str, StringConstraints(min_length=4, max_length=500, pattern=r"^[A-Za-z][A-Za-z0-9+.-]*://\S+$")]


class ContactList(Model):
    """The channels of a person, without their addresses."""

    model_config = shown({"channels": ["wecombot"]})

    channels: tuple[str, ...]
