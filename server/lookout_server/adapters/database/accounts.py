"""The audit log, looks into care cases, and second factors."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import count_up, insert_all, insert_new, scalars, upsert
from lookout_server.adapters.database.tables import AuditRow, CareViewRow, CounterRow, FactorRow, RecoveryCodeRow
from lookout_server.domain.audit import GENESIS, Act, Entry, Kept, link
from lookout_server.domain.care import ANSWERED_WITHIN, View
from lookout_server.ports import AuditFilter, SecondFactor

_COUNTER = "audit"


class SqlAudit:
    """Implements ports.AuditLog. The counter's row is locked from ``flush`` to the commit: one chain, no forks."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._queued: list[Entry] = []

    def add(self, entry: Entry) -> None:
        """Queue it."""
        self._queued.append(entry)

    async def flush(self) -> None:
        """Number, chain and write what is queued."""
        if not self._queued:
            return
        entries, self._queued = self._queued, []
        last = await count_up(self._session, _COUNTER, len(entries))
        seq = last - len(entries)
        chain = await self._session.scalar(select(AuditRow.chain).where(AuditRow.seq == seq)) or GENESIS
        rows: list[dict[str, Any]] = []
        for entry in entries:
            kept = link(chain, seq + 1, entry)
            seq, chain = kept.seq, kept.chain
            rows.append(_audit_values(kept))
        await insert_all(self._session, AuditRow, rows)

    async def after(self, seq: int, limit: int) -> Sequence[Kept]:
        """Ascending."""
        return await self._kept(select(AuditRow).where(AuditRow.seq > seq).order_by(AuditRow.seq).limit(limit))

    async def before(self, seq: int | None, limit: int, wanted: AuditFilter | None = None) -> Sequence[Kept]:
        """Descending."""
        statement = select(AuditRow).order_by(AuditRow.seq.desc()).limit(limit)
        if wanted is not None:
            statement = statement.where(*_fits(wanted))
        return await self._kept(statement if seq is None else statement.where(AuditRow.seq < seq))

    async def given(self) -> int:
        """From the counter, which the rows do not know of."""
        return int(await self._session.scalar(select(CounterRow.value).where(CounterRow.name == _COUNTER)) or 0)

    async def _kept(self, statement: Select[AuditRow]) -> list[Kept]:
        return [
            Kept(
                seq=row.seq,
                entry=Entry(
                    at=row.at, act=Act(row.act), actor=row.actor, subject=row.subject, details=json.loads(row.details)
                ),
                chain=row.chain,
            )
            for row in await scalars(self._session, statement)
        ]


class SqlCareViews:
    """Implements ports.CareViews."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, view_id: str, *, lock: bool = False) -> View | None:
        """By id."""
        statement = select(CareViewRow).where(CareViewRow.id == view_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _view(rows[0]) if rows else None

    async def save(self, view: View) -> None:
        """Insert or update."""
        row: dict[str, Any] = {
            "id": view.id,
            "case_id": view.case,
            "person_id": view.person,
            "reason": view.reason,
            "minutes": view.minutes,
            "asked_at": view.asked_at,
            "granted_by": view.granted_by,
            "granted_at": view.granted_at,
            "expires_at": view.expires_at,
            "ended_by": view.ended_by,
            "ended_at": view.ended_at,
        }
        await upsert(self._session, CareViewRow, [row])

    async def current(self, at: datetime) -> Sequence[View]:
        """Newest first."""
        statement = select(CareViewRow).where(
            CareViewRow.ended_at.is_(None), CareViewRow.asked_at > at - 2 * ANSWERED_WITHIN
        )
        found = [_view(row) for row in await scalars(self._session, statement.order_by(CareViewRow.asked_at.desc()))]
        return [view for view in found if view.waits(at) or view.holds(at)]

    async def open_to(self, person_id: str, at: datetime) -> frozenset[str]:
        """Ids of cases."""
        statement = select(CareViewRow.case_id).where(
            CareViewRow.person_id == person_id, CareViewRow.expires_at > at, CareViewRow.ended_at.is_(None)
        )
        return frozenset((await self._session.scalars(statement)).all())


class SqlFactors:
    """Implements ports.Factors."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, person_id: str, *, lock: bool = False) -> SecondFactor | None:
        """By person."""
        statement = select(FactorRow).where(FactorRow.person_id == person_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return SecondFactor(secret=rows[0].secret, since=rows[0].since, step=rows[0].step) if rows else None

    async def save(self, person_id: str, factor: SecondFactor) -> None:
        """Insert or update."""
        row = {"person_id": person_id, "secret": factor.secret, "since": factor.since, "step": factor.step}
        await upsert(self._session, FactorRow, [row])

    async def remove(self, person_id: str) -> bool:
        """With the codes."""
        await self._forget_codes(person_id)
        statement = delete(FactorRow).where(FactorRow.person_id == person_id).returning(FactorRow.person_id)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return gone.first() is not None

    async def keep_codes(self, person_id: str, hashes: Sequence[str]) -> None:
        """All anew."""
        await self._forget_codes(person_id)
        rows = [{"person_id": person_id, "code_hash": each} for each in hashes]
        await insert_new(self._session, RecoveryCodeRow, rows)

    async def use_code(self, person_id: str, code_hash: str) -> bool:
        """Delete it; of two at once one finds it."""
        statement = (
            delete(RecoveryCodeRow)
            .where(RecoveryCodeRow.person_id == person_id, RecoveryCodeRow.code_hash == code_hash)
            .returning(RecoveryCodeRow.code_hash)
        )
        used = await self._session.execute(statement.execution_options(synchronize_session=False))
        return used.first() is not None

    async def _forget_codes(self, person_id: str) -> None:
        statement = delete(RecoveryCodeRow).where(RecoveryCodeRow.person_id == person_id)
        await self._session.execute(statement.execution_options(synchronize_session=False))


def _fits(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.act is not None:
        found.append(AuditRow.act == wanted.act.value)
    if wanted.actor is not None:
        found.append(AuditRow.actor == wanted.actor)
    if wanted.about is not None:
        found.append(AuditRow.subject.contains(wanted.about, autoescape=True))
    if wanted.first is not None:
        found.append(AuditRow.at >= wanted.first)
    if wanted.last is not None:
        found.append(AuditRow.at < wanted.last)
    return found


def _audit_values(kept: Kept) -> dict[str, Any]:
    entry = kept.entry
    return {
        "seq": kept.seq,
        "at": entry.at,
        "act": entry.act.value,
        "actor": entry.actor,
        "subject": entry.subject,
        "details": entry.text,
        "chain": kept.chain,
    }


def _view(row: CareViewRow) -> View:
    return View(
        id=row.id,
        case=row.case_id,
        person=row.person_id,
        reason=row.reason,
        minutes=row.minutes,
        asked_at=row.asked_at,
        granted_by=row.granted_by,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        ended_by=row.ended_by,
        ended_at=row.ended_at,
    )
