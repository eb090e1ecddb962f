"""The child process that runs amqtt: ``python -m lookout_server.adapters.broker.amqtt_process CONFIG.json``.

Ends by itself when its parent is gone (its standard input closes), so a killed dispatcher leaves no broker behind.
"""

import asyncio
import json
import logging
import signal
import sys
from pathlib import Path
from typing import TypedDict, cast

from lookout_server.adapters.broker.accounts import PASSWORD_FILE
from lookout_server.adapters.broker.amqtt_broker import follow_accounts, make_broker


class Settings(TypedDict):
    """What ``AmqttEngine`` writes."""

    site: str
    bind: str
    port: int
    folder: str


async def serve(settings: Settings) -> None:
    """Run the broker until SIGTERM, SIGINT or the end of standard input."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await _watch_parent(stopped)
    folder = Path(settings["folder"])
    broker = make_broker(site=settings["site"], bind=settings["bind"], port=settings["port"], folder=folder)
    await broker.start()
    following = asyncio.create_task(follow_accounts(broker, folder / PASSWORD_FILE), name="accounts")
    await stopped.wait()
    following.cancel()
    await broker.shutdown()


async def _watch_parent(stopped: asyncio.Event) -> None:
    class Parent(asyncio.Protocol):
        def connection_lost(self, exc: Exception | None) -> None:
            stopped.set()

    await asyncio.get_running_loop().connect_read_pipe(Parent, sys.stdin)


def main() -> int:
    """Entry point of the child."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    settings = cast(Settings, json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    if sys.platform == "win32":
        asyncio.run(serve(settings))
    else:
        import uvloop

        uvloop.run(serve(settings))
    return 0


if __name__ == "__main__":
    sys.exit(main())
