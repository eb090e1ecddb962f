"""Silences and maintenance windows: alarms that disturb nobody for a while. They are owned, they expire, and they never
cover fire or somebody pressing the button.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lookout_contract.events import Scenario
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.policy import PANIC_STAGE
from lookout_server.errors import InvalidError


class SilenceKind(StrEnum):
    """Why it is quiet: somebody knows of it, or somebody works on the camera."""

    SILENCE = "silence"
    MAINTENANCE = "maintenance"


LONGEST = {SilenceKind.SILENCE: timedelta(hours=24), SilenceKind.MAINTENANCE: timedelta(days=14)}


@dataclass(frozen=True, kw_only=True)
class Silence:
    """What is quiet from ``starts_at`` until ``ends_at``; a field that is None matches anything."""

    id: str
    kind: SilenceKind
    owner: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    scenario: Scenario | None = None
    gateway: str | None = None
    camera: str | None = None
    grid: str | None = None

    def covers(self, alarm: Alarm, grid: str | None, at: datetime) -> bool:
        """Whether this alarm of a camera in ``grid`` disturbs nobody at this moment."""
        if not self.starts_at <= at < self.ends_at or never_silent(alarm):
            return False
        seen = (alarm.scenario, alarm.camera.gateway, alarm.camera.id, grid)
        wanted = (self.scenario, self.gateway, self.camera, self.grid)
        return all(want is None or want == have for want, have in zip(wanted, seen, strict=True))


def never_silent(alarm: Alarm) -> bool:
    """Fire and panic are always told."""
    return alarm.scenario is Scenario.FIRE_SMOKE or alarm.attributes.stage == PANIC_STAGE


def checked(silence: Silence) -> Silence:
    """The silence, or InvalidError that says what is wrong with it."""
    longest = LONGEST[silence.kind]
    if not timedelta(0) < silence.ends_at - silence.starts_at <= longest:
        hours = int(longest.total_seconds()) // 3600
        raise InvalidError(f"a {silence.kind} ends after it starts, within {hours} hours")
    if silence.scenario is Scenario.FIRE_SMOKE:
        raise InvalidError("fire is never silenced")
    if silence.scenario is silence.gateway is silence.camera is silence.grid is None:
        raise InvalidError("say what is quiet: a scenario, a gateway, a camera or a grid")
    if silence.camera is not None and silence.gateway is None:
        raise InvalidError("camera ids are unique within their gateway only: name the gateway too")
    return silence
