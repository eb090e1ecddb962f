"""What statistics are made of, summed up by the database as far as it can."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.database.tables import AlarmRow, CameraRow, CaseAlarmRow, CaseHistoryRow, CaseRow
from lookout_server.adapters.database.visibility import alarms_seen, cases_seen
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import DismissReason, Disposition
from lookout_server.domain.case import Source
from lookout_server.domain.moves import Action
from lookout_server.domain.statistics import DONE, AlarmCount, Assessment, CaseFacts, Step
from lookout_server.domain.territory import CameraKey

_JUDGED = {
    DismissReason.FALSE_ALARM: Assessment.FALSE,
    DismissReason.VOID: Assessment.FALSE,
    DismissReason.DUPLICATE: Assessment.DUPLICATE,
}


class SqlStatistics:
    """Implements ports.StatisticsRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def cases(
        self, first: datetime, last: datetime, by: Access, places: Collection[str] | None
    ) -> Sequence[CaseFacts]:
        """Two statements: the cases, and their histories folded into a row each."""
        chosen = [CaseRow.opened_at >= first, CaseRow.opened_at < last]
        seen = cases_seen(by)
        if seen is not None:
            chosen.append(seen)
        if places is not None:
            chosen.append(CaseRow.grid.in_(sorted(places)))
        known = (
            select(func.min(AlarmRow.received_at))
            .join(CaseAlarmRow, CaseAlarmRow.alarm_id == AlarmRow.id)
            .where(CaseAlarmRow.case_id == CaseRow.id)
            .scalar_subquery()
        )
        columns = [CaseRow.id, CaseRow.grid, CaseRow.severity, CaseRow.source, CaseRow.state, CaseRow.handler]
        cases = select(*columns, CaseRow.opened_at, known.label("known_at")).where(*chosen)
        # Joined, SQLite would read the whole history and look for the cases in it.
        history = (
            select(
                CaseHistoryRow.case_id,
                func.min(_at(_confirmed())).label(Step.CONFIRM.value),
                func.min(_at(CaseHistoryRow.action == Action.DISPATCH.value)).label(Step.DISPATCH.value),
                func.min(_at(CaseHistoryRow.action == Action.ARRIVE.value)).label(Step.ON_SCENE.value),
                func.max(_at(CaseHistoryRow.action == Action.CLOSE.value)).label(Step.CLOSE.value),
                func.max(case((_late(), 1), else_=0)).label("late"),
            )
            .where(CaseHistoryRow.case_id.in_(select(CaseRow.id).where(*chosen)))
            .group_by(CaseHistoryRow.case_id)
        )
        folded = {row["case_id"]: row for row in (await self._session.execute(history)).mappings()}
        rows = (await self._session.execute(cases)).mappings()
        # A case that came between the two is for the next look.
        return [_facts(row, folded[row["id"]]) for row in rows if row["id"] in folded]

    async def alarms(
        self, first: datetime, last: datetime, by: Access, places: Collection[str] | None
    ) -> Sequence[AlarmCount]:
        """One statement; alarms that were dismissed as a test are not counted at all."""
        # The words somebody wrote follow the reason after a colon.
        reason = case(
            *(
                (AlarmRow.disposition_reason.like(f"{each.value}%"), each.value)
                for each in DismissReason
                if each is not DismissReason.OTHER
            ),
            else_=DismissReason.OTHER.value,
        ).label("reason")
        chosen = [AlarmRow.gateway, AlarmRow.camera, AlarmRow.scenario, AlarmRow.disposition]
        statement = (
            select(*chosen, reason, func.count().label("number"))
            .where(AlarmRow.received_at >= first, AlarmRow.received_at < last)
            .group_by(*chosen, reason)
            .order_by(AlarmRow.gateway, AlarmRow.camera, AlarmRow.scenario)
        )
        seen = alarms_seen(by)
        if seen is not None:
            statement = statement.where(seen)
        if places is not None:
            there = exists().where(
                CameraRow.gateway == AlarmRow.gateway,
                CameraRow.id == AlarmRow.camera,
                CameraRow.grid.in_(sorted(places)),
            )
            statement = statement.where(there)
        rows = (await self._session.execute(statement)).mappings()
        counts = [(_assessment(row["disposition"], row["reason"]), row) for row in rows]
        return [
            AlarmCount(
                camera=CameraKey(gateway=row["gateway"], id=row["camera"]),
                scenario=Scenario(row["scenario"]),
                assessment=assessment,
                count=int(row["number"]),
            )
            for assessment, row in counts
            if assessment is not None
        ]


def _at(condition: ColumnElement[bool]) -> ColumnElement[datetime]:
    return case((condition, CaseHistoryRow.at))


def _confirmed() -> ColumnElement[bool]:
    """A line with which a case was confirmed for good: one that was taken back left it new again."""
    line = aliased(CaseHistoryRow)
    new_again = (
        select(func.max(line.seq))
        .where(
            line.case_id == CaseHistoryRow.case_id,
            line.action == Action.TAKE_BACK.value,
            line.to_state == CaseState.NEW.value,
        )
        .correlate(CaseHistoryRow)
        .scalar_subquery()
    )
    return and_(CaseHistoryRow.to_state == CaseState.CONFIRMED.value, CaseHistoryRow.seq > func.coalesce(new_again, 0))


def _late() -> ColumnElement[bool]:
    """A line that says that the limit of a step had passed; a department that did not report in has its own clock."""
    reason = CaseHistoryRow.data["reason"].as_string()
    told_on = and_(
        CaseHistoryRow.action == Action.ESCALATE.value, or_(reason.is_(None), reason.not_in(["no_report_in"]))
    )
    return or_(told_on, and_(CaseHistoryRow.action == Action.DISPATCH.value, reason == "silence"))


def _facts(row: Any, history: Any) -> CaseFacts:
    state = CaseState(row["state"])
    reached = {step: history[step.value] for step in Step if history[step.value] is not None}
    if state not in DONE:
        # It was closed once and has been reopened since.
        reached.pop(Step.CLOSE, None)
    opened_at: datetime = row["opened_at"]
    return CaseFacts(
        grid=row["grid"],
        severity=Severity(row["severity"]),
        source=Source(row["source"]),
        state=state,
        handler=row["handler"],
        opened_at=opened_at,
        known_at=min(row["known_at"] or opened_at, opened_at),
        reached=reached,
        late=bool(history["late"]),
    )


def _assessment(disposition: str, reason: str) -> Assessment | None:
    match Disposition(disposition):
        case Disposition.OPEN:
            return Assessment.OPEN
        case Disposition.REPORTED:
            return Assessment.REAL
        case Disposition.DISMISSED:
            dismissed = DismissReason(reason)
            return None if dismissed is DismissReason.TEST else _JUDGED.get(dismissed, Assessment.OTHER)
