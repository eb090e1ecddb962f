"""Gateways, their tokens and the commands sent to them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lookout_contract.base import Message
from lookout_contract.commands import CommandResponse
from lookout_contract.status import CameraReport, Coverage, ProposalReport, ShadowReport
from lookout_server.adapters.database.statements import insert_new, scalars, select_by, table_of, upsert
from lookout_server.adapters.database.tables import CommandRow, GatewayRow
from lookout_server.domain.territory import WRONG_CLOCK_S, Gateway
from lookout_server.ports import SentCommand

#: What commands said may be long, and mostly stays where it is.
_TOLD = [column for column in table_of(CommandRow).columns if column.name != "request"]
#: The command whose newest one says what a gateway's disk should hold.
_KEPT = "residents"


class _Advice(Message):
    """What a gateway tells people to decide on, how well its cameras are watched, and what it could not do."""

    proposals: dict[str, ProposalReport] = {}
    shadows: dict[str, ShadowReport] = {}
    coverage: dict[str, Coverage] = {}
    shed: dict[str, int] = {}
    streams: dict[str, CameraReport] = {}

    @classmethod
    def of(cls, gateway: Gateway) -> "_Advice":
        return cls(
            proposals=dict(gateway.proposals),
            shadows=dict(gateway.shadows),
            coverage=dict(gateway.coverage),
            shed=dict(gateway.shed),
            streams=dict(gateway.streams),
        )


class SqlGateways:
    """Implements ports.GatewayRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, ids: Collection[str] | None = None) -> dict[str, Gateway]:
        """These, or all by id."""
        if ids is None:
            rows = await scalars(self._session, select(GatewayRow).order_by(GatewayRow.id))
        else:
            rows = await select_by(self._session, GatewayRow, ("id",), [(name,) for name in ids])
        return {row.id: _gateway(row) for row in rows}

    async def save(self, gateways: Sequence[Gateway]) -> None:
        """The token is not touched. In one order, so that two writers cannot wait for each other."""
        ordered = sorted(gateways, key=lambda gateway: gateway.id)
        await upsert(self._session, GatewayRow, [_values(gateway) for gateway in ordered])

    async def lose_silent(self, before: datetime) -> Sequence[str]:
        """In one statement: a word that comes at the same time stands."""
        silent = GatewayRow.online & (GatewayRow.last_seen_at < before)
        statement = update(GatewayRow).where(silent).values(online=False).returning(GatewayRow.id)
        found = await self._session.scalars(statement.execution_options(synchronize_session=False))
        return sorted(found)

    async def wrong_clocks(self) -> int:
        """Counted, since every screen asks."""
        wrong = GatewayRow.online & (func.abs(GatewayRow.clock_offset_s) >= WRONG_CLOCK_S)
        return int(await self._session.scalar(select(func.count()).where(wrong)) or 0)

    async def set_token(self, gateway_id: str, token_hash: str) -> None:
        """Issue or replace."""
        if not await self.get([gateway_id]):
            await self.save([Gateway(id=gateway_id)])
        statement = update(GatewayRow).where(GatewayRow.id == gateway_id).values(token_hash=token_hash)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def end_token(self, gateway_id: str) -> None:
        """Forget its hash."""
        statement = update(GatewayRow).where(GatewayRow.id == gateway_id).values(token_hash=None)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def by_token(self, token_hash: str) -> str | None:
        """The gateway's id."""
        return await self._session.scalar(select(GatewayRow.id).where(GatewayRow.token_hash == token_hash))

    async def add_command(self, command: SentCommand) -> None:
        """The same id again does nothing."""
        row: dict[str, Any] = {
            "id": command.id,
            "gateway": command.gateway,
            "name": command.name,
            "issued_at": command.issued_at,
            "expires_at": command.expires_at,
            "case_id": command.case_id,
            "outcome": command.outcome,
            "answered_at": command.answered_at,
            "detail": command.detail,
            "request": command.request,
            "asked_by": command.asked_by,
            "result": None,
        }
        await insert_new(self._session, CommandRow, [row])

    async def answer(self, gateway_id: str, response: CommandResponse, at: datetime) -> SentCommand | None:
        """Only the gateway that was asked may answer, once."""
        statement = select(CommandRow).where(
            CommandRow.id == response.id, CommandRow.gateway == gateway_id, CommandRow.outcome.is_(None)
        )
        rows = await scalars(self._session, statement.with_for_update())
        if not rows:
            return None
        row = rows[0]
        row.outcome, row.answered_at, row.detail = response.outcome.value, at, response.detail
        told = {} if response.zones is None else {"zones": response.zones.model_dump(mode="json")}
        row.result = {**response.result, **told}
        await self._session.flush()
        return _command(row)

    async def command(self, command_id: str) -> SentCommand | None:
        """By id."""
        rows = await scalars(self._session, select(CommandRow).where(CommandRow.id == command_id))
        return _command(rows[0]) if rows else None

    async def commands(self, *, gateway: str | None = None, limit: int | None = None) -> Sequence[SentCommand]:
        """Newest first."""
        statement = select(CommandRow).order_by(CommandRow.issued_at.desc(), CommandRow.id).limit(limit)
        if gateway is not None:
            statement = statement.where(CommandRow.gateway == gateway)
        return [_command(row) for row in await scalars(self._session, statement)]

    async def silent(self, since: datetime, until: datetime) -> Sequence[SentCommand]:
        """By the index of what is not answered."""
        ended = (CommandRow.expires_at >= since) & (CommandRow.expires_at < until)
        return await self._without_requests(select(*_TOLD).where(CommandRow.outcome.is_(None), ended))

    async def unanswered(self, gateway_id: str, name: str, at: datetime, limit: int) -> Sequence[SentCommand]:
        """By the same index."""
        statement = (
            select(CommandRow)
            .where(CommandRow.outcome.is_(None), CommandRow.expires_at > at)
            .where(CommandRow.gateway == gateway_id, CommandRow.name == name)
        )
        rows = await scalars(self._session, statement.order_by(CommandRow.issued_at.desc(), CommandRow.id).limit(limit))
        return [_command(row) for row in reversed(rows)]

    async def last_issued(self, gateway_id: str, name: str) -> datetime | None:
        """By the index of the newest."""
        statement = select(func.max(CommandRow.issued_at))
        return await self._session.scalar(statement.where(CommandRow.gateway == gateway_id, CommandRow.name == name))

    async def newest_command(self, gateway_id: str, name: str) -> SentCommand | None:
        """By the time at which it was issued."""
        statement = select(CommandRow).where(CommandRow.gateway == gateway_id, CommandRow.name == name)
        rows = await scalars(self._session, statement.order_by(CommandRow.issued_at.desc(), CommandRow.id).limit(1))
        return _command(rows[0]) if rows else None

    async def newest_commands(self, name: str) -> dict[str, SentCommand]:
        """One statement; what they said may be long, and stays where it is."""
        table = table_of(CommandRow)
        later = aliased(CommandRow)
        replaced = select(later.id).where(
            later.gateway == table.c.gateway, later.name == name, later.issued_at > table.c.issued_at
        )
        statement = select(*_TOLD).where(table.c.name == name, ~replaced.exists()).order_by(table.c.id.desc())
        return {command.gateway: command for command in await self._without_requests(statement)}

    async def _without_requests(self, statement: Select[*tuple[Any, ...]]) -> list[SentCommand]:
        rows = (await self._session.execute(statement)).mappings().all()
        return [_command(cast(CommandRow, SimpleNamespace(**row, request=None))) for row in rows]

    async def drop_requests(self, gateway_id: str, name: str, but: str) -> None:
        """That and how they were asked stays."""
        mine = (CommandRow.gateway == gateway_id) & (CommandRow.name == name) & (CommandRow.id != but)
        statement = update(CommandRow).where(mine, CommandRow.request.is_not(None)).values(request=None)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def forget_commands(self, before: datetime) -> int:
        """One that may still be answered is none of them."""
        ended = func.coalesce(CommandRow.answered_at, CommandRow.expires_at)
        later = aliased(CommandRow)
        replaced = select(later.id).where(
            later.gateway == CommandRow.gateway, later.name == _KEPT, later.issued_at > CommandRow.issued_at
        )
        over = delete(CommandRow).where(ended < before, or_(CommandRow.name != _KEPT, replaced.exists()))
        gone = await self._session.scalars(over.returning(CommandRow.id))
        return len(gone.all())


