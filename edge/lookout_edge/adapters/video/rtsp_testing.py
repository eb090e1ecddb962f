"""A camera that speaks RTSP, for tests: over TCP and UDP, with a password, a clock of its own, and every bad habit.

FFmpeg's own RTP packetiser makes the packets; only the conversation (RFC 2326) is written here.
"""

import hashlib
import re
import secrets
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Protocol, cast

import av
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

_RTCP_SENDER_REPORT = 200
#: Payload of a UDP datagram that fits every network.
_PACKET_BYTES = 1400
_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=camera\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\n"
    "a=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1\r\na=control:track1\r\n"
)
_NAP_S = 0.02
#: Ticks a second of RTP video.
_TICKS = 90_000

Send = Callable[[bytes, bool], None]
"""Sends one RTP packet, or one of RTCP when the second argument says so."""


class _Muxer(Protocol):
    """The part of PyAV's OutputContainer that is used here; its stubs leave these partly unknown."""

    def add_stream_from_template(self, template: VideoStream, opaque: bool | None = None) -> Stream: ...

    def mux(self, packets: "Packet[Stream]") -> None: ...


@dataclass
class Habits:
    """What this camera does; may be changed while it runs."""

    #: User name and password that it asks for, by digest (RFC 2617).
    user: tuple[str, str] | None = None
    #: Its clock minus ours, as its sender reports tell it.
    clock_ahead_s: float = 0.0
    #: Whether it sends sender reports.
    reports: bool = True
    #: Stand still: connections stay, nothing is sent.
    paused: bool = False
    #: Frames left out at the beginning of each viewing: it begins amid a group of pictures.
    skip_frames: int = 0
    #: Send as fast as it goes.
    flood: bool = False
    #: Monotonic time since which the clips have been running, viewers join amid them; None: they begin with each.
    since: float | None = None
    #: Overwrite the payload of every packet.
    garbage: bool = False


