"""What leaves with a transaction, and how far others have heard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lookout_server.domain.grouping import Told
from lookout_server.domain.notice import Delivery, Notice, NoticeKind
from lookout_server.domain.webhook import HookState, SetAside
from lookout_server.ports.records import (
    AnswerTo,
    FeedEntry,
    OutboxMessage,
)


class Feed(Protocol):
    """The numbered feed. Entries get their numbers at commit, in commit order, without gaps."""

    def add(self, entry: FeedEntry) -> None:
        """Write a line with this transaction."""
        ...

    async def head(self) -> int:
        """The highest number given."""
        ...

    async def forget(self, before: datetime, upto: int) -> int:
        """Delete lines from before then with numbers up to ``upto``, except those set aside for webhooks; how many."""
        ...

    async def after(self, seq: int, limit: int) -> Sequence[FeedEntry]:
        """Lines above ``seq``, ascending."""
        ...


class Outbox(Protocol):
    """Messages that leave only if, and after, their transaction commits."""

    def add(
        self,
        topic: str,
        payload: bytes,
        *,
        at: datetime,
        retain: bool,
        expires_at: datetime | None,
        answer: AnswerTo | None = None,
    ) -> None:
        """Queue a message with this transaction. An empty retained payload clears the topic."""
        ...

    async def pending(self, limit: int) -> Sequence[OutboxMessage]:
        """Oldest first."""
        ...

    async def sent(self, ids: Collection[int]) -> None:
        """Forget messages that the broker has acknowledged."""
        ...

    async def failed(self, message_id: int, error: str) -> None:
        """Count an attempt; the message stays."""
        ...


class WebhookRepository(Protocol):
    """How far each receiver has heard, and what was set aside for it."""

    async def state(self, name: str) -> HookState | None:
        """None before the first look."""
        ...

    async def save(self, state: HookState) -> None:
        """Insert or update."""
        ...

    async def keep(self, letter: SetAside) -> None:
        """Set a message aside."""
        ...

    async def set_aside(self, name: str) -> Sequence[SetAside]:
        """In the order of the feed."""
        ...

    async def forget(self, letter: SetAside) -> None:
        """It got through, or need not."""
        ...


class NoticeRepository(Protocol):
    """What people were told, and what became of it."""

    async def add(self, notices: Sequence[Notice]) -> None:
        """Insert, with their deliveries."""
        ...

    async def get(self, notice_id: str) -> Notice | None:
        """With its deliveries. ValueError where it cannot be read; lists leave such out."""
        ...

    async def of_person(self, person_id: str, limit: int) -> Sequence[Notice]:
        """Newest first."""
        ...

    async def of_case(self, case_id: str) -> Sequence[Notice]:
        """Newest first."""
        ...

    async def told(
        self, people: Collection[str], kind: NoticeKind, about: str, since: datetime
    ) -> dict[tuple[str, str], Told]:
        """(Person, channel) → what of this kind, short of red, left there since then; left out where nothing did."""
        ...

    async def waiting(self, person: str, kind: NoticeKind, channel: str, since: datetime) -> Sequence[Notice]:
        """Those short of red that were made since then and are queued on this channel, oldest first."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete those from before then, with their deliveries; how many."""
        ...

    async def note(self, notice_ids: Collection[str], delivery: Delivery) -> None:
        """Keep what became of these notices on the delivery's channel; it never goes back to an earlier state."""
        ...
