"""Builds a gateway: every part that watches, remembers, sends and answers."""

import os
from collections.abc import Collection
from contextlib import ExitStack
from functools import partial
from importlib.metadata import version
from threading import Lock

import numpy as np
import structlog

from lookout_contract.status import CameraState, GatewayStatus
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.adapters.command_order import CommandOrder
from lookout_edge.adapters.coverage import CoverageFile
from lookout_edge.adapters.directory import FilePlateDirectory
from lookout_edge.adapters.evidence import DiskEvidence
from lookout_edge.adapters.feedback import ProposalFile
from lookout_edge.adapters.folded_log import FoldedLog
from lookout_edge.adapters.housekeeping import Housekeeping
from lookout_edge.adapters.jpeg import encode_jpeg
from lookout_edge.adapters.link import MqttLink
from lookout_edge.adapters.memory import open_or_renew
from lookout_edge.adapters.model_store import RolledOut
from lookout_edge.adapters.pulse import Pulse
from lookout_edge.adapters.service_manager import ServiceManager
from lookout_edge.adapters.uploader import EvidenceUploader
from lookout_edge.adapters.video import RingDepth, open_streams
from lookout_edge.adapters.watched_days import WatchedDayFile
from lookout_edge.bootstrap.configuration import load
from lookout_edge.bootstrap.devices import (
    actions_of,
    broker_options,
    open_buttons,
    open_camera_events,
    open_devices,
    undone_without_restart,
)
from lookout_edge.bootstrap.drawing import ZoneDesk
from lookout_edge.bootstrap.kept import MEMORY, PROPOSALS, feedback_of
from lookout_edge.bootstrap.models import Models, load_models, queued
from lookout_edge.bootstrap.page import RunningGateway, page_of
from lookout_edge.bootstrap.sections import talking_cameras, unchanged_cameras
from lookout_edge.bootstrap.self_test import Rehearsals, open_reel, weekly
from lookout_edge.bootstrap.service import Closing, open_model_store, open_spool, spool_depth, token_of
from lookout_edge.bootstrap.shadows import Shadows
from lookout_edge.bootstrap.streams import source_options
from lookout_edge.bootstrap.viewing import Views, stills_of
from lookout_edge.bootstrap.watching import (
    build_pipeline,
    build_rules,
    log_suppressed,
    looks_of,
    masks_of,
    sight_of,
)
from lookout_edge.config import CameraConfig, GatewayConfig, LoadedConfig, ModelsConfig
from lookout_edge.domain.memory import note_of_sight, note_of_suppressed
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.errors import ConfigError, ModelError
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import EventSink
from lookout_edge.supervisor import (
    ActingSink,
    CameraWorker,
    CommandDesk,
    Crew,
    Gateway,
    Identity,
    InferenceOwner,
    NoDevices,
    ProofDesk,
    ProofSettings,
    RememberingSink,
    Rollouts,
    SelfTestDesk,
    Service,
    SilentVoice,
    Unwatched,
    make_status,
    schedule_on_thread,
    send_trial_alarm,
    take_snapshot,
    workers_for,
)

log = structlog.stdlib.get_logger()

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
    "camera_events",
    "devices",
    "speaker",
    "buttons",
    "http",
    "self_test",
    "shadows",
    "stills",
)


