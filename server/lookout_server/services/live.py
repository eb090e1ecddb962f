"""Live view: a gateway's stream of one camera, handed on to whoever looks, while anybody does.

Nothing of it is kept. One stream serves all who look at a camera; it is asked for when the first comes and ends when
the last has left, or when each has looked for as long as one may without asking again.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from lookout_contract.commands import LiveCommand, Outcome
from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.fragments import FragmentReader, Piece
from lookout_server.domain.territory import CameraKey, Site
from lookout_server.errors import ConflictError, NoPictureError, NotFoundError
from lookout_server.ports import Store
from lookout_server.services import commands

#: How long one looks without asking again: a window that was forgotten costs a camera's uplink no longer.
LOOK_S = 600.0
#: A stream that somebody always looks at is begun anew after this.
STREAM_S = 3600.0
#: How long a gateway has to begin.
BEGIN_S = 20.0
MOST_STREAMS = 24
MOST_VIEWERS = 12
#: What may wait for one viewer, bytes: whoever is slower goes on at a later key frame.
MOST_WAITING = 4 * 1024 * 1024
_LOOK_FOR_ANSWER_S = 0.5
_COMMAND_WITHIN = timedelta(seconds=BEGIN_S)


@dataclass(eq=False)
class Viewer:
    """Somebody who looks, and what waits to be sent to them."""

    stream: "Stream"
    _waiting: deque[Piece] = field(default_factory=deque[Piece])
    _size: int = 0
    #: Nothing is sent until a key frame comes.
    _joining: bool = True
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def offer(self, piece: Piece) -> None:
        """Queue a piece; when too much waits, let all of it go until the next key frame."""
        if self._size + len(piece.content) > MOST_WAITING:
            self._waiting.clear()
            self._size, self._joining = 0, True
        self._joining = self._joining and not piece.key and not piece.intro
        if not self._joining:
            self._waiting.append(piece)
            self._size += len(piece.content)
            self._joining = piece.intro
        self._news.set()

    def wake(self) -> None:
        """Something has changed."""
        self._news.set()

    async def next(self, timeout_s: float) -> bytes | None:
        """What waits, in one piece; None when nothing has come within the time, or the stream has ended."""
        if not self._waiting and not self.stream.ended:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), timeout_s)
            except TimeoutError:
                return None
        content = b"".join(piece.content for piece in self._waiting)
        self._waiting.clear()
        self._size = 0
        return content or None


@dataclass(eq=False)
class Stream:
    """A camera's stream. ``command``: id of what its gateway was asked."""

    name: str
    camera: CameraKey
    command: str = ""
    viewers: set[Viewer] = field(default_factory=set[Viewer])
    intro: Piece | None = None
    #: Fragments since the last key frame: who joins sees a picture at once.
    recent: list[Piece] = field(default_factory=list[Piece])
    taken: bool = False
    ended: bool = False

    def join(self) -> Viewer:
        """One more who looks."""
        viewer = Viewer(self)
        self.viewers.add(viewer)
        for piece in ([self.intro] if self.intro else []) + self.recent:
            viewer.offer(piece)
        return viewer

    def hand_on(self, piece: Piece) -> None:
        """Send a piece to all."""
        if piece.intro:
            self.intro, self.recent = piece, []
        else:
            self.recent = [piece] if piece.key else [*self.recent, piece]
            if sum(len(each.content) for each in self.recent) > MOST_WAITING:
                self.recent = []
        for viewer in self.viewers:
            viewer.offer(piece)

    def end(self) -> None:
        """Nothing more comes."""
        self.ended = True
        for viewer in self.viewers:
            viewer.wake()


