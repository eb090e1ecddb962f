"""Self-tests out of the configuration: which clip, and a pipeline like the camera's own to play it to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from pydantic import ValidationError

from lookout_contract.events import Scenario
from lookout_edge.adapters.reel import Reel
from lookout_edge.adapters.self_tests import WeeklySelfTests
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.bootstrap.models import Models, queued
from lookout_edge.bootstrap.watching import NobodyKnown, build_pipeline, build_rules
from lookout_edge.config import CameraConfig, LoadedConfig
from lookout_edge.config.model import ZoneConfig
from lookout_edge.domain.weekly import parse_weekly
from lookout_edge.errors import ConfigError
from lookout_edge.looking import LookSettings
from lookout_edge.pipeline import ignore_suppressed
from lookout_edge.ports import Clock
from lookout_edge.supervisor import InferenceOwner, Rehearsal, SelfTestDesk, Service

log = structlog.stdlib.get_logger()

#: The file in the data folder that says when the last round was.
SELF_TESTS = "self_tests.json"


def open_reel() -> Reel | None:
    """The reel, when this box has one; a broken one costs a log line, never the gateway."""
    try:
        return Reel.find()
    except ConfigError as error:
        log.warning("there will be no self-tests", why=str(error))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsals:
    """Prepares self-tests of a running gateway."""

    reel: Reel | None
    loaded: Callable[[], LoadedConfig]
    models: Callable[[], Models]
    inference: InferenceOwner
    clock: Clock

    def plan(self) -> Sequence[tuple[str, Scenario]]:
        """Every camera with every scenario of its rules that there is a clip for."""
        cameras = self.loaded().config.cameras
        return [(name, scenario) for name, camera in cameras.items() for scenario in self._clips(camera)]

    def prepare(self, name: str, scenario: Scenario | None) -> Rehearsal:
        """A clip of ``scenario``, or of the camera's first that there is a clip for; ConfigError when there is none."""
        loaded = self.loaded()
        camera = loaded.config.cameras.get(name)
        if camera is None:
            raise ConfigError(f"There is no camera {name!r}; known are {', '.join(loaded.config.cameras)}.")
        clips = self._clips(camera)
        chosen = scenario or next(iter(clips), None)
        if self.reel is None or chosen is None or chosen not in clips:
            raise ConfigError(self._lacks(name, camera, scenario))
        clip = self.reel.clips[clips[chosen]]
        rehearsed = staged(camera, chosen, clip.zones, clip.params)
        rules = build_rules(name, rehearsed, loaded.calendar, self.models())
        looks = LookSettings(detect_fps=camera.detect_fps, heartbeat_s=camera.heartbeat_s)
        start_at = self.clock.now()
        options = SourceOptions(url=str(self.reel.path(clips[chosen])), max_size=camera.max_size)
        config = loaded.config
        return Rehearsal(
            clip=clips[chosen],
            scenario=chosen,
            source=VideoSource(name, options, clock=self.clock, realtime=True, start_at=start_at),
            pipeline=build_pipeline(
                name,
                rules,
                queued(self.models(), self.inference, f"{name} (self-test)", rules),
                NobodyKnown(),
                source=f"{config.site}/{config.gateway}",
                config_hash=loaded.hash,
                looks=looks,
                on_suppressed=ignore_suppressed,
            ),
            start_at=start_at,
            event=clip.event or (0.0, 0.0),
        )

    def _clips(self, camera: CameraConfig) -> dict[Scenario, str]:
        if self.reel is None:
            return {}
        wanted = list(dict.fromkeys(Scenario(rule.scenario) for rule in camera.rules))
        return dict(self.reel.showing(wanted))

    def _lacks(self, name: str, camera: CameraConfig, scenario: Scenario | None) -> str:
        if self.reel is None:
            return "There is no reel on this box: set LOOKOUT_REEL to the folder models/reel of a checkout."
        rules = ", ".join(rule.scenario for rule in camera.rules)
        known = ", ".join(sorted({clip.scenario for clip in self.reel.clips.values() if clip.event})) or "nothing"
        what = f"{scenario.value} at camera {name}" if scenario else f"camera {name}"
        return f"Nothing to test {what} with: its rules look for {rules}, the reel in {self.reel.folder} shows {known}."


def staged(
    camera: CameraConfig, scenario: Scenario, zones: Sequence[Sequence[tuple[float, float]]], params: Mapping[str, Any]
) -> CameraConfig:
    """The camera with the one rule of ``scenario``, in the clip's zones, at any time of the week.

    ConfigError where the rule's own parameters do not go with the clip's.
    """
    placed = {f"reel-{number}": ZoneConfig(polygon=tuple(polygon)) for number, polygon in enumerate(zones)}
    rule = next(rule for rule in camera.rules if rule.scenario == scenario.value)
    document = rule.model_dump()
    # What its own zones are besides (sockets, drop-off points) no zone of the clip is.
    beside = {name: () for name in document if name.endswith("_zones")}
    document |= {**beside, "windows": (), **params, "zones": tuple(placed)}
    try:
        rules = (type(rule).model_validate(document),)
    except ValidationError as error:
        why = error.errors(include_url=False)[0]["msg"]
        raise ConfigError(f"The rule {scenario.value} cannot be tested with the reel's clip: {why}.") from error
    return camera.model_copy(update={"rules": rules, "zones": placed, "masks": ()})


def weekly(loaded: LoadedConfig, rehearsals: Rehearsals, desk: SelfTestDesk) -> list[Service]:
    """The weekly round, where it is wanted and there is a reel."""
    config = loaded.config
    if not config.self_test.enabled or rehearsals.reel is None:
        return []
    return [
        WeeklySelfTests(
            config.data_dir / SELF_TESTS,
            parse_weekly(config.self_test.at),
            timezone=lambda: loaded.timezone,
            plan=rehearsals.plan,
            run=desk.run,
            clock=rehearsals.clock,
        )
    ]
