"""What people made of alarms, as a file that training reads later."""

from contextlib import suppress
from io import SEEK_END
from pathlib import Path

from pydantic import ValidationError

from lookout_contract.commands import VerdictCommand
from lookout_edge.errors import EdgeError


class VerdictFile:
    """Appends verdicts to a JSON-lines file. Called from one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, command: VerdictCommand) -> None:
        """Store one verdict; EdgeError when the disk refuses."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                # Of a line that a power cut tore apart the next one must not become a part.
                end = file.seek(0, SEEK_END)
                file.seek(max(0, end - 1))
                torn = file.read(1) not in {b"", b"\n"}
                file.write(b"\n" * torn + command.to_json() + b"\n")
        except OSError as error:
            raise EdgeError(f"The verdict could not be written to {self._path}: {error.strerror}.") from error

    def all(self) -> list[VerdictCommand]:
        """Every verdict so far, oldest first; lines that cannot be read are left out."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise EdgeError(f"The verdicts in {self._path} cannot be read: {error.strerror}.") from error
        found: list[VerdictCommand] = []
        for line in lines:
            with suppress(ValidationError):
                found.append(VerdictCommand.model_validate_json(line))
        return found
