"""Status of a gateway (birth, heartbeat, death) and state of each camera; both retained."""

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from lookout_contract.base import Identifier, Message, Sha256, UtcTime
from lookout_contract.events import Epoch, Scenario

Count = Annotated[int, Field(ge=0)]
Minutes = Annotated[float, Field(ge=0)]


class SpoolDepth(Message):
    """What waits on the gateway's disk."""

    events: Count
    evidence: Count
    evidence_bytes: Count = 0
    oldest_s: float = Field(default=0, ge=0)
    """Age of the oldest unsettled event, seconds."""
    dropped: dict[str, Count] = {}
    """Scenario → events given up since the spool was made, for want of room or for their age; those that the disk never
    took count until the gateway is restarted."""
    evidence_dropped: Count = 0
    """Evidence files given up for want of room, or that found none, since the start."""


class Coverage(Message):
    """For how long a camera was watched on one day, in minutes; what is missing of a day is not known."""

    day: date
    """The site's own day."""
    watching_min: Minutes = 0
    blind_min: dict[str, Minutes] = {}
    """Reason code → minutes."""
    off_min: dict[str, Minutes] = {}
    """Reason code → minutes; ``not_running`` is the time between two runs of the gateway."""


class CameraReport(Message):
    """How a camera's stream is doing."""

    fps: float | None = Field(default=None, ge=0)
    """Pictures a second that came through lately; few while nothing moves and key frames alone are decoded."""
    skew_s: float | None = None
    """The stream's clock minus the gateway's, seconds; null before the first picture."""
    memory_bytes: Count = 0
    """Packets and pictures that are held; bounded by the configuration."""
    reconnects: Count = 0
    """Openings of the stream since the start but the first."""
    dropped: Count = 0
    """Pictures overtaken by newer ones before anybody looked."""
    coverage: tuple[Coverage, ...] = ()
    """Today and the day before, the newer one first."""


class ShadowTally(Message):
    """Alarms of one camera and scenario since a shadow began: of the running rules, of the shadow, and of both."""

    camera: Identifier
    scenario: Scenario
    running: Count = 0
    shadow: Count = 0
    both: Count = 0


class ShadowReport(Message):
    """A candidate that judges beside the running rules and publishes nothing."""

    since: UtcTime
    until: UtcTime
    looks: Count = 0
    shed: Count = 0
    """Looks that its own model left out because the box was busy."""
    gave_up: str | None = None
    """Why its model was given up; null while it runs."""
    alarms: tuple[ShadowTally, ...] = ()


class ProposalReport(Message):
    """What the gateway proposes after false alarms, tried on the past week; a ``proposal`` command decides."""

    camera: Identifier
    scenario: Scenario
    group: str
    """Kind of thing, a label group."""
    box: tuple[float, float, float, float]
    """Where: x1, y1, x2, y2 as fractions of the picture."""
    least_score: float | None = None
    """Only what the model is less sure of than this; null: everything there."""
    spared: Count
    """False alarms of the past week that it would have spared."""
    missed: Count
    """Real ones that it would have missed."""
    unjudged: Count
    tried_at: UtcTime | None = None
    """When it was tried on that week; null: the gateway does not say."""
    tried_on: Count | None = None
    """The alarms of its kind at its camera on which it was tried."""
    decision: Literal["open", "accepted", "declined"]
    decided_by: str | None = None
    until: UtcTime | None = None


class GatewayStatus(Message):
    """Published at birth and every heartbeat; the broker publishes the ``online: false`` form as the will."""

    gateway: Identifier
    online: bool
    epoch: Epoch
    at: UtcTime
    reason: str | None = None
    """Why it is offline: ``shutdown`` when it said goodbye, ``lost`` when the broker spoke for it."""
    version: str
    config_hash: Sha256 | None = None
    models: dict[str, Sha256] = {}
    spool: SpoolDepth | None = None
    last_sequence: Count = 0
    clock_skew_s: float | None = None
    """Largest measured skew between a camera's stream time and the gateway's clock, seconds."""
    shed: dict[str, Count] = {}
    """Scenario → looks (at frames, plates and poses) that were left out because the box was too busy."""
    cameras: dict[Identifier, CameraReport] = {}
    """Camera → how its stream is doing."""
    shadows: dict[Identifier, ShadowReport] = {}
    """Name → what a candidate beside the running rules has come to."""
    proposals: dict[str, ProposalReport] = {}
    """Id → those that wait for a word and those in force."""
    visits: dict[str, Count] = {}
    """Id of a pass for a number of visits, as the list of residents names it → how often it was used here; of the 200
    that were used last. No plates: integrators hear the status, too."""


class Sight(StrEnum):
    """Whether a camera is being watched."""

    WATCHING = "watching"
    BLIND = "blind"
    OFF = "off"


class CameraState(Message):
    """Perception is three-valued: a blind camera is not an empty scene."""

    camera: Identifier
    state: Sight
    since: UtcTime
    reason: str | None = None
    """Reason code when blind or off, or for what does not work though it watches (``rule_failed``, ``plates_failed``,
    ``poses_failed``; ``main_lost``: evidence comes from the sub stream; ``spool_refused``: the disk takes no events,
    ``spool_overflow``: and some have been given up):
    ``connecting``, ``unreachable``, ``refused``, ``timeout``, ``auth``, ``missing``, ``stalled``, ``undecodable``,
    ``changed``, ``no_device``, ``ended``, ``detector_timeout``, ``shutdown`` …"""
    detail: str | None = None
    """One sentence for a person: what happened and what to try."""
    fps: float | None = Field(default=None, ge=0)
