"""What a transaction offers about requests: keys of those that may come twice, and lists that people saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class RequestKey:
    """A key as somebody sent it. ``scope``: hash of who; ``request``: hash of what."""

    scope: str
    name: str
    request: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class HeldRequest:
    """A request under a key; ``answer`` None while it is worked at."""

    request: str
    answer: Answer | None


class RequestKeys(Protocol):
    """Keys of requests."""

    async def claim(self, key: RequestKey, at: datetime, *, stale_before: datetime) -> HeldRequest | None:
        """None: claimed now. Else what is held; an unanswered claim from before ``stale_before`` is taken over."""
        ...

    async def settle(self, key: RequestKey, answer: Answer | None) -> None:
        """Keep the answer, or forget the key."""
        ...

    async def forget(self, before: datetime) -> int:
        """Delete those claimed before this time; how many."""
        ...


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """A list that somebody saved. ``query``: the parameters of ``GET /cases``; ``shared``: with the control room."""

    id: str
    person: str
    name: str
    query: Mapping[str, str | bool]
    shared: bool
    at: datetime


class SavedViews(Protocol):
    """Saved lists."""

    async def of(self, person_id: str, *, shared: bool) -> Sequence[SavedView]:
        """Somebody's own, and with ``shared`` those that others share; by name."""
        ...

    async def get(self, view_id: str) -> SavedView | None:
        """By id."""
        ...

    async def save(self, view: SavedView) -> None:
        """Insert or update."""
        ...

    async def remove(self, view_id: str) -> None:
        """Forget it."""
        ...
