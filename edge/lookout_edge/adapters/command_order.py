"""When the newest command about a thing was issued: an older one that comes after it must not undo it."""

from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_contract.base import UtcTime
from lookout_contract.commands import Command, ProposalCommand, ResidentsCommand, VerdictCommand
from lookout_edge.adapters.atomic_file import write_whole

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)

#: Alarms and proposals that are remembered, the newest; the list of vehicles always is.
_REMEMBERED = 256
#: A command that claims to be from further ahead than this had a wrong clock, its sender's or ours: it overtakes none.
_AHEAD = timedelta(minutes=10)
_VEHICLES = "residents"
_KEPT: TypeAdapter[dict[str, UtcTime]] = TypeAdapter(dict[str, UtcTime])


class CommandOrder:
    """Of commands of which the last one counts, what the newest was. Without a ``path`` it ends with the process.

    Brokers and relays keep the order of what they get, but a dispatcher that was cut off sends what it had in hand when
    it is back, and others have spoken meanwhile. A file that cannot be read or written costs the guard alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._newest = OrderedDict(self._load())

    def overtaken(self, command: Command, now: datetime) -> datetime | None:
        """When the newer command about the same was issued, if one has come before; else this one is the newest."""
        about = _subject(command)
        if about is None:
            return None
        newest = self._newest.get(about)
        if newest is not None and command.issued_at < newest <= now + _AHEAD:
            return newest
        self._note(about, command.issued_at)
        return None

    def _note(self, about: str, issued_at: datetime) -> None:
        self._newest[about] = issued_at
        self._newest.move_to_end(about)
        while len(self._newest) > _REMEMBERED:
            self._newest.pop(next(each for each in self._newest if each != _VEHICLES))
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, _KEPT.dump_json(dict(self._newest)))
        except OSError as error:
            _log.warning("the order of commands cannot be kept on disk", path=str(self._path), why=error.strerror)

    def _load(self) -> dict[str, datetime]:
        if self._path is None:
            return {}
        try:
            return dict(_KEPT.validate_json(self._path.read_bytes()))
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as error:
            why = str(error).split("\n")[0]
            _log.warning("the order of earlier commands cannot be read", path=str(self._path), why=why)
            return {}


def _subject(command: Command) -> str | None:
    """What the last command decides; None where each is carried out for itself, or says what it has seen."""
    match command:
        case ResidentsCommand():
            return _VEHICLES
        case VerdictCommand():
            return f"verdict {command.occurrence}"
        case ProposalCommand():
            return f"proposal {command.proposal}"
        case _:
            return None
