"""Puts the gateway together. The one package that names concrete adapters."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import numpy as np
import structlog

from lookout_contract.commands import Resident
from lookout_contract.events import Scenario
from lookout_contract.status import CameraState, SpoolDepth
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.adapters.directory import FilePlateDirectory
from lookout_edge.adapters.enrolment import Enrolment
from lookout_edge.adapters.enrolment import enrol as enrol_box
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.feedback import FeedbackDesk, ProposalFile
from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.adapters.jpeg import encode_jpeg
from lookout_edge.adapters.link import MqttLink
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.model_store import ModelStore, RolledOut
from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.adapters.onnx.second_look import open_detector
from lookout_edge.adapters.onvif.events import EventRule, TalkingCamera
from lookout_edge.adapters.onvif.listening import OnvifListener
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.adapters.spool_room import SpoolLimits
from lookout_edge.adapters.uploader import EvidenceUploader
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.adapters.video import RingDepth, SourceOptions, VideoSource, open_streams
from lookout_edge.adapters.zoo import Zoo
from lookout_edge.bootstrap.devices import actions_of, broker_options, open_devices
from lookout_edge.bootstrap.streams import source_options
from lookout_edge.config import CameraConfig, GatewayConfig, LoadedConfig, ModelsConfig, load_config
from lookout_edge.config.sense import PLATE_MODELS
from lookout_edge.domain.memory import note_of_sight, note_of_suppressed
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.domain.suppression import Suppression
from lookout_edge.domain.zone import Zone
from lookout_edge.errors import ConfigError, ModelError
from lookout_edge.events import Provenance
from lookout_edge.looking import LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings, Plates, leave_out_nothing
from lookout_edge.ports import Detector, PlateDirectory, PlateReader
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.rules.registry import RULES
from lookout_edge.sight import SightSettings
from lookout_edge.supervisor import (
    ActingSink,
    Button,
    ButtonDesk,
    CameraWorker,
    CommandDesk,
    Crew,
    Gateway,
    Identity,
    InferenceOwner,
    NoDevices,
    ProofDesk,
    ProofSettings,
    QueuedDetector,
    QueuedPlateReader,
    RememberingSink,
    Rollouts,
    Service,
    SilentVoice,
    deadline_of,
    end_unwatched,
    make_status,
    schedule_on_thread,
    send_trial_alarm,
    take_snapshot,
)

log = structlog.stdlib.get_logger()

#: The file of ``Memory`` in the data folder.
MEMORY = "memory.db"
#: The file of ``ProposalFile`` there.
PROPOSALS = "proposals.json"
#: Sections that a running gateway cannot change.
_FIXED = (
    "site",
    "gateway",
    "data_dir",
    "mqtt",
    "dispatcher",
    "models",
    "evidence",
    "spool",
    "devices",
    "speaker",
    "buttons",
)


def load(path: Path) -> LoadedConfig:
    """Read a configuration with this box's zoo and environment; ConfigError lists everything that is wrong."""
    zoo = Zoo.find()
    return load_config(path, models={name: zoo.entry(name).spec.labels for name in zoo.names()}, environ=os.environ)


def enrol(url: str, code: str, folder: Path) -> Enrolment:
    """Fetch what lets this box in; see ``lookout-edge enrol``."""
    return enrol_box(url, code, folder)


@dataclass(frozen=True, slots=True)
class Models:
    """The sessions that all cameras share."""

    detector: Detector
    plates: PlateReader | None
    #: Label → score from which on the detector reports it.
    thresholds: Mapping[str, float]

    def hashes(self) -> dict[str, str]:
        """Model name → SHA-256 of its weights."""
        return {self.detector.name: self.detector.sha256, **(self.plates.models if self.plates else {})}


def detector_entry(zoo: Zoo, config: ModelsConfig) -> str:
    """The detector's entry: its int8 twin where the zoo has one, unless full precision is asked for."""
    quick = f"{config.detector}-int8"
    return quick if config.precision == "auto" and quick in zoo.names() else config.detector


