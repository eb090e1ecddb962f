"""What is kept of the hotline's calls."""

from collections.abc import Collection
from typing import Protocol

from lookout_server.domain.hotline import Call


class HotlineRepository(Protocol):
    """Calls by the hotline's own numbers."""

    async def cases_of(self, numbers: Collection[str]) -> dict[str, str]:
        """Number → case, of those that were taken."""
        ...

    async def add(self, call: Call, case_id: str) -> None:
        """Keep a call. ConflictError when its number was taken just now."""
        ...
