"""Lines of the feed."""

from collections.abc import Sequence
from typing import Any

from lookout_server.api.models.alarms import AlarmModel
from lookout_server.api.models.base import Model, UtcTime, shown
from lookout_server.api.models.cases import CASE_EXAMPLE, CaseModel
from lookout_server.api.models.estate import CameraModel, GatewayModel
from lookout_server.domain.access import Access
from lookout_server.domain.territory import Person
from lookout_server.ports import Blocked, FeedKind
from lookout_server.services.feed import FeedItem, is_for
from lookout_server.services.views import AlarmView, CameraView, CaseView, GatewayView

FEED_EXAMPLE: dict[str, Any] = {
    "seq": 4712,
    "at": "2026-11-22T06:04:10.000Z",
    "kind": "case",
    "id": "c-20261122-0007",
    "change": "dispatch",
    "case": CASE_EXAMPLE,
}


class FeedLine(Model):
    """Something changed; the field named like ``kind`` holds it as it stands now, the others are left out."""

    model_config = shown(FEED_EXAMPLE)

    seq: int
    at: UtcTime
    kind: FeedKind
    id: str
    change: str
    alarm: AlarmModel | None = None
    case: CaseModel | None = None
    camera: CameraModel | None = None
    gateway: GatewayModel | None = None

    @classmethod
    def of(cls, item: FeedItem, person: Person) -> "FeedLine":
        """From the services' value, for this person."""
        entry, body = item.entry, item.body
        return cls(
            seq=entry.seq,
            at=entry.at,
            kind=entry.kind,
            id=entry.subject,
            change=entry.change,
            alarm=AlarmModel.of(body) if isinstance(body, AlarmView) else None,
            case=CaseModel.of(body, person) if isinstance(body, CaseView) else None,
            camera=CameraModel.of(body) if isinstance(body, CameraView) else None,
            gateway=GatewayModel.of(body) if isinstance(body, GatewayView) else None,
        )

    def json_line(self) -> str:
        """One line of JSON: the body's own nulls stay, the bodies that are not there go."""
        absent = {kind.value for kind in FeedKind if getattr(self, kind.value) is None}
        return self.model_dump_json(exclude=absent)


class LineBook:
    """The lines as they stand on the wire, each written once for all who hear the same of it."""

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        #: The item is held too, so that no other one can get its identity.
        self._held: dict[tuple[int, str], tuple[FeedItem, Person, bytes]] = {}
        #: What was asked for last, and what of it is for whom.
        self._items: Sequence[FeedItem] = ()
        self._pieces: dict[object, bytes] | None = {}

    def piece(self, items: Sequence[FeedItem], access: Access) -> bytes:
        """What of these is for somebody. The hub offers the same to all: put together once for all who see the same."""
        if items is not self._items:
            self._items = items
            self._pieces = None if any(isinstance(item.body, CaseView) for item in items) else {}
        if self._pieces is None:
            return self._put_together(items, access)
        found = self._pieces.get(access.reach)
        if found is None:
            found = self._pieces[access.reach] = self._put_together(items, access)
        return found

    def _put_together(self, items: Sequence[FeedItem], access: Access) -> bytes:
        return b"".join([self.message(item, access.person) for item in items if is_for(access, item)])

    def message(self, item: FeedItem, person: Person) -> bytes:
        """The server-sent event. What a case offers depends on who looks; the rest is the same for everybody."""
        of_case = isinstance(item.body, CaseView)
        key = (id(item), person.id if of_case else "")
        held = self._held.get(key)
        if held is not None and (not of_case or held[1] == person):
            return held[2]
        line = FeedLine.of(item, person)
        written = f"event: {line.kind.value}\nid: {line.seq}\ndata: {line.json_line()}\n\n".encode()
        self._held[key] = (item, person, written)
        if len(self._held) > self._most:
            del self._held[next(iter(self._held))]
        return written


class Heartbeat(Model):
    """The feed is alive: ``at`` is the dispatcher's clock, ``seq`` where the client stands.

    ``intake_blocked_by``: what has kept the dispatcher from taking in events for some seconds. No alarm comes and no
    camera's state changes until it is null again; events wait on the gateways and come then.
    """

    model_config = shown({"at": "2026-11-22T06:04:12.000Z", "seq": 4712, "intake_blocked_by": None})

    at: UtcTime
    seq: int
    intake_blocked_by: Blocked | None = None

    def message(self) -> bytes:
        """The server-sent event; without an id, since nothing can be resumed after it."""
        return f"event: heartbeat\ndata: {self.model_dump_json()}\n\n".encode()
