"""Candidates that run beside the rules of the cameras, and what they would have done."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from threading import Lock
from weakref import WeakKeyDictionary

import structlog

from lookout_contract.events import EventData, Phase, Scenario
from lookout_contract.status import ShadowReport, ShadowTally
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.shadow_file import ShadowFile, ShadowRun
from lookout_edge.bootstrap.models import Models, load_models
from lookout_edge.bootstrap.watching import build_rules, doubts_of
from lookout_edge.config import CameraConfig, GatewayConfig, LoadedConfig, ModelsConfig, ShadowConfig
from lookout_edge.domain.comparison import Difference, compare
from lookout_edge.domain.memory import Kind, note_of_event
from lookout_edge.errors import ConfigError, ModelError
from lookout_edge.events import Provenance
from lookout_edge.ports import Clock
from lookout_edge.shadow import Shadow
from lookout_edge.supervisor import IdleDetector, InferenceOwner

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: File of the runs in the data folder.
SHADOWS = "shadows.json"
#: The comparison is made at most so often while the gateway runs, seconds.
_FRESH_S = 60.0


class Shadows:
    """The candidates of a gateway. From any thread."""

    def __init__(self, config: GatewayConfig, memory: Memory, inference: InferenceOwner, clock: Clock) -> None:
        self._config, self._memory, self._inference, self._clock = config, memory, inference, clock
        self._file = ShadowFile(config.data_dir / SHADOWS)
        self._models: dict[tuple[str, str], Models] = {}
        self._running: list[Shadow] = []
        #: Looks of each that are in the file, and those that were left out.
        self._counted: WeakKeyDictionary[Shadow, tuple[int, int]] = WeakKeyDictionary()
        #: Those that the gateway has now.
        self._cameras: Collection[str] = tuple(config.cameras)
        self._lock = Lock()
        self._told: tuple[float, dict[str, ShadowReport]] = (float("-inf"), {})

    def of(self, camera: str, section: CameraConfig, loaded: LoadedConfig, running: Models) -> list[Shadow]:
        """Those that are to run at a camera now; ConfigError as for the rules themselves.

        One whose model does not load is left out and says so: a candidate keeps no camera from running.
        """
        with self._lock:
            self._let_go({camera})
            found: list[Shadow] = []
            for name, config in self._config.shadows.items():
                mine = _section_of(camera, section, config)
                if mine is None:
                    self._file.judges(name, camera, {}, self._clock.now())
                    continue
                run = self._run(name, config)
                if self._clock.now() >= run.until:
                    continue
                try:
                    shadow = self._build(name, camera, mine, loaded, running, run.until)
                except ModelError as error:
                    self._file.count(name, 0, 0, str(error))
                    self._file.rests(name, camera, self._clock.now())
                    _log.error(
                        "a shadow's model does not load; the cameras run without it", shadow=name, why=str(error)
                    )
                    continue
                beside = {each: _beside(section, each, running) for each in shadow.scenarios}
                self._file.judges(name, camera, beside, self._clock.now())
                found.append(shadow)
            self._running += found
            return found

    def watch(self, cameras: Collection[str]) -> None:
        """The gateway has these from now on; what judged at others is let go."""
        with self._lock:
            self._cameras = tuple(cameras)
            self._let_go({shadow.camera for shadow in self._running}.difference(cameras))

    def report(self) -> dict[str, ShadowReport]:
        """Name → what it has come to, at most a minute old."""
        now = self._clock.now()
        with self._lock:
            if not 0 <= now - self._told[0] < _FRESH_S:
                self._count()
                found = comparisons(self._file, self._memory, now, self._cameras)
                self._conclude(found, now)
                self._told = now, {name: told for name, (told, _) in found.items() if name in self._config.shadows}
            return self._told[1]

    def close(self) -> None:
        """Keep what was counted."""
        with self._lock:
            self._count()

    def start(self) -> None:
        """Nothing to do: it counts whenever the status is told."""

    def _run(self, name: str, config: ShadowConfig) -> ShadowRun:
        made_of = hashlib.sha256(config.model_dump_json(exclude={"days", "cameras"}).encode()).hexdigest()
        return self._file.begin(name, made_of, self._clock.now(), config.days * 86_400)

    def _build(
        self, name: str, camera: str, section: CameraConfig, loaded: LoadedConfig, running: Models, until: float
    ) -> Shadow:
        config = self._config.shadows[name]
        models, detector = running, None
        if config.detector is not None:
            kind = config.detector, config.precision
            if kind not in self._models:
                wanted = ModelsConfig(detector=config.detector, precision=config.precision, plates=False)
                self._models[kind] = load_models(wanted)
            models = self._models[kind]
        rules = build_rules(camera, section, loaded.calendar, models)
        if config.detector is not None:
            detector = IdleDetector(models.for_rules(rules).detector, self._inference)
        provenance = Provenance(camera=camera, source=f"shadow/{name}", models=models.hashes(), config_hash=loaded.hash)
        doubts = doubts_of(models, rules)
        return Shadow(name, provenance, rules, self._remember, detector=detector, doubts=doubts, until=until)

    def _conclude(self, found: Mapping[str, tuple[ShadowReport, Sequence[Difference]]], now: float) -> None:
        over = [name for name, run in self._file.all().items() if now >= run.until and run.outcome is None]
        for name in over:
            self._file.conclude(name, tuple(_tally(each) for each in found[name][1]))
        if over:
            self._file.save()

    def _remember(self, name: str, event: EventData) -> None:
        if event.phase is not Phase.UPDATE:
            self._memory.add(note_of_event(event, Kind.SHADOW).model_copy(update={"shadow": name}))

    def _let_go(self, cameras: Collection[str]) -> None:
        """Those that judge at these cameras judge no more, but their looks count."""
        if any(shadow.camera in cameras for shadow in self._running):
            self._count()
            self._running = [shadow for shadow in self._running if shadow.camera not in cameras]

    def _count(self) -> None:
        # At one camera may be what is at none of the others.
        gave_up = {shadow.name: shadow.gave_up for shadow in self._running if shadow.gave_up is not None}
        for shadow in self._running:
            looks, shed = self._counted.get(shadow, (0, 0))
            self._file.count(shadow.name, shadow.looks - looks, shadow.shed - shed, gave_up.get(shadow.name))
            self._counted[shadow] = (shadow.looks, shadow.shed)
            if shadow.gave_up_at is not None:
                self._file.rests(shadow.name, shadow.camera, shadow.gave_up_at)
        self._file.save()


def comparisons(
    file: ShadowFile, memory: Memory, now: float, cameras: Collection[str]
) -> dict[str, tuple[ShadowReport, Sequence[Difference]]]:
    """Name → what a shadow has come to, in numbers and alarm by alarm, at those ``cameras`` that the gateway has."""
    found: dict[str, tuple[ShadowReport, Sequence[Difference]]] = {}
    runs = file.all()
    # Once for all of them: a week's are thousands, and this is asked every minute.
    notes = memory.starts_and_ends(0.0, now) if runs else ()
    for name, run in runs.items():
        pairs = {
            (camera, scenario): since
            for camera, judged in run.judges_since.items()
            if camera in cameras
            for scenario, since in judged.items()
        }
        told = [note for note in notes if note.at <= run.until]
        differences = _as_concluded(compare(name, told, pairs, run.rests_since), run)
        found[name] = _message(run, differences), differences
    return found


def open_shadows(config: GatewayConfig) -> ShadowFile:
    """The runs so far, also while the gateway runs."""
    return ShadowFile(config.data_dir / SHADOWS)


def _beside(section: CameraConfig, scenario: Scenario, running: Models) -> str:
    """A hash of what runs at a camera for a scenario: beside something else a candidate counts anew."""
    rules = [rule.model_dump_json() for rule in section.rules if rule.scenario == scenario.value]
    zones = [f"{name} {zone.model_dump_json()}" for name, zone in sorted(section.zones.items())]
    masks = [mask.model_dump_json() for mask in section.masks]
    close_ups = [close_up.model_dump_json() for close_up in section.close_ups]
    models = [f"{name} {sha256}" for name, sha256 in sorted(running.hashes().items())]
    return hashlib.sha256("\n".join([*rules, *zones, *masks, *close_ups, *models]).encode()).hexdigest()


def _section_of(camera: str, section: CameraConfig, config: ShadowConfig) -> CameraConfig | None:
    """The camera with the candidate's rules in place of its own; None where the candidate does not run.

    A rule without zones watches those of all the camera's own rules for the scenario.
    """
    if config.cameras and camera not in config.cameras:
        return None
    own = {rule.scenario for rule in section.rules}
    theirs = [
        rule.model_copy(update={"zones": _zones_of(section, rule.scenario)})
        if "zones" not in rule.model_fields_set and rule.scenario in own
        else rule
        for rule in config.rules
        if rule.scenario in own or config.cameras
    ]
    rules = theirs if config.rules else list(section.rules)
    if config.detector is not None:  # it reads no plates
        rules = [rule for rule in rules if rule.scenario != Scenario.UNFAMILIAR_VEHICLE.value]
    for rule in rules:
        for zone in rule.zones:
            if zone not in section.zones:
                raise ConfigError(f"shadows: camera {camera} has no zone {zone!r}; name those of all its cameras.")
    return section.model_copy(update={"rules": tuple(rules)}) if rules else None


def _zones_of(section: CameraConfig, scenario: str) -> tuple[str, ...]:
    """The zones of all rules of a camera for a scenario; none, the whole picture, where one of them has none."""
    zones = [rule.zones for rule in section.rules if rule.scenario == scenario]
    return tuple(dict.fromkeys(name for each in zones for name in each)) if all(zones) else ()


def _as_concluded(found: list[Difference], run: ShadowRun) -> list[Difference]:
    """The differences with the counts of the end, where that is over."""
    outcome = run.outcome
    if outcome is None:
        return found
    known = {(each.camera, each.scenario): each for each in found}
    return [
        Difference(
            camera=each.camera,
            scenario=each.scenario,
            since=run.judges_since.get(each.camera, {}).get(each.scenario, run.since),
            running=each.running,
            shadow=each.shadow,
            both=each.both,
            spared=known[pair].spared if (pair := (each.camera, each.scenario)) in known else (),
            added=known[pair].added if pair in known else (),
        )
        for each in outcome
    ]


def _tally(each: Difference) -> ShadowTally:
    return ShadowTally(
        camera=each.camera, scenario=each.scenario, running=each.running, shadow=each.shadow, both=each.both
    )


def _message(run: ShadowRun, differences: Sequence[Difference]) -> ShadowReport:
    return ShadowReport(
        since=datetime.fromtimestamp(run.since, UTC),
        until=datetime.fromtimestamp(run.until, UTC),
        looks=run.looks,
        shed=run.shed,
        gave_up=run.gave_up,
        alarms=tuple(
            _tally(each)
            for each in differences
            if each.scenario is not Scenario.CARE  # about care only the box itself tells
        ),
    )
