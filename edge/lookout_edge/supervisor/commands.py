"""What the dispatcher may ask of a gateway."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from lookout_contract.commands import (
    Command,
    CommandResponse,
    Gone,
    LiveCommand,
    Outcome,
    ProposalCommand,
    ReloadCommand,
    ReplayCommand,
    Resident,
    ResidentsCommand,
    RolloutCommand,
    SelfTestCommand,
    SnapshotCommand,
    TestAlarmCommand,
    VerdictCommand,
    ZonesCommand,
    ZonesReport,
)
from lookout_contract.events import EvidenceRef, Scenario
from lookout_edge.domain.feedback import Decision, Proposal
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.ports import Clock

Result = dict[str, str | int | float | bool]


class _Answer(NamedTuple):
    outcome: Outcome
    detail: str | None = None
    result: Result = {}
    gone: Gone | None = None
    zones: ZonesReport | None = None


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


class ProposalBook(Protocol):
    """What the gateway proposes, and what became of it."""

    def decide(self, name: str, decision: Decision, by: str, at: float) -> Proposal:
        """Accept or decline; ConfigError for one that there is not."""
        ...


class CommandDesk:
    """Carries out commands. Called from one thread; every EdgeError becomes an answer."""

    def __init__(
        self,
        *,
        clock: Clock,
        residents: ResidentBook,
        verdicts: VerdictBook,
        proposals: ProposalBook,
        requeue: Callable[[str, int, int], Gone | None],
        snapshot: Callable[[str], EvidenceRef],
        test_alarm: Callable[[str, Scenario, str], str],
        self_test: Callable[[str, Scenario | None], str],
        rollout: Callable[[RolloutCommand], str],
        live: Callable[[LiveCommand], None],
        zones: Callable[[ZonesCommand], ZonesReport],
        reload: Callable[[], str],
    ) -> None:
        self._clock = clock
        self._residents = residents
        self._verdicts = verdicts
        self._proposals = proposals
        self._requeue = requeue
        self._snapshot = snapshot
        self._test_alarm = test_alarm
        self._self_test = self_test
        self._rollout = rollout
        self._live = live
        self._zones = zones
        self._reload = reload

    def handle(self, command: Command) -> CommandResponse:
        """Do what is asked and say how it went."""
        try:
            answer = self._carry_out(command)
        except ConfigError as error:
            answer = _Answer(Outcome.REFUSED, str(error))
        except EdgeError as error:
            answer = _Answer(Outcome.FAILED, str(error))
        return CommandResponse(
            id=command.id,
            name=command.name,
            outcome=answer.outcome,
            at=datetime.fromtimestamp(self._clock.now(), UTC),
            detail=answer.detail,
            result=answer.result,
            gone=answer.gone,
            zones=answer.zones,
        )

    def _carry_out(self, command: Command) -> _Answer:
        match command:
            case LiveCommand():
                self._live(command)
                return _Answer(Outcome.DONE)
            case ReloadCommand():
                return _Answer(Outcome.DONE, self._reload())
            case ReplayCommand():
                return self._replay(command)
            case ResidentsCommand():
                self._residents.replace(command.residents)
                return _Answer(Outcome.DONE, None, {"residents": len(command.residents)})
            case SnapshotCommand():
                ref = self._snapshot(command.camera)
                return _Answer(Outcome.DONE, None, {"sha256": ref.sha256, "bytes": ref.bytes, "mime": ref.mime})
            case VerdictCommand():
                self._verdicts.add(command)
                return _Answer(Outcome.DONE)
            case ProposalCommand():
                decision = Decision.ACCEPTED if command.accept else Decision.DECLINED
                decided = self._proposals.decide(command.proposal, decision, command.by, self._clock.now())
                return _Answer(Outcome.DONE, None, {"until": decided.until} if decided.until else {})
            case RolloutCommand():
                return _Answer(Outcome.DONE, self._rollout(command), {"model": command.model})
            case SelfTestCommand():
                clip = self._self_test(command.camera, command.scenario)
                return _Answer(Outcome.DONE, "It has begun; its result comes as a trial of the camera.", {"clip": clip})
            case TestAlarmCommand():
                occurrence = self._test_alarm(command.camera, command.scenario, command.id)
                return _Answer(Outcome.DONE, None, {"occurrence": occurrence})
            case ZonesCommand():
                return _Answer(Outcome.DONE, zones=self._zones(command))

    def _replay(self, command: ReplayCommand) -> _Answer:
        if command.last < command.first:
            return _Answer(Outcome.REFUSED, "'last' must not be smaller than 'first'.")
        gone = self._requeue(command.epoch, command.first, command.last)
        asked = command.last - command.first + 1
        lost = sum(last - first + 1 for first, last in gone.ranges) if gone else 0
        detail = f"{lost} of {asked} events are no longer in the spool." if lost else None
        return _Answer(Outcome.DONE, detail, {"sent": asked - lost}, gone)
