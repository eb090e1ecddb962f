"""Since when each shadow has run and how much it has looked: a restart must not begin its days again."""

from collections.abc import Mapping
from pathlib import Path
from threading import Lock

import structlog
from pydantic import BaseModel, ValidationError

from lookout_contract.events import Scenario
from lookout_contract.status import ShadowTally
from lookout_edge.adapters.atomic_file import write_whole

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


class ShadowRun(BaseModel):
    """One run of a shadow. Times are seconds since 1970 UTC."""

    #: Hash of what it is made of: another candidate under the same name begins its days again.
    made_of: str
    since: float
    until: float
    looks: int = 0
    shed: int = 0
    gave_up: str | None = None
    #: Camera → what is judged there, and since when.
    judges_since: dict[str, dict[Scenario, float]] = {}
    #: Camera → hashes of what runs there; none where an earlier version began.
    beside: dict[str, dict[Scenario, str]] = {}
    #: Camera → since when nothing is judged there any more: its model failed, or did not load.
    rests_since: dict[str, float] = {}
    #: The counts at its end: the notes behind them go after a week, and so would the alarms a day.
    outcome: tuple[ShadowTally, ...] | None = None


class _Kept(BaseModel):
    shadows: dict[str, ShadowRun] = {}


class ShadowFile:
    """All runs in one JSON file. From any thread; a disk that refuses costs a log line."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self._kept = _read(path)

    def all(self) -> dict[str, ShadowRun]:
        """Name → run."""
        with self._lock:
            return {name: run.model_copy(deep=True) for name, run in self._kept.shadows.items()}

    def begin(self, name: str, made_of: str, now: float, lasts_s: float) -> ShadowRun:
        """The run of this candidate: the one that goes on, or a new one from ``now`` on."""
        with self._lock:
            held = self._kept.shadows.get(name)
            if held is None or held.made_of != made_of:
                held = ShadowRun(made_of=made_of, since=now, until=now + lasts_s)
            held.until = held.since + lasts_s
            if now < held.until:
                held.outcome = None
            self._kept.shadows[name] = held
            self._save()
            return held.model_copy(deep=True)

    def judges(self, name: str, camera: str, beside: Mapping[Scenario, str], now: float) -> None:
        """It runs at this camera beside these (scenario → hash of what runs), and beside no others; from ``now`` on for
        those that are new to it, beside which something else ran, and for all where it rested: what was told meanwhile
        it had not seen."""
        with self._lock:
            run = self._kept.shadows.get(name)
            if run is None:
                return
            since = run.judges_since.pop(camera, {})
            if run.rests_since.pop(camera, None) is not None:
                since = {}
            before = run.beside.pop(camera, {})
            if beside:
                run.judges_since[camera] = {
                    scenario: since.get(scenario, now) if before.get(scenario, what) == what else now
                    for scenario, what in beside.items()
                }
                run.beside[camera] = dict(beside)

    def rests(self, name: str, camera: str, at: float) -> None:
        """From ``at`` on it judges nothing at this camera; kept with the next ``save``."""
        with self._lock:
            self._kept.shadows[name].rests_since.setdefault(camera, at)

    def conclude(self, name: str, outcome: tuple[ShadowTally, ...]) -> None:
        """It is over, and this is what came of it; kept with the next ``save``."""
        with self._lock:
            self._kept.shadows[name].outcome = outcome

    def count(self, name: str, looks: int, shed: int, gave_up: str | None) -> None:
        """So many looks more, and why it gives up now, None while it runs; kept with the next ``save``."""
        with self._lock:
            run = self._kept.shadows[name]
            run.looks, run.shed, run.gave_up = run.looks + looks, run.shed + shed, gave_up

    def save(self) -> None:
        """Write what was counted."""
        with self._lock:
            self._save()

    def _save(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, self._kept.model_dump_json(indent=1, exclude_none=True).encode())
        except OSError as error:
            _log.warning("what shadows have done could not be kept", path=str(self._path), why=error.strerror)


def _read(path: Path) -> _Kept:
    try:
        return _Kept.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValidationError) as error:
        _log.warning("the record of shadows cannot be read; their days begin anew", why=str(error).splitlines()[0])
        return _Kept()
