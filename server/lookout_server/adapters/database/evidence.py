"""The index of evidence files."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_into, scalars
from lookout_server.adapters.database.tables import EvidenceRow
from lookout_server.ports import StoredFile


class SqlEvidence:
    """Implements ports.EvidenceIndex."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, hashes: Collection[str]) -> dict[str, StoredFile]:
        """By hash."""
        if not hashes:
            return {}
        statement = select(EvidenceRow).where(EvidenceRow.sha256.in_(sorted(set(hashes))))
        rows = await scalars(self._session, statement)
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

    async def uploader(self, sha256: str) -> str | None:
        """``person:ID`` or ``gateway:ID``."""
        return await self._session.scalar(select(EvidenceRow.uploader).where(EvidenceRow.sha256 == sha256))
