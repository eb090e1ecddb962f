"""Policies that were activated."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_into, scalars
from lookout_server.adapters.database.tables import PolicyRow
from lookout_server.ports import PolicyVersion


class SqlPolicies:
    """Implements ports.PolicyRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def newest(self) -> PolicyVersion | None:
        """The one in force."""
        found = await self.page(1)
        return found[0] if found else None

    async def page(self, limit: int, before: int | None = None) -> Sequence[PolicyVersion]:
        """The newest first."""
        statement = select(PolicyRow).order_by(PolicyRow.version.desc()).limit(limit)
        if before is not None:
            statement = statement.where(PolicyRow.version < before)
        return [_version(row) for row in await scalars(self._session, statement)]

    async def add(self, version: PolicyVersion) -> bool:
        """Whoever is second to add a number adds nothing."""
        values = {**vars(version), "content": dict(version.content)}
        statement = insert_into(self._session, PolicyRow).values(values).on_conflict_do_nothing()
        done = await self._session.execute(statement)
        return int(getattr(done, "rowcount", 0)) == 1


def _version(row: PolicyRow) -> PolicyVersion:
    return PolicyVersion(version=row.version, at=row.at, by=row.by, reason=row.reason, content=row.content)
