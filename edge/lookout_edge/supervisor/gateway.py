"""The running gateway: started and stopped in the order that loses nothing."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

import structlog

from lookout_contract.events import EndReason, EvidenceRef, Phase
from lookout_contract.status import Coverage, GatewayStatus, ProposalReport, ShadowReport, SpoolDepth
from lookout_edge.domain.occurrence import CAMERA_ANALYTICS
from lookout_edge.errors import EdgeError, SpoolError
from lookout_edge.ports import Clock, EventSink
from lookout_edge.supervisor.camera import CameraWorker
from lookout_edge.supervisor.crew import Crew

log = structlog.stdlib.get_logger()

#: What the disk refuses to end at cameras that are watched no more is tried again after so many seconds.
UNWATCHED_RETRY_S = 30.0


class Service(Protocol):
    """Something with a thread of its own."""

    def start(self) -> None:
        """Begin; returns at once."""
        ...

    def close(self) -> None:
        """Finish what can be finished soon, then end."""
        ...


class OpenOccurrences(EventSink, Protocol):
    """Where the occurrences of all cameras are known."""

    def cameras_with_open(self) -> Sequence[str]:
        """Cameras of which an occurrence has started and was never told to have ended."""
        ...


class WaitingEvents(Protocol):
    """What the status says of the spool."""

    @property
    def epoch(self) -> str:
        """Names this life of the spool."""
        ...

    @property
    def last_sequence(self) -> int:
        """Number of the newest event."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who this gateway is and what it runs."""

    gateway: str
    version: str
    config_hash: str
    models: Mapping[str, str]


def make_status(
    identity: Identity,
    *,
    crew: Crew,
    spool: WaitingEvents,
    depth: SpoolDepth,
    clock: Clock,
    coverage: Mapping[str, tuple[Coverage, ...]],
    shadows: Mapping[str, ShadowReport],
    proposals: Mapping[str, ProposalReport],
    visits: Mapping[str, int],
) -> GatewayStatus:
    """The status as of now; ``coverage`` by camera, ``shadows`` by name, ``proposals`` and ``visits`` by id."""
    skews = [worker.skew_s for worker in crew.workers if worker.skew_s is not None]
    return GatewayStatus(
        gateway=identity.gateway,
        online=True,
        epoch=spool.epoch,
        at=datetime.fromtimestamp(clock.now(), UTC),
        version=identity.version,
        config_hash=identity.config_hash,
        models=dict(identity.models),
        spool=depth.model_copy(update={"dropped": _dropped(depth, crew.workers)}),
        last_sequence=spool.last_sequence,
        clock_skew_s=round(max(skews, key=abs), 3) if skews else None,
        shed=_shed(crew.workers),
        cameras={
            worker.camera: worker.report().model_copy(update={"coverage": coverage.get(worker.camera, ())})
            for worker in crew.workers
        },
        shadows=dict(shadows),
        proposals=dict(proposals),
        visits=dict(visits),
    )


def take_snapshot(crew: Crew, camera: str) -> EvidenceRef:
    """A picture of ``camera`` as it is now, in the evidence store. EdgeError when there is none to be had."""
    return require_camera(crew, camera).snapshot()


def require_camera(crew: Crew, camera: str) -> CameraWorker:
    """The worker of that camera; EdgeError names those that there are."""
    worker = crew.find(camera)
    if worker is None:
        known = ", ".join(worker.camera for worker in crew.workers) or "none"
        raise EdgeError(f"There is no camera {camera!r} at this gateway; there are: {known}.")
    return worker


def end_unwatched(
    spool: OpenOccurrences, sink: EventSink, watched: Collection[str], heard: Collection[str] | None = None
) -> None:
    """End what is open at cameras that are watched no more: nobody else would. ``sink`` also ends what was done.

    ``heard``: the cameras that one listens to when the gateway starts; what others said of themselves ends, too. Later
    on who listens ends that.
    """
    for camera in spool.cameras_with_open():
        if camera in watched and (heard is None or camera in heard):
            continue
        for event in spool.unfinished(camera):
            by_itself = event.severity_reason == CAMERA_ANALYTICS
            is_left = heard is not None and camera not in heard if by_itself else camera not in watched
            if is_left and event.end_reason is None:
                sink.put(event.model_copy(update={"phase": Phase.END, "end_reason": EndReason.SHUTDOWN}))


class Unwatched:
    """Has ``end_unwatched`` done, tried again while the disk refuses: neither a start nor a reload waits for it.

    ``watched`` tells the cameras that are watched now, ``schedule`` calls a function after some seconds.
    """

    def __init__(
        self,
        spool: OpenOccurrences,
        sink: EventSink,
        watched: Callable[[], Collection[str]],
        schedule: Callable[[float, Callable[[], None]], None],
    ) -> None:
        self._spool, self._sink, self._watched, self._schedule = spool, sink, watched, schedule
        self._closed = False

    def end(self, heard: Collection[str] | None = None) -> None:
        """From any thread; never raises. ``heard``: see ``end_unwatched``."""
        if self._closed:
            return
        try:
            end_unwatched(self._spool, self._sink, self._watched(), heard)
        except SpoolError as error:
            log.warning("what is open at cameras that are watched no more is ended later", why=str(error))
            self._schedule(UNWATCHED_RETRY_S, partial(self.end, heard))

    def close(self) -> None:
        """Do not try again."""
        self._closed = True


class Gateway:
    """All parts together. ``start`` and ``stop`` are called once each."""

    def __init__(self, crew: Crew, services: Sequence[Service]) -> None:
        self._crew = crew
        self._services = tuple(services)

    def start(self, workers: Sequence[CameraWorker]) -> None:
        """Start the services, then the cameras."""
        for service in self._services:
            service.start()
        self._crew.start(workers)

    def stop(self) -> None:
        """Stop the cameras (which ends what is open), then the services, the last one first."""
        self._crew.stop()
        for service in reversed(self._services):
            try:
                service.close()
            except Exception:
                # The others still have to say goodbye and to write what they hold.
                log.exception("a part of the gateway did not close", part=type(service).__name__)
        log.info("gateway stopped")


def _shed(workers: Sequence[CameraWorker]) -> dict[str, int]:
    """Scenario → looks that did not come to pass because the box was too busy."""
    counts: dict[str, int] = {}
    for worker in workers:
        for scenario in worker.scenarios:
            counts[scenario.value] = counts.get(scenario.value, 0) + worker.shed
    return counts


def _dropped(depth: SpoolDepth, workers: Sequence[CameraWorker]) -> dict[str, int]:
    """Scenario → events given up, with those that never reached the disk."""
    counts = Counter(depth.dropped)
    for worker in workers:
        counts.update({scenario.value: count for scenario, count in worker.given_up.items()})
    return dict(counts)