@dataclass
class RtspCamera:
    """Serves clips (H.264 in MPEG-TS) in an endless loop, to any number of viewers; ``/NAME`` is a clip's path."""

    clips: dict[str, Path]
    port: int = 0
    habits: Habits = field(default_factory=Habits)
    #: RTSP conversations begun so far.
    viewers: int = 0
    _listener: socket.socket | None = field(init=False, default=None)
    _connections: set[socket.socket] = field(init=False, default_factory=set[socket.socket])
    _stopped: threading.Event = field(init=False, default_factory=threading.Event)

    def __enter__(self) -> "RtspCamera":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def is_up(self) -> bool:
        """Whether it listens."""
        return self._listener is not None

    def start(self) -> None:
        """Listen, on the same port as before where there was one."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        self.port = int(listener.getsockname()[1])
        self._listener, self._stopped = listener, threading.Event()
        threading.Thread(target=self._accept, args=(listener,), name="rtsp-camera", daemon=True).start()

    def kill(self) -> None:
        """Be gone from one moment to the next."""
        self._stopped.set()
        if self._listener is not None:
            # Closing alone leaves a blocked accept() in possession of the port.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        self.cut()

    def cut(self) -> None:
        """Break every connection, wherever its stream is at the moment."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def url(self, name: str, user: str = "") -> str:
        """The address of a clip; ``user`` like ``admin:secret``."""
        return f"rtsp://{user + '@' if user else ''}127.0.0.1:{self.port}/{name}"

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self._connections.add(connection)
            threading.Thread(target=self._converse, args=(connection,), name="rtsp-viewer", daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        try:
            with connection:
                self.viewers += 1
                _Conversation(self, connection, self._stopped).run()
        except OSError:
            pass  # the viewer went away, or this camera was killed
        finally:
            self._connections.discard(connection)


@dataclass
class _Conversation:
    camera: RtspCamera
    connection: socket.socket
    stopped: threading.Event
    _nonce: str = field(init=False, default_factory=lambda: secrets.token_hex(8))
    _over: threading.Event = field(init=False, default_factory=threading.Event)
    _lock: threading.Lock = field(init=False, default_factory=threading.Lock)
    _send: Send | None = field(init=False, default=None)
    _datagrams: socket.socket | None = field(init=False, default=None)
    #: To be started once the answer to PLAY is out.
    _playing: threading.Thread | None = field(init=False, default=None)

    def run(self) -> None:
        """Answer until the viewer goes away."""
        try:
            while (request := self._read()) is not None:
                self._answer(*request)
        finally:
            self._over.set()
            if self._datagrams is not None:
                self._datagrams.close()

    def _read(self) -> tuple[str, str, dict[str, str]] | None:
        """(method, address, headers) of the next request; what the viewer sends of RTCP is passed over."""
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            piece = self.connection.recv(1)
            if not piece:
                return None
            if not text and piece == b"$":
                header = self.connection.recv(3, socket.MSG_WAITALL)
                self.connection.recv(int.from_bytes(header[1:], "big"), socket.MSG_WAITALL)
                continue
            text += piece
        first, *rest = text.decode().strip().split("\r\n")
        method, address, _ = first.split(" ", 2)
        return method, address, {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}

    def _answer(self, method: str, address: str, headers: dict[str, str]) -> None:
        status, more, body = self._decide(method, address, headers)
        lines = [
            f"RTSP/1.0 {status}",
            f"CSeq: {headers.get('cseq', '0')}",
            *more,
            f"Content-Length: {len(body)}",
            "",
            body,
        ]
        with self._lock:
            self.connection.sendall("\r\n".join(lines).encode())
        if self._playing is not None:
            playing, self._playing = self._playing, None
            playing.start()

    def _decide(self, method: str, address: str, headers: dict[str, str]) -> tuple[str, list[str], str]:
        """(status, headers, body) of the answer."""
        if method != "OPTIONS" and not self._is_allowed(method, headers.get("authorization", "")):
            return "401 Unauthorized", [f'WWW-Authenticate: Digest realm="camera", nonce="{self._nonce}"'], ""
        name = re.sub(r"^rtsp://[^/]*/|/?(track1)?/?$", "", address)
        if method == "OPTIONS":
            return "200 OK", ["Public: DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"], ""
        if method not in {"DESCRIBE", "SETUP", "PLAY"}:
            return "200 OK", ["Session: 1"], ""
        if name not in self.camera.clips:
            return "404 Not Found", [], ""
        if method == "DESCRIBE":
            return "200 OK", ["Content-Type: application/sdp"], _SDP
        if method == "SETUP":
            return "200 OK", ["Session: 1;timeout=60", f"Transport: {self._set_up(headers)}"], ""
        self._playing = threading.Thread(target=self._play, args=(name,), name="rtsp-sender", daemon=True)
        return "200 OK", ["Session: 1"], ""

    def _is_allowed(self, method: str, authorization: str) -> bool:
        user = self.camera.habits.user
        if user is None:
            return True
        given = dict(cast(list[tuple[str, str]], re.findall(r'(\w+)="([^"]*)"', authorization)))
        proof = _md5(f"{user[0]}:camera:{user[1]}"), self._nonce, _md5(f"{method}:{given.get('uri', '')}")
        return given.get("username") == user[0] and given.get("response") == _md5(":".join(proof))

    def _set_up(self, headers: dict[str, str]) -> str:
        wanted = headers.get("transport", "")
        ports = re.search(r"client_port=(\d+)-(\d+)", wanted)
        if ports is None:
            self._send = self._interleaved
            return "RTP/AVP/TCP;unicast;interleaved=0-1"
        server = self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        there = [("127.0.0.1", int(ports[1])), ("127.0.0.1", int(ports[2]))]

        def send(packet: bytes, is_control: bool) -> None:
            server.sendto(packet, there[is_control])

        self._send = send
        return f"RTP/AVP;unicast;client_port={ports[1]}-{ports[2]};server_port={port}-{port + 1}"

    def _interleaved(self, packet: bytes, is_control: bool) -> None:
        with self._lock:
            self.connection.sendall(struct.pack(">cBH", b"$", int(is_control), len(packet)) + packet)

    def _play(self, name: str) -> None:
        assert self._send is not None, "SETUP comes before PLAY"
        sender = _Sender(self.camera.habits, self._send)
        sender.play(
            lambda: self.camera.clips[name], lambda: sender.gone or self._over.is_set() or self.stopped.is_set()
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass
class _Sender:
    """FFmpeg's packetiser writes each packet in one call; here it goes on its way."""

    habits: Habits
    send: Send
    #: Whether the viewer went away.
    gone: bool = False

    def write(self, data: bytes) -> int:
        """One packet of RTP or RTCP."""
        packet = bytearray(data)
        is_control = packet[1] == _RTCP_SENDER_REPORT
        if is_control:
            if not self.habits.reports:
                return len(data)
            ahead = round(self.habits.clock_ahead_s * 2**32)
            ntp = (int.from_bytes(packet[8:16], "big") + ahead) % 2**64
            packet[8:16] = ntp.to_bytes(8, "big")
        elif self.habits.garbage:
            packet[12:] = secrets.token_bytes(len(packet) - 12)
        try:
            self.send(bytes(packet), is_control)
        except OSError:
            self.gone = True  # nothing may be raised through FFmpeg
        return len(data)

    def play(self, clip: Callable[[], Path], is_over: Callable[[], bool]) -> None:
        """Send until it is over, in real time, without a seam where the clip, or another by then, begins again."""
        options = {"packetsize": str(_PACKET_BYTES)}
        with av.open(clip()) as first, av.open(self, "w", format="rtp", options=options) as out:
            muxer = cast(_Muxer, out)
            stream = muxer.add_stream_from_template(first.streams.video[0])
            begun, held_s = time.monotonic() if self.habits.since is None else self.habits.since, 0.0
            joined = time.monotonic() - begun
            for number, (at, packet) in enumerate(_endless(clip)):
                if at < joined:
                    continue  # was shown before anybody watched
                while self.habits.paused and not is_over():
                    time.sleep(_NAP_S)
                    held_s += _NAP_S
                while not self.habits.flood and (wait := begun + held_s + at - time.monotonic()) > 0 and not is_over():
                    time.sleep(min(wait, _NAP_S))
                if is_over():
                    return
                if number >= self.habits.skip_frames and packet.pts is not None and packet.dts is not None:
                    # FFmpeg's reports say that time 0 was when this viewing began.
                    packet.pts -= round(joined * _TICKS)
                    packet.dts -= round(joined * _TICKS)
                    packet.stream = stream
                    muxer.mux(packet)


def _endless(clip: Callable[[], Path]) -> "Iterator[tuple[float, Packet[Stream]]]":
    """(seconds from the beginning, packet) for ever; times grow across the seam."""
    shift = Fraction(0)
    while True:
        first: Fraction | None = None
        last = step = Fraction(0)
        with av.open(clip()) as container:
            stream = container.streams.video[0]
            tick, start = stream.time_base or Fraction(1, _TICKS), stream.start_time or 0
            for packet in container.demux(stream):
                if not packet.size or packet.dts is None or packet.pts is None:
                    continue
                at = (packet.dts - start) * tick
                first = at if first is None else first
                step, last = at - last, at
                packet.pts, packet.dts = (
                    round(((ticks - start) * tick + shift) * _TICKS) for ticks in (packet.pts, packet.dts)
                )
                packet.time_base = Fraction(1, _TICKS)
                yield float(at + shift), cast("Packet[Stream]", packet)
        shift += last - (first or 0) + step
