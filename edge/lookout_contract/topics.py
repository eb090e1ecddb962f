"""Topic names: builders for who publishes, filters for who subscribes, and the parser for who receives."""

import re
from dataclasses import dataclass
from functools import lru_cache

from lookout_contract.base import ContractError
from lookout_contract.events import Scenario

PREFIX = "lookout/v1"
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def _checked(kind: str, value: str) -> str:
    if not _ID.fullmatch(value):
        raise ContractError(
            f"{kind} {value!r} cannot be part of a topic: use lower-case letters, digits, '-' and '_', at most 63"
        )
    return value


@dataclass(frozen=True, kw_only=True)
class GatewayTopics:
    """All topics of one gateway: ``lookout/v1/{site}/gateway/{gateway}/…``."""

    site: str
    gateway: str

    def __post_init__(self) -> None:
        _checked("site", self.site)
        _checked("gateway", self.gateway)

    @property
    def base(self) -> str:
        """The gateway's own subtree, without a trailing slash; its broker ACL covers just this."""
        return f"{PREFIX}/{self.site}/gateway/{self.gateway}"

    def event(self, camera: str, scenario: Scenario) -> str:
        """Up, never retained."""
        return f"{self.base}/event/{_checked('camera', camera)}/{scenario.value}"

    def trial(self, camera: str, scenario: Scenario) -> str:
        """Up, never retained: events marked as a test, so that who listens for events hears none of them."""
        return f"{self.base}/test/{_checked('camera', camera)}/{scenario.value}"

    @property
    def receipt(self) -> str:
        """Down."""
        return f"{self.base}/receipt"

    @property
    def refusal(self) -> str:
        """Down: why a message was refused."""
        return f"{self.base}/refusal"

    @property
    def status(self) -> str:
        """Up, retained, and the topic of the will."""
        return f"{self.base}/status"

    def camera_state(self, camera: str) -> str:
        """Up, retained."""
        return f"{self.base}/camera/{_checked('camera', camera)}/state"

    def command(self, name: str) -> str:
        """Down."""
        return f"{self.base}/command/{_checked('command', name)}"

    @property
    def commands(self) -> str:
        """Filter for all commands of this gateway."""
        return f"{self.base}/command/+"

    def response(self, name: str) -> str:
        """Up: the answer to a command, where the broker offers no MQTT 5 response topic."""
        return f"{self.base}/response/{_checked('command', name)}"


@dataclass(frozen=True, kw_only=True)
class CaseTopics:
    """Topics of one case, for integrators: ``lookout/v1/{site}/case/{grid}/{case}/…``."""

    site: str
    grid: str
    case: str

    @property
    def base(self) -> str:
        """The case's subtree."""
        ids = _checked("site", self.site), _checked("grid", self.grid), _checked("case", self.case)
        return f"{PREFIX}/{ids[0]}/case/{ids[1]}/{ids[2]}"

    @property
    def event(self) -> str:
        """Every step; not retained."""
        return f"{self.base}/event"

    @property
    def state(self) -> str:
        """Where the case stands; retained, cleared when it closes."""
        return f"{self.base}/state"


#: Filters for the dispatcher, by channel.
INTAKE_FILTERS = {
    "event": f"{PREFIX}/+/gateway/+/event/+/+",
    "test": f"{PREFIX}/+/gateway/+/test/+/+",
    "status": f"{PREFIX}/+/gateway/+/status",
    "camera": f"{PREFIX}/+/gateway/+/camera/+/state",
    "response": f"{PREFIX}/+/gateway/+/response/+",
}


@dataclass(frozen=True, kw_only=True)
class ParsedTopic:
    """A gateway topic taken apart.

    ``channel`` is event, test, receipt, refusal, status, camera, command or response.
    """

    site: str
    gateway: str
    channel: str
    camera: str | None = None
    scenario: Scenario | None = None
    name: str | None = None

    @property
    def source(self) -> str:
        """The CloudEvents source that an event on this topic must carry."""
        return f"/site/{self.site}/gateway/{self.gateway}"


_PARSER = re.compile(
    rf"{PREFIX}/(?P<site>{_ID.pattern})/gateway/(?P<gateway>{_ID.pattern})/"
    rf"(?:(?P<plain>receipt|refusal|status)"
    rf"|(?P<event>event|test)/(?P<event_camera>{_ID.pattern})/(?P<scenario>[a-z_]+)"
    rf"|camera/(?P<camera>{_ID.pattern})/state"
    rf"|(?P<kind>command|response)/(?P<name>{_ID.pattern}))"
)


@lru_cache(maxsize=4096)
def parse_gateway_topic(topic: str) -> ParsedTopic:
    """Take a topic apart; ContractError when it is not one of a gateway's."""
    match = _PARSER.fullmatch(topic)
    if match is None:
        raise ContractError(f"topic {topic!r} is not one of lookout/v1/SITE/gateway/GATEWAY/…")
    site, gateway = match["site"], match["gateway"]
    if match["plain"]:
        return ParsedTopic(site=site, gateway=gateway, channel=match["plain"])
    if match["camera"]:
        return ParsedTopic(site=site, gateway=gateway, channel="camera", camera=match["camera"])
    if match["kind"]:
        return ParsedTopic(site=site, gateway=gateway, channel=match["kind"], name=match["name"])
    try:
        scenario = Scenario(match["scenario"])
    except ValueError as error:
        known = ", ".join(s.value for s in Scenario)
        raise ContractError(f"topic {topic!r} names no known scenario; known are {known}") from error
    return ParsedTopic(
        site=site, gateway=gateway, channel=match["event"], camera=match["event_camera"], scenario=scenario
    )
