"""Cases, their history and files."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Dialect,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.database.case_rows import case_of, entry_of, entry_values_of, values_of
from lookout_server.adapters.database.prepared import Prepared, Question, driver_of
from lookout_server.adapters.database.searching import matching
from lookout_server.adapters.database.statements import count_up, insert_new, scalars, table_of, upsert
from lookout_server.adapters.database.tables import (
    AlarmRow,
    CameraRow,
    CaseAlarmRow,
    CaseEvidenceRow,
    CaseHistoryRow,
    CaseRow,
    DeadlineRow,
    PersonRow,
    WhistleRow,
)
from lookout_server.adapters.database.visibility import cases_seen
from lookout_server.domain.access import RESTRICTED, Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.case import Case, CaseEvidence, CaseEvidenceKind, HistoryEntry, Source, Stage, Whistle
from lookout_server.domain.deadline import DeadlineKind
from lookout_server.domain.moves import IN_HAND, ROOM_IS_NEXT, ROOM_WATCHES, SETTLED, Action
from lookout_server.domain.seal import seal_of
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ConflictError, StaleVersionError
from lookout_server.ports import CaseFilter, Page


class SqlCases:
    """Implements ports.CaseRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        #: Cases that this transaction settles, with the line that did it.
        self._settled: dict[str, HistoryEntry] = {}

    async def next_number(self, day: str) -> int:
        """A counter a day, locked until the transaction ends: no number is lost or given twice."""
        return await count_up(self._session, f"case-{day}", 1)

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Case]:
        """Locked in the order of ids."""
        if not ids:
            return {}
        statement = select(CaseRow).where(CaseRow.id.in_(sorted(set(ids)))).order_by(CaseRow.id)
        rows = await scalars(self._session, statement.with_for_update() if lock else statement)
        return {case.id: case for case in await self._cases(rows)}

    async def add(self, case: Case, entry: HistoryEntry) -> None:
        """The partial unique index on live links decides a race between two reports."""
        links = [
            {"case_id": case.id, "alarm_id": alarm, "position": position, "released": False}
            for position, alarm in enumerate(case.alarms)
        ]
        try:
            await self._session.execute(table_of(CaseRow).insert(), [{"id": case.id, **values_of(case)}])
            if links:
                await self._session.execute(table_of(CaseAlarmRow).insert(), links)
        except IntegrityError as error:
            raise ConflictError("this alarm has just become a case: load it again") from error
        await self._append(case.id, entry)

    async def add_past(self, cases: Sequence[tuple[Case, Sequence[HistoryEntry]]]) -> None:
        """Two statements for all of them."""
        rows = [{"id": case.id, **values_of(case)} for case, _ in cases]
        await self._session.execute(table_of(CaseRow).insert(), rows)
        lines = [entry_values_of(case.id, entry) for case, history in cases for entry in history]
        await self._session.execute(table_of(CaseHistoryRow).insert(), lines)

    async def link_past(self, links: Sequence[tuple[str, str]]) -> None:
        """One statement."""
        rows = [{"case_id": case, "alarm_id": alarm, "position": 0, "released": False} for case, alarm in links]
        await self._session.execute(table_of(CaseAlarmRow).insert(), rows)

    async def update(self, case: Case, entry: HistoryEntry, *, seen: int) -> None:
        """The version in the WHERE is what makes two moves at once impossible."""
        statement = (
            update(CaseRow)
            .where(CaseRow.id == case.id, CaseRow.version == seen)
            .values(**values_of(case))
            .returning(CaseRow.id)
            .execution_options(synchronize_session=False)
        )
        if (await self._session.execute(statement)).first() is None:
            found = await self.get([case.id])
            raise StaleVersionError(seen=seen, current=found[case.id].version)
        await self._keep_whistles(case, entry.action)
        await self._append(case.id, entry)
        if case.state in SETTLED:
            self._settled[case.id] = entry

    async def release_alarms(self, case_id: str, *, released: bool) -> None:
        """The links stay: a void case still says what it was about."""
        statement = update(CaseAlarmRow).where(CaseAlarmRow.case_id == case_id).values(released=released)
        try:
            await self._session.execute(statement.execution_options(synchronize_session=False))
        except IntegrityError as error:
            raise ConflictError("an alarm of this case belongs to another case by now") from error

    async def cameras(self, ids: Collection[str]) -> Mapping[str, Sequence[CameraKey]]:
        """One statement; none where nothing is asked for. Where care is given is told with a care alarm alone."""
        found: dict[str, list[CameraKey]] = {}
        if not ids:
            return found
        statement = (
            select(CaseAlarmRow.case_id, AlarmRow.gateway, AlarmRow.camera)
            .join(AlarmRow, AlarmRow.id == CaseAlarmRow.alarm_id)
            .where(CaseAlarmRow.case_id.in_(sorted(set(ids))))
            .where(AlarmRow.scenario.not_in(sorted(scenario.value for scenario in RESTRICTED)))
            .group_by(CaseAlarmRow.case_id, AlarmRow.gateway, AlarmRow.camera)
            .order_by(func.min(CaseAlarmRow.position))
        )
        for case, gateway, camera in await self._session.execute(statement):
            found.setdefault(str(case), []).append(CameraKey(gateway=str(gateway), id=str(camera)))
        return found

    async def page(self, wanted: CaseFilter, page: Page) -> Sequence[Case]:
        """Newest first."""
        statement = _paged(select(CaseRow), page)
        if wanted.states is not None:
            statement = statement.where(CaseRow.state.in_(sorted(state.value for state in wanted.states)))
        statement = statement.where(*_asked_for(wanted))
        if wanted.text is not None:
            statement = statement.where(await matching(self._session, wanted.text))
        if wanted.visible_to is not None and (seen := cases_seen(wanted.visible_to)) is not None:
            statement = statement.where(seen)
        return await self._cases(await scalars(self._session, statement))

    async def first_words(self, case_ids: Collection[str]) -> Mapping[str, str]:
        """By the primary key: the first line of each."""
        first = (
            CaseHistoryRow.case_id.in_(sorted(case_ids)),
            CaseHistoryRow.seq == 1,
            CaseHistoryRow.note.is_not(None),
        )
        found = await self._session.execute(select(CaseHistoryRow.case_id, CaseHistoryRow.note).where(*first))
        return {case_id: note for case_id, note in found if note}

    async def history(self, case_id: str) -> Sequence[HistoryEntry]:
        """Oldest first."""
        statement = select(CaseHistoryRow).where(CaseHistoryRow.case_id == case_id).order_by(CaseHistoryRow.seq)
        return [entry_of(row) for row in await scalars(self._session, statement)]

    async def seals(self) -> Sequence[Entry]:
        """For the audit log: of each case that this transaction settled, as the database has its history now."""
        if not self._settled:
            return ()
        settled, self._settled = self._settled, {}
        sealed: list[Entry] = []
        for name, lines in (await self.histories(settled)).items():
            last = settled[name]
            said: dict[str, str | int] = {"lines": len(lines), "hash": seal_of(name, lines)}
            details = {**said, "state": last.to_state.value}
            sealed.append(Entry(at=last.at, act=Act.CASE_SETTLED, actor=last.actor, subject=name, details=details))
        return sealed

    async def attach(self, case_id: str, evidence: CaseEvidence) -> None:
        """The same file as the same thing again does nothing."""
        row: dict[str, Any] = {
            "case_id": case_id,
            "sha256": evidence.sha256,
            "kind": evidence.kind.value,
            "mime": evidence.mime,
            "bytes": evidence.bytes,
            "at": evidence.at,
            "stage": evidence.stage.value,
        }
        await insert_new(self._session, CaseEvidenceRow, [row])

    async def evidence(self, case_id: str) -> Sequence[CaseEvidence]:
        """Oldest first."""
        wanted = select(CaseEvidenceRow).where(CaseEvidenceRow.case_id == case_id)
        order = (CaseEvidenceRow.at, CaseEvidenceRow.sha256, CaseEvidenceRow.kind, CaseEvidenceRow.stage)
        rows = await scalars(self._session, wanted.order_by(*order))
        return [
            CaseEvidence(
                kind=CaseEvidenceKind(row.kind),
                sha256=row.sha256,
                mime=row.mime,
                bytes=row.bytes,
                at=row.at,
                stage=Stage(row.stage),
            )
            for row in rows
        ]

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """By hash."""
        statement = select(CaseEvidenceRow.case_id).where(CaseEvidenceRow.sha256 == sha256).distinct()
        return (await self._session.scalars(statement)).all()

    async def load_of(self, people: Collection[str]) -> dict[str, int]:
        """Cases in hand; settled ones do not count."""
        statement = (
            select(CaseRow.handler, func.count())
            .where(CaseRow.handler.in_(sorted(people)), CaseRow.state.not_in(sorted(s.value for s in SETTLED)))
            .group_by(CaseRow.handler)
        )
        return {str(row[0]): int(row[1]) for row in await self._session.execute(statement)}

    async def returned_by(self, case_id: str) -> frozenset[str]:
        """From the history."""
        statement = select(CaseHistoryRow.actor).where(
            CaseHistoryRow.case_id == case_id, CaseHistoryRow.action == Action.RETURN.value
        )
        return frozenset(actor for actor in await self._session.scalars(statement) if actor is not None)

    async def sent_for(self, case_id: str) -> frozenset[str]:
        """From the history: a dispatch that nobody's acceptance followed."""
        statement = (
            select(CaseHistoryRow)
            .where(
                CaseHistoryRow.case_id == case_id,
                CaseHistoryRow.action.in_((Action.DISPATCH.value, Action.ACCEPT.value)),
            )
            .order_by(CaseHistoryRow.seq)
        )
        sent: set[str] = set()
        for row in await scalars(self._session, statement):
            if row.action == Action.DISPATCH.value:
                sent.add(str(row.data["worker"]["id"]))
            elif row.actor is not None:
                sent.discard(row.actor)
        return frozenset(sent)

    async def count_by_state(self, visible_to: Access | None = None) -> dict[CaseState, int]:
        """By the index on states: of what is settled there may be half a million."""
        live = sorted(state.value for state in set(CaseState) - SETTLED)
        statement = select(CaseRow.state, func.count()).where(CaseRow.state.in_(live)).group_by(CaseRow.state)
        if visible_to is not None and (seen := cases_seen(visible_to)) is not None:
            statement = statement.where(seen)
        return {CaseState(row[0]): int(row[1]) for row in await self._session.execute(statement)}

    async def waiting_by_severity(self, visible_to: Access) -> dict[Severity, int]:
        """By the index on states."""
        watched = and_(CaseRow.severity == Severity.RED.value, CaseRow.state.in_(sorted(ROOM_WATCHES)))
        gone = CaseRow.handler.in_(select(PersonRow.id).where(PersonRow.barred.is_(True)))
        left = and_(gone, CaseRow.state.in_(sorted(IN_HAND - {CaseState.SUSPENDED})))
        statement = (
            select(CaseRow.severity, func.count())
            .where(
                CaseRow.state.in_(sorted(ROOM_WATCHES | IN_HAND)),
                or_(watched, left, CaseRow.state.in_(sorted(ROOM_IS_NEXT))),
            )
            .group_by(CaseRow.severity)
        )
        if (seen := cases_seen(visible_to)) is not None:
            statement = statement.where(seen)
        return {Severity(row[0]): int(row[1]) for row in await self._session.execute(statement)}

    async def without_deadline(self, limit: int) -> Sequence[Case]:
        """The oldest first."""
        armed = select(DeadlineRow.subject).where(DeadlineRow.kind == DeadlineKind.STEP.value)
        statement = (
            select(CaseRow)
            .where(CaseRow.due_at.is_not(None), CaseRow.rung == 0, CaseRow.id.not_in(armed))
            .order_by(CaseRow.due_at)
            .limit(limit)
        )
        return await self._cases(await scalars(self._session, statement))

    async def closed_at(self, camera: CameraKey, scenario: Scenario, since: datetime) -> Sequence[Case]:
        """By the index on cameras."""
        statement = (
            select(CaseRow)
            .where(
                CaseRow.gateway == camera.gateway,
                CaseRow.camera == camera.id,
                CaseRow.updated_at >= since,
                CaseRow.scenario == scenario.value,
                CaseRow.state.in_((CaseState.CLOSED.value, CaseState.FOLLOW_UP.value)),
            )
            .order_by(CaseRow.opened_at.desc(), CaseRow.id.desc())
        )
        rows = await scalars(self._session, statement)
        return await self._cases(rows) if rows else []

    async def live_near(self, scenarios: Collection[Scenario], since: datetime) -> Sequence[Case]:
        """By id. Asked at every batch that brings something new, and mostly for nothing."""
        rows = await driver_of(self._session).fetch(*asking_live(since))
        names = {scenario.value for scenario in scenarios}
        return [*(await self.get([name for name, scenario in rows if scenario in names])).values()]

    async def opened_by(self, person: str, source: Source, since: datetime) -> Sequence[str]:
        """By the first line of the history."""
        statement = (
            select(CaseRow.id)
            .join(CaseHistoryRow, CaseHistoryRow.case_id == CaseRow.id)
            .where(CaseRow.opened_at >= since, CaseRow.source == source.value)
            .where(CaseHistoryRow.seq == 1, CaseHistoryRow.actor == person)
            .order_by(CaseRow.opened_at.desc())
        )
        return (await self._session.scalars(statement)).all()

    async def opened_since(self, since: datetime, page: Page) -> Sequence[Case]:
        """Newest first."""
        statement = _paged(select(CaseRow).where(CaseRow.opened_at >= since), page)
        return await self._cases(await scalars(self._session, statement))

    async def histories(self, ids: Collection[str]) -> dict[str, list[HistoryEntry]]:
        """One query for all."""
        statement = select(CaseHistoryRow).where(CaseHistoryRow.case_id.in_(sorted(ids)))
        found: dict[str, list[HistoryEntry]] = {name: [] for name in ids}
        for row in await scalars(self._session, statement.order_by(CaseHistoryRow.case_id, CaseHistoryRow.seq)):
            found[row.case_id].append(entry_of(row))
        return found

    async def add_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Behind those it has; a link that was released is taken up again."""
        last = await self._session.scalar(
            select(func.max(CaseAlarmRow.position)).where(CaseAlarmRow.case_id == case_id)
        )
        first = 0 if last is None else int(last) + 1
        links = [
            {"case_id": case_id, "alarm_id": alarm, "position": first + offset, "released": False}
            for offset, alarm in enumerate(alarms)
        ]
        try:
            await upsert(self._session, CaseAlarmRow, links)
        except IntegrityError as error:
            raise ConflictError("one of these alarms belongs to another case by now: load it again") from error

    async def drop_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Delete the links."""
        statement = delete(CaseAlarmRow).where(
            CaseAlarmRow.case_id == case_id, CaseAlarmRow.alarm_id.in_(sorted(alarms))
        )
        await self._session.execute(statement.execution_options(synchronize_session=False))

    async def _keep_whistles(self, case: Case, action: Action) -> None:
        if action is Action.REOPEN:
            gone = delete(WhistleRow).where(WhistleRow.case_id == case.id)
            await self._session.execute(gone.execution_options(synchronize_session=False))
        rows: list[dict[str, Any]] = [
            {"case_id": case.id, "person_id": each.person, "due_at": each.due_at, "reported_at": each.reported_at}
            for each in case.whistles
        ]
        await upsert(self._session, WhistleRow, rows)

    async def _whistles(self, ids: Collection[str]) -> dict[str, tuple[Whistle, ...]]:
        statement = select(WhistleRow).where(WhistleRow.case_id.in_(ids))
        found: dict[str, tuple[Whistle, ...]] = {}
        for row in await scalars(self._session, statement.order_by(WhistleRow.due_at, WhistleRow.person_id)):
            whistle = Whistle(person=row.person_id, due_at=row.due_at, reported_at=row.reported_at)
            found[row.case_id] = (*found.get(row.case_id, ()), whistle)
        return found

    async def _append(self, case_id: str, entry: HistoryEntry) -> None:
        await self._session.execute(table_of(CaseHistoryRow).insert(), [entry_values_of(case_id, entry)])

    async def _cases(self, rows: Sequence[CaseRow]) -> list[Case]:
        ids = [row.id for row in rows]
        statement = select(CaseAlarmRow).where(CaseAlarmRow.case_id.in_(ids)).order_by(CaseAlarmRow.position)
        alarms: dict[str, list[str]] = {name: [] for name in ids}
        whistles = await self._whistles(ids)
        for link in await scalars(self._session, statement):
            alarms[link.case_id].append(link.alarm_id)
        return [case_of(row, tuple(alarms[row.id]), whistles.get(row.id, ())) for row in rows]


