"""Alarms and the files they name."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Dialect, Integer, Select, bindparam, func, literal_column, or_, select, tuple_, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql import ClauseElement

from lookout_contract.events import (
    Attributes,
    Condition,
    DetectedObject,
    EndReason,
    EvidenceKind,
    EvidenceRef,
    Scenario,
    Severity,
    Votes,
)
from lookout_server.adapters.database.prepared import Prepared, Question, driver_of
from lookout_server.adapters.database.remembered import recalled_in, written_in
from lookout_server.adapters.database.statements import (
    asking_with,
    insert_new,
    limited,
    questions,
    scalars,
    select_by,
    select_with,
    table_of,
    upsert,
)
from lookout_server.adapters.database.tables import AlarmEvidenceRow, AlarmRow
from lookout_server.adapters.database.visibility import alarms_seen
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm, AlarmState, Disposition
from lookout_server.domain.territory import CameraKey
from lookout_server.ports import AlarmFilter, Page

#: What never changes once there is the alarm: four of its indexes are left alone.
_LASTING = ("source", "occurrence", "gateway", "camera", "scenario", "emitted_at", "received_at")
#: What people decide: left alone by what gateways tell, and with it three more indexes on SQLite.
_DECIDED = ("disposition", "disposition_reason", "case_id", "acked_by", "acked_at", "ack_until")
#: No alarm that is over was told of for longer than this.
_LASTS = timedelta(days=31)
#: No rule asks for more (``exchange.policy``), and each telling of the feed counts for each of its alarms.
_MOST_REPEATS = 100
_KIND = ("gateway", "camera", "scenario")
#: Of which kind, and when.
_ASKED = (*_KIND, "first", "last")


#: How an alarm's files are found.
_FILES, _IN_ORDER = ("id", "alarm_id"), "position"


@cache
def _repeats(size: int) -> Prepared:
    table = table_of(AlarmRow)
    came = table.c.received_at

    def counted(place: int) -> Select[int, int]:
        alike = [table.c[name] == bindparam(f"{name}_{place}", type_=table.c[name].type) for name in _KIND]
        first, last = (bindparam(f"{name}_{place}", type_=came.type) for name in ("first", "last"))
        found = limited(select(came).where(*alike, came > first, came <= last), _MOST_REPEATS).subquery(f"of_{place}")
        return select(literal_column(str(place), Integer()), func.count()).select_from(found)

    def build(_dialect: Dialect) -> ClauseElement:
        return union_all(*(counted(place) for place in range(size)))

    return Prepared(build)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What of an alarm nothing queries. Not a message, which costs twice as much to make: it comes from an alarm, whose
    parts have been validated when they came in, or from the database, where ``_TOLD`` looks at them again."""

    objects: tuple[DetectedObject, ...] = ()
    votes: Votes | None = None
    attributes: Attributes = field(default_factory=Attributes)
    explain: tuple[Condition, ...] = ()
    outline: tuple[tuple[float, float], ...] | None = None


_TOLD = TypeAdapter(_Told)
#: Text → what it says, of what was written and read of late: the feed and the next event read the same again.
_SEEN: dict[str, _Told] = {}
_MOST_SEEN = 2000


