"""One camera from frame to events. Frame time is the only time there is, so a replay gives the same events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from lookout_contract.events import EndReason, EventData, Phase, Scenario
from lookout_edge.closer import CloserLook, Helper, Plates, impairment_of
from lookout_edge.domain.appearance import appearance_of
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.detection import Detection, parted
from lookout_edge.domain.frame import Frame, Luma
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.suppressed import Suppressed, SuppressionLedger
from lookout_edge.domain.suppression import Suppression
from lookout_edge.domain.track import Track
from lookout_edge.domain.view import Candidate
from lookout_edge.domain.zone import Zone
from lookout_edge.errors import LateError, ModelError, OverloadError
from lookout_edge.events import EventBook, Provenance
from lookout_edge.looking import Attention, Look, LookedScene, LookSettings, found_in
from lookout_edge.motion import MotionGate, MotionSettings
from lookout_edge.ports import Detector, PoseEstimator
from lookout_edge.rules.base import Rule, zones_of
from lookout_edge.shadow import Looked, Shadow
from lookout_edge.sight import Blindness, SightSettings, SightWatch, lost_sight, observed
from lookout_edge.tracking import Tracker, TrackerSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineSettings:
    """Everything of a camera's pipeline that a configuration may tune."""

    looks: LookSettings = field(default_factory=LookSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    tracker: TrackerSettings = field(default_factory=TrackerSettings)
    #: Parts of the picture in which nothing counts: neither movement nor things.
    masks: tuple[Zone, ...] = ()
    #: Tell when the picture shows nothing; None leaves that out.
    sight: SightSettings | None = None
    #: Scores of labels below which they are told to rules as doubtful, and to nobody else.
    doubts: Mapping[str, float] = field(default_factory=dict[str, float])
    #: Instead of what each rule says of its own occurrences.
    occurrences: OccurrenceSettings | None = None


def keep_nothing(events: tuple[EventData, ...]) -> None:
    """Leave the events to whoever gets them from ``step``."""


def ignore_suppressed(suppressed: Suppressed) -> None:
    """Do nothing with a suppressed candidate."""


def leave_out_nothing(at: float) -> Sequence[Suppression]:
    """No operator has agreed to leave anything out."""
    return ()


class CameraPipeline:
    """Frame → motion gate → detections → tracks → rules → occurrences. Not thread-safe; reads no clock."""

    _shadows: tuple[Shadow, ...] = ()
    #: The look of the last step, for the shadows.
    _looked: Looked | None = None
    _frame_at: float | None = None
    #: The last frame's own time minus this box's clock.
    _skew_s: float | None = None
    #: All that is followed, as of the last look.
    tracks: tuple[Track, ...] = ()
    #: What the rules said of it then.
    _judged: tuple[tuple[Scenario, list[Observation]], ...] = ()
    #: Why the last look gave nothing: the detector's message; None when it worked. Plates and poses have no part in it.
    unknown_because: str | None = None
    #: Whether that was for want of time: the box was too busy, or no answer came.
    is_late: bool = False
    #: Looks that were taken, and those that failed.
    looks: int = 0
    failed_looks: int = 0
    _shed_looks: int = 0
    #: What rules, and who looks closer, raised in the last step: bugs.
    faults: tuple[Exception, ...] = ()
    #: Whom the rules asked to look at more closely in the look of this step.
    _asked_closer: tuple[Observation, ...] = ()

    def __init__(
        self,
        provenance: Provenance,
        rules: Sequence[Rule],
        detector: Detector,
        *,
        plates: Plates | None = None,
        pose: PoseEstimator | None = None,
        settings: PipelineSettings | None = None,
        on_suppressed: Callable[[Suppressed], None] = ignore_suppressed,
        left_out: Callable[[float], Sequence[Suppression]] = leave_out_nothing,
    ) -> None:
        settings = settings or PipelineSettings()
        self._settings = settings.looks
        self._doubts = settings.doubts
        self._provenance = provenance
        self._detector = detector
        self._plates = plates
        self._pose = pose
        self._closer = CloserLook(provenance.camera, plates, pose, settings.masks)
        self._rules = tuple(rules)
        self._books = {
            rule.scenario: EventBook(
                rule.scenario, provenance, settings.occurrences or rule.occurrences, zones_of(rules, rule.scenario)
            )
            for rule in rules
        }
        self._tracker = Tracker(settings.tracker)
        self._gate = MotionGate(settings.motion, settings.masks)
        how, regions = settings.looks, detector.takes_regions
        self._attention = Attention(how, self._gate, self._tracker, takes_regions=regions, masks=settings.masks)
        self._left_out = left_out
        self._sight = SightWatch(settings.sight) if settings.sight is not None else None
        self._blind = EventBook(Scenario.CAMERA_BLIND, provenance)
        #: The same for a stream that does not come and looks that do not work: there is no picture to judge then.
        self._lost = EventBook(Scenario.CAMERA_BLIND, provenance)
        self._ledger = SuppressionLedger(provenance.camera, on_suppressed)
        self._rule_help = {scenario: Helper("rule_failed") for scenario in self._books}
        self._longest_gap_s = min((rule.longest_gap_s for rule in rules), default=inf)
        self._rules_of = {scenario: [rule for rule in rules if rule.scenario is scenario] for scenario in self._books}
        #: Scenarios whose things no track stands for.
        self._untracked = {rule.scenario for rule in rules if rule.untracked_labels}

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What its rules look for."""
        return tuple(self._books)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What the rules said of what they saw in the last look."""
        return tuple(Candidate(scenario, each) for scenario, observations in self._judged for each in observations)

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

    def beside(self, shadows: Sequence[Shadow]) -> None:
        """Candidates that judge what this pipeline looks at; call it before the first frame."""
        self._shadows = tuple(shadows)

    def judge_beside(self) -> None:
        """Let the shadows judge the look of the last step, if there was one: when what it brought about is safe."""
        looked, self._looked = self._looked, None
        if looked is not None:
            for shadow in self._shadows:
                shadow.judge(looked)

    @property
    def demand(self) -> Demand:
        """What the next pictures must be like: as close as looks while something goes on, else as rules tolerate."""
        return self._attention.demand(self._frame_at, self._longest_gap_s)

    def step(self, frame: Frame, keep: Callable[[tuple[EventData, ...]], None] = keep_nothing) -> tuple[EventData, ...]:
        """Take in the next frame; the events it brings about, most often none.

        ``keep`` gets them before anything looks closer: plates and poses take their time, and whatever fails there
        costs neither an event nor the next look.
        """
        self.faults, self._asked_closer = (), ()
        events = self._advance(frame)
        keep(events)
        if self._asked_closer:
            self._closer.take(frame, self._asked_closer)
            self.faults += self._closer.faults
        return events

    def _advance(self, frame: Frame) -> tuple[EventData, ...]:
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
        self._frame_at, self._skew_s = frame.at, frame.skew_s
        if self._attention.is_due(frame.at):
            luma = frame.picture.luma(self._gate.longest)
            events += self._check_sight(frame, luma)
            # Where a picture shows nothing, finding nothing means nothing: all stays as it is.
            doubtful = self._sight is not None and self._sight.is_doubtful
            look = None if doubtful else self._attention.choose(frame.at, luma)
            if look is not None:
                events += self._take(frame, look)
        return tuple(events)

    def finish(self, at: float, reason: EndReason) -> tuple[EventData, ...]:
        """End what is open at frame time ``at`` and forget the scene."""
        # What is lost is not found because time has jumped: the worker says when sight is back.
        books = [*self._books.values(), self._blind]
        if reason is not EndReason.BLIND:
            books.append(self._lost)
        events = [event for book in books for event in book.close(at, reason, self._skew_s)]
        for shadow in self._shadows:
            shadow.finish(at, reason)
        self._start_anew()
        self._ledger.close()
        return tuple(events)

    def lose_sight(self, at: float, reason: str, since: float) -> tuple[EventData, ...]:
        """Say at ``at`` that nothing could be seen since ``since``: an occurrence that lasts until sight is back.

        Both are seconds since 1970 UTC on this box's clock, for there is no frame time. What was open then, also what a
        power cut left so, ends as blind once ``forget_s`` has passed, as it would with the next frame: a door that is
        held for it must not wait for a camera that may never come back.
        """
        ended: tuple[EventData, ...] = ()
        if at - since >= self._settings.forget_s and any(book.is_untold for book in self._books.values()):
            ended = self.finish(since if self._frame_at is None else self._frame_at, EndReason.BLIND)
        return (*ended, *self._lost.update(at, [lost_sight(reason, since, at - since)]))

    def regain_sight(self, at: float) -> tuple[EventData, ...]:
        """The end of it; nothing when sight was not lost."""
        return tuple(self._lost.close(at, EndReason.CLEARED)) if self._lost.open_count else ()

    def _start_anew(self) -> None:
        """Numbers and dwell start over; open occurrences wait for what they belong to."""
        self._tracker.reset()
        self._attention.reset()
        if self._sight is not None:
            self._sight.reset()
        for each in (*self._rules, *self._shadows):
            each.reset()
        self._closer.forget()

    @property
    def impairment(self) -> tuple[str, str] | None:
        """What keeps failing though the camera sees, and its message: ``rule_failed``, ``plates_failed`` or
        ``poses_failed``."""
        return impairment_of((*self._rule_help.values(), *self._closer.helpers))

    @property
    def shed_looks(self) -> int:
        """Looks, plates and poses for which the box was too busy."""
        return self._shed_looks + self._closer.shed

    @property
    def blindness(self) -> Blindness | None:
        """What keeps the camera from seeing; None while it sees, or when nobody checks."""
        return self._sight.blindness if self._sight is not None else None

    def _check_sight(self, frame: Frame, luma: Luma) -> list[EventData]:
        """Start, carry on or end the occurrence of being blind."""
        if self._sight is None:
            return []
        blindness = self._sight.observe(frame.at, luma)
        if blindness is None and not self._blind.open_count:
            return []
        found = [] if blindness is None else [observed(blindness, self._sight.since or frame.at)]
        return self._blind.update(frame.at, found, frame.skew_s)

    def _take(self, frame: Frame, look: Look) -> list[EventData]:
        self.looks += 1
        try:
            found = found_in(self._detector, frame.image, look.regions, look.close_ups)
        except ModelError as error:
            # Unknown is not "nothing there": tracks, dwell and occurrences stay as they are until a look works.
            self.unknown_because, self.is_late = str(error), isinstance(error, LateError)
            self.failed_looks += 1
            self._shed_looks += isinstance(error, OverloadError)
            return []
        self.unknown_because = None
        self._attention.saw(frame.at, look, found)
        found, doubtful = parted(found, self._doubts)
        unchanged_at = self._attention.unchanged_at
        detections = self._attention.looked(frame.at, look, found)
        scene = LookedScene(self._gate, look.regions)
        self.tracks = self._tracker.update(frame.at, detections, scene)
        told = self._told(frame, look, detections, self._attention.whole(look.regions, doubtful))
        told = replace(told, unchanged_at=unchanged_at)
        if self._shadows:
            whole = partial(self._attention.whole, look.regions)
            self._looked = Looked(frame=frame, look=look, tracks=self.tracks, scene=told, view=scene, whole=whole)
        return self._judge(frame, told)

    def _told(
        self, frame: Frame, look: Look, detections: tuple[Detection, ...], doubtful: tuple[Detection, ...]
    ) -> Scene:
        """What the rules are told of a look beside the tracks."""
        return Scene(
            self._provenance.camera,
            residents=self._plates.directory.residents(frame.at) if self._plates is not None else (),
            readings=self._closer.readings,
            unread=self._closer.unread,
            reads_plates=self._plates is not None,
            poses=self._closer.poses,
            estimates_poses=self._pose is not None,
            aspect=_aspect(frame),
            detections=detections,
            doubtful=doubtful,
            appearance=lambda box: appearance_of(frame.image, box),
            is_as_before=self._gate.is_as_before,
            stood=self._gate.stood,
            suppressions=self._left_out(frame.at),
            going_on=lambda scenario: self._books[scenario].going_on(frame.at),
            regions=look.regions,
        )

    def _judge(self, frame: Frame, scene: Scene) -> list[EventData]:
        at = frame.at
        events: list[EventData] = []
        observed: list[Observation] = []
        judged: list[tuple[Scenario, list[Observation]]] = []
        untracked: list[Observation] = []
        for scenario, book in self._books.items():
            observations: list[Observation] = []
            try:
                for rule in self._rules_of[scenario]:
                    observations += rule.observe(at, self.tracks, scene)
                events += book.update(at, observations, frame.skew_s)
                self._ledger.update(at, scenario, observations, book.is_about)
            except Exception as error:  # noqa: BLE001 - a bug in one rule must not take the others' alarms with it
                self._blame(scenario, error)
                continue
            self._rule_help[scenario].failed = 0
            if not observations:
                continue
            observed += observations
            judged.append((scenario, observations))
            untracked += observations if scenario in self._untracked else []
        self._judged = tuple(judged)
        waiting = any(book.is_waiting for book in self._books.values())
        self._attention.heed(at, observed, untracked, waiting)
        self._asked_closer = tuple(observed)
        self._closer.forget()
        return events

    def _blame(self, scenario: Scenario, error: Exception) -> None:
        """Note what the rules of a scenario raised, and let them start anew; what is open of theirs stays as it is."""
        self.faults += (error,)
        self._rule_help[scenario].fail(f"{scenario.value}: {type(error).__name__}: {error}")
        for rule in self._rules_of[scenario]:
            rule.reset()


def _aspect(frame: Frame) -> float:
    width, height = frame.size
    return width / max(1, height)
