"""All cameras of a gateway, each in its own thread; those whose configuration changes are replaced while others run."""

from collections.abc import Collection, Sequence
from threading import Lock, Thread
from time import monotonic

import structlog

from lookout_contract.status import CameraState
from lookout_edge.supervisor.camera import CameraWorker

log = structlog.stdlib.get_logger()


class Crew:
    """Starts, stops and replaces the workers. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, tuple[CameraWorker, Thread]] = {}

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
        for worker in workers:
            thread = Thread(target=worker.run, name=f"camera-{worker.camera}", daemon=True)
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
        self._running = {name: running for name, running in self._running.items() if name in keep}
