"""The lab's gateway: the real spool and the real link, fed by a camera that makes occurrences up.

    python -m lookout_lab.gateway FOLDER

What it means to put into the spool, and what the spool has confirmed, it says on its standard output, a line of JSON
each: a kill loses nothing that was written there. It reads ``gateway.json`` once, ``clock`` (seconds to be wrong by)
and ``quiet`` (no more events) all the time.
"""

import json
import random
import secrets
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lookout_contract.commands import Command, CommandResponse, Outcome, ReplayCommand
from lookout_contract.events import Attributes, EndReason, EventData, Phase, Scenario, Severity
from lookout_contract.status import CameraState, GatewayStatus, Sight, SpoolDepth
from lookout_contract.topics import GatewayTopics
from lookout_edge.adapters.backoff import Backoff
from lookout_edge.adapters.link import BrokerOptions, MqttLink
from lookout_edge.adapters.spool import SqliteSpool
from lookout_edge.errors import SpoolError

_SCENARIOS = (Scenario.GARBAGE, Scenario.UNFAMILIAR_VEHICLE, Scenario.CORRIDOR_EBIKE)


class WrongClock:
    """The machine's clock plus what the file says; monotonic time is untouched, as on a real machine."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> float:
        """Seconds since the Unix epoch."""
        try:
            return time.time() + float(self._file.read_text() or 0)
        except (OSError, ValueError):
            return time.time()


def say(**line: Any) -> None:
    """One line for the lab, out at once."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def occurrences(life: str, *, fires_in_100: int, cameras: int, seed: int) -> Iterator[EventData]:
    """Start, update and end of one occurrence after another, over the cameras in turn; an endless supply."""
    chance = random.Random(seed)
    number = 0
    while True:
        number += 1
        fire = chance.random() * 100 < fires_in_100
        scenario = Scenario.FIRE_SMOKE if fire else chance.choice(_SCENARIOS)
        for phase in (Phase.START, Phase.UPDATE, Phase.END):
            yield EventData(
                occurrence=f"o-{life}-{number}",
                scenario=scenario,
                camera=f"cam-{number % cameras}",
                phase=phase,
                captured_at=datetime.now(UTC),
                started_at=datetime.now(UTC),
                end_reason=EndReason.CLEARED if phase is Phase.END else None,
                severity=Severity.RED if fire else Severity.BLUE,
                attributes=Attributes(stage="confirmed" if fire else None),
            )


class LabGateway:
    """One life of the gateway's process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, Any] = json.loads((folder / "gateway.json").read_text())
        self._stop = threading.Event()
        site, name = self._told["site"], self._told["gateway"]
        clock = WrongClock(folder / "clock")
        self._spool = SqliteSpool(folder / "spool.db", site=site, gateway=name, clock=clock)
        options = BrokerOptions(
            host="127.0.0.1",
            port=self._told["port"],
            username=name,
            password=self._told["password"],
            keepalive_s=10,
            resend_after_s=self._told["resend_after_s"],
            window=self._told.get("window", 100),
        )
        self._link = MqttLink(
            options,
            GatewayTopics(site=site, gateway=name),
            spool=self._spool,
            clock=clock,
            status=self._status,
            on_command=self._command,
            heartbeat_s=5.0,
            backoff=Backoff(ceiling_s=2.0),
        )

    def run(self) -> None:
        """Until SIGTERM."""

        def stop(_number: int, _frame: object) -> None:
            self._stop.set()

        signal.signal(signal.SIGTERM, stop)
        backlog = int(self._told.get("backlog", 0))
        old, made = self._occurrences("fires_in_100"), self._occurrences("live_fires_in_100")
        for _ in range(backlog):
            self._put(next(old))
        self._link.start()
        for number in range(self._told["cameras"]):
            state = CameraState(camera=f"cam-{number}", state=Sight.WATCHING, since=datetime.now(UTC))
            self._link.publish_camera(state)
        say(ready=True, backlog=backlog)
        while not self._stop.wait(1 / self._told["rate"]):
            if not (self._folder / "quiet").exists():
                self._put(next(made))
        self._link.close()
        self._spool.close()

    def _occurrences(self, fires: str) -> Iterator[EventData]:
        share = self._told.get(fires, self._told["fires_in_100"])
        cameras, seed = self._told["cameras"], self._told["seed"]
        return occurrences(secrets.token_hex(4), fires_in_100=share, cameras=cameras, seed=seed)

    def _put(self, data: EventData) -> None:
        key = {"occurrence": data.occurrence, "phase": data.phase.value, "fire": data.scenario is Scenario.FIRE_SMOKE}
        say(meant=True, **key)
        try:
            sequence = self._spool.put(data)
        except SpoolError as error:
            say(refused=str(error), **key)
            return
        say(confirmed=sequence, at=time.time(), **key)

    def _status(self) -> GatewayStatus:
        depth = self._spool.depth()
        return GatewayStatus(
            gateway=self._told["gateway"],
            online=True,
            epoch=self._spool.epoch,
            at=datetime.now(UTC),
            version="lab",
            last_sequence=self._spool.last_sequence,
            spool=SpoolDepth(events=depth.events, evidence=0, oldest_s=depth.oldest_s),
        )

    def _command(self, command: Command) -> CommandResponse:
        """Replay is the one command that delivery depends on."""
        at = datetime.now(UTC)
        if isinstance(command, ReplayCommand):
            gone = self._spool.requeue(command.epoch, command.first, command.last)
            return CommandResponse(id=command.id, name=command.name, outcome=Outcome.DONE, at=at, gone=gone)
        return CommandResponse(id=command.id, name=command.name, outcome=Outcome.UNSUPPORTED, at=at)


if __name__ == "__main__":
    LabGateway(Path(sys.argv[1])).run()
