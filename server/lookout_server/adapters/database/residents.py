"""Places with a QR code, and what residents reported there."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_into, scalars, upsert
from lookout_server.adapters.database.tables import ReportPlaceRow, ResidentReportRow
from lookout_server.domain.resident import ReportKind, ReportPlace, ResidentReport


class SqlResidents:
    """Implements ports.ResidentRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def places(self) -> Sequence[ReportPlace]:
        """By grid and name."""
        statement = select(ReportPlaceRow).order_by(ReportPlaceRow.grid, ReportPlaceRow.name, ReportPlaceRow.code)
        return [_place(row) for row in await scalars(self._session, statement)]

    async def place(self, code: str) -> ReportPlace | None:
        """By code."""
        rows = await scalars(self._session, select(ReportPlaceRow).where(ReportPlaceRow.code == code))
        return _place(rows[0]) if rows else None

    async def save_place(self, place: ReportPlace) -> None:
        """Insert or update."""
        await upsert(self._session, ReportPlaceRow, [dict(vars(place))])

    async def report(self, report_id: str) -> ResidentReport | None:
        """By id."""
        rows = await scalars(self._session, select(ResidentReportRow).where(ResidentReportRow.id == report_id))
        return _report(rows[0]) if rows else None

    async def add_report(self, report: ResidentReport) -> bool:
        """The primary key decides between two that are sent at once."""
        row: dict[str, Any] = {**vars(report), "kind": report.kind.value}
        statement = insert_into(self._session, ResidentReportRow).values(row).on_conflict_do_nothing()
        added = await self._session.execute(statement.returning(ResidentReportRow.id))
        return added.first() is not None

    async def save_rating(self, report: ResidentReport) -> None:
        """The rating alone."""
        statement = (
            update(ResidentReportRow)
            .where(ResidentReportRow.id == report.id)
            .values(score=report.score, score_words=report.score_words, rated_at=report.rated_at)
        )
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def newest_at(self, place: str, since: datetime, limit: int) -> Sequence[ResidentReport]:
        """By place and time, as the index has them."""
        statement = (
            select(ResidentReportRow)
            .where(ResidentReportRow.place == place, ResidentReportRow.at >= since)
            .order_by(ResidentReportRow.at.desc())
            .limit(limit)
        )
        return [_report(row) for row in await scalars(self._session, statement)]

    async def cases_of(self, place: str, kind: ReportKind, since: datetime) -> Sequence[str]:
        """Newest first."""
        statement = (
            select(ResidentReportRow.case_id)
            .where(
                ResidentReportRow.place == place,
                ResidentReportRow.kind == kind.value,
                ResidentReportRow.at >= since,
            )
            .order_by(ResidentReportRow.at.desc())
        )
        return list(dict.fromkeys((await self._session.scalars(statement)).all()))


def _place(row: ReportPlaceRow) -> ReportPlace:
    return ReportPlace(
        code=row.code, name=row.name, grid=row.grid, created_at=row.created_at, retired_at=row.retired_at
    )


def _report(row: ResidentReportRow) -> ResidentReport:
    return ResidentReport(
        id=row.id,
        place=row.place,
        kind=ReportKind(row.kind),
        words=row.words,
        at=row.at,
        case_id=row.case_id,
        score=row.score,
        score_words=row.score_words,
        rated_at=row.rated_at,
    )
