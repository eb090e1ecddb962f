"""The one owner of inference: its own workers, at most one look waiting for each camera, the nearest deadline first.

Cameras that watch for what cannot wait have nearer deadlines, so they come first when the box is short, and the others
still get their turn: they give way for ``TURN_S`` at most. What cannot begin before its deadline is shed: the camera is
told so, counts it, and takes its newest frame next. A look that does not come back is told apart from that. Neither is
ever an empty scene.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from threading import Lock
from time import monotonic
from typing import TypeVar, cast

from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import Pose
from lookout_edge.errors import LateError, OverloadError
from lookout_edge.ports import Detector, PlateReader, PoseEstimator

T = TypeVar("T")

#: Seconds within which a look must begin: for cameras that watch for what cannot wait, and for the others.
URGENT_S, USUAL_S = 1.0, 3.0
#: Who waits for so many seconds comes before all who came after that, however urgent they are: cameras that burn would
#: take all the time that there is.
TURN_S = 2.0
#: A look that has begun and takes longer than this has failed.
ANSWER_S = 10.0
#: Upper bounds by which the time of looks is counted, seconds.
TOOK_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, float("inf"))


def workers_for(cores: int) -> int:
    """How many looks are run at once on so many cores: one is left to decoding where there are more than two.

    With one worker on two cores a full box left half of itself idle while its cameras waited.
    """
    return cores - 1 if cores > 2 else max(1, cores)


def turn_of(within_s: float) -> float:
    """Monotonic time by which it is the turn of a look that comes now and must begin within ``within_s`` seconds."""
    return monotonic() + min(within_s, TURN_S)


@dataclass(slots=True, eq=False)
class _Turn:
    camera: str
    run: Callable[[], object]
    #: Monotonic time until which it may begin, and by which it is its turn: the earliest comes first.
    deadline: float
    rank: float
    answer: "Future[object]"
    begun_at: float | None = None
    shed: bool = False


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
    """Runs looks for all cameras on ``workers`` threads of its own. ``do`` may be called from any thread.

    Whoever asks hands its work over and sleeps until the answer is there: nobody else is woken for it.
    """

    def __init__(self, workers: int, *, answer_s: float = ANSWER_S) -> None:
        self._workers, self._answer_s = workers, answer_s
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="inference")
        self._lock = Lock()
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
        with self._lock:
            self._closed = True
            waiting, self._waiting = tuple(self._waiting.values()), {}
        for turn in waiting:
            self._shed_it(turn)
        self._pool.shutdown(wait=False, cancel_futures=True)

    @property
    def load(self) -> Load:
        """As of now."""
        with self._lock:
            took = tuple(zip(TOOK_S, accumulate(self._took), strict=True))
            return Load(len(self._waiting), self._running, self._workers, dict(self._shed), took, self._took_s)

    def do(self, camera: str, within_s: float, run: Callable[[], T], *, rank: float | None = None) -> T:
        """What ``run`` gives, from a worker's thread; what it raises is raised here.

        It comes before all whose ``rank`` is later: a monotonic time, by default that of ``turn_of``.
        OverloadError when it cannot begin within ``within_s`` seconds, LateError when it does not end in time.
        """
        deadline = monotonic() + within_s
        answer: Future[T] = Future()
        rank = turn_of(within_s) if rank is None else rank
        turn = _Turn(camera, run, deadline, rank, cast("Future[object]", answer))
        self._enter(turn)
        try:
            return answer.result(within_s)
        except FutureTimeout:
            begun_at = self._give_up(turn)
        try:
            return answer.result(max(0.0, begun_at + self._answer_s - monotonic()))
        except FutureTimeout:
            raise LateError(f"A look took longer than {self._answer_s:g} s: the model or this box hangs.") from None

    def do_idle(self, run: Callable[[], T]) -> T:
        """What ``run`` gives, if a worker is free and nobody waits for one; else OverloadError at once."""
        with self._lock:
            if self._closed or self._waiting or self._running >= self._workers:
                raise OverloadError("This box has no time for looks that nobody waits for.")
            self._running += 1
            future = self._pool.submit(self._work_idle, run)
        try:
            return future.result(self._answer_s)
        except CancelledError:
            raise OverloadError("This gateway is closing.") from None
        except FutureTimeout:
            raise LateError(f"A look took longer than {self._answer_s:g} s: the model or this box hangs.") from None

    def _work_idle(self, run: Callable[[], T]) -> T:
        try:
            return run()
        finally:
            with self._lock:
                self._running -= 1
            self._begin()

    def _enter(self, turn: _Turn) -> None:
        with self._lock:
            earlier = self._waiting.get(turn.camera)
            if not self._closed:
                self._waiting[turn.camera] = turn
        refused = turn if self._closed else earlier
        if refused is not None:
            self._shed_it(refused)
        self._begin()

    def _give_up(self, turn: _Turn) -> float:
        """When it began, monotonic. One that never did is shed: its answer says so."""
        with self._lock:
            if self._waiting.get(turn.camera) is turn:
                del self._waiting[turn.camera]
            begun_at = turn.begun_at
        if begun_at is None:
            self._shed_it(turn)
        return begun_at or 0.0

    def _begin(self) -> None:
        """Begin what comes next while workers are free; for some it may be too late."""
        while (turn := self._next()) is not None:
            if turn.begun_at is None:
                self._shed_it(turn)
            else:
                self._pool.submit(self._work, turn).add_done_callback(partial(self._answer, turn))

    def _next(self) -> _Turn | None:
        """The first in line, and a worker for it; it has not begun if it came too late. None when nothing can begin."""
        with self._lock:
            if self._closed or not self._waiting or self._running >= self._workers:
                return None
            turn = min(self._waiting.values(), key=lambda waiting: waiting.rank)
            del self._waiting[turn.camera]
            now = monotonic()
            if now <= turn.deadline:
                turn.begun_at = now
                self._running += 1
            return turn

    def _work(self, turn: _Turn) -> object:
        begun = monotonic()
        try:
            return turn.run()
        finally:
            took_s = monotonic() - begun
            with self._lock:
                self._running -= 1
                self._took[bisect_left(TOOK_S, took_s)] += 1
                self._took_s += took_s
            self._begin()

    def _answer(self, turn: _Turn, done: "Future[object]") -> None:
        """Wake who waits for it."""
        if done.cancelled():
            self._shed_it(turn)
        elif (error := done.exception()) is not None:
            turn.answer.set_exception(error)
        else:
            turn.answer.set_result(done.result())

    def _shed_it(self, turn: _Turn) -> None:
        with self._lock:
            if turn.shed:
                return
            turn.shed = True
            self._shed[turn.camera] = self._shed.get(turn.camera, 0) + 1
        turn.answer.set_exception(
            OverloadError("This box is too busy to look in time: lower detect_fps or watch fewer cameras.")
        )


class QueuedDetector:
    """A detector whose looks are run by the owner, for one camera.

    All regions of one picture keep the rank of the first, so that looks are finished in the order in which they began:
    with ranks of their own every camera's last region would wait for all the others' first ones.
    """

    def __init__(self, detector: Detector, owner: InferenceOwner, camera: str, within_s: float) -> None:
        self._detector, self._owner, self._camera, self._within_s = detector, owner, camera, within_s
        self.name, self.sha256, self.labels = detector.name, detector.sha256, detector.labels
        self.takes_regions = detector.takes_regions
        self._image: Image | None = None
        self._rank = 0.0

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``. OverloadError when its turn does not come in time."""
        if image is not self._image:
            self._image, self._rank = image, turn_of(self._within_s)
        run = partial(self._detector.detect, image, region)
        return self._owner.do(self._camera, self._within_s, run, rank=self._rank)


