"""What the dispatcher may ask of a gateway."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from lookout_contract.commands import (
    Command,
    CommandResponse,
    Outcome,
    ReloadCommand,
    ReplayCommand,
    Resident,
    ResidentsCommand,
    SnapshotCommand,
    VerdictCommand,
)
from lookout_contract.events import EvidenceRef
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.ports import Clock

Result = dict[str, str | int | float | bool]
_Answer = tuple[Outcome, str | None, Result]


class ResidentBook(Protocol):
    """The list of known plates, on disk and in use."""

    def replace(self, residents: Sequence[Resident]) -> None:
        """Take over another list, at once and for good."""
        ...


class VerdictBook(Protocol):
    """Where verdicts are kept."""

    def add(self, command: VerdictCommand) -> None:
        """Store one."""
        ...


class CommandDesk:
    """Carries out commands. Called from one thread; every EdgeError becomes an answer."""

    def __init__(
        self,
        *,
        clock: Clock,
        residents: ResidentBook,
        verdicts: VerdictBook,
        requeue: Callable[[str, int, int], int],
        snapshot: Callable[[str], EvidenceRef],
        reload: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._residents = residents
        self._verdicts = verdicts
        self._requeue = requeue
        self._snapshot = snapshot
        self._reload = reload

    def handle(self, command: Command) -> CommandResponse:
        """Do what is asked and say how it went."""
        try:
            outcome, detail, result = self._carry_out(command)
        except ConfigError as error:
            outcome, detail, result = Outcome.REFUSED, str(error), {}
        except EdgeError as error:
            outcome, detail, result = Outcome.FAILED, str(error), {}
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        return CommandResponse(id=command.id, name=command.name, outcome=outcome, at=at, detail=detail, result=result)

    def _carry_out(self, command: Command) -> _Answer:
        match command:
            case ReloadCommand():
                return Outcome.DONE, self._reload(), {}
            case ReplayCommand():
                return self._replay(command)
            case ResidentsCommand():
                self._residents.replace(command.residents)
                return Outcome.DONE, None, {"residents": len(command.residents)}
            case SnapshotCommand():
                ref = self._snapshot(command.camera)
                return Outcome.DONE, None, {"sha256": ref.sha256, "bytes": ref.bytes, "mime": ref.mime}
            case VerdictCommand():
                self._verdicts.add(command)
                return Outcome.DONE, None, {}

    def _replay(self, command: ReplayCommand) -> _Answer:
        if command.last < command.first:
            return Outcome.REFUSED, "'last' must not be smaller than 'first'.", {}
        found = self._requeue(command.epoch, command.first, command.last)
        asked = command.last - command.first + 1
        detail = None if found == asked else f"{asked - found} of {asked} events are no longer in the spool."
        return Outcome.DONE, detail, {"sent": found}
