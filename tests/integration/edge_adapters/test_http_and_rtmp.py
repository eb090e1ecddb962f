"""Cameras that speak HTTP (motion JPEG, MPEG-TS) or RTMP, served from here."""

import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, pairwise
from pathlib import Path

import pytest

from lookout_edge.adapters.clock import SystemClock
from lookout_edge.adapters.jpeg import encode_jpeg
from lookout_edge.adapters.video import SourceOptions, VideoSource
from lookout_edge.adapters.video.testing import ClipShape, grey, make_clip, number_of
from lookout_edge.domain.frame import Frame
from lookout_edge.errors import SourceError

#: Seconds between two pictures of what is served here.
STEP_S = 0.03


class HttpCamera(BaseHTTPRequestHandler):
    """Motion JPEG, MPEG-TS in the pace of a camera, and what goes wrong with them."""

    clip = with_sound = b""
    over = threading.Event()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: tests are quiet."""

    def do_GET(self) -> None:
        """Serve one of the streams until it has been left."""
        with suppress(OSError):
            match self.path:
                case "/mjpeg":
                    self._jpegs(300)
                case "/cut":
                    self._jpegs(25)
                case "/silent":
                    self._jpegs(25)
                    self.over.wait(20)
                case "/ts":
                    self._ts()
                case "/sound":
                    self._sound()
                case "/whole":
                    self._whole()
                case "/locked":
                    self.send_error(401)
                case _:
                    self.send_error(404)

    def _jpegs(self, count: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        for number in range(count):
            jpeg = encode_jpeg(grey(number, 64, 48))
            self.wfile.write(b"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg))
            self.wfile.write(jpeg + b"\r\n")
            time.sleep(STEP_S)

    def _whole(self) -> None:
        """A recording, as fast as it goes."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        self.wfile.write(self.clip[: len(self.clip) // 3 // 188 * 188])

    def _sound(self) -> None:
        """Two seconds of pictures and sound, then sound alone until the camera is over."""
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        packets = [self.with_sound[start : start + 188] for start in range(0, len(self.with_sound), 188)]
        pictures = [number for number, packet in enumerate(packets) if packet[1] & 0x1F == 1 and packet[2] == 0]
        self.wfile.write(b"".join(packets[: pictures[-1] + 1]))
        for packet in packets[pictures[-1] + 1 :]:
            self.wfile.write(packet)
            if self.over.wait(0.02):
                return

    def _ts(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        pieces = len(self.clip) // 188
        for piece in range(0, pieces, 4):
            self.wfile.write(self.clip[piece * 188 : (piece + 4) * 188])
            time.sleep(4 * 6.0 / pieces)


@pytest.fixture
def http_camera(tmp_path: Path) -> Iterator[str]:
    HttpCamera.clip = make_clip(tmp_path / "clip.ts", ClipShape(frames=150, gop=10)).read_bytes()
    HttpCamera.over = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), HttpCamera)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    HttpCamera.over.set()
    server.shutdown()
    server.server_close()
    thread.join()


