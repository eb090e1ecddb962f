"""What leaves with a transaction, and how far others have heard."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

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
