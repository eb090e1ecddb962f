"""The configuration as typed values. Unknown keys are errors; paths become absolute, from the file's own folder."""

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from shapely.geometry import Polygon
from shapely.validation import explain_validity  # pyright: ignore[reportUnknownVariableType]

from lookout_contract.base import Identifier
from lookout_contract.events import Scenario, Severity
from lookout_edge.config.devices import ActionConfig, ButtonConfig, SpeakerConfig
from lookout_edge.config.http import HttpConfig
from lookout_edge.config.section import ConfigPath, Section, base_of, resolve
from lookout_edge.config.self_test import SelfTestConfig
from lookout_edge.config.stills import StillsConfig
from lookout_edge.rules.care import CareParams
from lookout_edge.rules.corridor_ebike import CorridorEbikeParams
from lookout_edge.rules.fire_smoke import FireSmokeParams
from lookout_edge.rules.garbage import GarbageParams
from lookout_edge.rules.key_area import KeyAreaParams
from lookout_edge.rules.unfamiliar_vehicle import UnfamiliarVehicleParams

#: Most parts of a grid: with more each would have its turn too rarely.
_MOST_PARTS = 16
#: Addresses that are no path on this box.
_STREAM = re.compile(r"^(rtsps?|rtmps?|https?|file)://", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)


def _address(value: str, info: ValidationInfo) -> str:
    if _STREAM.match(value):
        return value
    if _OTHER_SCHEME.match(value):
        raise ValueError("is no address that can be read: use rtsp://, rtmp://, http(s)://, a file or /dev/videoN")
    return resolve(value, base_of(info))


def is_path(url: str) -> bool:
    """Whether a source's address is a file or folder that must exist (devices may be plugged in later)."""
    return not _OTHER_SCHEME.match(url) and not url.startswith("/dev/")


def _known_timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{value!r} is no time zone: write an IANA name such as 'Asia/Shanghai'") from error
    return value


HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://\S+$")]
Fraction = Annotated[float, Field(ge=0, le=1)]
Corner = tuple[Fraction, Fraction]


class TlsConfig(Section):
    """Encryption towards the broker."""

    ca: ConfigPath | None = None
    """Certificate authority that signed the broker's certificate (PEM); the system's own when absent."""
    cert: ConfigPath | None = None
    """This gateway's certificate (PEM), where the broker asks for one."""
    key: ConfigPath | None = None
    """The private key that belongs to ``cert`` (PEM)."""


class MqttConfig(Section):
    """The broker."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """Name or address of the broker."""
    port: int = Field(default=1883, ge=1, le=65535)
    """1883 in the clear, 8883 with TLS as a rule."""
    version: Literal["3.1.1", "5"] = "3.1.1"
    """MQTT version to speak."""
    username: str | None = None
    """User name, if the broker wants one."""
    password: SecretStr | None = None
    """Password; rather set the environment variable LOOKOUT_MQTT_PASSWORD or use ``password_file``."""
    password_file: ConfigPath | None = None
    """A file whose first line is the password."""
    tls: TlsConfig | None = None
    """Encrypt; ``tls: {}`` trusts the system's authorities."""


class DispatcherConfig(Section):
    """The dispatcher, where evidence goes by HTTP."""

    url: HttpUrl
    """Base address, e.g. ``https://lookout.example:8443``."""
    token: SecretStr | None = None
    """This gateway's upload token; rather set LOOKOUT_DISPATCHER_TOKEN or use ``token_file``."""
    token_file: ConfigPath | None = None
    """A file whose first line is the token."""


ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z]+$")]


class ModelsConfig(Section):
    """Which models look."""

    detector: str = "coco-nano"
    """Entry of the zoo that finds people, vehicles and two-wheelers."""
    precision: Literal["auto", "full"] = "auto"
    """``auto`` takes the detector's int8 twin (``NAME-int8``) where the zoo has one; ``full`` never does."""
    plates: bool = True
    """Read number plates where a rule asks for it."""
    pose: str | None = None
    """Entry of the zoo that finds people's joints, for falls; without one a fall is seen by the shape of the box."""
    providers: tuple[ProviderName, ...] = Field(default=("cpu",), min_length=1)
    """What computes, best first: cpu, or openvino, cuda, tensorrt where that onnxruntime package is installed."""


