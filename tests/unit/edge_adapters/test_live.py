"""A camera's packets on their way to whoever looks, and what a browser would make of them."""

import io
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.live import MOST_VIEWS, Following, LiveDesk, View
from lookout_edge.adapters.video import PacketRing, SourceOptions, VideoSource
from lookout_edge.adapters.video.fragments import FragmentWriter
from lookout_edge.adapters.video.remux import HeldPacket, StreamHead
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.errors import EdgeError, SourceError
from unit.edge_adapters.test_uploader import eventually


def filled(clip: Path) -> PacketRing:
    ring = PacketRing()
    source = VideoSource("gate", SourceOptions(url=str(clip)), clock=SystemClock(), realtime=False, ring=ring)
    with source.frames() as frames:
        for _ in frames:
            pass
    return ring


def from_the_start(ring: PacketRing) -> tuple[StreamHead, list[HeldPacket]]:
    head, packets, _ = ring.follow(0)
    assert head is not None
    return head, packets


@pytest.mark.parametrize("b_frames", [0, 2])
def test_fragments_play_as_they_come_and_hold_every_picture(tmp_path: Path, b_frames: int) -> None:
    head, packets = from_the_start(filled(make_clip(tmp_path / "clip.mp4", ClipShape(frames=50, b_frames=b_frames))))
    writer = FragmentWriter(head)
    pieces = [writer.write([packet]) for packet in packets]
    whole = b"".join(pieces)
    # The stream's description comes at once, and nothing waits for the end of it.
    assert pieces[0][4:8] == b"ftyp"
    assert b"moov" in pieces[0]
    assert whole.count(b"moof") >= 4
    with av.open(io.BytesIO(whole), "r") as container:
        times = [picture.pts or 0 for picture in container.decode(video=0)]
    assert len(times) >= 40
    assert times == sorted(times)
    writer.close()


def test_a_clip_that_begins_anew_goes_on(tmp_path: Path) -> None:
    head, packets = from_the_start(filled(make_clip(tmp_path / "clip.mp4", ClipShape(frames=20))))
    later = [HeldPacket(p.at + 3600.0, p.dts_at + 3600.0, p.key, p.payload) for p in packets]
    writer = FragmentWriter(head)
    whole = writer.write(packets) + writer.write(later) + writer.write(packets)
    with av.open(io.BytesIO(whole), "r") as container:
        times = [float(picture.time or 0.0) for picture in container.decode(video=0)]
    assert times == sorted(times)
    assert times[-1] < 3.0
    writer.close()


def test_what_browsers_cannot_play_is_refused_by_name() -> None:
    with pytest.raises(SourceError, match="cannot play mjpeg"):
        FragmentWriter(StreamHead("mjpeg", None, 0.04))


@dataclass
class Viewer:
    """A dispatcher that hangs up once it has had ``enough`` bytes."""

    enough: int
    url: str = ""
    path: str = ""
    token: str | None = None
    content: bytearray = field(default_factory=bytearray)


@contextmanager
def viewing(enough: int) -> Generator[Viewer]:
    viewer = Viewer(enough)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            viewer.path, viewer.token = self.path, self.headers["Authorization"]
            while len(viewer.content) < viewer.enough and (size := int(self.rfile.readline(), 16)):
                viewer.content += self.rfile.read(size)
                self.rfile.readline()
            self.send_response(204)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    viewer.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield viewer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Endless:
    """The same packets for ever, as a camera that never stops."""

    def __init__(self, ring: PacketRing) -> None:
        self._head, self._packets = from_the_start(ring)

    def follow(self, after: int | None) -> tuple[StreamHead | None, list[HeldPacket], int]:
        return self._head, self._packets, 0


def test_the_stream_ends_when_nobody_looks_any_more(tmp_path: Path) -> None:
    stream: Following = Endless(filled(make_clip(tmp_path / "clip.mp4")))
    with viewing(200_000) as viewer:
        desk = LiveDesk({"gate": stream}.get, dispatcher_url=viewer.url, token="t")
        desk.begin(View(session="a" * 32, camera="gate", seconds=600))
        eventually(lambda: len(viewer.content) >= 200_000)
        eventually(lambda: desk.running == frozenset())
    assert (viewer.path, viewer.token) == (f"/api/v1/live/{'a' * 32}", "Bearer t")


def test_the_stream_ends_by_itself(tmp_path: Path) -> None:
    stream: Following = Endless(filled(make_clip(tmp_path / "clip.mp4")))
    with viewing(1 << 40) as viewer:
        desk = LiveDesk({"gate": stream}.get, dispatcher_url=viewer.url, token="t")
        desk.begin(View(session="a" * 32, camera="gate", seconds=0.2))
        eventually(lambda: desk.running == frozenset())
    assert viewer.content[4:8] == b"ftyp"


def test_what_cannot_be_shown_is_told_at_once(tmp_path: Path) -> None:
    streams: dict[str, Following] = {"dark": PacketRing(), "gate": Endless(filled(make_clip(tmp_path / "clip.mp4")))}
    view = View(session="0" * 32, camera="gate", seconds=60)
    with pytest.raises(EdgeError, match=r"No dispatcher\.url"):
        LiveDesk(streams.get, dispatcher_url=None, token="").begin(view)
    with viewing(1 << 40) as viewer:
        desk = LiveDesk(streams.get, dispatcher_url=viewer.url, token="t")
        for camera in ("dark", "attic"):
            with pytest.raises(EdgeError, match="gives no stream now"):
                desk.begin(View(session="0" * 32, camera=camera, seconds=60))
        for number in range(MOST_VIEWS):
            desk.begin(View(session=f"{number}" * 32, camera="gate", seconds=60))
        with pytest.raises(EdgeError, match="shown live already"):
            desk.begin(View(session="f" * 32, camera="gate", seconds=60))
        desk.close()
        eventually(lambda: desk.running == frozenset())