def _values(gateway: Gateway) -> dict[str, Any]:
    return {
        "id": gateway.id,
        "online": gateway.online,
        "version": gateway.version,
        "epoch": gateway.epoch,
        "last_seen_at": gateway.last_seen_at,
        "spool_events": gateway.spool_events,
        "spool_evidence": gateway.spool_evidence,
        "spool_oldest_s": gateway.spool_oldest_s,
        "clock_skew_s": gateway.clock_skew_s,
        "last_sequence": gateway.last_sequence,
        "dropped": dict(gateway.dropped),
        "evidence_dropped": gateway.evidence_dropped,
        "clock_offset_s": gateway.clock_offset_s,
        "earlier_epoch": gateway.earlier_epoch,
        "rival_at": gateway.rival_at,
        "advice": _Advice.of(gateway).model_dump(mode="json"),
    }


def _gateway(row: GatewayRow) -> Gateway:
    advice = _Advice.model_validate(row.advice or {})
    return Gateway(
        id=row.id,
        online=row.online,
        registered=row.token_hash is not None,
        version=row.version,
        epoch=row.epoch,
        last_seen_at=row.last_seen_at,
        spool_events=row.spool_events,
        spool_evidence=row.spool_evidence,
        spool_oldest_s=row.spool_oldest_s,
        clock_skew_s=row.clock_skew_s,
        last_sequence=row.last_sequence,
        dropped=row.dropped or {},
        evidence_dropped=row.evidence_dropped,
        clock_offset_s=row.clock_offset_s,
        earlier_epoch=row.earlier_epoch,
        rival_at=row.rival_at,
        proposals=advice.proposals,
        shadows=advice.shadows,
        coverage=advice.coverage,
        shed=advice.shed,
        streams=advice.streams,
    )


def _command(row: CommandRow) -> SentCommand:
    return SentCommand(
        id=row.id,
        gateway=row.gateway,
        name=row.name,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        case_id=row.case_id,
        outcome=row.outcome,
        answered_at=row.answered_at,
        detail=row.detail,
        request=row.request,
        asked_by=row.asked_by,
        result=row.result or {},
    )
