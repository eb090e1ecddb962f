"""The diary and inspections."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_new, scalars, upsert
from lookout_server.adapters.database.tables import DiaryRow, InspectionReportRow, InspectionRow, RoundPhotoRow
from lookout_server.domain.rounds import DiaryEntry, DiaryKind, Inspection, InspectionKind, InspectionReport
from lookout_server.ports import DiaryFilter, Page


class SqlRounds:
    """Implements ports.RoundRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def entry(self, entry_id: str, *, lock: bool = False) -> DiaryEntry | None:
        """By id."""
        statement = select(DiaryRow).where(DiaryRow.id == entry_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _entry(rows[0]) if rows else None

    async def entries(self, wanted: DiaryFilter, page: Page) -> Sequence[DiaryEntry]:
        """Newest first."""
        statement = select(DiaryRow)
        if wanted.person is not None:
            statement = statement.where(DiaryRow.person == wanted.person)
        if wanted.places is not None:
            statement = statement.where(DiaryRow.grid.in_(sorted(wanted.places)))
        if wanted.first is not None:
            statement = statement.where(DiaryRow.at >= wanted.first)
        if wanted.last is not None:
            statement = statement.where(DiaryRow.at < wanted.last)
        if page.before is not None:
            statement = statement.where(tuple_(DiaryRow.at, DiaryRow.id) < tuple_(*page.before))
        statement = statement.order_by(DiaryRow.at.desc(), DiaryRow.id.desc()).limit(page.limit)
        return [_entry(row) for row in await scalars(self._session, statement)]

    async def write(self, entry: DiaryEntry) -> None:
        """Insert; what is there stays."""
        row: dict[str, Any] = {
            **vars(entry),
            "kind": entry.kind.value,
            "photos": list(entry.photos),
            "place": dict(entry.place) if entry.place else None,
        }
        await insert_new(self._session, DiaryRow, [row])
        await self._keep_photos(entry.photos, entry.grid)

    async def link(self, entry_id: str, case_id: str) -> None:
        """The case alone."""
        statement = update(DiaryRow).where(DiaryRow.id == entry_id).values(case_id=case_id)
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def inspection(self, inspection_id: str, *, lock: bool = False) -> Inspection | None:
        """By id."""
        statement = select(InspectionRow).where(InspectionRow.id == inspection_id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return _inspection(rows[0]) if rows else None

    async def inspections(self, places: Collection[str] | None) -> Sequence[Inspection]:
        """The most urgent first."""
        statement = select(InspectionRow).where(InspectionRow.ended_at.is_(None))
        if places is not None:
            statement = statement.where(InspectionRow.grid.in_(sorted(places)))
        rows = await scalars(self._session, statement.order_by(InspectionRow.due_at, InspectionRow.id))
        return [_inspection(row) for row in rows]

    async def save_inspection(self, inspection: Inspection) -> None:
        """Insert or update."""
        row: dict[str, Any] = {**vars(inspection), "kind": inspection.kind.value, "checks": list(inspection.checks)}
        await upsert(self._session, InspectionRow, [row])

    async def report(self, report_id: str) -> InspectionReport | None:
        """By id."""
        rows = await scalars(self._session, select(InspectionReportRow).where(InspectionReportRow.id == report_id))
        return _report(rows[0]) if rows else None

    async def reports(self, inspection_id: str, limit: int) -> Sequence[InspectionReport]:
        """Newest first."""
        statement = select(InspectionReportRow).where(InspectionReportRow.inspection == inspection_id)
        ordered = statement.order_by(InspectionReportRow.at.desc(), InspectionReportRow.id).limit(limit)
        return [_report(row) for row in await scalars(self._session, ordered)]

    async def add_report(self, report: InspectionReport, grid: str) -> None:
        """Insert; what is there stays."""
        row: dict[str, Any] = {**vars(report), "failed": list(report.failed), "photos": list(report.photos)}
        await insert_new(self._session, InspectionReportRow, [row])
        await self._keep_photos(report.photos, grid)

    async def grids_of_photo(self, sha256: str) -> Sequence[str]:
        """Where it was taken."""
        return (await self._session.scalars(select(RoundPhotoRow.grid).where(RoundPhotoRow.sha256 == sha256))).all()

    async def _keep_photos(self, photos: Sequence[str], grid: str) -> None:
        await insert_new(self._session, RoundPhotoRow, [{"sha256": sha256, "grid": grid} for sha256 in photos])


def _entry(row: DiaryRow) -> DiaryEntry:
    return DiaryEntry(
        id=row.id,
        person=row.person,
        grid=row.grid,
        at=row.at,
        kind=DiaryKind(row.kind),
        words=row.words,
        photos=tuple(row.photos),
        place=row.place,
        case_id=row.case_id,
    )


def _inspection(row: InspectionRow) -> Inspection:
    return Inspection(
        id=row.id,
        kind=InspectionKind(row.kind),
        title=row.title,
        grid=row.grid,
        every_days=row.every_days,
        due_at=row.due_at,
        checks=tuple(row.checks),
        assignee=row.assignee,
        last_done_at=row.last_done_at,
        ended_at=row.ended_at,
    )


def _report(row: InspectionReportRow) -> InspectionReport:
    return InspectionReport(
        id=row.id,
        inspection=row.inspection,
        person=row.person,
        at=row.at,
        due_at=row.due_at,
        ok=row.ok,
        words=row.words,
        failed=tuple(row.failed),
        photos=tuple(row.photos),
        case_id=row.case_id,
    )
