"""What is kept of where people are."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from lookout_server.domain.whereabouts import Position


class WhereaboutsRepository(Protocol):
    """The newest position of whoever shares it."""

    async def of(self, people: Collection[str], since: datetime) -> dict[str, Position]:
        """Those that are no older than ``since``, by person."""
        ...

    async def save(self, position: Position) -> None:
        """The one before is gone."""
        ...

    async def forget(self, person: str) -> bool:
        """Whether there was one."""
        ...

    async def forget_before(self, before: datetime) -> int:
        """Forget those that are older; how many."""
        ...
