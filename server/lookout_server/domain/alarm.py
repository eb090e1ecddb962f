"""Alarms: what the machine says. One occurrence is one alarm; later events edit it silently."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from lookout_contract.events import (
    Attributes,
    Condition,
    DetectedObject,
    EndReason,
    Event,
    EvidenceRef,
    Phase,
    Scenario,
    Severity,
    Votes,
)
from lookout_server.domain import policy
from lookout_server.domain.territory import CameraKey
from lookout_server.errors import ConflictError


class AlarmState(StrEnum):
    """Whether the thing goes on, as far as the camera can tell."""

    ACTIVE = "active"
    CLEARED = "cleared"


class Disposition(StrEnum):
    """What people made of the alarm."""

    OPEN = "open"
    REPORTED = "reported"
    DISMISSED = "dismissed"


class Standing(StrEnum):
    """States after ISA-18.2: what the process does and whether anybody has taken it up."""

    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    #: It is over, and nobody has looked.
    RETURNED = "returned_unacknowledged"
    NORMAL = "normal"
    #: Silenced by somebody, for a while.
    SHELVED = "shelved"
    #: Its camera is being worked on.
    OUT_OF_SERVICE = "out_of_service"


class DismissReason(StrEnum):
    """Why an alarm is no case. ``void`` is set when its case was refused."""

    FALSE_ALARM = "false_alarm"
    DUPLICATE = "duplicate"
    TEST = "test"
    OTHER = "other"
    VOID = "void"


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """An occurrence as last told by the gateway, and what people did about it.

    Times are UTC frame times except ``emitted_at`` and ``received_at``, which are the gateway's and the dispatcher's
    clock. Boxes are fractions of the frame.
    """

    id: str
    source: str
    occurrence: str
    camera: CameraKey
    scenario: Scenario
    severity: Severity
    severity_reason: str | None
    state: AlarmState
    zone: str | None
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    end_reason: EndReason | None
    #: When the gateway made the first event that was told of it, by the gateway's clock.
    emitted_at: datetime
    received_at: datetime
    objects: tuple[DetectedObject, ...]
    votes: Votes | None
    dwell_s: float
    attributes: Attributes
    explain: tuple[Condition, ...]
    evidence: tuple[EvidenceRef, ...]
    #: The newest event that edited this alarm.
    epoch: str
    sequence: int
    disposition: Disposition = Disposition.OPEN
    disposition_reason: str | None = None
    case_id: str | None = None
    #: Who looks after it, and until when that holds without progress.
    acked_by: str | None = None
    acked_at: datetime | None = None
    ack_until: datetime | None = None
    #: Corners of the zone as it was then, fractions of the frame; None: all of it, or nobody told.
    outline: tuple[tuple[float, float], ...] | None = None

    @property
    def first_seen_at(self) -> datetime:
        """When the thing was first seen: an alarm starts once it has stayed. Of one that is over, later by what it
        took to tell that it had gone, some seconds; never later than the alarm."""
        return first_seen(self.started_at, self.updated_at, self.dwell_s)

    @property
    def standing(self) -> Standing:
        """Where it stands in the sense of ISA-18.2, silences left aside."""
        judged = self.disposition is not Disposition.OPEN or self.acked_by is not None
        if self.state is AlarmState.ACTIVE:
            return Standing.ACKNOWLEDGED if judged else Standing.UNACKNOWLEDGED
        return Standing.NORMAL if judged else Standing.RETURNED


def first_seen(started_at: datetime, told_at: datetime, dwell_s: float) -> datetime:
    """When a thing was first seen that had been there for ``dwell_s`` seconds at ``told_at``."""
    try:
        return min(started_at, told_at - timedelta(seconds=dwell_s))
    except OverflowError:  # a gateway may say any finite number
        return started_at


def alarm_id(source: str, occurrence: str) -> str:
    """Made from the occurrence itself, so that every replica names it alike."""
    digest = hashlib.sha256(f"{source} {occurrence}".encode()).hexdigest()
    return f"a-{digest[:20]}"


def first_told(event: Event, camera: CameraKey, received_at: datetime) -> Alarm:
    """The alarm that the first event of an occurrence makes, whatever its phase: order is not promised."""
    data = event.data
    ended = data.phase is Phase.END
    return Alarm(
        id=alarm_id(event.source, data.occurrence),
        source=event.source,
        occurrence=data.occurrence,
        camera=camera,
        scenario=data.scenario,
        severity=data.severity,
        severity_reason=data.severity_reason,
        state=AlarmState.CLEARED if ended else AlarmState.ACTIVE,
        zone=data.zone,
        started_at=data.started_at,
        updated_at=data.captured_at,
        ended_at=data.captured_at if ended else None,
        end_reason=data.end_reason,
        emitted_at=event.time,
        received_at=received_at,
        objects=data.objects,
        votes=data.votes,
        dwell_s=data.dwell_s,
        attributes=data.attributes,
        explain=data.explain,
        evidence=data.evidence,
        epoch=event.epoch,
        sequence=event.sequence,
        outline=data.outline,
    )


def told_again(alarm: Alarm, event: Event) -> Alarm:
    """The alarm after a further event. A late one only adds what it carries; it never turns the clock back.

    An end often comes with less detail than the look before it: what it leaves out is kept.
    """
    data = event.data
    changes: dict[str, Any] = {
        "evidence": _united(alarm.evidence, data.evidence),
        "severity": policy.graver(alarm.severity, data.severity),
        "started_at": min(alarm.started_at, data.started_at),
        "outline": alarm.outline or data.outline,
    }
    if (event.epoch, event.sequence) > (alarm.epoch, alarm.sequence):
        ended = data.phase is Phase.END
        changes |= {
            "severity_reason": data.severity_reason or alarm.severity_reason,
            "state": AlarmState.CLEARED if ended else AlarmState.ACTIVE,
            "zone": data.zone or alarm.zone,
            "updated_at": data.captured_at,
            "ended_at": data.captured_at if ended else None,
            "end_reason": data.end_reason,
            "objects": data.objects or alarm.objects,
            "votes": data.votes or alarm.votes,
            "dwell_s": max(data.dwell_s, alarm.dwell_s),
            "attributes": _merged(alarm.attributes, data.attributes),
            "explain": data.explain or alarm.explain,
            "epoch": event.epoch,
            "sequence": event.sequence,
        }
    return _with(alarm, changes)


def _with(alarm: Alarm, changes: Mapping[str, Any]) -> Alarm:
    """As ``replace``, which asks every field again, at a sixth of its cost: two events of three come to this."""
    fresh = object.__new__(Alarm)
    fresh.__dict__.update(alarm.__dict__, **changes)
    return fresh


def wants_case(alarm: Alarm) -> bool:
    """Whether this alarm has to become a case by itself, now."""
    if alarm.case_id is not None or alarm.disposition is not Disposition.OPEN:
        return False
    return policy.confirms_itself(alarm.scenario, alarm.attributes.stage)


def acknowledged(alarm: Alarm, person_id: str, *, at: datetime, until: datetime) -> Alarm:
    """The alarm once somebody looks after it; without progress by ``until`` it is everybody's again."""
    if alarm.disposition is not Disposition.OPEN:
        raise ConflictError("this alarm was judged already: there is nothing to take up")
    if alarm.acked_by not in {None, person_id}:
        raise ConflictError(f"{alarm.acked_by} looks after this alarm already")
    return replace(alarm, acked_by=person_id, acked_at=at, ack_until=until)


