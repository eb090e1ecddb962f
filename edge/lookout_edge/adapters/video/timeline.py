"""Stream times that never go back: gaps in a recording, counters that wrap, and clips that begin again."""

from typing import NamedTuple

#: Decoders reorder at most so many frames: smaller steps back are order, not time.
_REORDER = 16


#: Seconds by which a clock may be corrected without anybody calling it a step.
_STEP_S = 5.0


def anchored(now: float, after: float | None, frame_s: float) -> float:
    """Frame time of the first picture of an opening: now, but still after the last one seen before.

    Unless the box's clock was set back meanwhile: then its word counts.
    """
    if after is None or after - now > _STEP_S:
        return now
    return max(now, after + frame_s)


class ClockWatch:
    """Notices steps of the box's clock: a box without a battery starts in 1970, until the network tells it the time."""

    def __init__(self) -> None:
        self._offset: float | None = None

    def step(self, now: float, monotonic: float) -> float:
        """Seconds by which the clock was set since the last call, 0 when it just went on."""
        offset = now - monotonic
        before, self._offset = self._offset if self._offset is not None else offset, offset
        return offset - before if abs(offset - before) > _STEP_S else 0.0


class Stamp(NamedTuple):
    """Times of one packet in ticks of its stream; None where the stream does not say."""

    pts: int | None
    dts: int | None

    @property
    def shown(self) -> int:
        """When its picture is shown, as far as is known."""
        return self.pts if self.pts is not None else self.decoded

    @property
    def decoded(self) -> int:
        """When it is decoded, as far as is known."""
        return self.dts if self.dts is not None else self.pts or 0


class Timeline:
    """Shifts the packets of one stream so that their decoding times grow without a break.

    All values are ticks of the stream's time base. ``arrived`` is the box's own clock in the same ticks: with it a
    long step is believed when as much time has passed here (the camera was cut off), and closed otherwise (its
    counter jumped). Without it, forward steps up to ``max_gap`` are believed.
    """

    def __init__(self, *, nominal: int, max_gap: int | None) -> None:
        self._nominal = max(1, nominal)
        self._max_gap = max_gap
        self._shift = 0
        self._last: int | None = None
        self._last_arrived: int | None = None

    @property
    def nominal(self) -> int:
        """Ticks between two frames as the stream announces them."""
        return self._nominal

    def join(self, *, at: int, start: int) -> None:
        """From the next packet on, stream time ``start`` falls on ``at``: the clip begins again."""
        self._shift = at - start
        self._last = None
        self._last_arrived = None

    def place(self, stamp: Stamp, arrived: int | None = None) -> Stamp:
        """The packet's times on the unbroken line."""
        raw = stamp.dts if stamp.dts is not None else stamp.pts
        if raw is None:
            raw = (self._last + self._nominal if self._last is not None else 0) - self._shift
            stamp = Stamp(raw, raw)
        if self._last is not None:
            passed = arrived - self._last_arrived if arrived is not None and self._last_arrived is not None else None
            step = raw + self._shift - self._last
            if self._is_break(step, passed):
                self._shift = self._last + max(self._nominal, passed or 0) - raw
        placed = raw + self._shift
        self._last = placed if self._last is None else max(self._last, placed)
        self._last_arrived = arrived
        return Stamp(self._shifted(stamp.pts), self._shifted(stamp.dts))

    def _shifted(self, ticks: int | None) -> int | None:
        return None if ticks is None else ticks + self._shift

    def _is_break(self, step: int, passed: int | None) -> bool:
        if step < -_REORDER * self._nominal:
            return True
        if self._max_gap is None:
            return False
        return step - (passed or 0) > self._max_gap
