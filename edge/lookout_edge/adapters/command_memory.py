"""Which commands were answered, and how: kept on disk, so that none is carried out twice over a restart."""

from collections import OrderedDict
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_contract.commands import CommandResponse
from lookout_edge.adapters.atomic_file import write_whole

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Answers kept, the newest.
_REMEMBERED = 256
_Kept = dict[str, CommandResponse | None]
_KEPT: TypeAdapter[_Kept] = TypeAdapter(_Kept)


class CommandMemory:
    """Command id → its answer, None while it is carried out. Without a ``path`` it is forgotten with the process.

    Used by one thread at a time. A file that cannot be read counts as empty; one that cannot be written is a log line,
    since a full disk must not keep a gateway from answering.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._answers: OrderedDict[str, CommandResponse | None] = OrderedDict(self._load())
        #: Commands that a process before this one began and did not end.
        self.interrupted = frozenset(name for name, answer in self._answers.items() if answer is None)

    def __contains__(self, command_id: str) -> bool:
        return command_id in self._answers

    def answer(self, command_id: str) -> CommandResponse | None:
        """The answer that was given; None while there is none."""
        return self._answers.get(command_id)

    def note(self, command_id: str, response: CommandResponse | None) -> None:
        """Remember that a command was begun (None) or how it was answered."""
        self._answers[command_id] = response
        while len(self._answers) > _REMEMBERED:
            self._answers.popitem(last=False)
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _KEPT.dump_json(dict(self._answers), exclude_none=False))
        except OSError as error:
            _log.warning("answers to commands cannot be kept on disk", path=str(self._path), why=error.strerror)

    def _load(self) -> _Kept:
        if self._path is None:
            return {}
        try:
            return _KEPT.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            _log.warning(
                "answers to earlier commands cannot be read", path=str(self._path), why=str(error).split("\n")[0]
            )
            return {}
