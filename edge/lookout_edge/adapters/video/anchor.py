"""Where a live stream's times fall on the calendar."""

import math
import struct
from collections.abc import Callable

from av.packet import Packet
from av.video.stream import VideoStream

from lookout_edge.adapters.video.timeline import anchored

#: A camera whose clock is further off than this is not believed: its frames are dated by this box.
TRUSTED_S = 10.0
#: Nearer than this there is nothing to correct.
_CLOSE_S = 0.1
#: Share of the time that passes by which frame times are stretched or squeezed towards the camera's clock.
_SLEW = 0.05
#: The same where frames are dated further into the future than a clock is trusted: a camera that floods sends its time
#: faster than it passes, and nothing live is of tomorrow.
_BRAKE = 0.9
#: Packets that come faster than this share of their own distance were waiting somewhere: a burst.
_REAL_PACE = 0.5
_LONGEST_BURST_S = 3.0
#: A stream without reports is held to this box's clock by the least late packet of so many seconds …
_WATCH_S = 10.0
#: … when even that one is later than this.
_LATE_S = 0.5
#: RTCP's count of microseconds since 1970, as FFmpeg hands it on with each packet (AVProducerReferenceTime).
_PRODUCED = struct.Struct("=q")


def camera_time(packet: "Packet[VideoStream]") -> float | None:
    """When the camera took the picture, by its own clock: seconds since the Unix epoch, from RTCP sender reports.

    None before the first report, and for streams without any.
    """
    if not packet.has_sidedata("prft"):
        return None
    (microseconds,) = _PRODUCED.unpack_from(bytes(packet.get_sidedata("prft")))
    return float(microseconds) / 1e6


class Anchor:
    """Finds ``base``, the frame time of second 0 of a live stream's unbroken line, and keeps it right.

    With sender reports (RFC 3550, 6.4.1) it is the camera's word, as long as its clock is within 10 s of this box.
    Without, the stream is tied to this box's clock once its opening burst is over (what a camera or FFmpeg had kept
    until then arrives late), and held there by the packets that were least late. Corrections stretch or squeeze time
    by 5 % at most, so that frame times keep growing and a late packet changes nothing; only what runs far ahead is held
    back by more.
    """

    def __init__(self, *, after: float | None, frame_s: float, monotonic: Callable[[], float]) -> None:
        self._after = after
        self._frame_s = frame_s
        self._monotonic = monotonic
        self._first: tuple[float, float] | None = None
        self._last: tuple[float, float] | None = None
        #: Seconds by which ``base`` is still to be moved.
        self._error = 0.0
        #: Least delay of a packet since the watch began, and when that was.
        self._least: float = math.inf
        self._watched_from = 0.0
        #: Seconds since the Unix epoch; None until it is known.
        self.base: float | None = None
        #: The stream's clock minus this box's at the newest packet, seconds.
        self.skew_s: float | None = None

    def note(self, position: float, now: float, camera_at: float | None) -> None:
        """A packet came: ``position`` seconds along the line, at ``now`` by this box, ``camera_at`` by the camera."""
        trusted = camera_at if camera_at is not None and abs(camera_at - now) <= TRUSTED_S else None
        here = (position, self._monotonic())
        if self.base is None:
            self._try(here, now, trusted)
        elif self._last is not None:
            if trusted is not None:
                self._error = trusted - position - self.base
            else:
                self._watch(now - position - self.base, here[1])
            self._correct(position - self._last[0])
        self._last = here
        if camera_at is not None:
            self.skew_s = camera_at - now
        elif self.base is not None:
            self.skew_s = self.base + position - now

    def shift(self, seconds: float) -> None:
        """This box's clock was set by so much."""
        if self.base is not None:
            self.base += seconds

    def _try(self, here: tuple[float, float], now: float, trusted: float | None) -> None:
        self._first = self._first or here
        if trusted is None and self._is_burst(here):
            return
        newest = now if trusted is None else trusted
        begun = newest - (here[0] - self._first[0])
        self.base = anchored(begun, self._after, self._frame_s) - self._first[0]
        self._watched_from = here[1]

    def _is_burst(self, here: tuple[float, float]) -> bool:
        if self._last is None or self._first is None:
            return True
        passed = here[1] - self._last[1]
        return passed < _REAL_PACE * (here[0] - self._last[0]) and here[1] - self._first[1] < _LONGEST_BURST_S

    def _watch(self, delay_s: float, monotonic: float) -> None:
        self._least = min(self._least, delay_s)
        if monotonic - self._watched_from < _WATCH_S:
            return
        self._error = self._least if self._least < -_CLOSE_S or self._least > _LATE_S else 0.0
        self._least, self._watched_from = math.inf, monotonic

    def _correct(self, step: float) -> None:
        if self.base is None or abs(self._error) <= _CLOSE_S:
            return
        most = (_BRAKE if self._error < -TRUSTED_S else _SLEW) * max(0.0, step)
        amount = max(-most, min(most, self._error))
        self.base += amount
        self._error -= amount
