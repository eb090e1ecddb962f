"""The one owner of inference: its own workers, at most one look waiting for each camera, the nearest deadline first.

Cameras that watch for fire have nearer deadlines, so they come first when the box is short, and the others still get
their turn. What cannot begin before its deadline is shed: the camera is told so, counts it, and takes its newest frame
next. A look that does not come back is told apart from that. Neither is ever an empty scene.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from itertools import accumulate
from threading import Condition
from time import monotonic
from typing import TypeVar

from lookout_contract.events import Scenario
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError, OverloadError
from lookout_edge.ports import Detector, PlateReader

T = TypeVar("T")

#: Seconds within which a look must begin: for cameras that watch for what cannot wait, and for the others.
URGENT_S, USUAL_S = 1.0, 3.0
#: A look that has begun and takes longer than this has failed.
ANSWER_S = 10.0
#: Upper bounds by which the time of looks is counted, seconds.
TOOK_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, float("inf"))
_URGENT = frozenset({Scenario.FIRE_SMOKE, Scenario.KEY_AREA, Scenario.CARE})


def deadline_of(scenarios: Sequence[Scenario]) -> float:
    """Seconds within which the looks of a camera with these rules must begin."""
    return URGENT_S if _URGENT.intersection(scenarios) else USUAL_S


@dataclass(slots=True, eq=False)
class _Turn:
    camera: str
    deadline: float
    dropped: bool = False


@dataclass(frozen=True, slots=True)
class Load:
    """How busy inference is."""

    waiting: int
    running: int
    workers: int
    #: Camera → looks that were not begun in time.
    shed: dict[str, int]
    #: How long looks took, seconds: (upper bound, how many took at most so long), the last one without bound.
    took: tuple[tuple[float, int], ...]
    #: Of all looks together, seconds.
    took_s: float


class InferenceOwner:
    """Runs looks for all cameras on ``workers`` threads of its own. ``do`` may be called from any thread."""

    def __init__(self, workers: int, *, answer_s: float = ANSWER_S) -> None:
        self._workers, self._answer_s = workers, answer_s
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inference")
        self._changed = Condition()
        self._waiting: dict[str, _Turn] = {}
        self._running = 0
        self._shed: dict[str, int] = {}
        self._took = [0] * len(TOOK_S)
        self._took_s = 0.0
        self._closed = False

    def start(self) -> None:
        """Nothing to do: threads begin with the first look."""

    def close(self) -> None:
        """Take nothing more; looks that wait are shed."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def load(self) -> Load:
        """As of now."""
        with self._changed:
            took = tuple(zip(TOOK_S, accumulate(self._took), strict=True))
            return Load(len(self._waiting), self._running, self._workers, dict(self._shed), took, self._took_s)

    def do(self, camera: str, within_s: float, run: Callable[[], T]) -> T:
        """What ``run`` gives, from a worker's thread; what it raises is raised here.

        OverloadError when it cannot begin within ``within_s`` seconds, ModelError when it does not end in time.
        """
        self._await_turn(camera, within_s)
        future = self._pool.submit(self._timed, run)
        future.add_done_callback(self._end_turn)
        try:
            return future.result(self._answer_s)
        except FutureTimeout:
            raise ModelError(f"A look took longer than {self._answer_s:g} s: the model or this box hangs.") from None

    def _timed(self, run: Callable[[], T]) -> T:
        begun = monotonic()
        try:
            return run()
        finally:
            took_s = monotonic() - begun
            with self._changed:
                self._took[bisect_left(TOOK_S, took_s)] += 1
                self._took_s += took_s

    def _await_turn(self, camera: str, within_s: float) -> None:
        turn = _Turn(camera, monotonic() + within_s)
        with self._changed:
            earlier = self._waiting.get(camera)
            if earlier is not None:
                self._drop(earlier)
            self._waiting[camera] = turn
            self._changed.wait_for(lambda: self._closed or turn.dropped or self._is_next(turn), within_s)
            if self._closed or turn.dropped or not self._is_next(turn):
                self._drop(turn)
                raise OverloadError("This box is too busy to look in time: lower detect_fps or watch fewer cameras.")
            del self._waiting[camera]
            self._running += 1
            # The next in line may begin beside this one.
            self._changed.notify_all()

    def _is_next(self, turn: _Turn) -> bool:
        free = self._running < self._workers
        return free and min(self._waiting.values(), key=lambda waiting: waiting.deadline) is turn

    def _drop(self, turn: _Turn) -> None:
        if not turn.dropped:
            self._shed[turn.camera] = self._shed.get(turn.camera, 0) + 1
        turn.dropped = True
        if self._waiting.get(turn.camera) is turn:
            del self._waiting[turn.camera]
        self._changed.notify_all()

    def _end_turn(self, _done: object) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()


class QueuedDetector:
    """A detector whose looks are run by the owner, for one camera."""

    def __init__(self, detector: Detector, owner: InferenceOwner, camera: str, within_s: float) -> None:
        self._detector, self._owner, self._camera, self._within_s = detector, owner, camera, within_s
        self.name, self.sha256, self.labels = detector.name, detector.sha256, detector.labels
        self.takes_regions = detector.takes_regions

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``. OverloadError when its turn does not come in time."""
        return self._owner.do(self._camera, self._within_s, lambda: self._detector.detect(image, region))


class QueuedPlateReader:
    """A plate reader whose work is done by the owner, for one camera."""

    def __init__(self, reader: PlateReader, owner: InferenceOwner, camera: str, within_s: float) -> None:
        self._reader, self._owner, self._camera, self._within_s = reader, owner, camera, within_s
        self.models = reader.models

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``. OverloadError when its turn does not come in time."""
        return self._owner.do(self._camera, self._within_s, lambda: self._reader.read(image, region))
