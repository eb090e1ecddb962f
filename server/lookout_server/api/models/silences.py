"""Silences and maintenance windows."""

from datetime import datetime
from typing import Any

from lookout_contract.events import Scenario
from lookout_server.api.models.base import Identifier, Model, Reason, RequestModel, UtcTime, shown
from lookout_server.domain.silence import Silence, SilenceKind

_EXAMPLE: dict[str, Any] = {
    "id": "q-3f6d0c1be2a94d7781c0",
    "kind": "maintenance",
    "owner": "u-li",
    "reason": "更换镜头",
    "starts_at": "2026-11-22T06:00:00.000Z",
    "ends_at": "2026-11-22T08:00:00.000Z",
    "scenario": None,
    "gateway": "gw-east",
    "camera": "corridor-2",
    "grid": None,
}
_BODY = {key: value for key, value in _EXAMPLE.items() if key not in {"id", "owner"}}


class SilenceBody(RequestModel):
    """What is to be quiet, until when, and why. Fire and the alarm button never are."""

    model_config = shown(_BODY, request=True)

    kind: SilenceKind = SilenceKind.SILENCE
    reason: Reason
    starts_at: UtcTime | None = None
    ends_at: UtcTime
    scenario: Scenario | None = None
    gateway: Identifier | None = None
    camera: Identifier | None = None
    grid: Identifier | None = None

    def silence(self, silence_id: str, owner: str, now: datetime) -> Silence:
        """As the domain's value; it begins now unless it says when."""
        return Silence(
            id=silence_id,
            kind=self.kind,
            owner=owner,
            reason=self.reason,
            starts_at=self.starts_at or now,
            ends_at=self.ends_at,
            scenario=self.scenario,
            gateway=self.gateway,
            camera=self.camera,
            grid=self.grid,
        )


class SilenceModel(Model):
    """What is quiet, whose it is and when it ends."""

    model_config = shown(_EXAMPLE)

    id: str
    kind: SilenceKind
    owner: str
    reason: str
    starts_at: UtcTime
    ends_at: UtcTime
    scenario: Scenario | None
    gateway: str | None
    camera: str | None
    grid: str | None

    @classmethod
    def of(cls, silence: Silence) -> "SilenceModel":
        """From the domain's value."""
        return cls(
            id=silence.id,
            kind=silence.kind,
            owner=silence.owner,
            reason=silence.reason,
            starts_at=silence.starts_at,
            ends_at=silence.ends_at,
            scenario=silence.scenario,
            gateway=silence.gateway,
            camera=silence.camera,
            grid=silence.grid,
        )


class SilenceList(Model):
    """Silences that have not ended, by end."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[SilenceModel, ...]
