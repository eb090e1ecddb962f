"""When a picture is looked at: how often on frame time, and not before its time where time is real."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from av.video.frame import VideoFrame

from lookout_edge.ports import Clock

#: Longest uninterrupted wait, so that whoever watches the reader sees that it lives.
_NAP_S = 0.5


@dataclass(frozen=True, slots=True)
class Look:
    """A decoded picture that is due, not yet converted."""

    picture: VideoFrame
    #: Frame time, seconds since the Unix epoch.
    at: float
    #: Frame time minus the box's clock; None where nothing runs in real time.
    skew_s: float | None


class Cadence:
    """Picks pictures at a rate of frame time, so the choice does not depend on how fast they are read."""

    def __init__(self, fps: float | None) -> None:
        self._period = 1 / fps if fps else None
        self._next: float | None = None

    def due(self, at: float) -> bool:
        """Whether the picture at ``at`` is to be looked at; to be asked once for each picture, in order."""
        if self._period is None:
            return True
        if self._next is not None and at < self._next - 1e-3:
            return False
        in_step = self._next is not None and at < self._next + self._period
        self._next = (self._next if in_step and self._next is not None else at) + self._period
        return True


def hold_until(at: float, clock: Clock, stop: Event, on_nap: Callable[[], None]) -> bool:
    """Wait until the clock says ``at``; False when stopped meanwhile."""
    while (ahead := at - clock.now()) > 0:
        if stop.wait(min(ahead, _NAP_S)):
            return False
        on_nap()
    return True
