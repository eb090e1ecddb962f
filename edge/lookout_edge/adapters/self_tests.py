"""The weekly round of self-tests: every camera, every scenario that there is a clip for."""

import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from pydantic import BaseModel, ValidationError

from lookout_contract.events import Scenario
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.domain.weekly import WeeklyMoment
from lookout_edge.errors import EdgeError
from lookout_edge.ports import Clock

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_LOOK_EVERY_S = 30.0


class _Kept(BaseModel):
    ran_at: float


class WeeklySelfTests:
    """A service. A moment that passed while the box was off is made up for; a new box waits for its first one.

    When the round began is kept before it starts, so that a test that ends the process is not tried for ever.
    """

    def __init__(
        self,
        path: Path,
        moment: WeeklyMoment,
        *,
        timezone: Callable[[], ZoneInfo],
        plan: Callable[[], Sequence[tuple[str, Scenario]]],
        run: Callable[[str, Scenario], object],
        clock: Clock,
        every_s: float = _LOOK_EVERY_S,
    ) -> None:
        self._path, self._moment, self._timezone = path, moment, timezone
        self._plan, self._run, self._clock = plan, run, clock
        #: The earliest time at which the last round was seen to be yet to come: a clock was far ahead when it ran.
        self._ahead_since = math.inf
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="self-tests", daemon=True)

    def start(self) -> None:
        """Begin to look at the clock."""
        if _read(self._path) is None:
            self._keep()
        self._thread.start()

    def close(self) -> None:
        """No further test; one that runs is left to itself."""
        self._stop.set()

    def is_due(self) -> bool:
        """Whether a moment has passed since the last round, or since the clock was set right where that is to come."""
        kept, now = _read(self._path), self._clock.now()
        if kept is None:
            return False
        self._ahead_since = min(self._ahead_since, now) if kept.ran_at > now else math.inf
        due = self._moment.last(datetime.fromtimestamp(now, self._timezone())).timestamp()
        return min(kept.ran_at, self._ahead_since) < due

    def run_round(self) -> None:
        """Test everything, one after another."""
        self._keep()
        for camera, scenario in self._plan():
            if self._stop.is_set():
                return
            try:
                self._run(camera, scenario)
            except EdgeError as error:
                _log.warning("self-test", camera=camera, scenario=scenario.value, why=str(error))
            except Exception:  # noqa: BLE001 - the next cameras are tested all the same, and all again in a week
                _log.exception("self-test", camera=camera, scenario=scenario.value)

    def _watch(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                if self.is_due():
                    self.run_round()
            except Exception:  # noqa: BLE001 - the worker loop: without it nothing is tested any more, and nobody told
                _log.exception("the round of self-tests failed")

    def _keep(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _Kept(ran_at=self._clock.now()).model_dump_json().encode())
        except OSError as error:
            _log.warning("the time of the last self-tests cannot be kept", path=str(self._path), why=str(error))


def _read(path: Path) -> _Kept | None:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