class EvidenceConfig(Section):
    """What proves an event."""

    pre_roll_s: float = Field(default=4.0, ge=0, le=30)
    """Seconds of the clip before the event."""
    post_roll_s: float = Field(default=4.0, ge=0, le=60)
    """Seconds of the clip after the event."""
    ring_mb: int = Field(default=32, ge=1, le=1024)
    """Most memory for the packets of one camera's stream; of a fatter stream clips get shorter."""
    snapshot_size: int = Field(default=1280, ge=160, le=3840)
    """Longer side of a snapshot in pixels."""
    quota_mb: int = Field(default=2000, ge=10)
    """Most disk space for evidence that waits for its upload; the oldest goes first."""


class SpoolConfig(Section):
    """Events that wait for the dispatcher. Fire and key area are given up last, and never for their age."""

    max_mb: int = Field(default=256, ge=1)
    """Most disk space for waiting events; above it blue ones go first, oldest first."""
    blue_days: float = Field(default=30, gt=0)
    """A blue event that has waited for so long is given up."""
    yellow_days: float = Field(default=30, gt=0)
    """The same for yellow ones."""
    red_days: float = Field(default=90, gt=0)
    """The same for red ones other than fire and key area."""


class SourceConfig(Section):
    """Where a camera's pictures come from."""

    url: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_address)]
    """``rtsp://``, ``rtmp://``, ``http(s)://``, a file or folder of pictures, ``/dev/video0``."""
    sub_url: Annotated[str, StringConstraints(min_length=1, strip_whitespace=True), AfterValidator(_address)] | None = (
        None
    )
    """The camera's small second stream (640×360 or so): it is looked at then, ``url`` is for evidence."""
    start_s: float = Field(default=0.0, ge=0)
    """Files: start here, seconds from the clip's start."""
    end_s: float | None = Field(default=None, gt=0)
    """Files: stop here."""
    loop: bool = False
    """Files: start again at the end, for ever."""
    rest_from_s: float = Field(default=0.0, ge=0)
    """Files that loop: from here on nothing new happens."""
    rest_s: float = Field(default=0.0, ge=0)
    """That part is repeated for so long before the clip starts again: what came stays, and is not news at each loop."""
    rtsp_transport: Literal["tcp", "udp"] = "tcp"
    """How RTSP carries the pictures; udp only on a network without loss."""
    hardware_decode: str | None = Field(default=None, min_length=1)
    """Decode on this device instead of the processor: a kind that PyAV offers (``cuda``, ``qsv``, ``vaapi`` …), with
    ``:`` and its name where there are several, e.g. ``vaapi:/dev/dri/renderD128``."""
    deblock: bool = False
    """Decode the stream that is looked at with its in-loop filter (H.264, H.265). Without it decoding takes 7 to 30 %
    less time, and the pictures differ by about one of 255 levels; clips are never changed by it."""
    read_timeout_s: float = Field(default=10.0, gt=0, le=300)
    """A stream that sends nothing for so long counts as stalled."""


def _sound_polygon(corners: tuple[Corner, ...]) -> tuple[Corner, ...]:
    polygon = Polygon(corners)
    if polygon.convex_hull.area < 1e-6:
        raise ValueError("has no area: give at least three corners that are not on one line")
    if not polygon.is_valid:
        raise ValueError(f"is no simple polygon ({explain_validity(polygon)}): give its corners in order, uncrossed")
    return corners


class ZoneConfig(Section):
    """A part of the picture. What stands in it is decided by the bottom centre of its box."""

    polygon: Annotated[tuple[Corner, ...], Field(min_length=3), AfterValidator(_sound_polygon)]
    """Corners ``[x, y]`` in order, as fractions 0..1 of the picture's width and height from the top left."""


