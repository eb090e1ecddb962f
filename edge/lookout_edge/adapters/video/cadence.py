"""When a picture is looked at: how often on frame time, and not before its time where time is real."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event

from av.video.frame import VideoFrame

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


class Valve:
    """Slows a camera that floods: more packets a second than this are taken in bursts only, the rest has to wait.

    So the camera is held back by TCP, or loses datagrams, instead of taking the processor away from all others.
    """

    #: Seconds' worth of packets that may come at once, such as what a camera had kept.
    BURST_S = 10.0

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._room = self.BURST_S * per_second
        self._at: float | None = None

    def wait_s(self, monotonic: float) -> float:
        """Seconds to wait before the packet that came at ``monotonic`` is worked on; 0 as a rule."""
        passed = 0.0 if self._at is None else monotonic - self._at
        self._at = monotonic
        self._room = min(self.BURST_S * self._per_second, self._room + passed * self._per_second) - 1
        return max(0.0, -self._room / self._per_second)


class Pace:
    """Holds pictures back until their time, counted from the first; steps of the box's clock do not matter to it."""

    def __init__(self, stop: Event, on_nap: Callable[[], None]) -> None:
        self._stop = stop
        self._on_nap = on_nap
        self._zero: float | None = None

    def hold(self, at: float) -> bool:
        """Wait until it is time for ``at``, any line of seconds; False when stopped meanwhile."""
        if self._zero is None:
            self._zero = time.monotonic() - at
        while (ahead := self._zero + at - time.monotonic()) > 0:
            if self._stop.wait(min(ahead, _NAP_S)):
                return False
            self._on_nap()
        return True