class SqlAlarms:
    """Implements ports.AlarmRepository."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Alarm]:
        """Locked in the order of ids."""
        recalled = recalled_in(self._session) if lock else None
        if recalled is not None:
            return recalled.held(ids)
        rows = await select_with(self._session, AlarmRow, AlarmEvidenceRow, ids, on=_FILES, order=_IN_ORDER, lock=lock)
        files: dict[str, list[EvidenceRef]] = {row.id: [] for row, _ in rows}
        for row, file in rows:
            if file is not None:
                files[row.id].append(_file(file))
        return {name: _alarm(row, tuple(files[name])) for name, row in {row.id: row for row, _ in rows}.items()}

    async def save(self, alarms: Sequence[Alarm]) -> None:
        """Two statements for all of them."""
        await upsert(self._session, AlarmRow, [_values(alarm) for alarm in alarms], keep=_LASTING, later=True)
        files = [row for alarm in alarms for row in _evidence_values(alarm)]
        await insert_new(self._session, AlarmEvidenceRow, files, later=True)
        written_in(self._session).alarms.update({alarm.id: alarm for alarm in alarms})

    async def tell(self, alarms: Sequence[Alarm], held: Mapping[str, Alarm]) -> None:
        """Two statements for all of them. Of their files only those that are new."""
        rows = [_values(alarm) for alarm in alarms]
        await upsert(self._session, AlarmRow, rows, keep=(*_LASTING, *_DECIDED), later=True)
        files = [row for alarm in alarms for row in _evidence_values(alarm, held.get(alarm.id))]
        await insert_new(self._session, AlarmEvidenceRow, files, later=True)
        written_in(self._session).alarms.update({alarm.id: alarm for alarm in alarms})

    async def page(self, wanted: AlarmFilter, page: Page) -> Sequence[Alarm]:
        """By arrival: what was late is new to those who watch."""
        statement = select(AlarmRow).order_by(AlarmRow.received_at.desc(), AlarmRow.id.desc()).limit(page.limit)
        if wanted.disposition is not None:
            statement = statement.where(AlarmRow.disposition == wanted.disposition.value)
        if wanted.scenario is not None:
            statement = statement.where(AlarmRow.scenario == wanted.scenario.value)
        if wanted.scenarios is not None:
            statement = statement.where(AlarmRow.scenario.in_(sorted(each.value for each in wanted.scenarios)))
        if wanted.told_since is not None:
            # What is told of was told first not long before, or goes on: there are indexes of that, and none of what
            # every update would have to write.
            begun = AlarmRow.received_at >= wanted.told_since - _LASTS
            recent = or_(begun, AlarmRow.state == AlarmState.ACTIVE.value)
            statement = statement.where(AlarmRow.updated_at >= wanted.told_since, recent)
        if wanted.severity is not None:
            statement = statement.where(AlarmRow.severity == wanted.severity.value)
        if wanted.camera is not None:
            statement = statement.where(AlarmRow.camera == wanted.camera)
        if wanted.visible_to is not None and (seen := alarms_seen(wanted.visible_to)) is not None:
            statement = statement.where(seen)
        if page.before is not None:
            statement = statement.where(tuple_(AlarmRow.received_at, AlarmRow.id) < tuple_(*page.before))
        return await self._alarms(await scalars(self._session, statement))

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """By hash."""
        statement = select(AlarmEvidenceRow.alarm_id).where(AlarmEvidenceRow.sha256 == sha256)
        return (await self._session.scalars(statement)).all()

    async def active(self, camera: CameraKey, scenario: Scenario) -> int:
        """Counted."""
        statement = select(func.count()).where(
            AlarmRow.gateway == camera.gateway,
            AlarmRow.camera == camera.id,
            AlarmRow.scenario == scenario.value,
            AlarmRow.state == AlarmState.ACTIVE.value,
        )
        return int(await self._session.scalar(statement) or 0)

    async def going_on(self) -> Sequence[Alarm]:
        """Ranked by the database: in a flood thousands go on, of a few kinds."""
        newest = (AlarmRow.received_at.desc(), AlarmRow.id.desc())
        kind = (AlarmRow.gateway, AlarmRow.camera, AlarmRow.scenario)
        ranked = (
            select(AlarmRow.id, func.row_number().over(partition_by=kind, order_by=newest).label("place"))
            .where(AlarmRow.state == AlarmState.ACTIVE.value)
            .subquery()
        )
        last = select(ranked.c.id).where(ranked.c.place == 1)
        statement = select(AlarmRow).where(AlarmRow.id.in_(last))
        return await self._alarms(await scalars(self._session, statement.order_by(AlarmRow.received_at, AlarmRow.id)))

    async def repeats(self, alarms: Sequence[Alarm], within: timedelta) -> Sequence[int]:
        """Counts of the database's own, since in a flood there are thousands of rows to each."""
        asked = [
            (each.camera.gateway, each.camera.id, each.scenario.value, each.received_at - within, each.received_at)
            for each in alarms
        ]
        counts: dict[tuple[Any, ...], int] = {}
        for values, size in questions(_ASKED, asked):
            for place, count in await driver_of(self._session).fetch(_repeats(size), values):
                counts[tuple(values[f"{name}_{place}"] for name in _ASKED)] = int(count)
        return [counts[each] for each in asked]

    async def open_by_severity(self, visible_to: Access | None = None) -> dict[Severity, int]:
        """Counts of open alarms."""
        statement = (
            select(AlarmRow.severity, func.count())
            .where(AlarmRow.disposition == Disposition.OPEN.value)
            .group_by(AlarmRow.severity)
        )
        if visible_to is not None and (seen := alarms_seen(visible_to)) is not None:
            statement = statement.where(seen)
        return {Severity(row[0]): int(row[1]) for row in await self._session.execute(statement)}

    async def _alarms(self, rows: Sequence[AlarmRow]) -> list[Alarm]:
        files: dict[str, list[EvidenceRef]] = {row.id: [] for row in rows}
        of_these = [(name,) for name in files]
        for row in await select_by(self._session, AlarmEvidenceRow, ("alarm_id",), of_these, order=("position",)):
            files[row.alarm_id].append(_file(row))
        return [_alarm(row, tuple(files[row.id])) for row in rows]