class GatewayBuilder:
    """Builds a gateway from a configuration, and its cameras again when the file has changed."""

    def __init__(self, loaded: LoadedConfig) -> None:
        config = loaded.config
        self._loaded = loaded
        self._clock = SystemClock()
        self._crew = Crew()
        self._housekeeping = Housekeeping()
        self._reloading = Lock()
        self._warnings = FoldedLog(log, gap_s=1.0)
        self._model_store = open_model_store(config)
        # A session uses one thread, so as many looks run at once as there are cores, less one for decoding.
        self.inference = InferenceOwner(workers_for(os.cpu_count() or 1))
        self._models = self._first_models(config.models)
        self._rollouts = Rollouts(
            self._model_store,
            self,
            lambda: {worker.camera: worker.state for worker in self._crew.workers},
            configured=config.models.detector,
        )
        self._directory = FilePlateDirectory(config.data_dir / "residents.json")
        self._evidence = DiskEvidence(config.data_dir / "evidence", quota_bytes=config.evidence.quota_mb * 1_000_000)
        self._spool = open_spool(config, self._clock, self._evidence.give_way)
        self._memory = open_or_renew(config.data_dir / MEMORY)
        self._shadows = Shadows(config, self._memory, self.inference, self._clock)
        self._coverage = CoverageFile(config.data_dir / "coverage.json", lambda: self._loaded.timezone, self._clock)
        self._days = WatchedDayFile(config.data_dir / "watched-days.json", self._clock)
        self._proposals = ProposalFile(config.data_dir / PROPOSALS)
        self._spool.when_full(self._evidence.give_way)
        self._views = Views(config, self._crew)
        self._link = self._build_link(config)
        self._bus, self._voice = open_devices(config, lambda name: self.buttons.press(name))
        self._sink = self._acting(RememberingSink(self._spool, self._memory))
        self._unwatched = Unwatched(self._spool, self._sink, lambda: self._loaded.config.cameras, schedule_on_thread)
        self.buttons = open_buttons(config, self._sink, self._clock, partial(take_snapshot, self._crew))
        self._rehearsals = Rehearsals(
            reel=open_reel(),
            loaded=lambda: self._loaded,
            models=lambda: self._models,
            inference=self.inference,
            clock=self._clock,
        )
        self.self_tests = self._desk_of_self_tests()
        self._onvif = open_camera_events(config, self._sink, self._clock, partial(take_snapshot, self._crew))

    def _acting(self, sink: EventSink) -> ActingSink:
        return ActingSink(
            sink,
            lambda camera: actions_of(self._loaded.config.cameras.get(camera)),
            publisher=self._bus or NoDevices(),
            voice=self._voice or SilentVoice(),
            clock=self._clock,
        )

    def _desk_of_self_tests(self) -> SelfTestDesk:
        return SelfTestDesk(
            prepare=self._rehearsals.prepare,
            spool=self._spool,
            is_sent=lambda sequence: self._link.is_sent(sequence),
            sight=self._crew.sight,
            clock=self._clock,
        )

    def build(self) -> tuple[Gateway, list[CameraWorker]]:
        """The gateway and the cameras to start it with."""
        workers, talking = self._workers(self._loaded), talking_cameras(self._loaded.config)
        self._unwatched.end([each.camera for each in talking])
        self.buttons.end_unfinished(self._loaded.config.cameras)
        services: list[Service] = [
            Closing(self._warnings.close),
            Closing(self._spool.close),
            Closing(self._memory.close),
            self._coverage,
        ]
        services += [Closing(self._unwatched.close), Closing(self._days.close), self._pulse()]
        services += [self._shadows, self._link, self._views.desk]
        services.append(Closing(self.inference.close))
        services += [service for service in (self._bus, self._voice) if service is not None]
        services.append(Closing(self.buttons.close))
        dispatcher = self._loaded.config.dispatcher
        if dispatcher is None:
            log.warning("no dispatcher.url is configured: events are sent without their pictures and clips")
        else:
            token = token_of(self._loaded.config)
            services.insert(4, EvidenceUploader(self._evidence, dispatcher_url=dispatcher.url, token=token))
            services += stills_of(self._loaded.config, self._crew)
        self._onvif.watch(talking)
        services += [Closing(self._rollouts.close), self._onvif]
        if self._loaded.config.http.enabled:
            services.append(page_of(self._loaded.config.http, self._shown()))
        services += [self._housekeeping, ServiceManager(self._status)]
        services += weekly(self._loaded, self._rehearsals, self.self_tests)
        return Gateway(self._crew, services), workers

    def _pulse(self) -> Pulse:
        def states() -> list[CameraState]:
            return [worker.state for worker in self._crew.workers if worker.state is not None]

        return Pulse(self._memory, self._loaded.config.data_dir / MEMORY, self._clock, states)

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
            undone = undone_without_restart(after, self._bus, self._voice)
            if undone is not None:
                raise undone
            keep = unchanged_cameras(before, after)
            workers = self._workers(fresh, keep)
            self._loaded = fresh
            self._crew.replace(workers, keep=keep)
            self._housekeeping.thaw()
            self._onvif.watch(talking_cameras(after))
            self._shadows.watch(after.cameras)
            self._unwatched.end()
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
            self._housekeeping.thaw()
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
        worker = CameraWorker(
            name,
            source,
            self._pipeline(name, camera, loaded),
            sink=self._sink,
            proof=proof,
            clock=self._clock,
            publish=self._sight,
            delays=Backoff(base_s=1.0, ceiling_s=30.0),
            warnings=self._warnings,
            blind_after_s=camera.blind_after_s,
        )
        self._views.show(worker, recorder)
        return worker

    def _pipeline(self, name: str, camera: CameraConfig, loaded: LoadedConfig) -> CameraPipeline:
        rules = build_rules(name, camera, loaded.calendar, self._models, self._days)
        shadows = self._shadows.of(name, camera, loaded, self._models)
        pipeline = build_pipeline(
            name,
            rules,
            queued(self._models, self.inference, name, rules),
            self._directory,
            source=f"{loaded.config.site}/{loaded.config.gateway}",
            config_hash=loaded.hash,
            outlines={zone: section.polygon for zone, section in camera.zones.items()},
            looks=looks_of(camera),
            masks=masks_of(camera),
            sight=sight_of(camera),
            on_suppressed=self._suppressed,
            left_out=partial(self._proposals.suppressions, name),
            also_read={label for shadow in shadows for label in shadow.reads},
        )
        pipeline.beside(shadows)
        return pipeline

    def _suppressed(self, suppressed: Suppressed) -> None:
        log_suppressed(suppressed)
        self._memory.add(note_of_suppressed(suppressed))

    def _sight(self, state: CameraState) -> None:
        self._memory.add(note_of_sight(state))
        self._coverage.note(state)
        self._link.publish_camera(state)

    def _build_link(self, config: GatewayConfig) -> MqttLink:
        feedback = feedback_of(config, self._memory, self._proposals)
        desk = CommandDesk(
            clock=self._clock,
            residents=self._directory,
            verdicts=feedback,
            proposals=feedback,
            requeue=self._spool.requeue,
            snapshot=partial(take_snapshot, self._crew),
            test_alarm=partial(send_trial_alarm, self._crew, self._spool, self._clock),
            self_test=lambda camera, scenario: self.self_tests.begin(camera, scenario).clip,
            rollout=self._rollouts.carry_out,
            live=self._views.begin,
            zones=ZoneDesk(lambda: self._loaded, load, self.reload, self._clock).carry_out,
            reload=self.reload,
        )
        return MqttLink(
            broker_options(config),
            GatewayTopics(site=config.site, gateway=config.gateway),
            spool=self._spool,
            clock=self._clock,
            status=self._status,
            on_command=desk.handle,
            memory=CommandMemory(config.data_dir / "commands.json"),
            order=CommandOrder(config.data_dir / "command_order.json"),
            heartbeat_s=10.0,
        )

    def _status(self) -> GatewayStatus:
        return make_status(
            self._identity(),
            crew=self._crew,
            spool=self._spool,
            depth=spool_depth(self._spool, self._evidence, self._onvif.given_up),
            clock=self._clock,
            coverage=self._coverage.report(),
            shadows=self._shadows.report(),
            proposals=self._proposals.report(self._clock.now()),
            visits=self._directory.report(),
        )

    def _shown(self) -> RunningGateway:
        return RunningGateway(
            loaded=lambda: self._loaded,
            crew=self._crew,
            status=self._status,
            is_connected=lambda: self._link.connected,
            memory=self._memory,
            buttons_desk=self.buttons,
            self_tests=self.self_tests,
            load=lambda: self.inference.load,
        )

    def _identity(self) -> Identity:
        return Identity(
            gateway=self._loaded.config.gateway,
            version=version("lookout"),
            config_hash=self._loaded.hash,
            models=self._models.hashes(),
        )
