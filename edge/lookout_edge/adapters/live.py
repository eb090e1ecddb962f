"""Live view: a camera's packets to the dispatcher as fragments of MP4, while somebody looks. Nothing is encoded."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

import httpx
import structlog

from lookout_edge.adapters.video.fragments import FragmentWriter
from lookout_edge.adapters.video.remux import HeldPacket, StreamHead
from lookout_edge.errors import EdgeError, SourceError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

_TIMEOUT = httpx.Timeout(10.0, connect=5.0)
#: More at once would take the uplink from evidence.
MOST_VIEWS = 6
_LOOK_EVERY_S = 0.1
#: A stream without packets for so long has ended; whoever looks asks again.
_SILENT_S = 10.0


class Following(Protocol):
    """Packets of a stream as they come."""

    def follow(self, after: int | None) -> tuple[StreamHead | None, list[HeldPacket], int]:
        """(the stream's head, packets after that number, the number to go on from), from a key frame on at first.

        Who falls behind what is held goes on at a later key frame.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Who wants to look: the name that the dispatcher gave it, at which camera, and for how long at most."""

    session: str
    camera: str
    seconds: float


class LiveDesk:
    """Answers a wish to look with an upload to ``{dispatcher_url}/api/v1/live/{session}``, in a thread of its own.

    The gateway calls, as it stands behind a router. The upload ends when the dispatcher closes it, when nothing comes
    any more, or after ``View.seconds``. A line that is too slow skips to a later key frame: nothing piles up here.
    """

    def __init__(self, stream_of: Callable[[str], Following | None], *, dispatcher_url: str | None, token: str) -> None:
        self._stream_of = stream_of
        self._url = None if dispatcher_url is None else dispatcher_url.rstrip("/")
        self._token = token
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: set[str] = set()

    @property
    def running(self) -> frozenset[str]:
        """Sessions that are under way."""
        with self._lock:
            return frozenset(self._running)

    def begin(self, view: View) -> None:
        """Start the upload; returns once there is something to see. EdgeError says why there is not."""
        if self._url is None:
            raise EdgeError("No dispatcher.url is configured: there is nowhere to send the stream.")
        stream = self._stream_of(view.camera)
        head, packets, _ = (None, [], 0) if stream is None else stream.follow(None)
        if stream is None or head is None or not packets:
            raise EdgeError(f"Camera {view.camera} gives no stream now: see why it is blind.")
        writer = FragmentWriter(head)
        with self._lock:
            if len(self._running) >= MOST_VIEWS:
                writer.close()
                raise EdgeError(f"{MOST_VIEWS} cameras of this gateway are shown live already: close one first.")
            self._running.add(view.session)
        thread = threading.Thread(
            target=self._run, args=(view, stream, writer), name=f"live-{view.camera}", daemon=True
        )
        thread.start()

    def start(self) -> None:
        """Nothing to do until somebody looks."""

    def close(self) -> None:
        """End all uploads soon."""
        self._stop.set()

    def _run(self, view: View, stream: Following, writer: FragmentWriter) -> None:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "video/mp4"}
        url = f"{self._url}/api/v1/live/{view.session}"
        why = "nobody looks any more"
        _log.info("a camera is shown live", camera=view.camera)
        try:
            with httpx.Client(headers=headers, timeout=_TIMEOUT) as client:
                answer = client.post(url, content=self._fragments(view, stream, writer))
            if not answer.is_success:
                why = f"the dispatcher answers {answer.status_code}"
        except (httpx.HTTPError, SourceError) as error:
            why = str(error) or type(error).__name__
        finally:
            _log.info("a live view has ended", camera=view.camera, why=why)
            writer.close()
            with self._lock:
                self._running.discard(view.session)

    def _fragments(self, view: View, stream: Following, writer: FragmentWriter) -> Iterator[bytes]:
        began = heard = monotonic()
        after: int | None = None
        while not self._stop.is_set() and monotonic() - began < view.seconds:
            head, packets, after = stream.follow(after)
            if not packets:
                if monotonic() - heard > _SILENT_S:
                    return
                self._stop.wait(_LOOK_EVERY_S)
                continue
            heard = monotonic()
            if head != writer.head:
                return
            if content := writer.write(packets):
                yield content
