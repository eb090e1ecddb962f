"""What gateways are asked, and what they answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lookout_contract.commands import Resident, Zones
from lookout_contract.events import Scenario
from lookout_server.api.models.base import Identifier, Model, RequestModel, Sha256, UtcTime, shown
from lookout_server.ports import ModelPackage, SentCommand
from lookout_server.services.commands import drawn_by

_EXAMPLE: dict[str, Any] = {
    "id": "snapshot-0f343b0931126a20f133d67c2b018a3b",
    "gateway": "gw-east",
    "name": "snapshot",
    "state": "answered",
    "outcome": "done",
    "detail": None,
    "issued_at": "2026-11-22T06:00:00.000Z",
    "expires_at": "2026-11-22T06:02:00.000Z",
    "answered_at": "2026-11-22T06:00:01.200Z",
    "asked_by": "u-root",
    "result": {"bytes": 48213},
    "drawn_by_name": None,
}


class AskBody(RequestModel):
    """A command. `snapshot`, `self_test`, `test_alarm` and `zones` need a camera, `rollout` a package of `GET /models`,
    `proposal` the id of one that the gateway makes and whether it is accepted. `residents` gives it a list of
    known vehicles of its own, until the site's list (`/vehicles`) changes; a gateway that is away is told within seven
    days.

    `zones` alone asks for a camera's zones, whose `version` goes with new ones as `seen`; corners are fractions of the
    picture from the top left.

    `key`: the same one again is the same command, so that a request whose answer was lost can be repeated.
    """

    model_config = shown({"name": "test_alarm", "camera": "gate", "scenario": "fire_smoke"}, request=True)

    name: Literal["reload", "snapshot", "self_test", "test_alarm", "rollout", "proposal", "zones", "residents"]
    key: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    camera: Identifier | None = None
    scenario: Scenario | None = None
    package: Sha256 | None = None
    proposal: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")] | None = None
    accept: bool | None = None
    watch_s: Annotated[float, Field(ge=1, le=3600)] | None = None
    zones: Annotated[Zones, Field(max_length=32)] | None = None
    seen: Annotated[str, StringConstraints(max_length=64)] | None = None
    residents: Annotated[tuple[Resident, ...], Field(max_length=10_000)] | None = None


class CommandModel(Model):
    """A command and its answer. `timed_out`: its time ran out and nobody answered."""

    model_config = shown(_EXAMPLE)

    id: str
    gateway: str
    name: str
    state: Literal["waiting", "answered", "timed_out"]
    outcome: str | None
    detail: str | None
    issued_at: UtcTime
    expires_at: UtcTime | None
    answered_at: UtcTime | None
    asked_by: str | None = Field(description="Null: the dispatcher asked by itself.")
    result: dict[str, Any]
    drawn_by_name: str | None = Field(description="Of zones: what people call whom `drawn_by` names by the user name.")

    @classmethod
    def of(cls, command: SentCommand, at: datetime, names: Mapping[str, str]) -> "CommandModel":
        """From the port's value, as of ``at``. ``names``: user name → what people call them."""
        waiting = "timed_out" if command.timed_out(at) else "waiting"
        return cls(
            id=command.id,
            gateway=command.gateway,
            name=command.name,
            state=waiting if command.outcome is None else "answered",
            outcome=command.outcome,
            detail=command.detail,
            issued_at=command.issued_at,
            expires_at=command.expires_at,
            answered_at=command.answered_at,
            asked_by=command.asked_by,
            result=dict(command.result),
            drawn_by_name=names.get(drawn_by(command) or ""),
        )


class CommandList(Model):
    """The newest commands, newest first."""

    model_config = shown({"items": [_EXAMPLE]})

    items: tuple[CommandModel, ...]


class PackageModel(Model):
    """A model that gateways can be told to run."""

    model: str
    sha256: str
    bytes: int

    @classmethod
    def of(cls, package: ModelPackage) -> "PackageModel":
        """From the port's value."""
        return cls(model=package.model, sha256=package.sha256, bytes=package.bytes)


class PackageList(Model):
    """All packages, by name."""

    model_config = shown({"items": [{"model": "community-nano", "sha256": "9f86d081…", "bytes": 4800123}]})

    items: tuple[PackageModel, ...]
