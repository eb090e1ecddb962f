"""The hotline's calls."""

from collections.abc import Collection

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import select_by, table_of
from lookout_server.adapters.database.tables import HotlineCallRow
from lookout_server.domain.hotline import Call
from lookout_server.errors import ConflictError


class SqlHotline:
    """Implements ports.HotlineRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def cases_of(self, numbers: Collection[str]) -> dict[str, str]:
        """In portions: a table may be long."""
        rows = await select_by(self._session, HotlineCallRow, ("number",), [(number,) for number in numbers])
        return {row.number: row.case_id for row in rows}

    async def add(self, call: Call, case_id: str) -> None:
        """The primary key decides between two who enter the same call at once."""
        row = {"number": call.number, "received_at": call.received_at, "case_id": case_id}
        try:
            await self._session.execute(table_of(HotlineCallRow).insert(), [row])
        except IntegrityError as error:
            raise ConflictError(f"call {call.number} has just been taken by somebody else: look again") from error
