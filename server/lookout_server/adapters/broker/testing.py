"""A broker for tests: on a free port, with the dispatcher's account and two gateways."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lookout_server.adapters.broker.access import DISPATCHER
from lookout_server.adapters.broker.accounts import BrokerAccounts
from lookout_server.adapters.broker.engines import BrokerEngine, BrokerPlace, TlsDoor
from lookout_server.adapters.broker.process import BrokerProcess
from lookout_server.adapters.listening import free_port
from lookout_server.adapters.mqtt.testing import Probe

SITE = "kangle"


class RunningBroker:
    """Driven from a test without asyncio: its loop runs only while one of these methods does."""

    def __init__(self, engine: BrokerEngine, folder: Path, *, tls: TlsDoor | None = None) -> None:
        self.place = BrokerPlace(site=SITE, bind="127.0.0.1", port=free_port("127.0.0.1"), folder=folder, tls=tls)
        self.accounts = BrokerAccounts(folder)
        self.passwords = {DISPATCHER: self.accounts.dispatcher_password(), "gw-a": "secret-a", "gw-b": "secret-b"}
        for name in ("gw-a", "gw-b"):
            self.accounts.set(name, self.passwords[name])
        self.process = BrokerProcess(engine, self.place)
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.process.start())

    def probe(self, name: str, **values: Any) -> Probe:
        """A client of that account; ``values`` are further fields of ``Probe``."""
        settings: dict[str, Any] = {"username": name, "password": self.passwords.get(name)}
        return Probe(host="127.0.0.1", port=self.place.port, **(settings | values))

    def accepts(self, name: str) -> bool:
        """Whether the account can sign in now."""
        try:
            with self.probe(name) as client:
                return client.refused is None
        except OSError:
            return False

    def restart(self) -> None:
        """Stop and start it in good order."""
        self.loop.run_until_complete(self.process.stop())
        self.loop.run_until_complete(self.process.start())

    def run_watch_until(self, condition: Callable[[], bool]) -> None:
        """Watch over it, as the dispatcher does, until the condition holds; TimeoutError after 20 s."""

        async def drive() -> None:
            watching = asyncio.create_task(self.process.watch())
            try:
                async with asyncio.timeout(20):
                    while not await asyncio.to_thread(condition):
                        await asyncio.to_thread(time.sleep, 0.02)
            finally:
                watching.cancel()

        self.loop.run_until_complete(drive())

    def close(self) -> None:
        """Stop it for good."""
        self.loop.run_until_complete(self.process.stop())
        self.loop.close()
