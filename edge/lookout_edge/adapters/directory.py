"""The vehicles that belong here, kept as one JSON file that a broken disk or hand cannot turn into a crash."""

import threading
from collections.abc import Sequence
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_contract.commands import Resident
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.errors import SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
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

    def residents(self) -> Sequence[Resident]:
        """All known plates and passes."""
        with self._lock:
            return self._residents

    def replace(self, residents: Sequence[Resident]) -> None:
        """Use ``residents`` from now on and keep them on disk; SpoolError when the disk refuses."""
        fresh = tuple(residents)
        with self._lock:
            self._save(fresh)
            self._residents = fresh

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