class CloseUpConfig(Section):
    """A part of the picture that is looked at by itself, enlarged, for what is small or far: a zone, or all of the
    picture in parts. Each of its looks costs about as much as one at the whole picture. It is worth it where the stream
    is sharp: one of 640×360 (``sub_url``) shows little more enlarged."""

    zone: Identifier | None = None
    """A zone of this camera; all of the picture when absent."""
    grid: tuple[int, int] | None = None
    """``[columns, rows]``: in so many parts, each in its turn; the zone in one piece when absent."""
    every_s: float = Field(default=2.0, ge=0.4, le=60)
    """Longest time from one look at a part to the next; while it shows what the whole picture does not, it is looked at
    as often as anything else."""

    @model_validator(mode="after")
    def _enlarges(self) -> Self:
        if self.zone is None and self.grid is None:
            raise ValueError("needs a zone, or a grid such as [3, 2]")
        if self.grid is not None and not (min(self.grid) >= 1 and 2 <= self.grid[0] * self.grid[1] <= _MOST_PARTS):
            raise ValueError(f"a grid has 2 to {_MOST_PARTS} parts, such as [2, 2] or [3, 2]")
        return self

    def __str__(self) -> str:
        parts = "" if self.grid is None else f" in {self.grid[0]} x {self.grid[1]} parts"
        return f"{self.zone or 'the whole picture'}{parts} every {self.every_s:g} s"


class _Placed(Section):
    zones: tuple[Identifier, ...] = ()
    """Zones of this camera that the rule watches; the whole picture when absent."""


class UnfamiliarVehicleRule(UnfamiliarVehicleParams, _Placed):
    """A vehicle that does not belong here stays in the zone."""

    scenario: Literal["unfamiliar_vehicle"]


class FireSmokeRule(FireSmokeParams, _Placed):
    """Flames or smoke."""

    scenario: Literal["fire_smoke"]


class GarbageRule(GarbageParams, _Placed):
    """A bag in the wrong place or at the wrong time, a bin that overflows."""

    scenario: Literal["garbage"]


class CorridorEbikeRule(CorridorEbikeParams, _Placed):
    """An e-bike in a corridor or lift."""

    scenario: Literal["corridor_ebike"]


class KeyAreaRule(KeyAreaParams, _Placed):
    """Somebody where nobody may be or stay."""

    scenario: Literal["key_area"]


class CareRule(CareParams, _Placed):
    """Somebody who has agreed to be looked after falls, or shows no sign of life."""

    scenario: Literal["care"]


RuleConfig = Annotated[
    UnfamiliarVehicleRule | FireSmokeRule | GarbageRule | CorridorEbikeRule | KeyAreaRule | CareRule,
    Field(discriminator="scenario"),
]


class CalendarConfig(Section):
    """Days on which the site's week is not an ordinary one."""

    official: Literal["CN"] | None = None
    """``CN``: the holidays and worked Saturdays and Sundays (调休) that are announced for China; they come with the
    package ``chinesecalendar``, which has a new release every November. Of a year that it does not know,
    ``lookout-edge doctor`` warns: all its days are ordinary ones."""
    holidays: tuple[date, ...] = ()
    """More days off, ``2026-10-01``; they win over what is announced."""
    workdays: tuple[date, ...] = ()
    """More Saturdays and Sundays that are worked (调休); they win over holidays."""


class OnvifEventRule(Section):
    """An event of the camera's own analytics, and what it counts as here."""

    topic: str = Field(min_length=1)
    """ONVIF topic without namespaces, e.g. ``RuleEngine/FieldDetector/ObjectsInside``; what is below it counts too."""
    scenario: Scenario
    """What it is here."""
    severity: Severity = Severity.YELLOW
    """``red``, ``yellow`` or ``blue``."""
    item: str | None = None
    """Item of its data that says whether it holds, e.g. ``IsInside``; the first that is true or false when absent."""
    zone: Identifier | None = None
    """Zone to name in the event."""


class OnvifEventsConfig(Section):
    """A camera that publishes its own events to the broker (ONVIF Profile M over MQTT, payload ``onvif-ej``)."""

    prefix: Annotated[str, StringConstraints(pattern=r"^[^#+/]+(/[^#+/]+)*$")]
    """The topic prefix that is set in the camera."""
    events: tuple[OnvifEventRule, ...] = Field(min_length=1)
    """Which of them count."""


