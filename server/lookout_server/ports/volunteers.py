"""What is kept of volunteers."""

from collections.abc import Collection, Sequence
from typing import Protocol

from lookout_server.domain.volunteers import Points, Volunteer


class VolunteerRepository(Protocol):
    """Volunteers and the ledger of their points."""

    async def volunteers(self, places: Collection[str] | None) -> Sequence[Volunteer]:
        """Those of these grids, or all, by name."""
        ...

    async def volunteer(self, volunteer_id: str, *, lock: bool = False) -> Volunteer | None:
        """By id; ``lock`` holds them, and so their balance, until the transaction ends."""
        ...

    async def save(self, volunteer: Volunteer) -> None:
        """Insert or update."""
        ...

    async def balances(self, ids: Collection[str]) -> dict[str, int]:
        """Volunteer → sum of all lines; who has none is left out."""
        ...

    async def line(self, line_id: str) -> Points | None:
        """By id."""
        ...

    async def lines(self, volunteer_id: str, limit: int) -> Sequence[Points]:
        """Newest first."""
        ...

    async def add(self, line: Points) -> None:
        """Append."""
        ...
