"""One camera's rules and pipeline out of its configuration."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf
from zoneinfo import ZoneInfo

import structlog

from lookout_contract.commands import Resident
from lookout_contract.events import Scenario
from lookout_edge.bootstrap.models import Models
from lookout_edge.closer import Plates
from lookout_edge.config import CameraConfig, CloseUpConfig
from lookout_edge.domain.close_up import CloseUp, close_ups_of
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.domain.suppression import Suppression
from lookout_edge.domain.watched import AtCamera, Unremembered, WatchedDays
from lookout_edge.domain.zone import Point, Zone
from lookout_edge.errors import ConfigError
from lookout_edge.events import Provenance
from lookout_edge.looking import LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings, leave_out_nothing
from lookout_edge.ports import PlateDirectory
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.rules.registry import RULES
from lookout_edge.sight import SightSettings
from lookout_edge.tracking import TrackerSettings

log = structlog.stdlib.get_logger()


class NobodyKnown:
    """The directory of a replay: every plate is a stranger's."""

    def residents(self, at: float) -> Sequence[Resident]:
        """See ``PlateDirectory``."""
        return ()

    def visit(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""

    def stay(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""


def build_rules(
    name: str, camera: CameraConfig, calendar: SiteCalendar, models: Models, days: WatchedDays | None = None
) -> list[Rule]:
    """The camera's rules; ConfigError for one that the detector can never satisfy.

    ``days`` remembers over a restart what the running rules have watched today; all others go without.
    """
    remembered = Unremembered() if days is None else AtCamera(name, days)
    labels, context = models.detector.labels, RuleContext(calendar, models.thresholds, models.tracked, remembered)
    zones = {zone: Zone(zone, section.polygon) for zone, section in camera.zones.items()}
    rules: list[Rule] = []
    for section in camera.rules:
        if not any(label in labels for label in section.labels):
            wanted = ", ".join(section.labels)
            raise ConfigError(
                f"cameras.{name}: {section.scenario} needs one of {wanted}, none of which the detector knows; "
                "choose another model under models.detector."
            )
        kind = next(kind for scenario, kind in RULES.items() if scenario.value == section.scenario)
        rules.append(kind.build(section, [zones[zone] for zone in section.zones], context))
    return rules


def masks_of(camera: CameraConfig) -> list[Zone]:
    """The parts of the camera's picture that are left out."""
    return [Zone(f"mask-{number}", mask.polygon) for number, mask in enumerate(camera.masks)]


def default_rules(timezone: ZoneInfo, models: Models) -> list[Rule]:
    """Every scenario that the detector can see, with its defaults, on the whole picture; care is opt-in only.

    Without zones nobody knows where an e-bike may stand, so one that stays a moment counts.
    """
    context = RuleContext(SiteCalendar(timezone), models.thresholds, models.tracked)
    seen = [kind for kind in RULES.values() if set(kind.labels) & set(models.detector.labels)]
    given = {Scenario.CORRIDOR_EBIKE: {"dwell_s": 3.0}}
    return [
        kind.build(kind.params.model_validate(given.get(kind.scenario, {})), (), context)
        for kind in seen
        if kind.scenario is not Scenario.CARE
    ]


def build_pipeline(
    camera: str,
    rules: Sequence[Rule],
    models: Models,
    directory: PlateDirectory,
    *,
    source: str = "",
    config_hash: str | None = None,
    outlines: Mapping[str, tuple[Point, ...]] | None = None,
    looks: LookSettings | None = None,
    masks: Sequence[Zone] = (),
    sight: SightSettings | None = None,
    on_suppressed: Callable[[Suppressed], None] | None = None,
    left_out: Callable[[float], Sequence[Suppression]] = leave_out_nothing,
    also_read: Iterable[str] = (),
) -> CameraPipeline:
    """A camera's pipeline. ``source`` tells gateways apart that have a camera of the same name.

    The detector is asked about the labels that ``rules`` read, and about ``also_read``.
    """
    models = models.for_rules(rules, also_read)
    # Somebody who lies on the ground is seen doubtfully, and does not move.
    cares = any(rule.scenario is Scenario.CARE for rule in rules)
    tracker = TrackerSettings(high_scores=models.tracked)
    return CameraPipeline(
        Provenance(
            camera=camera, source=source, models=models.hashes(), config_hash=config_hash, outlines=outlines or {}
        ),
        rules,
        models.detector,
        plates=Plates(reader=models.plates, directory=directory) if models.plates else None,
        pose=models.pose,
        settings=PipelineSettings(
            looks=looks or LookSettings(),
            tracker=replace(tracker, ghost_s=inf) if cares else tracker,
            masks=tuple(masks),
            sight=sight,
            doubts=doubts_of(models, rules),
        ),
        on_suppressed=on_suppressed or log_suppressed,
        left_out=left_out,
    )


def doubts_of(models: Models, rules: Sequence[Rule]) -> dict[str, float]:
    """Label of a thing without a shape → the model's threshold, below which it is only suspected."""
    labels = {label for rule in rules for label in rule.untracked_labels}
    return {label: threshold for label, threshold in models.thresholds.items() if label in labels}


def log_suppressed(suppressed: Suppressed) -> None:
    """So that "why was there no alarm at 21:04?" has an answer."""
    condition = suppressed.condition
    log.info(
        "suppressed",
        camera=suppressed.camera,
        scenario=suppressed.scenario.value,
        zone=suppressed.zone,
        label=suppressed.label,
        at=round(suppressed.at, 3),
        condition=condition.name,
        value=condition.value,
        limit=condition.limit,
    )


def sight_of(camera: CameraConfig) -> SightSettings:
    """What counts as blind: of a file that loops not that its pictures come back, nor that parts of them stand."""
    return SightSettings(hung_s=inf) if camera.source.loop else SightSettings()


def looks_of(camera: CameraConfig) -> LookSettings:
    """When this camera's frames are looked at."""
    return LookSettings(
        detect_fps=camera.detect_fps,
        heartbeat_s=camera.heartbeat_s,
        close_ups=tuple(part for each in camera.close_ups for part in _parts_of(each, camera)),
    )


def _parts_of(close_up: CloseUpConfig, camera: CameraConfig) -> tuple[CloseUp, ...]:
    corners = None if close_up.zone is None else camera.zones[close_up.zone].polygon
    return close_ups_of(corners, close_up.grid, close_up.every_s)
