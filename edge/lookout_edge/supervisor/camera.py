"""One camera's thread: frames in, events out, reconnecting for ever, reporting what it can see."""

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from threading import Event
from time import monotonic
from traceback import format_exception
from typing import Protocol

import structlog

from lookout_contract.events import EndReason, EventData, EvidenceRef, Scenario
from lookout_contract.status import CameraReport, CameraState, Sight
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.occurrence import NOT_BY_RULES
from lookout_edge.domain.view import CameraView, LookCounts
from lookout_edge.errors import EdgeError, SourceError, SpoolError
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import Clock, EventSink, FrameSource
from lookout_edge.sight import Blindness
from lookout_edge.supervisor.holding import HeldEvents
from lookout_edge.supervisor.proof import ProofDesk

#: Failed looks in a row after which the camera counts as blind.
FAILED_LOOKS = 3
#: Why looks bring nothing: there is no time for them or no answer comes, or the model does not work.
_LATE, _FAILED = "detector_timeout", "detector_failed"
#: Blind for so long, seconds, and it is an alarm of its own; shorter is a state, for cameras restart.
BLIND_AFTER_S = 30.0
#: Pictures over which their rate is taken.
_TIMES = 50
#: Latencies that are kept.
LATENCIES = 500
#: What a person has to mend is not tried every second: cameras lock an account after a few wrong passwords.
_PATIENCE_S = {"auth": 120.0, "missing": 10.0}
#: What to do about pictures that show nothing; what they are is the reason's to say, beside which this stands.
_BLIND = {
    Blindness.BLACK: "is there light, does the infra-red lamp work?",
    Blindness.FROZEN: "restart the camera.",
    Blindness.COVERED: "go and see what is before the lens.",
    Blindness.DEFOCUSED: "clean or focus the lens.",
    Blindness.MOVED: "turn it back, or draw the zones anew and restart the gateway.",
}

log = structlog.stdlib.get_logger()


class RunningSource(FrameSource, Protocol):
    """A source that another thread can stop."""

    @property
    def dropped(self) -> int:
        """Frames overwritten by newer ones before anybody took them."""
        ...

    @property
    def held_bytes(self) -> int:
        """Memory that its packets and pictures take, bytes."""
        ...

    @property
    def impairment(self) -> tuple[str, str] | None:
        """What is missing though pictures come: a code and a sentence; None as a rule."""
        ...

    def close(self) -> None:
        """Make a blocked iterator end soon."""
        ...


class Delays(Protocol):
    """How long to wait before the next attempt."""

    def next(self, at_least_s: float = 0.0) -> float:
        """Seconds; growing and jittered, as if it had come to ``at_least_s`` already."""
        ...

    def reset(self) -> None:
        """It worked: begin again with short waits."""
        ...


class FoldedWarnings(Protocol):
    """Log lines of which repetitions are counted instead of written."""

    def warning(self, key: str, message: str) -> None:
        """Say ``message`` unless ``key`` said it a moment ago."""
        ...


