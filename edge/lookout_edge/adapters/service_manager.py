"""Tells systemd that the gateway is ready, alive or stopping (sd_notify(3): datagrams to the socket it names)."""

import os
import socket
from collections.abc import Callable, Mapping
from threading import Event, Thread

import structlog

from lookout_edge.adapters.folded_log import FoldedLog

log: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger()


class ServiceManager:
    """A service that says ``READY=1`` and then ``WATCHDOG=1`` twice within each of systemd's periods.

    ``prove_alive`` is called before each sign of life: a gateway that hangs in it gives none, and is restarted. An
    error from it is no hang: no restart frees a disk. Without systemd nothing happens.
    """

    def __init__(self, prove_alive: Callable[[], object], environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._prove_alive = prove_alive
        self._address = environ.get("NOTIFY_SOCKET", "")
        period = environ.get("WATCHDOG_USEC", "")
        self._every_s = int(period) / 2_000_000 if period.isdigit() and int(period) > 0 else None
        self._faults = FoldedLog(log)
        self._closing = Event()

    def start(self) -> None:
        """Say that it runs."""
        self._say("READY=1")
        if self._address and self._every_s is not None:
            Thread(target=self._live, name="watchdog", daemon=True).start()

    def close(self) -> None:
        """Say that it stops."""
        self._closing.set()
        self._say("STOPPING=1")

    def _live(self) -> None:
        while not self._closing.wait(self._every_s):
            try:
                self._prove_alive()
            except Exception as error:  # noqa: BLE001 - the link tells of it; here it only must not end the signs of life
                self._faults.warning("status", f"there is no status to look at ({error}), but the gateway lives")
            self._say("WATCHDOG=1")

    def _say(self, word: str) -> None:
        if not self._address:
            return
        # A leading @ names the abstract namespace.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.sendto(word.encode(), address)
        except OSError as error:
            log.warning("systemd could not be told", word=word, why=str(error))
