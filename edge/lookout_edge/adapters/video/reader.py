"""From packets to decoded pictures with frame times, one after the other."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from threading import Event

import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from lookout_edge.adapters.video.address import Kind, SourceOptions, kind_of
from lookout_edge.adapters.video.anchor import Anchor, camera_time
from lookout_edge.adapters.video.cadence import Cadence, Look, Pace, Valve
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.opening import frame_seconds, opened
from lookout_edge.adapters.video.remux import HeldPacket, head_of
from lookout_edge.adapters.video.ring import PacketRing
from lookout_edge.adapters.video.thrift import ThriftyDecoder
from lookout_edge.adapters.video.timeline import ClockWatch, Stamp, Timeline, anchored
from lookout_edge.adapters.video.unread import Unread, stated_length
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.ports import Clock

#: A recording played in real time does not stand still for longer than this because nothing was recorded.
_MAX_GAP_S = 10.0
#: So many packets in a row without a picture mean that none will come.
_MAX_BARREN = 750


def _ignore() -> None:
    return None


def every_picture() -> Demand:
    """Nobody has said that less would do."""
    return EVERY_PICTURE


@dataclass(kw_only=True)
class Reader:
    """Reads one stream or clip from opening to end; a looping clip for ever. One thread pulls."""

    options: SourceOptions
    #: The box's clock for sources that run in real time; None reads as fast as it can.
    clock: Clock | None
    #: Frame time of the clip's first instant; None sets the first picture to "now".
    start_at: float | None
    ring: PacketRing | None
    stop: Event
    #: Frame time of the last picture of an earlier opening: times go on from there.
    after: float | None = None
    on_packet: Callable[[], None] = _ignore
    #: What pictures are needed at the moment.
    demand: Callable[[], Demand] = every_picture

    #: What of a clip could not be read.
    unread: Unread = field(init=False, default_factory=Unread)
    _timeline: Timeline | None = field(init=False, default=None)
    _tick: Fraction = field(init=False, default=Fraction(1, 90_000))
    _ratio: tuple[int, int] = field(init=False, default=(1, 90_000))
    _frame_s: float = field(init=False, default=0.04)
    #: Frame time of tick 0 of the unbroken line, once it is known.
    _base: float | None = field(init=False, default=None)
    #: Finds it for live streams; None for clips.
    _anchor: Anchor | None = field(init=False, default=None)
    #: Where this pass's clip begins, in ticks of the unbroken line.
    _origin: int = field(init=False, default=0)
    #: Where this pass begins within the clip, seconds; and until when its rest is repeated, ticks of the line.
    _from_s: float = field(init=False, default=0.0)
    _rest_until: int | None = field(init=False, default=None)
    #: Ticks of the last picture decoded.
    _last: int | None = field(init=False, default=None)
    _barren: int = field(init=False, default=0)
    _size: tuple[int, int] | None = field(init=False, default=None)
    _barren_from: float = field(init=False, default=0.0)
    _paced: bool = field(init=False, default=False)
    _cadence: Cadence = field(init=False)
    _pace: Pace = field(init=False)
    _decoder: ThriftyDecoder | None = field(init=False, default=None)
    _valve: Valve = field(init=False)
    _watch: ClockWatch = field(init=False, default_factory=ClockWatch)

    def __post_init__(self) -> None:
        self._packet_at = time.monotonic()
        self._kind = kind_of(self.options.url)
        self._is_file = self._kind is Kind.FILE
        self._cadence = Cadence(self.options.decode_fps)
        self._pace = Pace(self.stop, self.on_packet)

    @property
    def held_bytes(self) -> int:
        """Of packets that wait undecoded, bytes; the ring has copies of its own. From any thread."""
        return 0 if self._decoder is None else self._decoder.held_bytes

    def _seconds(self, ticks: int) -> float:
        """As ``float(ticks * tick)``, for which a Fraction takes twenty times as long."""
        return ticks * self._ratio[0] / self._ratio[1]

    def looks(self) -> Iterator[Look]:
        """Due pictures in order. SourceError when it cannot go on; a file that does not loop just ends."""
        while not self.stop.is_set():
            before = self._last
            with opened(self.options) as (container, stream):
                try:
                    yield from self._pass(container, stream)
                except av.error.FFmpegError as error:
                    # What was readable of a damaged file has been delivered: that is its end.
                    if not self._is_file or self._last == before:
                        raise Faults(self.options).on_end(error, self._silent_s()) from error
                if self.options.end_s is None:
                    self.unread.end(stated_length(container, stream))
            if self.stop.is_set():
                return
            if not self._is_file:
                raise Faults(self.options).on_end(None, self._silent_s())
            if self._last == before:
                raise Faults(self.options).undecodable("no picture came out of it")
            if not self.options.loop:
                return

    def record(self) -> None:
        """Only keep packets in the ring, at the pace of a gateway; ends and fails as ``looks`` does."""
        while not self.stop.is_set():
            with opened(self.options) as (container, stream):
                try:
                    self._begin(container, stream)
                    for packet in self._placed(container, stream):
                        shown = Stamp(packet.pts, packet.dts).shown
                        self._last = max(shown, self._last or shown)
                        if self._paced and not self._pace.hold(self._seconds(shown)):
                            return
                except av.error.FFmpegError as error:
                    raise Faults(self.options).on_end(error, self._silent_s()) from error
            if self.stop.is_set() or (self._is_file and not self.options.loop):
                return
            if not self._is_file:
                raise Faults(self.options).on_end(None, self._silent_s())

    def _pass(self, container: InputContainer, stream: VideoStream) -> Iterator[Look]:
        self._begin(container, stream)
        for packet in self._placed(container, stream):
            for picture in self._decode(packet):
                self._check_size(picture)
                pts = self._order(picture)
                if pts is None:
                    continue
                position = self._seconds(pts - self._origin)
                if self._is_file and self.options.end_s is not None and position >= self.options.end_s:
                    return
                if self._is_file and position < self._from_s - self._frame_s / 2:
                    continue
                self._last = pts
                self.unread.shown(position)
                yield from self._deliver(picture, pts)

    def _placed(self, container: InputContainer, stream: VideoStream) -> "Iterator[Packet[VideoStream]]":
        """Packets on the unbroken line and kept for clips; of a live stream none before its time is known."""
        waiting: list[Packet[VideoStream]] = []
        try:
            for packet in container.demux(stream):
                if self.stop.is_set():
                    return
                self.on_packet()
                if packet.size:
                    self._packet_at = time.monotonic()
                    if self._anchor is not None and self.stop.wait(self._valve.wait_s(self._packet_at)):
                        return
                    self._place(packet)
                    shown_s = max(self._frame_s, self._seconds(packet.duration or 0))
                    self.unread.read(self._clip_s(packet) + shown_s)
                waiting.append(packet)
                if self._base is None:
                    continue
                for known in waiting:
                    self._keep(known)
                    yield known
                waiting = []
        except av.error.FFmpegError:
            yield from self._recorded(waiting)
            raise
        yield from self._recorded(waiting)

    def _recorded(self, packets: "Sequence[Packet[VideoStream]]") -> "Iterator[Packet[VideoStream]]":
        """What came all at once and ended before its time was known: a recording, to be played in its own time."""
        if self._base is not None or not any(packet.size for packet in packets):
            return
        self._base, self._paced = self._first_base(Stamp(packets[0].pts, packets[0].dts).shown), True
        for packet in packets:
            self._keep(packet)
            yield packet
            self._packet_at = time.monotonic()

    def _silent_s(self) -> float:
        return time.monotonic() - self._packet_at

    def _clip_s(self, packet: "Packet[VideoStream]") -> float:
        """Second of the clip at which its picture is shown."""
        return self._seconds(Stamp(packet.pts, packet.dts).shown - self._origin)

    def _begin(self, container: InputContainer, stream: VideoStream) -> None:
        self._packet_at = time.monotonic()
        self._tick = stream.time_base or self._tick
        self._ratio = self._tick.as_integer_ratio()
        self._frame_s = frame_seconds(stream)
        self._decoder = ThriftyDecoder(stream, self.demand)
        first = stream.start_time or 0
        nominal = max(1, round(self._frame_s / self._tick))
        self.unread.frame_s = self._frame_s
        self._from_s = self._begins_at(nominal) if self._is_file else 0.0
        skipped = round(self._from_s / self._tick)
        if self._timeline is None or self._last is None:
            gap = round(_MAX_GAP_S / self._tick) if self.clock is not None else None
            self._timeline = Timeline(nominal=nominal, max_gap=gap)
            self._origin = first
        else:
            self._timeline.join(at=self._last + nominal, start=first + skipped)
            self._origin = self._last + nominal - skipped
        if self._base is None and self.start_at is not None:
            self._base = self.start_at - self._seconds(self._origin)
        has_length = self._kind is Kind.STREAM and bool(container.duration)
        self._paced = self.clock is not None and (self._is_file or has_length)
        self._valve = Valve(2 / self._frame_s + 10)
        if self.clock is not None and not self._paced:
            after = None if self._last is not None else self.after
            self._anchor = Anchor(after=after, frame_s=self._frame_s, monotonic=time.monotonic)
        if self.ring is not None:
            self.ring.begin(head_of(stream, self._frame_s))
        if skipped:
            container.seek(first + skipped, stream=stream)

    def _begins_at(self, nominal: int) -> float:
        """Second of the clip from which this pass plays: its beginning, or that of its rest until that is over."""
        options = self.options
        if self._last is not None and options.rest_s > 0:
            now = self._last + nominal
            if self._rest_until is None:
                self._rest_until = now + round(options.rest_s / self._tick)
            if now < self._rest_until:
                return options.rest_from_s
            self._rest_until = None
        return options.start_s

    def _place(self, packet: "Packet[VideoStream]") -> None:
        """Put a packet on the unbroken line, and the line on the calendar."""
        assert self._timeline is not None
        now = None if self.clock is None else self.clock.now()
        arrived = None if now is None or self._is_file else round(now / self._tick)
        placed = self._timeline.place(Stamp(packet.pts, packet.dts), arrived)
        packet.pts, packet.dts = placed.pts, placed.dts
        step = 0.0 if now is None else self._watch.step(now, time.monotonic())
        if self._anchor is not None and now is not None:
            self._anchor.shift(step)
            self._anchor.note(self._seconds(placed.shown), now, camera_time(packet))
            self._base = self._anchor.base
        elif self._base is None:
            self._base = self._first_base(placed.shown)
        else:
            self._base += step

    def _keep(self, packet: "Packet[VideoStream]") -> None:
        if self.ring is None or self._base is None or not packet.size:
            return
        stamp = Stamp(packet.pts, packet.dts)
        at = self._base + self._seconds(stamp.shown)
        decoded_at = self._base + self._seconds(stamp.decoded)
        self.ring.add(HeldPacket(at, min(at, decoded_at), packet.is_keyframe, bytes(packet)))

    def _first_base(self, shown: int) -> float:
        """A clip's first picture is now, or just after what was seen before the connection was lost."""
        assert self.clock is not None, "a source without a clock needs start_at"
        now = anchored(self.clock.now(), self.after, self._frame_s)
        first = self._origin + round(self.options.start_s / self._tick) if self._is_file else shown
        return now - self._seconds(first)

    def _decode(self, packet: "Packet[VideoStream]") -> list[VideoFrame]:
        assert self._decoder is not None
        why = "no picture came out of it"
        decoded_at = shown_at = None
        if packet.size and self._base is not None:
            stamp = Stamp(packet.pts, packet.dts)
            decoded_at, shown_at = self._seconds(stamp.decoded), self._base + self._seconds(stamp.shown)
        try:
            pictures = self._decoder.decode(packet, decoded_at, shown_at)
        except av.error.FFmpegError as error:
            pictures, why = [], error.strerror or why
        if pictures is None:
            return []
        if not pictures and packet.size:
            self.unread.failed(self._clip_s(packet))
        self._barren = 0 if pictures else self._barren + 1
        if self._barren == 1:
            self._barren_from = time.monotonic()
        patience_s = self.options.picture_timeout_s
        if self._barren > _MAX_BARREN or (self._barren and time.monotonic() - self._barren_from > patience_s):
            raise Faults(self.options).undecodable(why)
        return pictures

    def _check_size(self, picture: VideoFrame) -> None:
        """A live stream whose pictures change their size is opened anew: clips need the parameters of their packets."""
        size = (picture.width, picture.height)
        before, self._size = self._size or size, size
        if size != before and self._anchor is not None:
            written = [f"{width}×{height}" for width, height in (before, size)]
            raise Faults(self.options).changed(*written)

    def _order(self, picture: VideoFrame) -> int | None:
        """The picture's place on the line, or None when it is not after the one before."""
        nominal = self._timeline.nominal if self._timeline is not None else 1
        last = self._last
        if last is None:
            return picture.pts if picture.pts is not None else self._origin
        if picture.pts is None:
            return last + nominal
        if picture.pts > last:
            return picture.pts
        # AVI has no presentation times, and FFmpeg's guess follows the wrong order; decoding times are right there.
        decoded = picture.dts if picture.dts is not None else last + nominal
        return decoded if decoded > last else None

    def _deliver(self, picture: VideoFrame, pts: int) -> Iterator[Look]:
        assert self._base is not None
        at = self._base + self._seconds(pts)
        if not self._cadence.due(at):
            return
        if self._paced and not self._pace.hold(self._seconds(pts)):
            return
        # Asked last: a clip is read ahead of its time, and meanwhile somebody looked at the picture before.
        if not self.demand().wants(at):
            return
        yield Look(picture, at, self._skew(at))

    def _skew(self, at: float) -> float | None:
        if self._anchor is not None:
            return self._anchor.skew_s
        return at - self.clock.now() if self.clock is not None else None
