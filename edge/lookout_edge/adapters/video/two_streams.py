"""A camera with two streams: the small one is looked at, the large one is kept for evidence."""

import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.video.address import SourceOptions
from lookout_edge.adapters.video.picture import Converter
from lookout_edge.adapters.video.reader import Reader
from lookout_edge.adapters.video.remux import HeldPacket, StreamHead
from lookout_edge.adapters.video.ring import PacketRing
from lookout_edge.adapters.video.source import VideoSource
from lookout_edge.adapters.video.still import picture_at
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.errors import SourceError
from lookout_edge.ports import Clock

#: A picture further from the time asked for than this shows something else.
_STILL_WITHIN_S = 1.0
#: Without its main stream for so long, seconds, a camera says so; shorter is a restart.
MAIN_LOST_S = 30.0


class FoldedFaults(Protocol):
    """Log lines of which repetitions are counted instead of written."""

    def warning(self, key: str, message: str) -> None:
        """Say ``message`` unless ``key`` said it a moment ago."""
        ...

    def over(self, key: str, message: str) -> None:
        """Say once that the fault is gone."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RingDepth:
    """How much of a stream is kept: whichever limit comes first."""

    seconds: float
    max_bytes: int


class MainStream:
    """Keeps the last seconds of a camera's main stream as packets; nothing is decoded unless a still is asked for.

    A Recorder. While it has nothing for the time asked for, clips come from ``spare``, the ring of the sub stream.
    """

    def __init__(
        self, camera: str, options: SourceOptions, *, clock: Clock, ring: PacketRing, spare: PacketRing
    ) -> None:
        self._camera = camera
        self._options = options
        self._clock = clock
        self._ring = ring
        self._spare = spare
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._converter = Converter(options.max_size)
        self._delays = Backoff(base_s=1.0, ceiling_s=60.0)
        #: Why it is not recorded at the moment; None while it is.
        self.reason: str | None = "connecting"
        #: The same as a sentence, and since when, by the steady clock.
        self._told = "it has not been opened yet"
        self._lost_at = time.monotonic()

    @property
    def held_bytes(self) -> int:
        """Bytes of packets that are held."""
        return self._ring.size

    @property
    def impairment(self) -> tuple[str, str] | None:
        """See ``RunningSource``."""
        if self.reason is None or time.monotonic() - self._lost_at < MAIN_LOST_S:
            return None
        return "main_lost", f"evidence comes from the sub stream: {self._told}"

    def start(self, faults: FoldedFaults) -> None:
        """Record from now on, until ``close``; may be called again."""
        if self._thread is None and not self._stop.is_set():
            run = threading.Thread(target=self._run, args=(faults,), name=f"main-{self._camera}", daemon=True)
            self._thread = run
            run.start()

    def close(self) -> None:
        """Stop recording, without waiting for a camera that hangs."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=0.2)

    def clip(self, start_at: float, end_at: float) -> bytes | None:
        """See ``Recorder``."""
        newest = self._ring.newest_at
        if newest is not None and newest >= start_at:
            clip = self._ring.clip(start_at, end_at)
            if clip is not None:
                return clip
        return self._spare.clip(start_at, end_at)

    def still(self, at: float) -> Image | None:
        """The main stream's picture at frame time ``at``, within a second; None when it has none."""
        head, packets = self._ring.group_around(at, within_s=_STILL_WITHIN_S)
        return None if head is None else picture_at(head, packets, at, self._converter)

    def follow(self, after: int | None) -> tuple[StreamHead | None, list[HeldPacket], int]:
        """See ``PacketRing``. The sub stream's packets: it is what the camera means for looking, and light to send."""
        return self._spare.follow(after)

    def _run(self, faults: FoldedFaults) -> None:
        key = f"main-{self._camera}"
        while not self._stop.is_set():
            begun = self._ring.added

            def live(begun: int = begun) -> None:
                if self._ring.added > begun and self.reason is not None:
                    self.reason = None
                    self._delays.reset()
                    faults.over(key, f"camera {self._camera}: the main stream is recorded again")

            reader = Reader(
                options=self._options,
                clock=self._clock,
                start_at=None,
                ring=self._ring,
                stop=self._stop,
                after=self._ring.newest_at,
                on_packet=live,
            )
            try:
                reader.record()
                return
            except SourceError as error:
                self._lose(error.reason, str(error))
                faults.warning(key, f"camera {self._camera}: evidence comes from the sub stream ({error})")
            except Exception as error:  # noqa: BLE001 - told, and tried again: without it clips stay small for ever
                self._lose("fault", repr(error))
                faults.warning(key, f"camera {self._camera}: evidence comes from the sub stream ({error!r})")
            # Outside of the handler and without the reader: both would hold its decoder all the while.
            del reader
            self._stop.wait(self._delays.next(120.0 if self.reason == "auth" else 0.0))

    def _lose(self, reason: str, told: str) -> None:
        if self.reason is None:
            self._lost_at = time.monotonic()
        self.reason, self._told = reason, told


class TwoStreamSource:
    """Frames of the sub stream, while the main stream is recorded beside it."""

    def __init__(self, sub: VideoSource, main: MainStream, faults: FoldedFaults) -> None:
        self._sub = sub
        self._main = main
        self._faults = faults

    @property
    def dropped(self) -> int:
        """Frames that were overwritten because whoever looks was slow."""
        return self._sub.dropped

    @property
    def held_bytes(self) -> int:
        """Memory that packets and pictures take, bytes."""
        return self._sub.held_bytes + self._main.held_bytes

    @property
    def impairment(self) -> tuple[str, str] | None:
        """See ``RunningSource``."""
        return self._main.impairment

    @contextmanager
    def frames(self) -> Generator[Iterator[Frame]]:
        """See ``VideoSource``; the main stream is recorded on while this one is opened again."""
        self._main.start(self._faults)
        with self._sub.frames() as frames:
            yield frames

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        self._sub.ask(demand)

    def close(self) -> None:
        """End both, from any thread."""
        self._sub.close()
        self._main.close()


def open_streams(
    camera: str, main: SourceOptions, sub: SourceOptions | None, *, clock: Clock, depth: RingDepth, faults: FoldedFaults
) -> tuple[VideoSource | TwoStreamSource, PacketRing | MainStream]:
    """A camera's source and its recorder; of a camera with one stream, that stream is both."""
    ring = PacketRing(seconds=depth.seconds, max_bytes=depth.max_bytes)
    if sub is None:
        return VideoSource(camera, main, clock=clock, realtime=True, ring=ring), ring
    spare = PacketRing(seconds=depth.seconds, max_bytes=depth.max_bytes)
    recorder = MainStream(camera, main, clock=clock, ring=ring, spare=spare)
    source = VideoSource(camera, sub, clock=clock, realtime=True, ring=spare, finer=recorder.still)
    return TwoStreamSource(source, recorder, faults), recorder
