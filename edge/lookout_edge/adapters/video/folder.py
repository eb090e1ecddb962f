"""A folder of pictures, read as if it were a clip."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import av
import av.error

from lookout_edge.adapters.video.address import PICTURES, SourceOptions, path_of
from lookout_edge.adapters.video.cadence import Cadence, Look, Pace
from lookout_edge.adapters.video.faults import Faults
from lookout_edge.adapters.video.timeline import anchored
from lookout_edge.ports import Clock


def _ignore() -> None:
    return None


@dataclass(kw_only=True)
class FolderReader:
    """Pictures in the order of their names, ``image_fps`` a second of frame time."""

    options: SourceOptions
    clock: Clock | None
    start_at: float | None
    stop: Event
    after: float | None = None

    def looks(self) -> Iterator[Look]:
        """Due pictures in order; SourceError when there is none to be read."""
        paths = sorted(p for p in Path(path_of(self.options.url)).iterdir() if p.suffix.lower() in PICTURES)
        if not paths:
            raise Faults(self.options).empty_folder()
        cadence = Cadence(self.options.decode_fps)
        pace = Pace(self.stop, _ignore)
        base = self._base()
        for number, path in enumerate(self._endless(paths) if self.options.loop else iter(paths)):
            at = base + number / self.options.image_fps
            if self.clock is not None and not pace.hold(at):
                return
            if self.stop.is_set():
                return
            if cadence.due(at):
                yield self._look(path, at)

    def _base(self) -> float:
        if self.start_at is not None:
            return self.start_at
        assert self.clock is not None, "a source without a clock needs start_at"
        return anchored(self.clock.now(), self.after, 1 / self.options.image_fps)

    def _look(self, path: Path, at: float) -> Look:
        try:
            with av.open(path, "r", metadata_errors="replace") as container:
                picture = next(container.decode(video=0))
        except (av.error.FFmpegError, StopIteration, IndexError) as error:
            raise Faults(self.options).undecodable(f"{path.name} is not a picture") from error
        return Look(picture, at, at - self.clock.now() if self.clock is not None else None)

    @staticmethod
    def _endless(paths: list[Path]) -> Iterator[Path]:
        while True:
            yield from paths
