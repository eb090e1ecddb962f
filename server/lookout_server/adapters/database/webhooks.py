"""How far webhooks have got, and what was set aside."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import scalars, upsert
from lookout_server.adapters.database.tables import WebhookRow, WebhookSetAsideRow
from lookout_server.domain.webhook import HookState, SetAside

#: More than this somebody should have looked at.
_MOST = 1000


class SqlWebhooks:
    """Implements ports.WebhookRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def state(self, name: str) -> HookState | None:
        """None before the first look."""
        rows = await scalars(self._session, select(WebhookRow).where(WebhookRow.name == name))
        return _state(rows[0]) if rows else None

    async def save(self, state: HookState) -> None:
        """Insert or update."""
        row = {
            "name": state.name,
            "seq": state.seq,
            "attempts": state.attempts,
            "next_at": state.next_at,
            "failing_since": state.failing_since,
            "last_error": state.last_error,
            "delivered": state.delivered,
            "last_at": state.last_at,
        }
        await upsert(self._session, WebhookRow, [row])

    async def keep(self, letter: SetAside) -> None:
        """Set a message aside."""
        row = {"hook": letter.hook, "seq": letter.seq, "at": letter.at, "error": letter.error}
        await upsert(self._session, WebhookSetAsideRow, [row])

    async def set_aside(self, name: str) -> Sequence[SetAside]:
        """In the order of the feed."""
        chosen = select(WebhookSetAsideRow).where(WebhookSetAsideRow.hook == name)
        rows = await scalars(self._session, chosen.order_by(WebhookSetAsideRow.seq).limit(_MOST))
        return [SetAside(hook=row.hook, seq=row.seq, at=row.at, error=row.error) for row in rows]

    async def forget(self, letter: SetAside) -> None:
        """It got through, or need not."""
        statement = delete(WebhookSetAsideRow).where(
            WebhookSetAsideRow.hook == letter.hook, WebhookSetAsideRow.seq == letter.seq
        )
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _state(row: WebhookRow) -> HookState:
    return HookState(
        name=row.name,
        seq=row.seq,
        attempts=row.attempts,
        next_at=row.next_at,
        failing_since=row.failing_since,
        last_error=row.last_error,
        delivered=row.delivered,
        last_at=row.last_at,
    )
