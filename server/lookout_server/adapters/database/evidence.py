"""The index of evidence files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_contract.events import Scenario
from lookout_server.adapters.database.statements import insert_into, select_by
from lookout_server.adapters.database.tables import (
    AlarmEvidenceRow,
    AlarmRow,
    CaseEvidenceRow,
    CaseRow,
    EvidenceRow,
    PlanRow,
)
from lookout_server.domain.alarm import Disposition
from lookout_server.domain.moves import SETTLED
from lookout_server.ports import Brought, StoredFile


class SqlEvidence:
    """Implements ports.EvidenceIndex."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, hashes: Collection[str]) -> dict[str, StoredFile]:
        """By hash."""
        rows = await select_by(self._session, EvidenceRow, ("sha256",), [(each,) for each in hashes])
        return {row.sha256: StoredFile(sha256=row.sha256, mime=row.mime, bytes=row.bytes) for row in rows}

    async def add(self, file: StoredFile, *, uploader: str, at: datetime) -> bool:
        """The first to bring a file is its uploader."""
        row: dict[str, Any] = {
            "sha256": file.sha256,
            "mime": file.mime,
            "bytes": file.bytes,
            "uploaded_at": at,
            "uploader": uploader,
        }
        statement = insert_into(self._session, EvidenceRow).values(row).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(EvidenceRow.sha256))
        return added.first() is not None

    async def hashes(self, after: str, limit: int) -> Sequence[str]:
        """Ascending."""
        statement = select(EvidenceRow.sha256).where(EvidenceRow.sha256 > after).order_by(EvidenceRow.sha256)
        return (await self._session.scalars(statement.limit(limit))).all()

    async def expired(
        self, before: datetime, kinds: Collection[Scenario] | None, limit: int, *, after: Brought | None = None
    ) -> Sequence[Brought]:
        """By the index of when they came."""
        of_alarm = select(AlarmEvidenceRow.sha256).join(AlarmRow, AlarmRow.id == AlarmEvidenceRow.alarm_id)
        of_case = select(CaseEvidenceRow.sha256).join(CaseRow, CaseRow.id == CaseEvidenceRow.case_id)
        at_work = or_(CaseRow.state.not_in(sorted(state.value for state in SETTLED)), CaseRow.updated_at >= before)
        unjudged = or_(AlarmRow.disposition == Disposition.OPEN.value, AlarmRow.updated_at >= before)
        mine = AlarmEvidenceRow.sha256 == EvidenceRow.sha256
        also = CaseEvidenceRow.sha256 == EvidenceRow.sha256
        needed = or_(
            of_alarm.where(mine, unjudged).exists(),
            of_alarm.join(CaseRow, CaseRow.id == AlarmRow.case_id).where(mine, at_work).exists(),
            of_case.where(also, at_work).exists(),
            select(PlanRow.id).where(PlanRow.sha256 == EvidenceRow.sha256).exists(),
        )
        came, sha256 = EvidenceRow.uploaded_at, EvidenceRow.sha256
        statement = select(came, sha256).where(came < before, ~needed)
        if after is not None:
            # The first alone is what an index can begin at.
            statement = statement.where(came >= after.at, or_(came > after.at, sha256 > after.sha256))
        if kinds is not None:
            names = sorted(kind.value for kind in kinds)
            alarmed = of_alarm.where(mine, AlarmRow.scenario.in_(names)).exists()
            statement = statement.where(or_(alarmed, of_case.where(also, CaseRow.scenario.in_(names)).exists()))
        found = await self._session.execute(statement.order_by(came, sha256).limit(limit))
        return [Brought(at=at, sha256=name) for at, name in found]

    async def forget(self, hashes: Collection[str]) -> None:
        """One statement."""
        statement = delete(EvidenceRow).where(EvidenceRow.sha256.in_(sorted(hashes)))
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def uploader(self, sha256: str) -> str | None:
        """``person:ID`` or ``gateway:ID``."""
        return await self._session.scalar(select(EvidenceRow.uploader).where(EvidenceRow.sha256 == sha256))
