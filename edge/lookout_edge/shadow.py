"""A candidate beside the running rules of a camera: it judges the same looks, publishes nothing, and is told apart.

Other rules or thresholds share the camera's tracks. Another model looks at what the running one has looked at, after
its events are safe and only when nobody else wants to look.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from lookout_contract.events import EndReason, EventData, Scenario
from lookout_edge.domain.detection import Detection, parted
from lookout_edge.domain.frame import Frame
from lookout_edge.domain.observation import Observation, Scene
from lookout_edge.domain.track import Track
from lookout_edge.errors import ModelError, OverloadError
from lookout_edge.events import EventBook, Provenance
from lookout_edge.looking import Look, found_in
from lookout_edge.ports import Detector
from lookout_edge.rules.base import Rule, zones_of
from lookout_edge.tracking import SceneView, Tracker

#: Failed looks in a row, for its model or a bug, after which it is left alone until the gateway starts again.
FAILURES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A look of the running pipeline, as those beside it are told."""

    frame: Frame
    #: Where it was.
    look: Look
    tracks: tuple[Track, ...]
    scene: Scene
    view: SceneView
    #: Of a look's findings those that count: whole things outside the masks.
    whole: Callable[[Sequence[Detection]], tuple[Detection, ...]]


class Shadow:
    """One candidate at one camera. Belongs to the camera's thread; reads no clock."""

    def __init__(
        self,
        name: str,
        provenance: Provenance,
        rules: Sequence[Rule],
        report: Callable[[str, EventData], None],
        *,
        detector: Detector | None = None,
        doubts: Mapping[str, float] | None = None,
        until: float = inf,
    ) -> None:
        """``doubts`` are those of ``detector``, see ``PipelineSettings``; from frame time ``until`` on it rests."""
        self.name = name
        self._until = until
        self._doubts = doubts or {}
        self.camera = provenance.camera
        self._rules, self._report, self._detector = tuple(rules), report, detector
        self._tracker = Tracker()
        self._books = {
            rule.scenario: EventBook(rule.scenario, provenance, rule.occurrences, zones_of(rules, rule.scenario))
            for rule in rules
        }
        self._failed = 0
        #: Looks that were judged, and those that were left out because the box was busy.
        self.looks, self.shed = 0, 0
        #: Why it was given up, and at what frame time; None while it runs.
        self.gave_up: str | None = None
        self.gave_up_at: float | None = None

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """What it looks for."""
        return tuple(self._books)

    @property
    def reads(self) -> frozenset[str]:
        """Labels of which it wants to know from the running detector; none where it has one of its own."""
        return frozenset(label for rule in self._rules if self._detector is None for label in rule.reads)

    def judge(self, looked: Looked) -> None:
        """Judge a look of the running pipeline. Never raises: a bug in a candidate must cost no camera a look."""
        if looked.frame.at >= self._until or self.gave_up is not None:
            return
        try:
            self._judge(looked)
        except Exception as error:  # noqa: BLE001 - see above
            for rule in self._rules:
                rule.reset()
            self._fail(looked.frame.at, f"{type(error).__name__}: {error}")

    def _judge(self, looked: Looked) -> None:
        at, tracks, scene = looked.frame.at, looked.tracks, looked.scene
        if self._detector is not None:
            found = self._look(self._detector, looked)
            if found is None:
                return
            found, doubtful = parted(found, self._doubts)
            tracks = self._tracker.update(at, found, looked.view)
            scene = replace(scene, detections=found, doubtful=doubtful)
            scene = replace(scene, readings={}, reads_plates=False, poses={}, estimates_poses=False)
        self.looks += 1
        scene = replace(scene, going_on=partial(self._going_on, at))
        for scenario, book in self._books.items():
            rules = (rule for rule in self._rules if rule.scenario is scenario)
            observations = [o for rule in rules for o in rule.observe(at, tracks, scene)]
            self._tell(book.update(at, observations, looked.frame.skew_s))
        self._failed = 0

    def _fail(self, at: float, why: str) -> None:
        self._failed += 1
        if self._failed >= FAILURES:
            self.gave_up, self.gave_up_at = why, at

    def reset(self) -> None:
        """Numbers and dwell start over, see the pipeline."""
        self._tracker.reset()
        for rule in self._rules:
            rule.reset()

    def finish(self, at: float, reason: EndReason) -> None:
        """End what is open at frame time ``at``."""
        for book in self._books.values():
            self._tell(book.close(at, reason))

    def _going_on(self, at: float, scenario: Scenario) -> Sequence[Observation]:
        return self._books[scenario].going_on(at)

    def _look(self, detector: Detector, looked: Looked) -> tuple[Detection, ...] | None:
        """What its own model finds; None when it may not or cannot look: that is never an empty scene."""
        try:
            found = found_in(detector, looked.frame.image, looked.look.regions, looked.look.close_ups)
        except OverloadError:
            self.shed += 1
            return None
        except ModelError as error:
            self._fail(looked.frame.at, str(error))
            return None
        return tuple(looked.whole(found))

    def _tell(self, events: Sequence[EventData]) -> None:
        for event in events:
            self._report(self.name, event)
