"""As many browsers as one likes, in one process: each a raw socket that follows the feed and notes when it hears what.

    python -m lookout_lab.watchers HTTP_PORT TOKEN COUNT

It says ``ready`` when all of them hear the feed, and on SIGTERM one line of JSON for each change of an alarm:
``{"key": "OCCURRENCE/CHANGE", "at": […], "handed": […]}``, one number for each that heard of it, in seconds of the
monotonic clock. ``at``: this process had read it, after all that it read for the others before. ``handed``: the kernel
had it from the dispatcher, by the kernel's own time stamp (SO_TIMESTAMPING; of what was read in one piece, the last).
"""

import json
import re
import selectors
import signal
import socket
import struct
import sys
import time
from collections import defaultdict
from functools import lru_cache

_TOGETHER = 50
_CHANGE = re.compile(rb'"change":"(\w+)".*?"occurrence":"([^"]+)"')
#: https://www.kernel.org/doc/html/latest/networking/timestamping.html: the number of the option, which Python does not
#: name, and stamps made and told by software on arrival.
_SO_TIMESTAMPING = 37
_ON_ARRIVAL = 1 << 3 | 1 << 4
_TIME = struct.Struct("@qq")
#: All read into this, one after the other: a buffer of its own for each line would be asked of the kernel and given
#: back each time, and who is read last waits for it.
_PIECE = bytearray(256 * 1024)
#: Key → when each of them had read it, and when the kernel had it.
Heard = dict[bytes, tuple[list[float], list[float]]]


@lru_cache(maxsize=256)
def _told(messages: bytes) -> tuple[bool, tuple[bytes, ...]]:
    """Whether there is a heartbeat in whole messages, and the changes. Most watchers get the same bytes: taking them
    apart for each took longer than the dispatcher needs to write them, and those that came last waited for it."""
    found = [_CHANGE.search(message) for message in messages.split(b"\n\n")]
    return b"event: heartbeat" in messages, tuple([each[2] + b"/" + each[1] for each in found if each is not None])


class Watcher:
    """One client. ``hears`` is true when the first line has come."""

    def __init__(self, port: int, request: bytes, heard: Heard) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPING, _ON_ARRIVAL)
        self.socket.sendall(request)
        self._heard = heard
        self._held = b""
        self.hears = False

    def read(self, ahead_s: float) -> bool:
        """Whole messages only; what is cut in the middle waits for its end. False when the dispatcher sent it away.

        ``ahead_s``: by how much the clock of time stamps is ahead of the monotonic one.
        """
        length, ancillary, _, _ = self.socket.recvmsg_into([_PIECE], 128)
        now = time.monotonic()
        if not length:
            return False
        stamp = next((stamp for _, kind, stamp in ancillary if kind == _SO_TIMESTAMPING), None)
        seconds, nanoseconds = _TIME.unpack_from(stamp) if stamp else (0, 0)
        handed = seconds + nanoseconds / 1e9 - ahead_s if seconds else now
        data = self._held + _PIECE[:length]
        end = data.rfind(b"\n\n") + 2 if b"\n\n" in data else 0
        self._held = data[end:]
        beats, keys = _told(data[:end])
        self.hears = self.hears or beats
        for key in keys:
            at, arrived = self._heard[key]
            at.append(now)
            arrived.append(handed)
        return True


class Audience:
    """All of them, until told to stop."""

    def __init__(self, port: int, token: str) -> None:
        head = ("GET /api/v1/feed HTTP/1.1", "Host: lab", f"Authorization: Bearer {token}", "Accept: text/event-stream")
        self._request = "\r\n".join((*head, "", "")).encode()
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._stopped = False
        self.heard: Heard = defaultdict(lambda: ([], []))

    def stop(self, *_: object) -> None:
        """A signal has come."""
        self._stopped = True

    def gather(self, count: int) -> None:
        """Some at a time, so that the dispatcher's backlog of connections has room."""
        for first in range(0, count, _TOGETHER):
            some = [Watcher(self._port, self._request, self.heard) for _ in range(min(_TOGETHER, count - first))]
            for watcher in some:
                self._selector.register(watcher.socket, selectors.EVENT_READ, watcher)
            while not self._stopped and not all(watcher.hears for watcher in some):
                self.listen()

    def watch(self) -> None:
        """Until stopped."""
        while not self._stopped:
            self.listen()

    def listen(self) -> None:
        """Read what has come, or wait a moment for it."""
        ready = self._selector.select(0.2)
        ahead_s = time.time() - time.monotonic()
        for key, _ in ready:
            watcher: Watcher = key.data
            if not watcher.read(ahead_s):
                # Whoever counts sees that lines are missing.
                self._selector.unregister(watcher.socket)
                if not watcher.hears:
                    raise ConnectionError("the dispatcher refused a watcher")


def main(port: int, token: str, count: int) -> None:
    """Until SIGTERM."""
    audience = Audience(port, token)
    signal.signal(signal.SIGTERM, audience.stop)
    audience.gather(count)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    audience.watch()
    for key, times in audience.heard.items():
        at, handed = ([round(each, 5) for each in some] for some in times)
        sys.stdout.write(json.dumps({"key": key.decode(), "at": at, "handed": handed}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
