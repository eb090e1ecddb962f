"""Encoded packets as a stream of MP4 fragments (ISO/IEC 14496-12, 8.8), untouched: what browsers play as it arrives."""

import io
from collections.abc import Sequence
from fractions import Fraction

import av
import av.error

from lookout_edge.adapters.video.remux import TICKS, HeldPacket, StreamHead, muxer_of
from lookout_edge.errors import SourceError

#: A fragment ends at the next key frame or after this: less waits in the gateway, more is spent on headers.
FRAGMENT_S = 0.5
#: A leap of the stream's clock by more, or a step back, is a clip that begins anew or a camera that set its clock.
_JUMP_S = 5.0


class FragmentWriter:
    """Makes fragments of one stream's packets; the first bytes it gives describe the stream.

    Raises SourceError (``undecodable``) where no MP4 can be made of the codec.
    """

    def __init__(self, head: StreamHead) -> None:
        self.head = head
        if head.seed is None:
            raise SourceError(f"Browsers cannot play {head.codec}: set the camera to H.264.", reason="undecodable")
        self._sink = _Sink()
        self._template = av.open(io.BytesIO(head.seed), "r", format="nut")
        self._container = av.open(
            self._sink,
            "w",
            format="mp4",
            options={
                "movflags": "+frag_keyframe+empty_moov+default_base_moof",
                "frag_duration": str(round(FRAGMENT_S * 1_000_000)),
                "flush_packets": "1",
            },
        )
        self._muxer = muxer_of(self._container)
        self._stream = self._muxer.add_stream_from_template(self._template.streams.video[0], opaque=True)
        #: What is taken off frame times, so that the stream begins at 0 and never goes back.
        self._offset: float | None = None
        self._last_dts: int | None = None

    def write(self, packets: Sequence[HeldPacket]) -> bytes:
        """The fragments that these packets, in decoding order, complete; perhaps none."""
        try:
            for held in packets:
                self._write(held)
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(f"The stream cannot be sent on: {error}.", reason="undecodable") from error
        return self._sink.taken()

    def close(self) -> None:
        """Let go; what is not complete is lost."""
        self._template.close()
        try:
            self._container.close()
        except (av.error.FFmpegError, ValueError):
            return

    def _write(self, held: HeldPacket) -> None:
        step = round(self.head.frame_s * TICKS)
        if self._offset is None:
            self._offset = held.dts_at
        dts = round((held.dts_at - self._offset) * TICKS)
        if self._last_dts is not None:
            if not self._last_dts - step < dts < self._last_dts + _JUMP_S * TICKS:
                self._offset = held.dts_at - (self._last_dts + step) / TICKS
                dts = self._last_dts + step
            dts = max(dts, self._last_dts + 1)
        packet = av.Packet(held.payload)
        packet.dts = self._last_dts = dts
        packet.pts = max(dts, round((held.at - self._offset) * TICKS))
        packet.duration = max(1, step)
        packet.time_base = Fraction(1, TICKS)
        packet.is_keyframe = held.key
        packet.stream = self._stream
        self._muxer.mux(packet)


class _Sink(io.RawIOBase):
    """Takes what the muxer writes; it never seeks, as fragments need no index."""

    def __init__(self) -> None:
        super().__init__()
        self._held = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: "bytes | bytearray | memoryview", /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        self._held += data
        return len(data)

    def taken(self) -> bytes:
        """What came since the last call."""
        content = bytes(self._held)
        self._held.clear()
        return content