#: The detector of this project, which knows fire, smoke and garbage as well.
OWN_DETECTOR = "community-nano"


def widest_detector() -> str:
    """The detector that knows most scenarios: our own where the zoo has it, else the default one."""
    return OWN_DETECTOR if OWN_DETECTOR in Zoo.find().names() else ModelsConfig().detector


def load_models(config: ModelsConfig, rolled_out: RolledOut | None = None) -> Models:
    """Open the sessions; ModelError when weights are missing or damaged, or what should compute is not there.

    ``rolled_out`` looks in place of the configured detector.
    """
    zoo = Zoo.find()
    found = (zoo, detector_entry(zoo, config)) if rolled_out is None else (Zoo(rolled_out.folder), rolled_out.name)
    detector = open_detector(*found, config.providers)
    spec = found[0].entry(found[1]).spec
    thresholds = {label: spec.thresholds.of(label) for label in spec.labels}
    if not config.plates:
        return Models(detector, None, thresholds)
    find, read = (zoo.entry(name) for name in PLATE_MODELS)
    reader = OnnxPlateReader(find, read, config.providers)
    return Models(detector, reader, thresholds)


def queued(models: Models, owner: InferenceOwner, camera: str, rules: Sequence[Rule]) -> Models:
    """The same sessions, asked in their turn on behalf of one camera."""
    within_s = deadline_of([rule.scenario for rule in rules])
    reader = QueuedPlateReader(models.plates, owner, camera, within_s) if models.plates else None
    return Models(QueuedDetector(models.detector, owner, camera, within_s), reader, models.thresholds)


def check_weights(config: ModelsConfig) -> Mapping[str, str]:
    """Model name → SHA-256 of every model that ``config`` needs, read from disk and verified; ModelError if not so."""
    zoo = Zoo.find()
    entries = [zoo.entry(name) for name in (detector_entry(zoo, config), *(PLATE_MODELS if config.plates else ()))]
    for entry in entries:
        entry.weights()
    return {entry.name: entry.sha256 for entry in entries}


def build_rules(name: str, camera: CameraConfig, calendar: SiteCalendar, models: Models) -> list[Rule]:
    """The camera's rules; ConfigError for one that the detector can never satisfy."""
    labels, context = models.detector.labels, RuleContext(calendar, models.thresholds)
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


def default_rules(timezone: ZoneInfo, models: Models) -> list[Rule]:
    """Every scenario that the detector can see, with its defaults, on the whole picture; care is opt-in only.

    Without zones nobody knows where an e-bike may stand, so one that stays a moment counts.
    """
    context = RuleContext(SiteCalendar(timezone), models.thresholds)
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
    looks: LookSettings | None = None,
    masks: Sequence[Zone] = (),
    sight: SightSettings | None = None,
    on_suppressed: Callable[[Suppressed], None] | None = None,
    left_out: Callable[[float], Sequence[Suppression]] = leave_out_nothing,
) -> CameraPipeline:
    """A camera's pipeline. ``source`` tells gateways apart that have a camera of the same name."""
    return CameraPipeline(
        Provenance(camera=camera, source=source, models=models.hashes(), config_hash=config_hash),
        rules,
        models.detector,
        plates=Plates(reader=models.plates, directory=directory) if models.plates else None,
        settings=PipelineSettings(looks=looks or LookSettings(), masks=tuple(masks), sight=sight),
        on_suppressed=on_suppressed or log_suppressed,
        left_out=left_out,
    )


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


def looks_of(camera: CameraConfig) -> LookSettings:
    """When this camera's frames are looked at."""
    return LookSettings(detect_fps=camera.detect_fps, heartbeat_s=camera.heartbeat_s)


