"""The vehicles that belong here, kept as one JSON file that a broken disk or hand cannot turn into a crash."""

import threading
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_contract.commands import Resident
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.errors import SpoolError
from lookout_edge.ports import STAY_EVERY_S

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
#: A visit lasts so long, seconds: half a day.
VISIT_S = 12 * 3600.0
#: Whoever stays longer has so much time to leave after they were last told to be there, seconds.
LEAVE_S = 2 * STAY_EVERY_S
#: Passes that are told of, at most: every heartbeat repeats them.
MOST_TOLD = 200
_VISITS: TypeAdapter[dict[str, tuple[int, float]]] = TypeAdapter(dict[str, tuple[int, float]])
_RESIDENTS: TypeAdapter[tuple[Resident, ...]] = TypeAdapter(tuple[Resident, ...])


class FilePlateDirectory:
    """A PlateDirectory that survives restarts.

    A file that cannot be read counts as an empty list, with one log line: every vehicle is then unfamiliar until the
    dispatcher sends its list again, which is the safe side.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._residents = self._load()
        #: Pass (see ``_name``) → visits so far, and the frame time of the last one; of one that lasts longer than
        #: ``VISIT_S`` so long before its end.
        self._visits = self._load_visits()
        #: The list as of a frame time, and the frame times between which it is the same.
        self._as_of: tuple[tuple[Resident, ...], float, float] | None = None

    def residents(self, at: float) -> Sequence[Resident]:
        """All known plates and passes at a frame time; ``uses`` are the visits that are left. The same object until
        one of them changes."""
        with self._lock:
            if self._as_of is None or not self._as_of[1] <= at < self._as_of[2]:
                ends = [last + VISIT_S for _, last in self._visits.values()]
                since = max((end for end in ends if end <= at), default=float("-inf"))
                begun = max((last for _, last in self._visits.values() if last <= at), default=float("-inf"))
                until = min((end for end in ends if end > at), default=float("inf"))
                listed = tuple(self._left(resident, at) for resident in self._residents)
                self._as_of = listed, max(since, begun), until
            return self._as_of[0]

    def visit(self, plate: str, at: float, camera: str) -> None:
        """Count a visit of ``plate``, whose reading may be off by a character; see ``PlateDirectory``.

        A visit lasts ``VISIT_S``: whoever comes back within it, or is read once more, has not come again.
        """
        with self._lock:
            passes = self._passes(plate, camera)
            if any(at - self._visits_of(each)[1] < VISIT_S for each in passes):
                return
            # Of passes that overlap a visit uses one.
            good = (each for each in passes if _is_dated(each, at) and (each.uses or 0) > self._visits_of(each)[0])
            used = next(good, None)
            if used is not None:
                self._visits[_name(used)] = (self._visits_of(used)[0] + 1, at)
                self._as_of = None
                self._save_visits()

    def stay(self, plate: str, at: float, camera: str) -> None:
        """Let the visit of ``plate`` that goes on last until ``LEAVE_S`` from now at least; see ``PlateDirectory``."""
        with self._lock:
            for each in self._passes(plate, camera):
                count, last = self._visits_of(each)
                if 0 <= at - last < VISIT_S and last < at + LEAVE_S - VISIT_S:
                    self._visits[_name(each)] = count, at + LEAVE_S - VISIT_S
                    self._as_of = None
                    self._save_visits()

    def _passes(self, plate: str, camera: str) -> list[Resident]:
        """Those of ``plate`` for so many visits that are good at ``camera``."""
        # Who is on the list under this very plate is nobody else's guest, however like their plates are.
        exact = [resident for resident in self._residents if resident.plate == plate]
        theirs = exact or [resident for resident in self._residents if _alike(resident.plate, plate)]
        here = [each for each in theirs if not each.cameras or camera in each.cameras]
        return [resident for resident in here if resident.uses is not None]

    def report(self) -> dict[str, int]:
        """Id of a pass → how often it was used, the last used first."""
        with self._lock:
            if not self._visits:
                return {}
            passes = [(each.id, *self._visits_of(each)) for each in self._residents if each.uses is not None]
        used = [(name, count, last) for name, count, last in passes if name is not None and count]
        used.sort(key=lambda each: each[2], reverse=True)
        return {name: count for name, count, _ in used[:MOST_TOLD]}

    def replace(self, residents: Sequence[Resident]) -> None:
        """Use ``residents`` from now on and keep them on disk; SpoolError when the disk refuses."""
        fresh = tuple(residents)
        with self._lock:
            self._save(fresh)
            self._residents, self._as_of = fresh, None
            # A pass that is taken off the list and put on it again is a new one.
            listed = {_name(each) for each in fresh}
            self._visits = {name: seen for name, seen in self._visits.items() if name in listed}

    def _left(self, resident: Resident, at: float) -> Resident:
        if resident.uses is None:
            return resident
        count, last = self._visits_of(resident)
        visiting = 0 <= at - last < VISIT_S
        return resident.model_copy(update={"uses": max(resident.uses - count, int(visiting))})

    def _visits_of(self, resident: Resident) -> tuple[int, float]:
        return self._visits.get(_name(resident), (0, float("-inf")))

    def _save_visits(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path.with_suffix(".visits.json"), _VISITS.dump_json(self._visits))
        except OSError as error:
            _log.warning("a visit could not be written and is forgotten at a restart", why=str(error))

    def _load_visits(self) -> dict[str, tuple[int, float]]:
        try:
            return _VISITS.validate_json(self._path.with_suffix(".visits.json").read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            _log.warning("the visits of passes cannot be read and are counted anew", why=str(error).splitlines()[0])
            return {}

    def _load(self) -> tuple[Resident, ...]:
        try:
            return _RESIDENTS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()
        except (OSError, ValidationError) as error:
            _log.warning(
                "the list of residents cannot be read, so every plate is unknown until the dispatcher sends it again",
                path=str(self._path),
                why=str(error).splitlines()[0],
            )
            return ()

    def _save(self, residents: tuple[Resident, ...]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _RESIDENTS.dump_json(residents, exclude_none=True, indent=1))
        except OSError as error:
            raise SpoolError(
                f"cannot write the list of residents to {self._path} ({error.strerror}): free space or fix its rights"
            ) from error


def _name(resident: Resident) -> str:
    """Tells passes of one plate apart by the time from which on they are good: who comes on two days has two."""
    since = resident.valid_from
    return resident.plate if since is None else f"{resident.plate} {since.isoformat()}"


def _is_dated(resident: Resident, at: float) -> bool:
    since, until = resident.valid_from, resident.valid_until
    return (since is None or since.timestamp() <= at) and (until is None or at < until.timestamp())


def _alike(a: str, b: str) -> bool:
    return len(a) == len(b) and sum(x != y for x, y in zip(a, b, strict=True)) <= 1
