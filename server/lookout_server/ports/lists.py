"""What is kept of the three lists."""

from collections.abc import Collection, Sequence
from typing import Protocol

from lookout_server.domain.lists import Item


class ListRepository(Protocol):
    """Needs, resources and services."""

    async def items(self, places: Collection[str] | None) -> Sequence[Item]:
        """Those of these grids, or all, that are not over, the newest first."""
        ...

    async def item(self, item_id: str, *, lock: bool = False) -> Item | None:
        """By id, over or not; ``lock`` holds it until the transaction ends."""
        ...

    async def save(self, item: Item) -> None:
        """Insert or update."""
        ...
