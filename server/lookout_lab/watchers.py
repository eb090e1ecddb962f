"""As many browsers as one likes, in one process: each a raw socket that follows the feed and notes when it hears what.

    python -m lookout_lab.watchers HTTP_PORT TOKEN COUNT

It says ``ready`` when all of them hear the feed, and on SIGTERM one line of JSON for each change of an alarm:
``{"key": "OCCURRENCE/CHANGE", "at": [seconds of the monotonic clock, one for each that heard of it]}``.
"""

import asyncio
import json
import re
import signal
import sys
import time
from collections import defaultdict

_TOGETHER = 50
_CHANGE = re.compile(rb'"change":"(\w+)".*?"occurrence":"([^"]+)"')
Heard = dict[bytes, list[float]]


class Watcher(asyncio.Protocol):
    """One client. ``started`` is done when the first line has come."""

    def __init__(self, request: bytes, heard: Heard) -> None:
        self._request = request
        self._heard = heard
        self._held = b""
        self.started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the feed."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Whole messages only; what is cut in the middle waits for its end."""
        now = time.monotonic()
        *whole, self._held = (self._held + data).split(b"\n\n")
        for message in whole:
            if b"event: heartbeat" in message and not self.started.done():
                self.started.set_result(None)
            elif (found := _CHANGE.search(message)) is not None:
                self._heard[found[2] + b"/" + found[1]].append(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """The dispatcher sent it away: whoever counts sees that lines are missing."""
        if not self.started.done():
            self.started.set_exception(exc or ConnectionError(f"refused: {self._held[:200]!r}"))


async def watch(port: int, token: str, count: int) -> None:
    """Until SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    head = ("GET /api/v1/feed HTTP/1.1", "Host: lab", f"Authorization: Bearer {token}", "Accept: text/event-stream")
    request = "\r\n".join((*head, "", "")).encode()
    heard: Heard = defaultdict(list)
    for first in range(0, count, _TOGETHER):
        some = [
            await loop.create_connection(lambda: Watcher(request, heard), "127.0.0.1", port)
            for _ in range(min(_TOGETHER, count - first))
        ]
        await asyncio.gather(*(watcher.started for _, watcher in some))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    for key, times in heard.items():
        sys.stdout.write(json.dumps({"key": key.decode(), "at": [round(at, 5) for at in times]}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(watch(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
