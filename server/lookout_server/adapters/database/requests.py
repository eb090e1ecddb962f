"""Keys of requests, and saved lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_into, scalars, upsert
from lookout_server.adapters.database.tables import RequestRow, SavedViewRow
from lookout_server.ports import Answer, HeldRequest, RequestKey, SavedView


class SqlRequests:
    """Implements ports.RequestKeys."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def claim(self, key: RequestKey, at: datetime, *, stale_before: datetime) -> HeldRequest | None:
        """The primary key decides between two at once."""
        stale = delete(RequestRow).where(
            RequestRow.scope == key.scope,
            RequestRow.name == key.name,
            RequestRow.status.is_(None),
            RequestRow.at < stale_before,
        )
        await self._session.execute(stale.execution_options(synchronize_session=False))
        row: dict[str, Any] = {"scope": key.scope, "name": key.name, "request": key.request, "at": at}
        statement = insert_into(self._session, RequestRow).values(row).on_conflict_do_nothing()
        if (await self._session.execute(statement.returning(RequestRow.name))).first() is not None:
            return None
        wanted = select(RequestRow).where(RequestRow.scope == key.scope, RequestRow.name == key.name)
        found = (await scalars(self._session, wanted))[0]
        if found.status is None:
            return HeldRequest(request=found.request, answer=None)
        answer = Answer(status=found.status, headers=found.headers or {}, body=found.body or b"")
        return HeldRequest(request=found.request, answer=answer)

    async def settle(self, key: RequestKey, answer: Answer | None) -> None:
        """One statement."""
        mine = (RequestRow.scope == key.scope, RequestRow.name == key.name)
        if answer is None:
            statement: Any = delete(RequestRow).where(*mine)
        else:
            values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
            statement = update(RequestRow).where(*mine).values(**values)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def forget(self, before: datetime) -> int:
        """By age."""
        statement = delete(RequestRow).where(RequestRow.at < before).returning(RequestRow.name)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return len(gone.all())


class SqlSavedViews:
    """Implements ports.SavedViews."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def of(self, person_id: str, *, shared: bool) -> Sequence[SavedView]:
        """By name."""
        mine = SavedViewRow.person_id == person_id
        wanted = or_(mine, SavedViewRow.shared) if shared else mine
        statement = select(SavedViewRow).where(wanted).order_by(SavedViewRow.name, SavedViewRow.id)
        return [_view(row) for row in await scalars(self._session, statement)]

    async def get(self, view_id: str) -> SavedView | None:
        """By id."""
        rows = await scalars(self._session, select(SavedViewRow).where(SavedViewRow.id == view_id))
        return _view(rows[0]) if rows else None

    async def save(self, view: SavedView) -> None:
        """Insert or update."""
        row: dict[str, Any] = {
            "id": view.id,
            "person_id": view.person,
            "name": view.name,
            "query": dict(view.query),
            "shared": view.shared,
            "at": view.at,
        }
        await upsert(self._session, SavedViewRow, [row])

    async def remove(self, view_id: str) -> None:
        """Delete."""
        statement = delete(SavedViewRow).where(SavedViewRow.id == view_id)
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _view(row: SavedViewRow) -> SavedView:
    return SavedView(id=row.id, person=row.person_id, name=row.name, query=row.query, shared=row.shared, at=row.at)