def unacknowledged(alarm: Alarm) -> Alarm:
    """The alarm once its acknowledgement has expired or was taken back."""
    return replace(alarm, acked_by=None, acked_at=None, ack_until=None)


def reported(alarm: Alarm, case_id: str) -> Alarm:
    """The alarm once it belongs to a case."""
    if alarm.disposition is Disposition.DISMISSED:
        raise ConflictError("this alarm was dismissed: take the dismissal back before you report it")
    return replace(alarm, disposition=Disposition.REPORTED, disposition_reason=None, case_id=case_id)


def dismissed(alarm: Alarm, reason: DismissReason, note: str | None) -> Alarm:
    """The alarm once somebody judged that it needs nobody. Repeating it only changes the reason."""
    if alarm.disposition is Disposition.REPORTED:
        raise ConflictError(
            f"this alarm belongs to case {alarm.case_id}: void the case instead of dismissing the alarm"
        )
    text = reason.value if not note else f"{reason.value}: {note}"
    return replace(alarm, disposition=Disposition.DISMISSED, disposition_reason=text)


def undismissed(alarm: Alarm) -> Alarm:
    """The alarm with its dismissal taken back; an open one stays as it is."""
    if alarm.disposition is Disposition.REPORTED:
        raise ConflictError(f"this alarm belongs to case {alarm.case_id} and is not dismissed")
    return replace(alarm, disposition=Disposition.OPEN, disposition_reason=None, case_id=None)


def released(alarm: Alarm, *, dismiss: bool) -> Alarm:
    """The alarm once its case is void: dismissed with it, or open again when the report was undone."""
    if dismiss:
        return replace(alarm, disposition=Disposition.DISMISSED, disposition_reason=DismissReason.VOID.value)
    return replace(alarm, disposition=Disposition.OPEN, disposition_reason=None, case_id=None)


def _united(held: tuple[EvidenceRef, ...], told: tuple[EvidenceRef, ...]) -> tuple[EvidenceRef, ...]:
    if not told or told == held:
        return held
    known = {ref.sha256 for ref in held}
    return held + tuple([ref for ref in told if ref.sha256 not in known])


def _merged(held: Attributes, told: Attributes) -> Attributes:
    # A trial makes no alarm, so that ``test`` is never set here.
    return Attributes(
        plate=told.plate or held.plate,
        stage=told.stage or held.stage,
        restricted=told.restricted or held.restricted,
    )