def clip_source(
    clip: Path, camera: str, looks: LookSettings, *, max_size: int, start_at: float, loop: bool = False
) -> VideoSource:
    """A clip as fast as it can be read; its first instant gets the frame time ``start_at``."""
    options = SourceOptions(url=str(clip), max_size=max_size, decode_fps=looks.detect_fps, loop=loop)
    return VideoSource(camera, options, clock=SystemClock(), realtime=False, start_at=start_at)


def open_memory(config: GatewayConfig) -> Memory:
    """What a gateway remembers, also while it runs; ConfigError when it has never run."""
    path = config.data_dir / MEMORY
    if not path.is_file():
        raise ConfigError(f"{path}: there is no memory yet; it is kept from the first `lookout-edge run` on.")
    return Memory(path)


def open_proposals(config: GatewayConfig) -> ProposalFile:
    """What a gateway proposes to leave out; a running one obeys a decision at its next look."""
    return ProposalFile(config.data_dir / PROPOSALS)


class NobodyKnown:
    """The directory of a replay: every plate is a stranger's."""

    def residents(self, at: float) -> Sequence[Resident]:
        """See ``PlateDirectory``."""
        return ()

    def visit(self, plate: str, at: float) -> None:
        """See ``PlateDirectory``."""


def unchanged_cameras(before: GatewayConfig, after: GatewayConfig) -> frozenset[str]:
    """Cameras that look the same in both; none when anything changed that all of them depend on."""
    if before.model_copy(update={"cameras": {}}) != after.model_copy(update={"cameras": {}}):
        return frozenset()
    return frozenset(name for name, camera in after.cameras.items() if before.cameras.get(name) == camera)


