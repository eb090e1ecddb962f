"""Recorded clips through the pipeline of a camera, or through one with every scenario on the whole picture."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from lookout_contract.events import Scenario
from lookout_edge import bootstrap
from lookout_edge.adapters.video import VideoSource
from lookout_edge.config import CameraConfig, KeyAreaRule, LoadedConfig, ModelsConfig, RuleConfig
from lookout_edge.domain.schedule import SiteCalendar, make_schedule
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.domain.zone import Zone
from lookout_edge.errors import ConfigError
from lookout_edge.looking import LookSettings
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import PlateDirectory
from lookout_edge.rules.base import Rule

#: The camera of a replay without a configuration.
CLIP_CAMERA = "clip"
DEFAULT_TIMEZONE = "Asia/Shanghai"
_IDENTIFIER = re.compile("[a-z0-9][a-z0-9_-]{0,62}")
#: Longest side of the pictures without a configuration.
MAX_SIZE = 1920


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """Everything that watching clips takes. Each clip gets a fresh pipeline; the models are shared."""

    camera: str
    models: bootstrap.Models
    rules: Callable[[], Sequence[Rule]]
    source_name: str = ""
    config_hash: str | None = None
    looks: LookSettings
    calendar: SiteCalendar
    #: Its rules as they are written; none without a configuration.
    sections: Sequence[RuleConfig] = ()
    masks: Sequence[Zone] = ()
    max_size: int = MAX_SIZE

    def pipeline(
        self,
        scenarios: Collection[Scenario] | None = None,
        *,
        directory: PlateDirectory | None = None,
        on_suppressed: Callable[[Suppressed], None] | None = None,
    ) -> CameraPipeline:
        """A pipeline that has seen nothing yet, for all or some ``scenarios``; without ``directory`` every plate is a
        stranger's."""
        rules = [rule for rule in self.rules() if scenarios is None or rule.scenario in scenarios]
        return bootstrap.build_pipeline(
            self.camera,
            rules,
            self.models,
            directory or bootstrap.NobodyKnown(),
            source=self.source_name,
            config_hash=self.config_hash,
            looks=self.looks,
            masks=self.masks,
            on_suppressed=on_suppressed,
        )

    def unarmed(self, at: float) -> list[Scenario]:
        """Scenarios whose rules are none of them armed at the frame time ``at``."""
        armed: dict[Scenario, bool] = {}
        for rule in self.sections:
            windows = (*rule.windows, *(rule.loiter_windows if isinstance(rule, KeyAreaRule) and rule.windows else ()))
            scenario = Scenario(rule.scenario)
            armed[scenario] = armed.get(scenario, False) or make_schedule(windows, self.calendar).contains(at)
        return [scenario for scenario, is_armed in armed.items() if not is_armed]

    def source(self, clip: Path, start_at: float) -> VideoSource:
        """The clip, as fast as it can be read; its first instant gets the frame time ``start_at``."""
        return bootstrap.clip_source(clip, self.camera, self.looks, max_size=self.max_size, start_at=start_at)


def studio_of(config: Path | None, camera: str | None, models: ModelsConfig | None = None) -> Studio:
    """The studio of a camera of ``config``, or without one of every scenario on the whole picture.

    Unless ``models`` says otherwise, the latter is seen by the detector that knows most of them.
    """
    if config is None:
        if camera is not None and not _IDENTIFIER.fullmatch(camera):
            raise ConfigError(
                f"--camera {camera!r} must be lower-case letters, digits, '-' and '_', at most 63, "
                "first a letter or digit."
            )
        opened = bootstrap.load_models(models or ModelsConfig(detector=bootstrap.widest_detector()))
        return Studio(
            camera=camera or CLIP_CAMERA,
            models=opened,
            rules=lambda: bootstrap.default_rules(ZoneInfo(DEFAULT_TIMEZONE), opened),
            looks=LookSettings(),
            calendar=SiteCalendar(ZoneInfo(DEFAULT_TIMEZONE)),
        )
    loaded = bootstrap.load(config)
    name, section = _chosen(loaded, camera)
    opened = bootstrap.load_models(models or loaded.config.models)
    return Studio(
        camera=name,
        models=opened,
        rules=lambda: bootstrap.build_rules(name, section, loaded.calendar, opened),
        source_name=f"{loaded.config.site}/{loaded.config.gateway}",
        config_hash=loaded.hash,
        looks=bootstrap.looks_of(section),
        calendar=loaded.calendar,
        sections=section.rules,
        masks=bootstrap.masks_of(section),
        max_size=section.max_size,
    )


def _chosen(loaded: LoadedConfig, camera: str | None) -> tuple[str, CameraConfig]:
    cameras = loaded.config.cameras
    if camera is None and len(cameras) == 1:
        return next(iter(cameras.items()))
    if camera is None or camera not in cameras:
        problem = "holds several cameras" if camera is None else f"has no camera {camera!r}"
        raise ConfigError(f"{loaded.path} {problem}; choose with --camera one of: {', '.join(cameras)}.")
    return camera, cameras[camera]