class LiveDesk:
    """The streams that are on their way. In one process: it is where both ends meet."""

    def __init__(self) -> None:
        self._streams: dict[str, Stream] = {}

    @property
    def streams(self) -> tuple[Stream, ...]:
        """Those that are asked for or run."""
        return tuple(self._streams.values())

    def join(self, camera: CameraKey) -> tuple[Viewer, bool]:
        """A viewer of the camera, and whether its stream is new and has to be asked for."""
        running = next((each for each in self._streams.values() if each.camera == camera and not each.ended), None)
        if running is not None:
            if len(running.viewers) >= MOST_VIEWERS:
                raise NoPictureError(f"{MOST_VIEWERS} people look at this camera already: wait until one has left")
            return running.join(), False
        if len(self._streams) >= MOST_STREAMS:
            raise NoPictureError(f"{MOST_STREAMS} cameras are shown live already: close one first")
        stream = Stream(name=secrets.token_hex(16), camera=camera)
        self._streams[stream.name] = stream
        return stream.join(), True

    def leave(self, viewer: Viewer) -> None:
        """Somebody has gone; with the last one the stream ends."""
        stream = viewer.stream
        stream.viewers.discard(viewer)
        if not stream.viewers:
            self._drop(stream)

    async def take(self, name: str, gateway: str, body: AsyncIterator[bytes]) -> None:
        """Hand on what a gateway sends until nobody looks any more. NotFoundError when nobody does."""
        stream = self._streams.get(name)
        if stream is None or stream.camera.gateway != gateway:
            raise NotFoundError("nobody looks at this stream any more")
        if stream.taken:
            raise ConflictError("this stream is being sent already")
        stream.taken = True
        reader = FragmentReader()
        try:
            async for chunk in body:
                for piece in reader.feed(chunk):
                    stream.hand_on(piece)
                if stream.ended:
                    return
        finally:
            self._drop(stream)

    def close(self) -> None:
        """End all of them."""
        for stream in self.streams:
            self._drop(stream)

    def _drop(self, stream: Stream) -> None:
        self._streams.pop(stream.name, None)
        stream.end()


async def begin(
    desk: LiveDesk, store: Store, site: Site, camera: CameraKey, by: Access, *, at: datetime
) -> tuple[Viewer, bytes]:
    """A viewer of a camera and the first bytes for them. NoPictureError says why there is nothing to see.

    Written into the audit log: looking into a courtyard is something that has to be accounted for.
    """
    async with store.read() as uow:
        known = (await uow.territory.cameras({camera})).get(camera)
    if known is None or not by.covers(known.grid):
        raise NotFoundError(f"there is no camera {camera.path} that you can see")
    viewer, is_new = desk.join(camera)
    try:
        if is_new:
            viewer.stream.command = await _ask(store, site, viewer.stream, at)
        async with store.write() as uow:
            uow.audit.add(Entry(at=at, act=Act.CAMERA_WATCHED, actor=by.person.id, subject=camera.path))
            await uow.commit()
        return viewer, await _first(store, viewer)
    except BaseException:
        desk.leave(viewer)
        raise


async def _ask(store: Store, site: Site, stream: Stream, at: datetime) -> str:
    command = LiveCommand(
        id=f"live-{stream.name}",
        issued_at=at,
        expires_at=at + _COMMAND_WITHIN,
        camera=stream.camera.id,
        session=stream.name,
        seconds=STREAM_S,
    )
    await commands.send(store, site, stream.camera.gateway, command)
    return command.id


async def _first(store: Store, viewer: Viewer) -> bytes:
    loop = asyncio.get_running_loop()
    until = loop.time() + BEGIN_S
    while loop.time() < until:
        content = await viewer.next(_LOOK_FOR_ANSWER_S)
        if content is not None:
            return content
        if viewer.stream.ended:
            raise NoPictureError("the stream ended before it had begun: try again")
        async with store.read() as uow:
            sent = await uow.gateways.command(viewer.stream.command)
        if sent is not None and sent.outcome not in {None, Outcome.DONE.value}:
            raise NoPictureError(f"the gateway gives no picture: {sent.detail or sent.outcome}")
    raise NoPictureError("the gateway does not answer: see whether it is online")
