"""Alarms."""

from typing import Any

from lookout_contract.events import (
    Attributes,
    Condition,
    DetectedObject,
    EndReason,
    EvidenceKind,
    Scenario,
    Severity,
    Votes,
)
from lookout_server.api.models.base import Model, Ref, RequestModel, Text, UtcTime, shown
from lookout_server.domain.alarm import AlarmState, DismissReason, Disposition, Standing
from lookout_server.domain.correlation import FLAPS_FROM
from lookout_server.services.views import AlarmView

EVIDENCE_URL = "/api/v1/evidence/"
_SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

ALARM_EXAMPLE: dict[str, Any] = {
    "id": "a-3f6d0c1be2a94d7781c0",
    "occurrence": "corridor-2-20261122t060322-7",
    "scenario": "corridor_ebike",
    "severity": "yellow",
    "severity_reason": "parked in the corridor",
    "state": "active",
    "disposition": "open",
    "disposition_reason": None,
    "camera": {"id": "corridor-2", "name": "2单元楼道"},
    "gateway": "gw-east",
    "grid": {"id": "grid-07", "name": "第七网格"},
    "zone": "corridor",
    "outline": [[0.2, 0.3], [0.7, 0.3], [0.9, 0.9], [0.1, 0.9]],
    "started_at": "2026-11-22T06:03:22.120Z",
    "updated_at": "2026-11-22T06:05:02.000Z",
    "ended_at": None,
    "end_reason": None,
    "emitted_at": "2026-11-22T06:03:22.310Z",
    "received_at": "2026-11-22T06:03:22.400Z",
    "objects": [{"label": "motorcycle", "score": 0.87, "box": [0.41, 0.38, 0.63, 0.92], "track": 12}],
    "votes": {"yes": 4, "of": 5},
    "dwell_s": 99.9,
    "attributes": {"plate": None, "stage": "parked"},
    "explain": [{"name": "dwell", "value": 99.9, "limit": 60, "met": True, "unit": "s"}],
    "evidence": [
        {
            "kind": "snapshot",
            "sha256": _SHA,
            "bytes": 48213,
            "mime": "image/jpeg",
            "available": True,
            "url": EVIDENCE_URL + _SHA,
        }
    ],
    "case_id": None,
    "standing": "unacknowledged",
    "acknowledged_by": None,
    "acknowledged_by_name": None,
    "acknowledged_until": None,
    "silence": None,
    "repeats": 1,
    "flapping": False,
}


class AlarmEvidence(Model):
    """A file that the gateway named; ``available`` once it has arrived."""

    kind: EvidenceKind
    sha256: str
    bytes: int
    mime: str
    available: bool
    url: str


class AlarmModel(Model):
    """One occurrence. Boxes are x1, y1, x2, y2 as fractions of the frame, origin at the top left."""

    model_config = shown(ALARM_EXAMPLE)

    id: str
    occurrence: str
    scenario: Scenario
    severity: Severity
    severity_reason: str | None
    state: AlarmState
    disposition: Disposition
    disposition_reason: str | None
    camera: Ref
    gateway: str
    grid: Ref | None
    zone: str | None
    outline: tuple[tuple[float, float], ...] | None
    """Corners of the zone in order, as fractions of the frame; null: all of it, or the gateway did not tell."""
    started_at: UtcTime
    updated_at: UtcTime
    ended_at: UtcTime | None
    end_reason: EndReason | None
    emitted_at: UtcTime
    """When the gateway made its first event, by the gateway's clock."""
    received_at: UtcTime
    objects: tuple[DetectedObject, ...]
    votes: Votes | None
    dwell_s: float
    attributes: Attributes
    explain: tuple[Condition, ...]
    evidence: tuple[AlarmEvidence, ...]
    case_id: str | None
    standing: Standing
    """After ISA-18.2; `shelved` by a silence, `out_of_service` by maintenance."""
    acknowledged_by: str | None
    acknowledged_by_name: str | None
    """What the person is called."""
    acknowledged_until: UtcTime | None
    silence: str | None
    """The silence that covers it now."""
    repeats: int
    """Alarms of this kind from this camera in the half hour up to it, itself included."""
    flapping: bool

    @classmethod
    def of(cls, view: AlarmView) -> "AlarmModel":
        """From the services' view."""
        alarm = view.alarm
        return cls(
            id=alarm.id,
            occurrence=alarm.occurrence,
            scenario=alarm.scenario,
            severity=alarm.severity,
            severity_reason=alarm.severity_reason,
            state=alarm.state,
            disposition=alarm.disposition,
            disposition_reason=alarm.disposition_reason,
            camera=Ref(id=alarm.camera.id, name=view.camera.name if view.camera else alarm.camera.id),
            gateway=alarm.camera.gateway,
            grid=Ref(id=view.grid.id, name=view.grid.name) if view.grid else None,
            zone=alarm.zone,
            outline=alarm.outline,
            started_at=alarm.started_at,
            updated_at=alarm.updated_at,
            ended_at=alarm.ended_at,
            end_reason=alarm.end_reason,
            emitted_at=alarm.emitted_at,
            received_at=alarm.received_at,
            objects=alarm.objects,
            votes=alarm.votes,
            dwell_s=alarm.dwell_s,
            attributes=alarm.attributes,
            explain=alarm.explain,
            evidence=_evidence(view),
            case_id=alarm.case_id,
            standing=view.standing,
            acknowledged_by=alarm.acked_by,
            acknowledged_by_name=view.acked_by.name if view.acked_by else alarm.acked_by,
            acknowledged_until=alarm.ack_until,
            silence=view.silence.id if view.silence else None,
            repeats=view.repeats,
            flapping=view.repeats >= FLAPS_FROM,
        )


class AlarmPage(Model):
    """Alarms, newest arrival first."""

    model_config = shown({"items": [ALARM_EXAMPLE], "next_cursor": None})

    items: tuple[AlarmModel, ...]
    next_cursor: str | None


class ReportBody(RequestModel):
    """Nothing needs to be said: that is the point of one tap."""

    model_config = shown({}, request=True)


class DismissBody(RequestModel):
    """Why this alarm needs nobody."""

    model_config = shown({"reason": "false_alarm", "note": "影子"}, request=True)

    reason: DismissReason
    note: Text | None = None


def _evidence(view: AlarmView) -> tuple[AlarmEvidence, ...]:
    return tuple(
        AlarmEvidence(
            kind=ref.kind,
            sha256=ref.sha256,
            bytes=ref.bytes,
            mime=ref.mime,
            available=ref.sha256 in view.available,
            url=EVIDENCE_URL + ref.sha256,
        )
        for ref in view.alarm.evidence
    )