class GatewayBuilder:
    """Builds a gateway from a configuration, and its cameras again when the file has changed."""

    def __init__(self, loaded: LoadedConfig) -> None:
        config = loaded.config
        self._loaded = loaded
        self._clock = SystemClock()
        self._crew = Crew()
        self._reloading = Lock()
        self._warnings = FoldedLog(log, gap_s=1.0)
        dispatcher = config.dispatcher
        self._model_store = ModelStore(
            config.data_dir / "models",
            dispatcher_url=dispatcher.url if dispatcher else None,
            token=_token(config),
        )
        # A session uses one thread, so as many looks run at once as there are cores, less one for decoding.
        self.inference = InferenceOwner(max(1, (os.cpu_count() or 1) - 1))
        self._models = self._first_models(config.models)
        self._rollouts = Rollouts(
            self._model_store,
            self,
            lambda: {worker.camera: worker.state for worker in self._crew.workers},
            configured=config.models.detector,
        )
        self._directory = FilePlateDirectory(config.data_dir / "residents.json")
        self._spool = SqliteSpool(
            config.data_dir / "spool.db",
            site=config.site,
            gateway=config.gateway,
            clock=self._clock,
            limits=_spool_limits(config),
        )
        self._memory = Memory(config.data_dir / MEMORY)
        self._proposals = ProposalFile(config.data_dir / PROPOSALS)
        self._evidence = DiskEvidence(config.data_dir / "evidence", quota_bytes=config.evidence.quota_mb * 1_000_000)
        self._link = self._build_link(config)
        self._sink = RememberingSink(self._spool, self._memory)
        self.buttons = ButtonDesk(
            {name: Button(camera=b.camera, reset_s=b.reset_s) for name, b in config.buttons.items()},
            self._sink,
            self._clock,
            partial(take_snapshot, self._crew),
            schedule_on_thread,
        )
        self._bus, self._voice = open_devices(config, self.buttons)
        self._onvif = OnvifListener(
            broker_options(config),
            name=f"{config.site}/{config.gateway}",
            clock=self._clock,
            sink=self._spool,
            snapshot=partial(take_snapshot, self._crew),
        )

    def build(self) -> tuple[Gateway, list[CameraWorker]]:
        """The gateway and the cameras to start it with."""
        workers = self._workers(self._loaded)
        end_unwatched(self._spool, self._loaded.config.cameras)
        services: list[Service] = [_Closing(self._spool.close), _Closing(self._memory.close), self._link]
        services.append(_Closing(self.inference.close))
        services += [service for service in (self._bus, self._voice) if service is not None]
        services.append(_Closing(self.buttons.close))
        dispatcher = self._loaded.config.dispatcher
        if dispatcher is None:
            log.warning("no dispatcher.url is configured: events are sent without their pictures and clips")
        else:
            token = _token(self._loaded.config)
            services.insert(2, EvidenceUploader(self._evidence, dispatcher_url=dispatcher.url, token=token))
        services.append(_Closing(self._rollouts.close))
        self._onvif.watch(_talking_cameras(self._loaded.config))
        services.append(self._onvif)
        return Gateway(self._crew, services), workers

    def reload(self) -> str:
        """Read the file again and restart the cameras that it changes; EdgeError leaves everything as it was.

        From any thread. Returns a sentence that says what runs now.
        """
        with self._reloading:
            fresh = load(self._loaded.path)
            before, after = self._loaded.config, fresh.config
            changed = [name for name in _FIXED if getattr(before, name) != getattr(after, name)]
            if changed:
                raise ConfigError(f"Changes of {', '.join(changed)} need a restart of the gateway.")
            keep = unchanged_cameras(before, after)
            workers = self._workers(fresh, keep)
            self._loaded = fresh
            self._crew.replace(workers, keep=keep)
            self._onvif.watch(_talking_cameras(after))
            end_unwatched(self._spool, after.cameras)
            return f"{len(workers)} cameras were started with the new configuration, {len(keep)} run on unchanged."

    def open_models(self, package: RolledOut) -> Models:
        """See ``supervisor.rollout.Runs``."""
        models = load_models(self._loaded.config.models, package)
        models.detector.detect(np.zeros((360, 640, 3), np.uint8))
        return models

    def use_models(self, models: Models) -> Models:
        """See ``supervisor.rollout.Runs``."""
        with self._reloading:
            with ExitStack() as undo:
                earlier, self._models = self._models, models
                undo.callback(setattr, self, "_models", earlier)
                workers = self._workers(self._loaded)
                undo.pop_all()
            self._crew.replace(workers)
            return earlier

    def _first_models(self, config: ModelsConfig) -> Models:
        chosen = self._model_store.chosen(config.detector)
        try:
            return load_models(config, chosen)
        except ModelError as error:
            if chosen is None:
                raise
            log.error("the model that was rolled out cannot run; the configured one does", why=str(error))
            return load_models(config)

    def _workers(self, loaded: LoadedConfig, keep: Collection[str] = frozenset()) -> list[CameraWorker]:
        cameras = loaded.config.cameras.items()
        return [self._worker(name, camera, loaded) for name, camera in cameras if name not in keep]

    def _worker(self, name: str, camera: CameraConfig, loaded: LoadedConfig) -> CameraWorker:
        config = loaded.config
        evidence = config.evidence
        main, sub = source_options(camera)
        seconds = evidence.pre_roll_s + evidence.post_roll_s + 12.0
        depth = RingDepth(seconds=seconds, max_bytes=evidence.ring_mb * 1_000_000)
        source, recorder = open_streams(name, main, sub, clock=self._clock, depth=depth, faults=self._warnings)
        proof = ProofDesk(
            self._evidence,
            recorder,
            partial(encode_jpeg, max_size=evidence.snapshot_size),
            on_problem=partial(self._warnings.warning, f"evidence-{name}"),
            settings=ProofSettings(pre_roll_s=evidence.pre_roll_s, post_roll_s=evidence.post_roll_s),
        )
        rules = build_rules(name, camera, loaded.calendar, self._models)
        pipeline = build_pipeline(
            name,
            rules,
            queued(self._models, self.inference, name, rules),
            self._directory,
            source=f"{config.site}/{config.gateway}",
            config_hash=loaded.hash,
            looks=looks_of(camera),
            masks=[Zone(f"mask-{number}", mask.polygon) for number, mask in enumerate(camera.masks)],
            sight=SightSettings(),
            on_suppressed=self._suppressed,
            left_out=partial(self._proposals.suppressions, name),
        )
        return CameraWorker(
            name,
            source,
            pipeline,
            sink=ActingSink(
                self._sink,
                actions_of(camera),
                publisher=self._bus or NoDevices(),
                voice=self._voice or SilentVoice(),
                clock=self._clock,
            ),
            proof=proof,
            clock=self._clock,
            publish=self._sight,
            delays=Backoff(base_s=1.0, ceiling_s=30.0),
            warnings=self._warnings,
        )

    def _suppressed(self, suppressed: Suppressed) -> None:
        log_suppressed(suppressed)
        self._memory.add(note_of_suppressed(suppressed))

    def _sight(self, state: CameraState) -> None:
        self._memory.add(note_of_sight(state))
        self._link.publish_camera(state)

    def _build_link(self, config: GatewayConfig) -> MqttLink:
        desk = CommandDesk(
            clock=self._clock,
            residents=self._directory,
            verdicts=FeedbackDesk(VerdictFile(config.data_dir / "verdicts.jsonl"), self._memory, self._proposals),
            requeue=self._spool.requeue,
            snapshot=partial(take_snapshot, self._crew),
            test_alarm=partial(send_trial_alarm, self._crew, self._spool, self._clock),
            rollout=self._rollouts.carry_out,
            reload=self.reload,
        )
        return MqttLink(
            broker_options(config),
            GatewayTopics(site=config.site, gateway=config.gateway),
            spool=self._spool,
            clock=self._clock,
            status=lambda: make_status(
                self._identity(), crew=self._crew, spool=self._spool, depth=self._depth(), clock=self._clock
            ),
            on_command=desk.handle,
            memory=CommandMemory(config.data_dir / "commands.json"),
            heartbeat_s=10.0,
        )

    def _identity(self) -> Identity:
        return Identity(
            gateway=self._loaded.config.gateway,
            version=version("lookout"),
            config_hash=self._loaded.hash,
            models=self._models.hashes(),
        )

    def _depth(self) -> SpoolDepth:
        events, evidence = self._spool.depth(), self._evidence.depth()
        return SpoolDepth(
            events=events.events,
            evidence=evidence.files,
            evidence_bytes=evidence.bytes,
            oldest_s=max(0.0, round(events.oldest_s, 3)),
            dropped=dict(events.dropped_by_scenario),
            evidence_dropped=evidence.dropped,
        )


@dataclass(frozen=True, slots=True)
class _Closing:
    """Something that is only to be closed at the end."""

    close: Callable[[], None]

    def start(self) -> None:
        """Nothing to do."""


def _token(config: GatewayConfig) -> str:
    token = config.dispatcher.token if config.dispatcher else None
    return token.get_secret_value() if token else ""


def _spool_limits(config: GatewayConfig) -> SpoolLimits:
    spool = config.spool
    days = (spool.blue_days, spool.yellow_days, spool.red_days)
    return SpoolLimits(
        max_bytes=spool.max_mb * 1_000_000,
        max_age_s=(days[0] * 86_400.0, days[1] * 86_400.0, days[2] * 86_400.0),
    )


def _talking_cameras(config: GatewayConfig) -> list[TalkingCamera]:
    """The cameras whose own events count."""
    return [
        TalkingCamera(
            camera=name,
            prefix=camera.onvif.prefix,
            rules=tuple(
                EventRule(topic=e.topic, scenario=e.scenario, severity=e.severity, item=e.item, zone=e.zone)
                for e in camera.onvif.events
            ),
        )
        for name, camera in config.cameras.items()
        if camera.onvif is not None
    ]