class RtmpCamera:
    """The little of RTMP (Adobe, 1.0) that a player needs: handshake, three answers, then the tags of an FLV file."""

    def __init__(self, flv: bytes) -> None:
        self._flv = flv
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"rtmp://127.0.0.1:{self._listener.getsockname()[1]}/live/gate"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        """End, also when nobody came."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(20)

    def _serve(self) -> None:
        with suppress(OSError):
            peer, _ = self._listener.accept()
            with peer:
                peer.settimeout(10)
                self._talk(peer)

    def _talk(self, peer: socket.socket) -> None:
        hello = _exactly(peer, 1537)
        peer.sendall(b"\x03" + bytes(1536) + hello[1:])
        _exactly(peer, 1536)
        _send(peer, 1, struct.pack(">I", 1 << 20), 2)
        _send(peer, 20, _text("_result") + _number(_asked(peer, b"connect")) + b"\x05" + _answer("Connect.Success"))
        _send(peer, 20, _text("_result") + _number(_asked(peer, b"createStream")) + b"\x05" + _number(1))
        _asked(peer, b"play")
        _send(peer, 20, _text("onStatus") + _number(0) + b"\x05" + _answer("NetStream.Play.Start"), 1)
        begun, at = time.monotonic(), 13
        while at + 11 < len(self._flv):
            kind, size = self._flv[at], int.from_bytes(self._flv[at + 1 : at + 4], "big")
            ms = int.from_bytes(self._flv[at + 4 : at + 7], "big")
            time.sleep(max(0.0, begun + ms / 1000 - time.monotonic()))
            _send(peer, kind, self._flv[at + 11 : at + 11 + size], 1, ms)
            at += 11 + size + 4


def _exactly(peer: socket.socket, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = peer.recv(size - len(got))
        if not piece:
            raise ConnectionError
        got += piece
    return got


def _asked(peer: socket.socket, command: bytes) -> float:
    """Wait for a command; its transaction number. Short ones are in one chunk, and the number follows the name."""
    heard, pattern = b"", re.compile(re.escape(_text(command.decode())) + rb"\x00(.{8})", re.DOTALL)
    while (found := pattern.search(heard)) is None:
        piece = peer.recv(65_536)
        if not piece:
            raise ConnectionError
        heard += piece
    return struct.unpack(">d", found[1])[0]


def _send(peer: socket.socket, kind: int, body: bytes, stream: int = 0, ms: int = 0) -> None:
    """One message in one chunk, with the long header; chunks are large from the first message on."""
    head = ms.to_bytes(3, "big") + len(body).to_bytes(3, "big") + bytes([kind]) + struct.pack("<I", stream)
    peer.sendall(bytes([2 if kind == 1 else 3]) + head + body)


def _text(value: str) -> bytes:
    return b"\x02" + struct.pack(">H", len(value)) + value.encode()


def _number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


def _answer(code: str) -> bytes:
    pairs = (("level", "status"), ("code", code), ("description", "as asked"))
    return b"\x03" + b"".join(_text(key)[1:] + _text(value) for key, value in pairs) + b"\x00\x00\x09"


def watched(url: str, count: int | None) -> list[Frame]:
    options = SourceOptions(url=url, open_timeout_s=10, read_timeout_s=1.5)
    source = VideoSource("gate", options, clock=SystemClock(), realtime=True)
    try:
        with source.frames() as frames:
            return list(islice(frames, count))
    finally:
        source.close()


def fault_of(url: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        watched(url, None)
    return caught.value


def check(frames: list[Frame], *, timed: bool) -> None:
    """They follow each other, are as old as now, and where the stream has times their numbers agree with them."""
    assert all(earlier.at < later.at for earlier, later in pairwise(frames))
    assert abs(frames[-1].at - time.time()) < 5.0
    first = frames[0]
    for frame in frames if timed else ():
        expected = number_of(first.image) + (frame.at - first.at) * 25
        # Tying times to this box's clock stretches them a little; numbers are known modulo 32.
        assert abs((number_of(frame.image) - expected + 16) % 32 - 16) <= 4


def test_a_camera_that_goes_on_with_its_sound_alone_is_stalled_and_holds_no_thread(
    http_camera: str, tmp_path: Path
) -> None:
    HttpCamera.with_sound = make_clip(tmp_path / "sound.ts", ClipShape(frames=50, sound_s=30.0)).read_bytes()
    options = SourceOptions(url=f"{http_camera}/sound", read_timeout_s=0.5)
    source = VideoSource("deaf", options, clock=SystemClock(), realtime=True)
    with pytest.raises(SourceError) as caught, source.frames() as frames:
        for _ in frames:
            pass
    assert caught.value.reason == "stalled"
    deadline = time.monotonic() + 3
    while any(thread.name == "read-deaf" for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "the reader goes on although nobody looks"
        time.sleep(0.05)


@pytest.mark.parametrize("path", ["mjpeg", "ts"])
def test_a_camera_that_speaks_http_is_watched(http_camera: str, path: str) -> None:
    frames = watched(f"{http_camera}/{path}", 15)
    assert len(frames) == 15
    assert frames[0].size == (64, 48)
    check(frames, timed=path == "ts")


@pytest.mark.parametrize(
    ("path", "reason"),
    [("locked", "auth"), ("nowhere", "missing"), ("cut", "ended"), ("silent", "stalled")],
)
def test_what_is_wrong_with_an_http_camera_has_its_reason(http_camera: str, path: str, reason: str) -> None:
    assert fault_of(f"{http_camera}/{path}").reason == reason


def test_a_recording_served_at_once_is_played_in_its_own_time(http_camera: str) -> None:
    seen = list[tuple[float, float]]()
    source = VideoSource("gate", SourceOptions(url=f"{http_camera}/whole"), clock=SystemClock(), realtime=True)

    def watch() -> None:
        with source.frames() as frames:
            for frame in frames:
                seen.append((frame.at, time.monotonic()))

    with pytest.raises(SourceError) as caught:
        watch()
    assert caught.value.reason == "ended"
    lasted_s = seen[-1][0] - seen[0][0]
    assert lasted_s > 1
    assert seen[-1][1] - seen[0][1] > lasted_s / 2, "not all at once"


def test_a_camera_that_speaks_rtmp_is_watched(tmp_path: Path) -> None:
    camera = RtmpCamera(make_clip(tmp_path / "clip.flv", ClipShape(frames=150, gop=10)).read_bytes())
    try:
        frames = watched(camera.url, 15)
    finally:
        camera.close()
    assert len(frames) == 15
    check(frames, timed=True)


def test_an_rtmp_camera_that_goes_away_and_one_that_is_not_there(tmp_path: Path) -> None:
    camera = RtmpCamera(make_clip(tmp_path / "clip.flv", ClipShape(frames=40, gop=10)).read_bytes())
    try:
        assert fault_of(camera.url).reason == "ended"
    finally:
        camera.close()
    assert fault_of(camera.url).reason == "refused"