def asking_alarms(ids: Collection[str]) -> Iterator[Question]:
    """What ``get`` asks when it locks."""
    return asking_with(AlarmRow, AlarmEvidenceRow, ids, on=_FILES, order=_IN_ORDER, lock=True)


def _file(row: AlarmEvidenceRow) -> EvidenceRef:
    return EvidenceRef(kind=EvidenceKind(row.kind), sha256=row.sha256, bytes=row.bytes, mime=row.mime)


def _alarm(row: AlarmRow, evidence: tuple[EvidenceRef, ...]) -> Alarm:
    told = _told(row.told)
    return Alarm(
        id=row.id,
        source=row.source,
        occurrence=row.occurrence,
        camera=CameraKey(gateway=row.gateway, id=row.camera),
        scenario=Scenario(row.scenario),
        severity=Severity(row.severity),
        severity_reason=row.severity_reason,
        state=AlarmState(row.state),
        zone=row.zone,
        started_at=row.started_at,
        updated_at=row.updated_at,
        ended_at=row.ended_at,
        end_reason=EndReason(row.end_reason) if row.end_reason else None,
        emitted_at=row.emitted_at,
        received_at=row.received_at,
        objects=told.objects,
        votes=told.votes,
        dwell_s=row.dwell_s,
        attributes=told.attributes,
        explain=told.explain,
        evidence=evidence,
        epoch=row.epoch,
        sequence=row.sequence,
        disposition=Disposition(row.disposition),
        disposition_reason=row.disposition_reason,
        case_id=row.case_id,
        acked_by=row.acked_by,
        acked_at=row.acked_at,
        ack_until=row.ack_until,
        outline=told.outline,
    )


def _told(text: str) -> _Told:
    found = _SEEN.get(text)
    return _seen(text, _TOLD.validate_json(text)) if found is None else found


def _written(told: _Told) -> str:
    text = _TOLD.serializer.to_json(told).decode()
    _seen(text, told)
    return text


def _seen(text: str, told: _Told) -> _Told:
    if len(_SEEN) >= _MOST_SEEN:
        _SEEN.clear()
    _SEEN[text] = told
    return told


def _values(alarm: Alarm) -> dict[str, Any]:
    told = _Told(
        objects=alarm.objects,
        votes=alarm.votes,
        attributes=alarm.attributes,
        explain=alarm.explain,
        outline=alarm.outline,
    )
    return {
        "id": alarm.id,
        "source": alarm.source,
        "occurrence": alarm.occurrence,
        "gateway": alarm.camera.gateway,
        "camera": alarm.camera.id,
        "scenario": alarm.scenario.value,
        "severity": alarm.severity.value,
        "severity_reason": alarm.severity_reason,
        "state": alarm.state.value,
        "zone": alarm.zone,
        "started_at": alarm.started_at,
        "updated_at": alarm.updated_at,
        "ended_at": alarm.ended_at,
        "end_reason": alarm.end_reason.value if alarm.end_reason else None,
        "emitted_at": alarm.emitted_at,
        "received_at": alarm.received_at,
        "dwell_s": alarm.dwell_s,
        "told": _written(told),
        "epoch": alarm.epoch,
        "sequence": alarm.sequence,
        "disposition": alarm.disposition.value,
        "disposition_reason": alarm.disposition_reason,
        "case_id": alarm.case_id,
        "acked_by": alarm.acked_by,
        "acked_at": alarm.acked_at,
        "ack_until": alarm.ack_until,
    }


def _evidence_values(alarm: Alarm, held: Alarm | None = None) -> list[dict[str, Any]]:
    """Files are only ever added, behind the others."""
    known = len(held.evidence) if held is not None else 0
    return [
        {
            "alarm_id": alarm.id,
            "sha256": ref.sha256,
            "position": position,
            "kind": ref.kind.value,
            "bytes": ref.bytes,
            "mime": ref.mime,
        }
        for position, ref in enumerate(alarm.evidence[known:], known)
    ]
