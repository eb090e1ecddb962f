"""Decoding no more than is asked for."""

from collections.abc import Callable
from typing import Protocol, cast

import av.error
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lookout_edge.domain.demand import Demand

#: Packets of a group of pictures that are kept for catching up; of a longer group everything is decoded.
_MAX_BACKLOG = 2_000
_MAX_BACKLOG_BYTES = 16_000_000
#: Spacing of pictures, as a multiple of what is asked for, that still counts as kept.
_SLACK = 1.1


class _Context(Protocol):
    """The part of PyAV's VideoCodecContext that is used here; its stubs leave it partly unknown."""

    skip_frame: str

    def decode(self, packet: "Packet[VideoStream] | None" = None) -> list[VideoFrame]: ...

    def flush_buffers(self) -> None: ...


class ThriftyDecoder:
    """Decodes one stream as sparsely as the demand of the moment allows.

    Key frames alone while they come often enough: what follows them is kept undecoded, and decoded in one go when more
    is asked for, so nothing has to wait for the next key frame. Otherwise without pictures that no other refers to,
    as long as what remains is dense enough; and everything when neither will do.

    What nobody wants is kept undecoded, too, until something after it is wanted that refers to it: the rest of a group
    of pictures after the last wanted one is never decoded. Not where the decoder keeps pictures back to reorder them:
    there a wanted one comes out when later ones go in.
    """

    def __init__(self, stream: VideoStream, demand: Callable[[], Demand]) -> None:
        self._context = cast(_Context, stream.codec_context)
        self._demand = demand
        self._skipped: str | None = None
        self._key_at: float | None = None
        #: Seconds from the last key frame but one to the last one.
        self._group_s: float | None = None
        self._backlog: list[Packet[VideoStream]] = []
        self._backlog_bytes = 0
        self._keys_only = False
        self._references_suffice = True
        self._packet_at: float | None = None
        self._step_s = 0.0
        #: When the last picture came, or would have come had it been wanted.
        self._picture_at: float | None = None
        #: Whether the last picture decoded came out at once.
        self._is_prompt = False
        #: Whether a key frame gives a picture to a decoder that knows nothing of what was before: not where encoders
        #: spread it over the pictures that follow.
        self._keys_stand_alone = True

    @property
    def held_bytes(self) -> int:
        """What waits undecoded, bytes."""
        return self._backlog_bytes

    def decode(
        self, packet: "Packet[VideoStream]", at: float | None, shown_at: float | None = None
    ) -> list[VideoFrame] | None:
        """Pictures that ``packet`` brings; None when it was held back.

        ``at`` is its decoding time in seconds, ``shown_at`` the frame time of its picture where that is known. A packet
        without content ends the stream: what is still inside comes out. Raises FFmpegError.
        """
        if not packet.size or at is None:
            return self._catch_up() + self._context.decode(packet)
        if self._packet_at is not None:
            self._step_s = at - self._packet_at
        self._packet_at = at
        demand = self._demand()
        gap_s = demand.longest_gap_s
        if packet.is_keyframe:
            return self._on_key(packet, at, gap_s)
        if shown_at is not None and not demand.wants(shown_at) and self._rest(packet, at):
            return None
        overdue = self._key_at is None or at - self._key_at >= gap_s
        if self._keys_only and not overdue and self._hold(packet):
            return None
        return self._catch_up() + self._decode_on(packet, gap_s)

    def _on_key(self, packet: "Packet[VideoStream]", at: float, gap_s: float) -> list[VideoFrame]:
        if self._key_at is not None:
            self._group_s = at - self._key_at
        self._key_at = at
        enough = self._group_s is not None and 0 < self._group_s <= gap_s
        if not enough or not self._keys_stand_alone:
            return self._begin_group(packet, gap_s)
        # Drained at once: a decoder that reorders would keep the picture back until the next key frame.
        before = [] if self._keys_only else self._drain()
        self._keys_only = True
        self._backlog, self._backlog_bytes = [], 0
        self._hold(packet)
        self._skip("DEFAULT")
        pictures = self._context.decode(packet) + self._drain()
        self._keys_stand_alone = bool(pictures)
        return before + pictures

    def _begin_group(self, packet: "Packet[VideoStream]", gap_s: float) -> list[VideoFrame]:
        """Go on with a key frame. What was held back before it because nobody wants it is not decoded any more."""
        if self._keys_only or not self._backlog or not self._keys_stand_alone:
            return self._catch_up() + self._decode_on(packet, gap_s)
        self._backlog, self._backlog_bytes = [], 0
        before = self._drain()
        pictures = self._decode_on(packet, gap_s)
        self._keys_stand_alone = bool(pictures)
        return before + pictures

    def _hold(self, packet: "Packet[VideoStream]") -> bool:
        """Keep it for catching up; False when the group of pictures has become too long for that."""
        if len(self._backlog) >= _MAX_BACKLOG or self._backlog_bytes + packet.size > _MAX_BACKLOG_BYTES:
            return False
        self._backlog.append(packet)
        self._backlog_bytes += packet.size
        return True

    def _rest(self, packet: "Packet[VideoStream]", at: float) -> bool:
        """Keep one that nobody wants; False when it has to be decoded."""
        if not (self._keys_only or self._is_prompt) or not self._hold(packet):
            return False
        self._picture_at = at
        return True

    def _catch_up(self) -> list[VideoFrame]:
        """Decode what was held back. Leaving the sparse mode, the key frame comes out a second time."""
        if not self._keys_only and self._backlog:
            self._skip("NONREF")  # it is wanted for what refers to it
        self._keys_only = False
        held, self._backlog, self._backlog_bytes = self._backlog, [], 0
        pictures: list[VideoFrame] = []
        for packet in held:
            try:
                pictures += self._context.decode(packet)
            except av.error.InvalidDataError:
                continue  # one damaged packet must not cost the others
        return pictures

    def _skip(self, kind: str) -> None:
        """Tell the decoder what to leave out, if that is news: looking up the name takes longer than comparing it."""
        if kind != self._skipped:
            self._skipped = self._context.skip_frame = kind

    def _drain(self) -> list[VideoFrame]:
        pictures = self._context.decode(None)
        self._context.flush_buffers()
        return pictures

    def _decode_on(self, packet: "Packet[VideoStream]", gap_s: float) -> list[VideoFrame]:
        skips = gap_s > 0 and self._references_suffice
        self._skip("NONREF" if skips else "DEFAULT")
        pictures = self._context.decode(packet)
        for picture in pictures:
            if picture.pts is None:
                continue
            if skips and self._picture_at is not None:
                apart_s = picture.time - self._picture_at
                if apart_s > max(gap_s, self._step_s) * _SLACK:
                    self._references_suffice = False
            self._picture_at = picture.time
        self._is_prompt = bool(pictures) and pictures[-1].pts == packet.pts is not None
        return pictures
