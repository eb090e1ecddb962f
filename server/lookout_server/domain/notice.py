"""Notices to people, and what became of each on every channel."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_contract.events import Severity
from lookout_server.domain.wording import Words


class NoticeKind(StrEnum):
    """Why somebody is told."""

    DISPATCHED = "dispatched"
    REASSIGNED = "reassigned"
    ALSO_AT = "also_at"
    RAISED = "raised"
    HANDLER_GONE = "handler_gone"
    LATE = "late"
    RETURNED = "returned"
    REWORK = "rework"
    ASKED = "asked"
    APPROVED = "approved"
    REFUSED = "refused"
    RESUMED = "resumed"
    WHISTLE = "whistle"
    HELP = "help"
    SUPERVISED = "supervised"
    FOLLOW_UP = "follow_up"
    REPORTED = "reported"
    BUTTON = "button"
    HAND_OVER = "hand_over"
    CARE_ASKED = "care_asked"
    CARE_OPENED = "care_opened"
    INSPECTION_DUE = "inspection_due"
    INSPECTION_LATE = "inspection_late"
    ALARM_LATE = "alarm_late"
    ALARM_DROPPED = "alarm_dropped"
    GATEWAY_LOST = "gateway_lost"


class DeliveryState(StrEnum):
    """How far a notice came on one channel. ``sent``: the channel took it; more is known in the application alone.
    ``withdrawn``: it waited for others, and what it was about was done before it left."""

    QUEUED = "queued"
    WITHDRAWN = "withdrawn"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"


#: The application itself: always there, never held back.
IN_APP = "in_app"


#: Schemes of addresses that people may bring: services whose machines the scheme itself names, and mail. Others, as
#: ``json://HOST``, would have the dispatcher post to whatever host somebody writes down.
CHANNELS = (
    *("wecombot", "dingtalk", "feishu", "lark", "schan", "wxpusher", "pushplus", "wecom", "spugpush"),
    *("mailto", "mailtos"),
    *("sns", "twilio", "vonage", "nexmo", "clicksend", "d7sms", "msg91", "plivo", "sinch"),
)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A notice on one channel. ``channel``: ``in_app`` or the scheme of the contact's address."""

    channel: str
    state: DeliveryState
    at: datetime
    attempts: int = 0
    error: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something a person is told, in both languages."""

    id: str
    person: str
    kind: NoticeKind
    severity: Severity
    case_id: str | None
    words: Words
    at: datetime
    #: The id of what it is about: a case, an alarm, an inspection …
    about: str | None = None
    deliveries: tuple[Delivery, ...] = ()

    def on(self, channel: str) -> Delivery | None:
        """What became of it there; None: it does not go there."""
        return next((each for each in self.deliveries if each.channel == channel), None)

    @property
    def failed(self) -> bool:
        """Whether no channel reached the person: every outside one failed, and the page was not opened."""
        outside = [each for each in self.deliveries if each.channel != IN_APP]
        inside = [each.state for each in self.deliveries if each.channel == IN_APP]
        return (
            bool(outside)
            and all(each.state is DeliveryState.FAILED for each in outside)
            and all(state is DeliveryState.SENT for state in inside)
        )


@dataclass(frozen=True, kw_only=True)
class Contact:
    """An address of a person outside the application, in Apprise's notation; it holds secrets and is never shown."""

    person: str
    channel: str
    address: str
