"""One camera or clip as a FrameSource."""

import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial

from lookout_edge.adapters.video.address import Kind, SourceOptions, kind_of
from lookout_edge.adapters.video.cadence import Look
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.folder import FolderReader
from lookout_edge.adapters.video.picture import Converter, DecodedPicture
from lookout_edge.adapters.video.pump import Looks, Pump
from lookout_edge.adapters.video.reader import Reader
from lookout_edge.adapters.video.ring import PacketRing
from lookout_edge.domain.demand import EVERY_PICTURE, Demand
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.errors import SourceError
from lookout_edge.ports import Clock

#: FFmpeg's own time-outs come first; this much later the consumer stops waiting for them.
_GRACE_S = 2.0
#: Pictures that are alive at a time: the decoder's references and its output, six at 1.5 bytes, and one in BGR.
_BYTES_A_PIXEL = 12


def nothing_finer(at: float) -> None:
    """There is no main stream beside this one."""


class VideoSource:
    """Frames of one camera, clip or folder of pictures.

    ``realtime`` is how a gateway runs: a thread reads, clips are paced by their own times, and who is slow gets the
    latest frame. Without it the caller's thread decodes every frame that is due, as fast as it can, and the same clip
    gives the same frames; ``start_at`` is then needed. Frame times of one source grow strictly, across loops and
    reconnections too, unless the box's clock itself is set back.
    """

    def __init__(
        self,
        camera: str,
        options: SourceOptions,
        *,
        clock: Clock,
        realtime: bool,
        start_at: float | None = None,
        ring: PacketRing | None = None,
        finer: Callable[[float], Image | None] = nothing_finer,
    ) -> None:
        if not realtime and start_at is None:
            start_at = 0.0
        self._camera = camera
        self._options = options
        self._clock = clock if realtime else None
        self._start_at = start_at
        self._ring = ring
        self._finer = finer
        self._closed = threading.Event()
        self._pump: Pump | None = None
        self._reader: Reader | None = None
        self._dropped = 0
        self._last_at: float | None = None
        self._demand = EVERY_PICTURE
        self._size = (0, 0)

    @property
    def dropped(self) -> int:
        """Frames that were overwritten because whoever looks was slow."""
        return self._dropped + (self._pump.dropped if self._pump is not None else 0)

    @property
    def impairment(self) -> tuple[str, str] | None:
        """See ``RunningSource``: where its one stream comes, all is there."""
        return None

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        self._demand = demand

    @property
    def held_bytes(self) -> int:
        """Memory that packets and pictures take, bytes."""
        width, height = self._size
        kept = self._ring.size if self._ring is not None else 0
        waiting = self._reader.held_bytes if self._reader is not None else 0
        return kept + waiting + width * height * _BYTES_A_PIXEL

    @contextmanager
    def frames(self) -> Generator[Iterator[Frame]]:
        """Frames in stream order. May be entered again after an error.

        Raises SourceError with one of the reasons missing, unreachable, refused, timeout, auth, undecodable,
        stalled, changed and ended. A file that does not loop, and a source that was closed, just end.
        """
        stop = threading.Event()
        if self._clock is None:
            frames = self._convert(self._open(self._closed)(_ignore))
            try:
                yield frames
            finally:
                frames.close()
            return
        pump = Pump(self._open(stop), name=self._camera, stop=stop)
        self._pump = pump
        if self._closed.is_set():
            stop.set()
        pump.start()
        try:
            yield self._convert(self._taken(pump))
        finally:
            pump.close()
            self._dropped += pump.dropped
            self._pump = None

    @property
    def broken(self) -> SourceError | None:
        """What of a clip that has been read to its end could not be; None when all of it was."""
        stretches = self._reader.unread.stretches if self._reader is not None else ()
        return Faults(self._options).broken(stretches) if stretches else None

    def close(self) -> None:
        """End it from any thread: an iterator that waits for a frame ends at once."""
        self._closed.set()
        pump = self._pump
        if pump is not None:
            pump.close()

    def _open(self, stop: threading.Event) -> Looks:
        start_at = self._start_at if self._last_at is None or self._clock is None else None

        def looks(on_packet: Callable[[], None]) -> Iterator[Look]:
            if kind_of(self._options.url) is Kind.FOLDER:
                folder = FolderReader(
                    options=self._options, clock=self._clock, start_at=start_at, stop=stop, after=self._last_at
                )
                return folder.looks()
            self._reader = reader = Reader(
                options=self._options,
                clock=self._clock,
                start_at=start_at,
                ring=self._ring,
                stop=stop,
                after=self._last_at,
                on_packet=on_packet,
                demand=lambda: self._demand,
            )
            return reader.looks()

        return looks

    def _taken(self, pump: Pump) -> Iterator[Look]:
        options = self._options
        try:
            while True:
                look = pump.take(
                    open_limit_s=options.open_timeout_s + _GRACE_S, read_limit_s=options.read_timeout_s + _GRACE_S
                )
                if look is None:
                    return
                yield look
        except TimeoutError:
            faults = Faults(options)
            raise (faults.stalled() if pump.opened else faults.silent()) from None

    def _convert(self, looks: Iterator[Look]) -> Generator[Frame]:
        converter = Converter(self._options.max_size)
        for look in looks:
            self._last_at = look.at
            self._size = (look.picture.width, look.picture.height)
            yield Frame(self._camera, look.at, self._picture(look, converter), look.skew_s)

    def _picture(self, look: Look, converter: Converter) -> DecodedPicture:
        return DecodedPicture(look.picture, converter, partial(self._finer, look.at))


def _ignore() -> None:
    return None
