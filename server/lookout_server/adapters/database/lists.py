"""The three lists."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import ListItemRow
from lookout_server.domain.lists import Item, ListKind


class SqlLists:
    """Implements ports.ListRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def items(self, places: Collection[str] | None) -> Sequence[Item]:
        """Newest first."""
        statement = select(ListItemRow).where(ListItemRow.ended_at.is_(None))
        if places is not None:
            statement = statement.where(ListItemRow.grid.in_(sorted(places)))
        rows = await scalars(self._session, statement.order_by(ListItemRow.at.desc(), ListItemRow.id))
        return [_item(row) for row in rows]

    async def item(self, item_id: str, *, lock: bool = False) -> Item | None:
        """By id."""
        statement = select(ListItemRow).where(ListItemRow.id == item_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _item(rows[0]) if rows else None

    async def save(self, item: Item) -> None:
        """Insert or update."""
        row: dict[str, Any] = {**vars(item), "kind": item.kind.value, "tags": sorted(item.tags)}
        await upsert(self._session, ListItemRow, [row])


def _item(row: ListItemRow) -> Item:
    return Item(
        id=row.id,
        kind=ListKind(row.kind),
        title=row.title,
        words=row.words,
        grid=row.grid,
        tags=frozenset(row.tags),
        by=row.by,
        at=row.at,
        met_by=row.met_by,
        ended_at=row.ended_at,
    )
