"""Places with a QR code, and what residents reported there."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from lookout_server.adapters.database.statements import insert_into, scalars, upsert
from lookout_server.adapters.database.tables import CaseRow, ReportPlaceRow, ResidentReportRow, SeenTooRow
from lookout_server.domain.resident import ReportKind, ReportPlace, ResidentReport, SeenToo


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

    async def seen(self, ids: Collection[str]) -> Sequence[SeenToo]:
        """Oldest first."""
        statement = select(SeenTooRow).where(SeenTooRow.id.in_(sorted(ids))).order_by(SeenTooRow.at, SeenTooRow.id)
        return [
            SeenToo(id=row.id, place=row.place, kind=ReportKind(row.kind), case_id=row.case_id, at=row.at)
            for row in await scalars(self._session, statement)
        ]

    async def add_seen(self, seen: SeenToo) -> bool:
        """The primary key decides between two that are sent at once."""
        row: dict[str, Any] = {**vars(seen), "kind": seen.kind.value}
        statement = insert_into(self._session, SeenTooRow).values(row).on_conflict_do_nothing()
        return (await self._session.execute(statement.returning(SeenTooRow.id))).first() is not None

    async def remove_seen(self, ids: Collection[str]) -> int:
        """By id."""
        statement = delete(SeenTooRow).where(SeenTooRow.id.in_(sorted(ids))).returning(SeenTooRow.id)
        gone = await self._session.execute(statement.execution_options(synchronize_session=False))
        return len(gone.all())

    async def seen_at(self, place: str, cases: Collection[str]) -> Mapping[tuple[str, ReportKind], int]:
        """One statement; none where nothing is asked for."""
        if not cases:
            return {}
        statement = (
            select(SeenTooRow.case_id, SeenTooRow.kind, func.count())
            .where(SeenTooRow.case_id.in_(sorted(cases)), SeenTooRow.place == place)
            .group_by(SeenTooRow.case_id, SeenTooRow.kind)
        )
        return {(str(case), ReportKind(kind)): int(n) for case, kind, n in await self._session.execute(statement)}

    async def seen_by(self, cases: Collection[str]) -> Mapping[str, int]:
        """One statement, down the tree of what was merged; none where nothing is asked for."""
        if not cases:
            return {}
        roots = select(CaseRow.id.label("root"), CaseRow.id.label("id")).where(CaseRow.id.in_(sorted(set(cases))))
        family = roots.cte("family", recursive=True)
        # UNION and not UNION ALL: a ring of merges, which nobody should be able to make, ends.
        family = family.union(select(family.c.root, CaseRow.id).where(CaseRow.merged_into == family.c.id))
        statement = (
            select(family.c.root, func.count(SeenTooRow.id))
            .join(SeenTooRow, SeenTooRow.case_id == family.c.id)
            .group_by(family.c.root)
        )
        return {str(case): int(n) for case, n in await self._session.execute(statement)}


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