class IdleDetector:
    """A detector of which nobody waits for the answer: its looks are the first to be left out."""

    def __init__(self, detector: Detector, owner: InferenceOwner) -> None:
        self._detector, self._owner = detector, owner
        self.name, self.sha256, self.labels = detector.name, detector.sha256, detector.labels
        self.takes_regions = detector.takes_regions

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``. OverloadError while anything else is or wants to be looked at."""
        return self._owner.do_idle(lambda: self._detector.detect(image, region))


class QueuedPlateReader:
    """A plate reader whose work is done by the owner, for one camera."""

    def __init__(self, reader: PlateReader, owner: InferenceOwner, camera: str, within_s: float) -> None:
        self._reader, self._owner, self._camera, self._within_s = reader, owner, camera, within_s
        self.models = reader.models

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``. OverloadError when its turn does not come in time."""
        return self._owner.do(self._camera, self._within_s, lambda: self._reader.read(image, region))


class QueuedPoseEstimator:
    """A pose estimator whose work is done by the owner, for one camera."""

    def __init__(self, pose: PoseEstimator, owner: InferenceOwner, camera: str, within_s: float) -> None:
        self._pose, self._owner, self._camera, self._within_s = pose, owner, camera, within_s
        self.name, self.sha256 = pose.name, pose.sha256

    def estimate(self, image: Image, box: Box) -> Pose | None:
        """See ``PoseEstimator``. OverloadError when its turn does not come in time."""
        return self._owner.do(self._camera, self._within_s, lambda: self._pose.estimate(image, box))
