"""All cameras of a gateway, each in its own thread; those whose configuration changes are replaced while others run."""

from collections.abc import Collection, Sequence
from functools import partial
from threading import Lock, Thread
from time import monotonic

import structlog

from lookout_contract.status import CameraState
from lookout_edge.supervisor.camera import CameraWorker

log = structlog.stdlib.get_logger()

#: For so long a worker waits for one that hangs and was to give its camera up, seconds.
PATIENCE_S = 60.0
_LOOK_S = 0.1
_Running = tuple[CameraWorker, Thread]


class Crew:
    """Starts, stops and replaces the workers. Its methods may be called from any thread.

    A camera is never watched by two at a time: who takes it over from one that hangs waits until that one has ended, or
    for ``patience_s``; from then on the hung one is no longer heard, should it wake up.
    """

    def __init__(self, *, patience_s: float = PATIENCE_S) -> None:
        self._lock = Lock()
        self._patience_s = patience_s
        self._running: dict[str, _Running] = {}
        #: Those that did not stop in time.
        self._left: list[_Running] = []

    def start(self, workers: Sequence[CameraWorker]) -> None:
        """Run ``workers`` beside those that run already."""
        with self._lock:
            self._start(workers)

    def replace(
        self, workers: Sequence[CameraWorker], *, keep: Collection[str] = frozenset(), timeout_s: float = 5.0
    ) -> None:
        """Stop all that run but those in ``keep``, then run ``workers``."""
        with self._lock:
            self._stop(timeout_s, keep)
            self._start(workers)
            # What a camera that is taken out has open is ended by others: its hung worker must not end it once more.
            for hung, _ in self._left:
                if hung.camera not in self._running:
                    hung.take_out()

    def stop(self, *, timeout_s: float = 2.0) -> None:
        """Stop all and wait for them, ``timeout_s`` seconds in all; a hung one is left behind."""
        with self._lock:
            self._stop(timeout_s, frozenset())

    def find(self, camera: str) -> CameraWorker | None:
        """The worker of a camera."""
        running = self._running.get(camera)
        return running[0] if running else None

    def sight(self, camera: str) -> CameraState | None:
        """What a camera last said of itself."""
        worker = self.find(camera)
        return worker.state if worker is not None else None

    @property
    def workers(self) -> tuple[CameraWorker, ...]:
        """All workers, also those that have ended."""
        return tuple(worker for worker, _ in self._running.values())

    def _start(self, workers: Sequence[CameraWorker]) -> None:
        self._left = [running for running in self._left if running[1].is_alive()]
        for worker in workers:
            earlier = [running for running in self._left if running[0].camera == worker.camera]
            run, name = partial(self._run, worker, earlier), f"camera-{worker.camera}"
            thread = Thread(target=run, name=name, daemon=True)
            self._running[worker.camera] = (worker, thread)
            thread.start()

    def _stop(self, timeout_s: float, keep: Collection[str]) -> None:
        deadline = monotonic() + timeout_s
        leaving = {name: running for name, running in self._running.items() if name not in keep}
        for worker, _ in leaving.values():
            worker.stop()
        for worker, thread in leaving.values():
            thread.join(max(0.0, deadline - monotonic()))
            if thread.is_alive():
                log.warning("camera did not stop in time and is left behind", camera=worker.camera)
                self._left.append((worker, thread))
        self._running = {name: running for name, running in self._running.items() if name in keep}

    def _run(self, worker: CameraWorker, earlier: Sequence[_Running]) -> None:
        deadline = monotonic() + self._patience_s
        for hung, thread in earlier:
            while thread.is_alive() and not worker.is_stopped and monotonic() < deadline:
                worker.wait_for_turn()
                thread.join(_LOOK_S)
            if worker.is_stopped:
                return  # Nothing was begun; what the hung one has open is its own to end.
            if thread.is_alive():
                log.error("a camera's thread hangs and another one takes over", camera=worker.camera)
                hung.disown()
        worker.run()
