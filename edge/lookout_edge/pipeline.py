"""One camera from frame to events. Frame time is the only time there is, so a replay gives the same events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lookout_contract.events import EndReason, EventData, Phase, Scenario
from lookout_edge.domain.appearance import appearance_of
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Luma
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.suppressed import Suppressed, SuppressionLedger
from lookout_edge.domain.track import Track
from lookout_edge.errors import ModelError
from lookout_edge.events import EventBook, Provenance
from lookout_edge.motion import MotionGate, MotionSettings
from lookout_edge.ports import Detector, PlateDirectory, PlateReader
from lookout_edge.rules.base import Rule
from lookout_edge.tracking import Tracker, TrackerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSettings:
    """When a frame is looked at. Times in seconds of frame time."""

    #: Looks a second while something goes on.
    detect_fps: float = 5.0
    #: Longest time without a look while nothing moves.
    heartbeat_s: float = 10.0
    #: Looks go on for this long after the last movement or the last miss of something followed.
    linger_s: float = 3.0
    #: A hole in the frame times as long as this starts tracking anew.
    gap_s: float = 10.0
    #: After a hole as long as this nothing open is believed to go on: it ends as blind.
    forget_s: float = 600.0
    #: Steps back in time shorter than this are jitter: the frame is skipped.
    jitter_s: float = 1.0


#: As many looks as there are, each at the whole picture: what thrift is measured against.
EVERY_LOOK = LookSettings(linger_s=float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """Everything of a camera's pipeline that a configuration may tune."""

    looks: LookSettings = field(default_factory=LookSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    #: Instead of what each rule says of its own occurrences.
    occurrences: OccurrenceSettings | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plates:
    """How plates are read and who is known."""

    reader: PlateReader
    directory: PlateDirectory


def ignore_suppressed(suppressed: Suppressed) -> None:
    """Do nothing with a suppressed candidate."""


class CameraPipeline:
    """Frame → motion gate → detections → tracks → rules → occurrences. Not thread-safe; reads no clock."""

    def __init__(
        self,
        provenance: Provenance,
        rules: Sequence[Rule],
        detector: Detector,
        *,
        plates: Plates | None = None,
        settings: PipelineSettings | None = None,
        on_suppressed: Callable[[Suppressed], None] = ignore_suppressed,
    ) -> None:
        settings = settings or PipelineSettings()
        self._settings = settings.looks
        self._provenance = provenance
        self._detector = detector
        self._plates = plates
        self._rules = tuple(rules)
        self._books = {
            rule.scenario: EventBook(rule.scenario, provenance, settings.occurrences or rule.occurrences)
            for rule in rules
        }
        self._close_labels = frozenset[str]().union(*(rule.close_labels for rule in rules))
        self._gate = MotionGate(settings.motion)
        self._tracker = Tracker(settings.tracker)
        self._ledger = SuppressionLedger(provenance.camera, on_suppressed)
        self._scene = Scene(provenance.camera, reads_plates=plates is not None)
        self._frame_at: float | None = None
        self._due_at: float | None = None
        self._looked_at: float | None = None
        self._busy_until: float = float("-inf")
        self._look_by: float | None = None
        #: All that is followed, as of the last look.
        self.tracks: tuple[Track, ...] = ()
        #: Why the last look gave nothing: the detector's message; None when it worked.
        self.unknown_because: str | None = None
        #: Looks that were taken, and those that failed.
        self.looks: int = 0
        self.failed_looks: int = 0

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What its rules look for."""
        return tuple(self._books)

    @property
    def open_count(self) -> int:
        """Occurrences that have started and not ended."""
        return sum(book.open_count for book in self._books.values())

    def resume(self, events: Sequence[EventData]) -> tuple[EventData, ...]:
        """Take over the occurrences that an earlier run left open or ended as ``shutdown`` or ``blind``.

        ``events`` holds the last event of each, whatever its phase; call it before the first frame. What is still in
        its place goes on under its name, what is seen to be gone ends as cleared. Returns the ends of those that no
        rule watches any more.
        """
        for scenario, book in self._books.items():
            book.resume(event for event in events if event.scenario is scenario)
        return tuple(
            event.model_copy(update={"phase": Phase.END, "end_reason": EndReason.SHUTDOWN})
            for event in events
            if event.scenario not in self._books and event.end_reason is None
        )

    @property
    def demand(self) -> Demand:
        """What the next pictures must be like: as close as looks while something goes on, else as rules tolerate."""
        at, looks = self._frame_at, self._settings
        if at is None or self._looked_at is None:
            return EVERY_PICTURE
        if at <= self._busy_until:
            return Demand(1.0 / looks.detect_fps)
        wanted = [rule.longest_gap_s for rule in self._rules]
        if self._look_by is not None:
            wanted.append(max(1.0 / looks.detect_fps, self._look_by - at))
        return Demand(min([*wanted, looks.heartbeat_s]))

    def step(self, frame: Frame) -> tuple[EventData, ...]:
        """Take in the next frame; the events it brings about, most often none."""
        events: list[EventData] = []
        last = self._frame_at
        if last is not None and frame.at <= last:
            if last - frame.at < self._settings.jitter_s:
                return ()
            events += self.finish(last, EndReason.BLIND)
        elif last is not None and frame.at - last >= self._settings.forget_s:
            events += self.finish(last, EndReason.BLIND)
        elif last is not None and frame.at - last >= self._settings.gap_s:
            self._start_anew()
        self._frame_at = frame.at
        if self._is_due(frame.at):
            luma = frame.picture.luma(self._gate.longest)
            if self._is_worth_a_look(frame.at, luma):
                events += self._look(frame, luma)
        return tuple(events)

    def finish(self, at: float, reason: EndReason) -> tuple[EventData, ...]:
        """End what is open at frame time ``at`` and forget the scene."""
        events = [event for book in self._books.values() for event in book.close(at, reason)]
        self._start_anew()
        self._ledger.close()
        return tuple(events)

    def _start_anew(self) -> None:
        """Numbers and dwell start over; open occurrences wait for what they belong to."""
        self._tracker.reset()
        self._gate.reset()
        for rule in self._rules:
            rule.reset()
        self._due_at = self._looked_at = self._look_by = None
        self._busy_until = float("-inf")
        self._scene = replace(self._scene, readings={})

    def _is_due(self, at: float) -> bool:
        """Keep the cadence on its own grid, so that the rate does not sag when the frame rate is no multiple of it."""
        interval = 1.0 / self._settings.detect_fps
        if self._due_at is not None and at < self._due_at - interval / 4:
            return False
        due_at = at if self._due_at is None else self._due_at
        self._due_at = max(due_at, at - interval / 2) + interval
        return True

    def _is_worth_a_look(self, at: float, luma: Luma) -> bool:
        if self._gate.changed(luma):
            self._busy_until = at + self._settings.linger_s
            return True
        wanted = self._look_by is not None and at >= self._look_by
        idle_s = float("inf") if self._looked_at is None else at - self._looked_at
        return wanted or at <= self._busy_until or idle_s >= self._settings.heartbeat_s

    def _look(self, frame: Frame, luma: Luma) -> list[EventData]:
        self.looks += 1
        try:
            detections = self._detector.detect(frame.image)
        except ModelError as error:
            # Unknown is not "nothing there": tracks, dwell and occurrences stay as they are until a look works.
            self.unknown_because = str(error)
            self.failed_looks += 1
            return []
        self.unknown_because = None
        self._gate.looked(luma)
        self._looked_at = frame.at
        tracks = self.tracks = self._tracker.update(frame.at, detections)
        self._scene = replace(self._scene, detections=self._closely(frame, detections), aspect=_aspect(frame))
        events = self._judge(frame, tracks)
        if any(track.last_at < frame.at for track in tracks) or any(book.is_waiting for book in self._books.values()):
            self._busy_until = max(self._busy_until, frame.at + self._settings.linger_s)
        return events

    def _closely(self, frame: Frame, detections: Sequence[Detection]) -> tuple[Detection, ...]:
        """The detections, with the appearance of those that some rule looks at closely."""
        return tuple(
            replace(found, appearance=appearance_of(frame.image, found.box))
            if found.label in self._close_labels
            else found
            for found in detections
        )

    def _judge(self, frame: Frame, tracks: Sequence[Track]) -> list[EventData]:
        if self._plates is not None:
            self._scene = replace(self._scene, residents=self._plates.directory.residents())
        events: list[EventData] = []
        observed: list[Observation] = []
        for scenario, book in self._books.items():
            rules = [rule for rule in self._rules if rule.scenario is scenario]
            observations = [o for rule in rules for o in rule.observe(frame.at, tracks, self._scene)]
            events += book.update(frame.at, observations, frame.skew_s)
            self._ledger.update(frame.at, scenario, observations)
            observed += observations
        wanted = [o.look_by for o in observed if o.look_by is not None and o.standing is not Standing.BLOCKED]
        self._look_by = min(wanted, default=None)
        self._read_plates(frame, observed)
        return events

    def _read_plates(self, frame: Frame, observed: Sequence[Observation]) -> None:
        """Read the plates that rules asked for; they hear of them in the next look."""
        readings = {}
        if self._plates is not None:
            for observation in observed:
                if observation.plate_of is None or observation.plate_of in readings:
                    continue
                try:
                    readings[observation.plate_of] = tuple(
                        self._plates.reader.read(frame.picture.finest(), observation.box)
                    )
                except ModelError as error:
                    self.unknown_because = str(error)
        self._scene = replace(self._scene, readings=readings)


def _aspect(frame: Frame) -> float:
    width, height = frame.size
    return width / max(1, height)