def _live_near(_dialect: Dialect) -> ClauseElement:
    table, alarms = table_of(CaseRow), table_of(AlarmRow)
    since = bindparam("since", type_=table.c.opened_at.type)
    told = select(alarms.c.id).where(alarms.c.case_id == table.c.id, alarms.c.updated_at >= since)
    return select(table.c.id, table.c.scenario).where(
        # Not the settled ones left out, which no index knows: they are nearly all.
        table.c.state.in_([literal_column(f"'{state.value}'") for state in CaseState if state not in SETTLED]),
        or_(table.c.opened_at >= since, told.exists()),
    )


_LIVE_NEAR = Prepared(_live_near)


def asking_live(since: datetime) -> Question:
    """What ``live_near`` asks: of all kinds, which are few, so that it can be asked before it is known which."""
    return _LIVE_NEAR, {"since": since}


def _asked_for(wanted: CaseFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.handler is not None:
        found.append(CaseRow.handler == wanted.handler)
    if wanted.severity is not None:
        found.append(CaseRow.severity == wanted.severity.value)
    if wanted.scenario is not None:
        found.append(CaseRow.scenario == wanted.scenario.value)
    if wanted.scenarios is not None:
        found.append(CaseRow.scenario.in_(sorted(each.value for each in wanted.scenarios)))
    if wanted.grids is not None:
        found.append(CaseRow.grid.in_(sorted(wanted.grids)))
    if wanted.buildings is not None:
        there = exists().where(
            CameraRow.gateway == CaseRow.gateway,
            CameraRow.id == CaseRow.camera,
            CameraRow.building.in_(sorted(wanted.buildings)),
        )
        found.append(there)
    if wanted.supervised is not None:
        found.append(CaseRow.supervised.is_(wanted.supervised))
    if wanted.opened_from is not None:
        found.append(CaseRow.opened_at >= wanted.opened_from)
    if wanted.opened_before is not None:
        found.append(CaseRow.opened_at < wanted.opened_before)
    if wanted.due_before is not None:
        found.append(CaseRow.due_at < wanted.due_before)
    return found


def _paged(statement: Select[CaseRow], page: Page) -> Select[CaseRow]:
    if page.before is not None:
        statement = statement.where(tuple_(CaseRow.opened_at, CaseRow.id) < tuple_(*page.before))
    return statement.order_by(CaseRow.opened_at.desc(), CaseRow.id.desc()).limit(page.limit)
