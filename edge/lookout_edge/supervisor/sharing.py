"""One set of model sessions for all cameras: whoever waits too long is told so, and does not look."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from threading import Semaphore

from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ModelError
from lookout_edge.ports import Detector, PlateReader


@contextmanager
def _turn(turns: Semaphore, timeout_s: float, what: str) -> Generator[None]:
    if not turns.acquire(timeout=timeout_s):
        raise ModelError(
            f"{what} was busy for {timeout_s:g} s: this box is overloaded; lower detect_fps or watch fewer cameras."
        )
    try:
        yield
    finally:
        turns.release()


class SharedDetector:
    """A detector that as many cameras use at a time as there are ``turns``.

    ModelError when the turn does not come within ``timeout_s``.
    """

    def __init__(self, detector: Detector, turns: Semaphore, *, timeout_s: float = 5.0) -> None:
        self._detector, self._turns, self._timeout_s = detector, turns, timeout_s

    @property
    def name(self) -> str:
        """See ``Detector``."""
        return self._detector.name

    @property
    def sha256(self) -> str:
        """See ``Detector``."""
        return self._detector.sha256

    @property
    def labels(self) -> tuple[str, ...]:
        """See ``Detector``."""
        return self._detector.labels

    @property
    def takes_regions(self) -> bool:
        """See ``Detector``."""
        return self._detector.takes_regions

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``."""
        with _turn(self._turns, self._timeout_s, f"The detector {self.name}"):
            return self._detector.detect(image, region)


class SharedPlateReader:
    """A plate reader that as many cameras use at a time as there are ``turns``.

    ModelError when the turn does not come within ``timeout_s``.
    """

    def __init__(self, reader: PlateReader, turns: Semaphore, *, timeout_s: float = 5.0) -> None:
        self._reader, self._turns, self._timeout_s = reader, turns, timeout_s

    @property
    def models(self) -> dict[str, str]:
        """See ``PlateReader``."""
        return self._reader.models

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``."""
        with _turn(self._turns, self._timeout_s, "The plate reader"):
            return self._reader.read(image, region)
