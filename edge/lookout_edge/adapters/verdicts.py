"""What people made of alarms, as a file that training reads later."""

from collections.abc import Sequence
from contextlib import suppress
from io import SEEK_END
from pathlib import Path

from pydantic import ValidationError

from lookout_contract.commands import VerdictCommand
from lookout_edge.adapters.atomic_file import write_whole
from lookout_edge.errors import EdgeError

#: Verdicts that are kept: more than a year's at fifty a day. Counted and not dated: a clock that is off lets none go.
MOST_VERDICTS = 20_000
#: How many more may be there before the oldest go.
_SLACK = 0.25


class VerdictFile:
    """Appends verdicts to a JSON-lines file, the newest ``MOST_VERDICTS``. Called from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        #: What the file held when it was like this.
        self._found: list[VerdictCommand] = []
        self._seen: tuple[int, int, int] | None = None

    def add(self, command: VerdictCommand) -> None:
        """Store one verdict; EdgeError when the disk refuses."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            is_known = self._seen is not None and self._stamp() == self._seen
            with self._path.open("a+b") as file:
                # Of a line that a power cut tore apart the next one must not become a part.
                end = file.seek(0, SEEK_END)
                file.seek(max(0, end - 1))
                torn = file.read(1) not in {b"", b"\n"}
                file.write(b"\n" * torn + command.to_json() + b"\n")
            if is_known:
                self._found.append(command)
                self._seen = self._stamp()
                if len(self._found) > MOST_VERDICTS * (1 + _SLACK):
                    self._let_go()
        except OSError as error:
            raise EdgeError(f"The verdict could not be written to {self._path}: {error.strerror}.") from error

    def all(self) -> Sequence[VerdictCommand]:
        """Every verdict that is kept, oldest first; lines that cannot be read are left out."""
        try:
            stamp = self._stamp()
            if stamp is None:
                return ()
            if stamp != self._seen:
                self._found, self._seen = _read(self._path), stamp
        except OSError as error:
            raise EdgeError(f"The verdicts in {self._path} cannot be read: {error.strerror}.") from error
        return tuple(self._found)

    def _stamp(self) -> tuple[int, int, int] | None:
        """Tells whether the file has changed; None where there is none."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _let_go(self) -> None:
        """Leave the oldest out."""
        kept = self._path.read_bytes().splitlines()[-MOST_VERDICTS:]
        write_whole(self._path, b"".join(line + b"\n" for line in kept))
        self._seen = None


def _read(path: Path) -> list[VerdictCommand]:
    found: list[VerdictCommand] = []
    for line in path.read_bytes().splitlines():
        with suppress(ValidationError):
            found.append(VerdictCommand.model_validate_json(line))
    return found