class CameraConfig(Section):
    """One camera: where its pictures come from, its zones, and what to look for."""

    name: str = ""
    """For people, in any language."""
    source: SourceConfig
    """Where the pictures come from."""
    zones: dict[Identifier, ZoneConfig] = {}
    """Parts of the picture, by a name of your own."""
    masks: tuple[ZoneConfig, ...] = ()
    """Parts of the picture that are left out: neither movement nor things in them count (a road, a flag, a screen)."""
    rules: tuple[RuleConfig, ...] = Field(min_length=1)
    """What to look for, and where."""
    close_ups: tuple[CloseUpConfig, ...] = ()
    """What is looked at enlarged, beside the looks at the whole picture."""
    actions: tuple[ActionConfig, ...] = ()
    """What the gateway does by itself when there is an alarm here: by a rule, by a button at this camera (scenario
    ``key_area``, stage ``panic``) or by ``onvif`` (no stage), or when it is blind."""
    detect_fps: float = Field(default=5.0, gt=0, le=30)
    """Looks a second while something goes on."""
    heartbeat_s: float = Field(default=10.0, ge=0.2, le=60)
    """Longest time without a look while nothing moves."""
    blind_after_s: float = Field(default=30.0, ge=5, le=3600)
    """The camera gives no picture, or none can be looked at, for so long: an alarm of its own (``camera_blind``)."""
    max_size: int = Field(default=1920, ge=160, le=7680)
    """Larger pictures are scaled down to this longer side before they are looked at."""
    onvif: OnvifEventsConfig | None = None
    """Where the camera has analytics of its own: its events, beside those of ``rules``."""


class ShadowConfig(Section):
    """A candidate that judges beside the running rules for some days and publishes nothing: another model, other
    thresholds or other rules. ``lookout-edge shadow report`` tells the difference in alarms."""

    days: float = Field(default=3.0, gt=0, le=7)
    """How long it runs, from its first start on; what it saw is kept for a week."""
    cameras: tuple[Identifier, ...] = ()
    """Where it runs; everywhere when absent."""
    detector: str | None = None
    """Entry of the zoo that looks in place of the running one, when nobody else wants to look; it reads no plates and
    so judges no ``unfamiliar_vehicle``. When absent the running model's tracks are shared."""
    precision: Literal["auto", "full"] = "auto"
    """As in ``models``."""
    rules: tuple[RuleConfig, ...] = ()
    """In place of the camera's own, for their scenarios; without ``zones`` in the zones of those. The camera's own
    rules when absent."""

    @model_validator(mode="after")
    def _differs(self) -> Self:
        if self.detector is None and not self.rules:
            raise ValueError("needs a detector or rules: else it is what runs already")
        return self


class GatewayConfig(Section):
    """A gateway: who it is, whom it talks to, and its cameras."""

    site: Identifier
    """The site that this gateway belongs to; the dispatcher has the same name for it."""
    gateway: Identifier
    """Name of this gateway, unique in its site."""
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Asia/Shanghai"
    """Time zone of weekly windows, an IANA name."""
    calendar: CalendarConfig = CalendarConfig()
    """Holidays and worked weekends, for windows that say ``workday``, ``restday`` or ``holiday``."""
    data_dir: Annotated[ConfigPath, Field(validate_default=True)] = Path(".lookout/gateway")
    """Where the spool, waiting evidence and the list of residents are kept."""
    mqtt: MqttConfig = MqttConfig()
    """The broker that carries events and commands."""
    dispatcher: DispatcherConfig | None = None
    """Without it no evidence is uploaded: events arrive without pictures."""
    http: HttpConfig = HttpConfig()
    """The gateway's own page and metrics."""
    models: ModelsConfig = ModelsConfig()
    """Entries of the model zoo to use."""
    evidence: EvidenceConfig = EvidenceConfig()
    """Snapshots and clips."""
    stills: StillsConfig = StillsConfig()
    """Pictures for the control room's wall."""
    spool: SpoolConfig = SpoolConfig()
    """How much waits when the dispatcher is away."""
    shadows: dict[Identifier, ShadowConfig] = {}
    """Candidates that run beside the rules of the cameras, by a name of your own."""
    self_test: SelfTestConfig = SelfTestConfig()
    """Proves each week that alarms would arrive."""
    camera_events: MqttConfig | None = None
    """The broker to which cameras publish events of their own (``onvif``); that of ``devices`` when absent."""
    devices: MqttConfig | None = None
    """The broker of buttons, doors, network speakers and cameras that publish events; that of ``mqtt`` when absent."""
    speaker: SpeakerConfig = SpeakerConfig()
    """How the gateway's own audio output is used."""
    buttons: dict[Identifier, ButtonConfig] = {}
    """One-tap alarm buttons, by a name of your own."""
    cameras: dict[Identifier, CameraConfig] = Field(min_length=1)
    """The cameras, by id; ids are part of topics and file names."""