class CameraWorker:
    """Runs one camera until it is stopped. ``run`` belongs to one thread; the other methods may be called from any."""

    def __init__(
        self,
        camera: str,
        source: RunningSource,
        pipeline: CameraPipeline,
        *,
        sink: EventSink,
        proof: ProofDesk,
        clock: Clock,
        publish: Callable[[CameraState], None],
        delays: Delays,
        warnings: FoldedWarnings,
        blind_after_s: float = BLIND_AFTER_S,
        steady: Callable[[], float] = monotonic,
    ) -> None:
        self.camera = camera
        self._source = source
        self._pipeline = pipeline
        self._sink = sink
        self._held = HeldEvents(sink)
        self._proof = proof
        self._clock = clock
        self._publish = publish
        self._delays = delays
        self._warnings = warnings
        self._blind_after_s = blind_after_s
        self._steady = steady
        #: Since when nothing could be looked at, by the steady clock: this box's own may be set meanwhile.
        self._lost_since: float | None = None
        self._stop = Event()
        self._disowned = False
        #: Looks in a row that brought nothing, and the code that says why.
        self._failed, self._failing = 0, _FAILED
        self._state: CameraState | None = None
        self._latest: Frame | None = None
        self._openings = 0
        self._frames = 0
        self._events: Counter[tuple[str, str]] = Counter()
        #: Frame times of the newest pictures.
        self._times: deque[float] = deque(maxlen=_TIMES)
        #: From a looked-at frame's own time to when its events were stored, seconds; the newest looks.
        self.latencies_s: deque[float] = deque(maxlen=LATENCIES)

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What is looked for."""
        return self._pipeline.scenarios

    @property
    def dropped(self) -> int:
        """Frames that were overtaken by newer ones because the box was too busy."""
        return self._source.dropped

    @property
    def shed(self) -> int:
        """Looks, plates and poses that were left out because the box was too busy."""
        return self._pipeline.shed_looks

    @property
    def given_up(self) -> Mapping[Scenario, int]:
        """Events given up since the start because the disk refused them for too long, by scenario."""
        return dict(self._held.given_up)

    def snapshot(self) -> EvidenceRef:
        """Store the newest picture as evidence. EdgeError while the camera is not watched, or whatever it fails of: an
        alarm must not fail with its picture."""
        state, frame = self._state, self._latest
        if frame is None or state is None or state.state is not Sight.WATCHING:
            reason = state.reason if state else "not started"
            raise EdgeError(f"Camera {self.camera} has no picture to give now ({reason}).")
        try:
            return self._proof.snapshot(frame.picture.finest())
        except EdgeError:
            raise
        except Exception as error:
            log.exception("a picture cannot be made", camera=self.camera)
            raise EdgeError(
                f"The picture of camera {self.camera} cannot be made ({error!r}): please report it."
            ) from error

    @property
    def state(self) -> CameraState | None:
        """What was last published."""
        return self._state

    @property
    def skew_s(self) -> float | None:
        """Stream time minus this box's clock at the newest picture, seconds."""
        return self._latest.skew_s if self._latest is not None else None

    def report(self) -> CameraReport:
        """How the stream is doing."""
        times = tuple(self._times)
        span_s = times[-1] - times[0] if times else 0.0
        return CameraReport(
            fps=round((len(times) - 1) / span_s, 2) if span_s > 0 else None,
            skew_s=None if self.skew_s is None else round(self.skew_s, 3),
            memory_bytes=self._source.held_bytes,
            reconnects=max(0, self._openings - 1),
            dropped=self.dropped,
        )

    def view(self) -> CameraView:
        """The camera as a person is shown it."""
        pipeline, latest = self._pipeline, self._latest
        return CameraView(
            camera=self.camera,
            state=self._state,
            report=self.report(),
            counts=LookCounts(
                frames=self._frames,
                looks=pipeline.looks,
                failed=pipeline.failed_looks,
                shed=pipeline.shed_looks,
                dropped=self.dropped,
            ),
            scenarios=self.scenarios,
            events=dict(self._events),
            open_occurrences=pipeline.open_count,
            size=latest.size if latest is not None else None,
            picture_at=latest.at if latest is not None else None,
            tracks=pipeline.tracks,
            candidates=pipeline.candidates,
        )

    def image(self) -> Image | None:
        """The newest picture as it is looked at, BGR; None before the first. Converted when asked for."""
        latest = self._latest
        return latest.image if latest is not None else None

    def stop(self) -> None:
        """Make ``run`` come to an end soon."""
        self._stop.set()
        self._source.close()

    @property
    def is_stopped(self) -> bool:
        """Whether it was told to stop."""
        return self._stop.is_set()

    def wait_for_turn(self) -> None:
        """Say that this camera's earlier thread hangs, and has to end first."""
        self._say(Sight.BLIND, "held_up", "its earlier thread hangs: restart the gateway if this does not pass.")

    def disown(self) -> None:
        """Another worker has taken over: whatever this one still finds or says is not heard any more."""
        self._disowned = True

    def take_out(self) -> None:
        """Its camera is watched no more, and it hangs: say so in its stead, and do not hear it any more."""
        self._say(Sight.OFF, "shutdown")
        self._disowned = True

    def run(self) -> None:
        """Watch until stopped or until a file without loop has ended; end what is open; say goodbye."""
        self._say(Sight.BLIND, "connecting")
        ended = False
        try:
            self._resume()
        except Exception:
            log.exception("what was open cannot be taken over and counts as new", camera=self.camera)
        while not self._stop.is_set() and not ended:
            try:
                ended = self._watch_or_wait()
            except Exception:
                # Even what is done about a fault may fail: without this thread nobody watches, and nobody says so.
                log.exception("camera fault", camera=self.camera)
                self._stop.wait(self._delays.next())
        try:
            self._finish(EndReason.SHUTDOWN if self._stop.is_set() else EndReason.BLIND)
        finally:
            self._say(Sight.OFF, "shutdown" if self._stop.is_set() else "ended")
        if self._held:
            log.error("events are lost: the disk refused them to the end", camera=self.camera, events=len(self._held))

    def _watch_or_wait(self) -> bool:
        """Watch until the source fails, and then wait before it is opened again; True when it came to its end."""
        try:
            return self._watch()
        except SourceError as error:
            self._say(Sight.BLIND, error.reason, str(error))
            self._pause(error.reason, _PATIENCE_S.get(error.reason, 0.0))
        except Exception as error:
            log.exception("camera fault", camera=self.camera)
            self._say(Sight.BLIND, "fault", f"{type(error).__name__}: {error}")
            self._pause("fault")
        return False

    def _resume(self) -> None:
        """Let what was there before a restart go on; where the spool cannot tell, everything is new."""
        try:
            known = self._sink.unfinished(self.camera)
        except SpoolError as error:
            self._warnings.warning("spool", f"{error} What is found again counts as new.")
            return
        ours = [event for event in known if event.severity_reason not in NOT_BY_RULES]
        self._keep(list(self._pipeline.resume(ours)))

    def _watch(self) -> bool:
        """Work through one opening of the source; True when it came to its end by itself."""
        self._openings += 1
        with self._source.frames() as frames:
            for frame in frames:
                if self._stop.is_set():
                    return False
                self._delays.reset()
                self._take(frame)
        return not self._stop.is_set()

    def _take(self, frame: Frame) -> None:
        self._latest = frame
        self._frames += 1
        self._times.append(frame.at)
        looks = self._pipeline.looks

        def keep(events: Sequence[EventData]) -> None:
            self._keep(self._proof.attach(frame, frame.at, events))
            if self._pipeline.looks > looks:
                self.latencies_s.append(self._clock.now() - frame.at)

        self._pipeline.step(frame, keep)
        for fault in self._pipeline.faults:
            told = "".join(format_exception(fault))
            self._warnings.warning(
                f"rule-{self.camera}", f"a part of camera {self.camera} failed; the others go on: {told}"
            )
        self._source.ask(self._pipeline.demand)
        self._pipeline.judge_beside()
        problem = self._pipeline.unknown_because
        self._failed = self._failed + 1 if problem else 0
        if problem and self._failed >= FAILED_LOOKS:
            self._fail_to_look(problem)
            return
        if not problem:
            self._regain_sight()
        if self._pipeline.blindness is not None:
            self._say(Sight.BLIND, self._pipeline.blindness.value, _BLIND[self._pipeline.blindness])
        elif not problem:
            self._say(Sight.WATCHING, *(self._impairment or ()))

    def _fail_to_look(self, problem: str) -> None:
        """Say that looks bring nothing; what the last one died of is the reason until one works again."""
        if self._failed == FAILED_LOOKS:
            self._failing = _LATE if self._pipeline.is_late else _FAILED
        self._say(Sight.BLIND, self._failing, problem)
        self._lose_sight(self._failing)

    @property
    def _impairment(self) -> tuple[str, str] | None:
        """What a person has to mend though the camera sees."""
        if self._held.overflowed:
            lost = self._held.given_up.total()
            return (
                "spool_overflow",
                f"{lost} of its events were given up, {len(self._held)} wait: free space on the disk.",
            )
        if self._held:
            return "spool_refused", f"{len(self._held)} of its events wait in memory: free space on the disk."
        return self._pipeline.impairment or self._source.impairment

    def _finish(self, reason: EndReason) -> None:
        at = self._latest.at if self._latest is not None else self._clock.now()
        self._keep(self._proof.attach(None, at, self._pipeline.finish(at, reason)))

    def _keep(self, events: list[EventData]) -> None:
        """Spool in order; what the disk refuses is kept and tried again with the next frame."""
        if self._disowned:
            return
        for event in events:
            self._events[event.scenario.value, event.phase.value] += 1
            log.info(
                "event",
                camera=self.camera,
                scenario=event.scenario.value,
                phase=event.phase.value,
                occurrence=event.occurrence,
                severity=event.severity.value,
                reason=event.severity_reason,
            )
        try:
            self._held.put(events)
        except SpoolError as error:
            self._warnings.warning("spool", f"{error} Events wait in memory.")

    def _pause(self, reason: str, at_least_s: float = 0.0) -> None:
        """Wait before the next attempt; long waits do not hold up the alarm that the camera is blind."""
        left_s = self._delays.next(at_least_s)
        while left_s > 0 and not self._stop.is_set():
            self._lose_sight(reason)
            step_s = min(left_s, self._blind_after_s)
            self._stop.wait(step_s)
            left_s -= step_s
        self._lose_sight(reason)

    def _lose_sight(self, reason: str) -> None:
        steady = self._steady()
        if self._lost_since is None:
            self._lost_since = steady
        lost_s = steady - self._lost_since
        if lost_s >= self._blind_after_s and not self._stop.is_set():
            now = self._clock.now()
            self._keep(list(self._pipeline.lose_sight(now, reason, now - lost_s)))

    def _regain_sight(self) -> None:
        if self._lost_since is not None:
            self._lost_since = None
            self._keep(list(self._pipeline.regain_sight(self._clock.now())))

    def _say(self, sight: Sight, reason: str | None = None, detail: str | None = None) -> None:
        """Publish and log a state when it is another than the last one."""
        if self._disowned or (self._state is not None and (self._state.state, self._state.reason) == (sight, reason)):
            return
        since = datetime.fromtimestamp(self._clock.now(), UTC)
        self._state = CameraState(camera=self.camera, state=sight, since=since, reason=reason, detail=detail)
        if detail:
            self._warnings.warning(self.camera, f"camera {self.camera} is {sight.value} ({reason}): {detail}")
        else:
            log.info("camera", camera=self.camera, state=sight.value, reason=reason)
        self._publish(self._state)
