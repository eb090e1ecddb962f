"""Cases and their rows."""

from datetime import datetime
from typing import Any

from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.database.tables import CaseHistoryRow, CaseRow
from lookout_server.domain.case import Asked, Case, HistoryEntry, Source, Whistle
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import Tier
from lookout_server.domain.territory import CameraKey


def case_of(row: CaseRow, alarms: tuple[str, ...], whistles: tuple[Whistle, ...]) -> Case:
    """The case of a row and of what belongs to it."""
    has_camera = row.gateway is not None and row.camera is not None
    return Case(
        id=row.id,
        number=row.number,
        title=row.title,
        scenario=Scenario(row.scenario) if row.scenario else None,
        severity=Severity(row.severity),
        state=CaseState(row.state),
        version=row.version,
        entries=row.entries,
        camera=CameraKey(gateway=row.gateway or "", id=row.camera or "") if has_camera else None,
        grid=row.grid,
        opened_at=row.opened_at,
        updated_at=row.updated_at,
        due_at=row.due_at,
        handler=row.handler,
        alarms=alarms,
        reworks=row.reworks,
        rung=row.rung,
        first_due_at=row.first_due_at,
        paused_left_s=row.paused_left_s,
        resumes_to=CaseState(row.resumes_to) if row.resumes_to else None,
        asked=_asked(row.asked) if row.asked else None,
        supervised=row.supervised,
        merged_into=row.merged_into,
        whistles=whistles,
        tier=Tier(row.tier) if row.tier else None,
        score=row.score,
        source=Source(row.source),
        topic=row.topic,
        scene=row.scene,
    )


def values_of(case: Case) -> dict[str, Any]:
    """The columns of a case, without its id."""
    return {
        "number": case.number,
        "title": case.title,
        "scenario": case.scenario.value if case.scenario else None,
        "severity": case.severity.value,
        "state": case.state.value,
        "version": case.version,
        "entries": case.entries,
        "gateway": case.camera.gateway if case.camera else None,
        "camera": case.camera.id if case.camera else None,
        "grid": case.grid,
        "opened_at": case.opened_at,
        "updated_at": case.updated_at,
        "due_at": case.due_at,
        "handler": case.handler,
        "reworks": case.reworks,
        "rung": case.rung,
        "first_due_at": case.first_due_at,
        "paused_left_s": case.paused_left_s,
        "resumes_to": case.resumes_to.value if case.resumes_to else None,
        "asked": _asked_values(case.asked) if case.asked else None,
        "supervised": case.supervised,
        "merged_into": case.merged_into,
        "tier": case.tier.value if case.tier else None,
        "score": case.score,
        "source": case.source.value,
        "topic": case.topic,
        "scene": case.scene,
    }


def entry_of(row: CaseHistoryRow) -> HistoryEntry:
    """A line of the history."""
    return HistoryEntry(
        seq=row.seq,
        at=row.at,
        actor=row.actor,
        action=Action(row.action),
        from_state=CaseState(row.from_state) if row.from_state else None,
        to_state=CaseState(row.to_state),
        note=row.note,
        data=row.data,
    )


def entry_values_of(case_id: str, entry: HistoryEntry) -> dict[str, Any]:
    """The columns of a line of a case's history."""
    return {
        "case_id": case_id,
        "seq": entry.seq,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action.value,
        "from_state": entry.from_state.value if entry.from_state else None,
        "to_state": entry.to_state.value,
        "note": entry.note,
        "data": dict(entry.data),
    }


def _asked(held: dict[str, Any]) -> Asked:
    return Asked(
        action=Action(held["action"]),
        until=datetime.fromisoformat(held["until"]),
        by=held["by"],
        reason=held["reason"],
    )


def _asked_values(asked: Asked) -> dict[str, Any]:
    return {"action": asked.action.value, "until": asked.until.isoformat(), "by": asked.by, "reason": asked.reason}
