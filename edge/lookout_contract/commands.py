"""Commands from the dispatcher to a gateway, and the answers."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from lookout_contract.base import Identifier, Message, Sha256, UtcTime
from lookout_contract.delivery import Sequence
from lookout_contract.events import Epoch, Scenario


class _CommandBase(Message):
    id: str = Field(min_length=1, max_length=64)
    """Names the command; a repeated id is answered again, not carried out again."""
    issued_at: UtcTime
    expires_at: UtcTime | None = None
    """After this the gateway answers ``expired`` and does nothing."""


class ReloadCommand(_CommandBase):
    """Read the configuration again; a bad one is refused and the old one runs on."""

    name: Literal["reload"] = "reload"


class ReplayCommand(_CommandBase):
    """Send the events of a gap again."""

    name: Literal["replay"] = "replay"
    epoch: Epoch
    first: Sequence
    last: Sequence


class Resident(Message):
    """A vehicle that belongs here, or may pass for a while."""

    plate: str = Field(min_length=2, max_length=12)
    valid_from: UtcTime | None = None
    valid_until: UtcTime | None = None
    cameras: tuple[Identifier, ...] = ()
    """Cameras at which the pass counts; empty means all."""
    uses: int | None = Field(default=None, ge=0)
    """Visits for which the pass is good; null means any number. Gateways count the visits themselves."""
    id: str | None = Field(default=None, max_length=64)
    """Under which the status tells how many visits there were; null: it does not."""


class ResidentsCommand(_CommandBase):
    """Replace the gateway's list of known plates; kept on its disk."""

    name: Literal["residents"] = "residents"
    residents: tuple[Resident, ...]


class SnapshotCommand(_CommandBase):
    """Take a picture now and put it into the evidence store (the camera's re-check after a fix)."""

    name: Literal["snapshot"] = "snapshot"
    camera: Identifier


class LiveCommand(_CommandBase):
    """Send a camera's stream, as it is encoded, to ``POST /api/v1/live/{session}`` in fragments of MP4.

    It ends when the dispatcher closes the request, when the stream breaks off, or after ``seconds``.
    """

    name: Literal["live"] = "live"
    camera: Identifier
    session: str = Field(pattern=r"^[0-9a-f]{32}$")
    seconds: float = Field(ge=1, le=3600)


Fraction = Annotated[float, Field(ge=0, le=1)]
Polygon = Annotated[tuple[tuple[Fraction, Fraction], ...], Field(min_length=3, max_length=64)]
"""Corners ``(x, y)`` in order, as fractions of the picture's width and height from the top left."""
Zones = dict[Identifier, Polygon]


class ZonesCommand(_CommandBase):
    """Draw a camera's zones anew, or tell what they are.

    The gateway checks them as it checks its file, refuses bad ones and runs on with those that it has.
    """

    name: Literal["zones"] = "zones"
    camera: Identifier
    zones: Annotated[Zones, Field(max_length=32)] | None = None
    """All zones of the camera; null only asks."""
    seen: str | None = Field(default=None, max_length=64)
    """The ``version`` that whoever draws has before them; with another in force the command is refused."""
    by: str = Field(default="operator", min_length=1, max_length=64)
    """Who draws."""


class Verdict(StrEnum):
    """What a person made of an alarm; ``withdrawn`` takes back what was said before."""

    REAL = "real"
    FALSE = "false"
    DUPLICATE = "duplicate"
    WITHDRAWN = "withdrawn"


class VerdictCommand(_CommandBase):
    """Tell the gateway how its alarm turned out."""

    name: Literal["verdict"] = "verdict"
    occurrence: Identifier
    verdict: Verdict
    why: str | None = None


class ProposalCommand(_CommandBase):
    """Accept or decline what the gateway proposes after false alarms; it obeys at its next look."""

    name: Literal["proposal"] = "proposal"
    proposal: str = Field(pattern=r"^[0-9a-f]{12}$")
    """As the status names it."""
    accept: bool
    by: str = Field(default="operator", min_length=1, max_length=64)
    """Who decided."""


class TestAlarmCommand(_CommandBase):
    """Send an alarm that is marked as a test through everything that a real one passes."""

    __test__ = False
    name: Literal["test_alarm"] = "test_alarm"
    camera: Identifier
    scenario: Scenario = Scenario.FIRE_SMOKE


class SelfTestCommand(_CommandBase):
    """Play a clip to the camera's models and rules, and follow its alarm, marked as a test, to the dispatcher."""

    name: Literal["self_test"] = "self_test"
    camera: Identifier
    scenario: Scenario | None = None
    """Null: the first of the camera's rules that the gateway has a clip for."""


class RolloutCommand(_CommandBase):
    """Fetch another detector, try it beside the one that runs, and keep it only if every camera goes on seeing."""

    name: Literal["rollout"] = "rollout"
    model: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """Name of the zoo entry in the package."""
    package: Sha256
    """Of the package (a zip of the entry's files), which ``GET /api/v1/models/{package}`` gives to gateways."""
    bytes: int = Field(ge=1)
    watch_s: float = Field(default=120.0, ge=1, le=3600)
    """How long it is on trial. A camera that goes blind, a detector that fails or a restart brings the old one back."""


Command = Annotated[
    LiveCommand
    | ProposalCommand
    | ReloadCommand
    | ReplayCommand
    | ResidentsCommand
    | RolloutCommand
    | SelfTestCommand
    | SnapshotCommand
    | TestAlarmCommand
    | VerdictCommand
    | ZonesCommand,
    Field(discriminator="name"),
]
COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)


class Outcome(StrEnum):
    """How a command ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"


class Gone(Message):
    """The numbers of a replay that the gateway has no longer. They will never come, and the dispatcher stops asking."""

    epoch: Epoch
    ranges: tuple[tuple[Sequence, Sequence], ...]
    """Closed ranges, ascending."""
    why: str
    """What the gateway knows of them: given up for want of room, or of an epoch that has ended."""


class ZonesReport(Message):
    """A camera's zones as they are in force."""

    camera: Identifier
    version: str
    """Changes with the zones."""
    zones: Zones
    rules: dict[Identifier, tuple[Scenario, ...]] = {}
    """Zone → what is looked for in it."""
    earlier: Zones | None = None
    """What they were before they were last drawn; null when the configuration file's own are in force."""
    drawn_by: str | None = None
    drawn_at: UtcTime | None = None


class CommandResponse(Message):
    """The answer to a command, on ``response/{name}``."""

    id: str = Field(min_length=1, max_length=64)
    name: str
    outcome: Outcome
    at: UtcTime
    detail: str | None = None
    result: dict[str, str | int | float | bool] = {}
    gone: Gone | None = None
    """Replay only."""
    zones: ZonesReport | None = None
    """Zones only."""
