"""The last proof that a camera's alarms would arrive: a trial that went the whole way."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_contract.events import Condition, Event, Phase, Scenario
from lookout_server.domain.territory import CameraKey


class ProofKind(StrEnum):
    """What was tried; the gateway gives it as the reason of the event's severity."""

    #: The way from the gateway to here; no picture was looked at.
    TEST_ALARM = "test"
    #: A clip through the camera's models and rules, and the way.
    SELF_TEST = "self_test"


@dataclass(frozen=True, kw_only=True)
class CameraProof:
    """The newest trial of a camera and scenario. Times are UTC: ``started_at`` is the gateway's, ``told_at`` ours."""

    camera: CameraKey
    kind: ProofKind
    scenario: Scenario
    occurrence: str
    started_at: datetime
    told_at: datetime
    #: Whether it went well; None while its end has not been told.
    passed: bool | None
    #: What was asked of it, and seconds from one station of the way to the next.
    conditions: tuple[Condition, ...]


def proof_of(event: Event, camera: CameraKey, told_at: datetime) -> CameraProof:
    """What one event of a trial proves."""
    data = event.data
    known = {kind.value: kind for kind in ProofKind}
    return CameraProof(
        camera=camera,
        kind=known.get(data.severity_reason or "", ProofKind.TEST_ALARM),
        scenario=data.scenario,
        occurrence=data.occurrence,
        started_at=data.started_at,
        told_at=told_at,
        passed=all(condition.met for condition in data.explain) if data.phase is Phase.END else None,
        conditions=data.explain,
    )


def newer(held: CameraProof | None, told: CameraProof) -> CameraProof:
    """The one to keep: the later trial, and of one trial its end."""
    if held is None or told.started_at > held.started_at:
        return told
    if told.occurrence == held.occurrence and held.passed is None:
        return told
    return held
