"""What of a clip could not be read: where it breaks off, and stretches of which no picture came."""

from dataclasses import dataclass, field

import av
from av.container import InputContainer
from av.video.stream import VideoStream

#: What is missing for no longer, seconds, is no gap: containers round their lengths, codecs lose a picture …
_TOLERANCE_S = 1.0
#: … and hold back so many until they know their order.
_REORDERED = 16


@dataclass(slots=True)
class Unread:
    """Stretches of one pass through a clip, in seconds of it."""

    #: Seconds between two pictures.
    frame_s: float = 0.04
    #: (from, to); to is None where nothing came any more.
    stretches: list[tuple[float, float | None]] = field(default_factory=list[tuple[float, float | None]])
    #: End of the newest packet, and since when none of them gives a picture.
    _read_to: float = 0.0
    _failing_from: float | None = None
    _failing_to: float = 0.0

    def read(self, to_s: float) -> None:
        """A packet came whose picture is shown until ``to_s``."""
        self._read_to = max(self._read_to, to_s)

    def failed(self, at_s: float) -> None:
        """The decoder made no picture of the packet whose picture is shown at ``at_s``, or has not yet."""
        if self._failing_from is None or at_s < self._failing_from:
            self._failing_from = at_s
        self._failing_to = max(self._failing_to, at_s)

    def shown(self, at_s: float) -> None:
        """A picture came, which is shown at ``at_s``."""
        if self._failing_from is None or at_s <= self._failing_from:
            return
        is_long = at_s - self._failing_from > max(_TOLERANCE_S, _REORDERED * self.frame_s)
        if at_s <= self._failing_to and not is_long:
            self._failing_from = at_s  # it was held back
            return
        if is_long:
            self.stretches.append((self._failing_from, at_s))
        self._failing_from, self._failing_to = None, 0.0

    def end(self, length_s: float | None) -> None:
        """No packet comes any more of a clip that says of itself to be ``length_s`` long."""
        to_s = self._read_to if self._failing_from is None else self._failing_from
        if max(self._read_to, length_s or 0.0) - to_s > _TOLERANCE_S + self.frame_s:
            self.stretches.append((to_s, None))
        self._failing_from = None


def stated_length(container: InputContainer, stream: VideoStream) -> float | None:
    """How long the pictures of a clip say to be, seconds; None where only the whole says so, sound and all."""
    whole = None if not container.duration else container.duration / av.time_base
    if stream.duration and stream.time_base is not None:
        own = float(stream.duration * stream.time_base)
        return own if whole is None else min(own, whole)
    return whole if len(container.streams) == 1 else None
