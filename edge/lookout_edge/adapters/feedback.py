"""Verdicts and proposals on disk: the gateway writes them, operators decide, the pipelines obey."""

import threading
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from lookout_contract.commands import Verdict, VerdictCommand
from lookout_contract.events import Scenario
from lookout_contract.status import ProposalReport
from lookout_edge.adapters.atomic_file import alone, put_aside, write_whole
from lookout_edge.adapters.declined import DeclinedFile
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.domain.feedback import Decision, Proposal, propose, tried_again
from lookout_edge.domain.memory import KEEP_S, Note
from lookout_edge.domain.suppression import Suppression
from lookout_edge.errors import ConfigError, SpoolError

_log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
_PROPOSALS: TypeAdapter[list[Proposal]] = TypeAdapter(list[Proposal])
#: Proposals that are kept; where there are more, those that were declined or ran out longest ago go first. Of those
#: that were declined the questions stay.
MOST_PROPOSALS = 500


class ProposalFile:
    """Proposals in one JSON file, which other processes (the command line) may change. Safe from any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._declined = DeclinedFile(path.with_name("declined.json"))
        #: For whoever changes the file, and for what was read of it: each look of each camera asks for that, and must
        #: not wait until a week of alarms was looked through.
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._unreadable = False
        self._proposals: list[Proposal] = []

    def all(self) -> Sequence[Proposal]:
        """Every proposal, oldest first; none from a file that cannot be read, with a log line."""
        try:
            try:
                return tuple(self._read())
            except ValidationError:
                with self._turn, alone(self._path):
                    return tuple(self._fresh())
        except OSError as error:
            if not self._unreadable:
                _log.warning("the proposals cannot be read, so nothing is left out", why=error.strerror)
            self._unreadable = True
            return ()

    def suppressions(self, camera: str, at: float) -> Sequence[Suppression]:
        """What operators have agreed to leave out at a camera at frame time ``at``."""
        return [
            proposal.as_suppression(proposal.decided_at, proposal.until)
            for proposal in self.all()
            if proposal.camera == camera
            and proposal.decided_at is not None
            and proposal.until is not None
            and at < proposal.until
        ]

    def report(self, at: float) -> dict[str, ProposalReport]:
        """Id → those that wait for a word and those in force at ``at``; about care only the box itself tells."""
        return {
            proposal.id: ProposalReport(
                camera=proposal.camera,
                scenario=proposal.scenario,
                group=proposal.group,
                box=proposal.box,
                least_score=proposal.least_score,
                spared=proposal.spared,
                missed=proposal.missed,
                unjudged=proposal.unjudged,
                tried_at=_utc(proposal.tried_at),
                tried_on=proposal.tried_on,
                decision=proposal.decision.value,
                decided_by=proposal.decided_by,
                until=_utc(proposal.until),
            )
            for proposal in self.all()
            if proposal.scenario is not Scenario.CARE
            if proposal.decision is Decision.OPEN or (proposal.until is not None and at < proposal.until)
        }

    def add(self, found: Sequence[Proposal], again: Callable[[Proposal], Proposal] | None = None) -> list[Proposal]:
        """Keep those that are new; returns them.

        What waits for a word is brought up to date, by ``again`` where nothing found asks the same; what was declined
        stays so: one more false alarm asks nothing new. What has run out gives way to the same question. SpoolError
        when the disk refuses.
        """
        with self._alone():
            held = [again(each) if again and each.decision is Decision.OPEN else each for each in self._fresh()]
            new: list[Proposal] = []
            declined = cache(self._declined.all)
            for proposal in found:
                same = [index for index, known in enumerate(held) if proposal.repeats(known)]
                if not same and not any(proposal.question.repeats(question) for question in declined()):
                    # The same alarms give the same name, and a name is what an operator decides by.
                    held = [each for each in held if each.id != proposal.id]
                    held.append(proposal)
                    new.append(proposal)
                for index in same:
                    known = held[index]
                    if known.decision is Decision.OPEN:
                        held[index] = proposal.model_copy(update={"id": known.id, "made_at": known.made_at})
            if held != self._proposals:
                self._write(self._bounded(held, max((each.made_at for each in new), default=0.0)))
            return new

    def decide(
        self, name: str, decision: Decision, by: str, at: float, again: Callable[[Proposal], Proposal] | None = None
    ) -> Proposal:
        """Accept or decline; ConfigError for an unknown one, SpoolError when the disk refuses.

        What is accepted is tried ``again`` first: ConfigError when it would miss more real alarms than whoever decides
        could know. Where something that it would leave out is no longer remembered, the earlier figures stay.
        """
        with self._alone():
            held = self._fresh()
            known = {proposal.id: proposal for proposal in held}
            if name not in known:
                raise ConfigError(f"There is no proposal {name!r}; there are: {', '.join(known) or 'none'}.")
            before = known[name]
            fresh = again(before) if again and decision is Decision.ACCEPTED else before
            after = (fresh if before.was_left_out <= fresh.was_left_out else before).decided(decision, by, at)
            is_graver = fresh.missed > before.missed
            self._write([(fresh if is_graver else after) if each.id == name else each for each in held])
        if is_graver:
            raise ConfigError(
                f"Tried again just now, proposal {name!r} would have missed {fresh.missed} real alarms instead of"
                f" {before.missed}. It is not accepted: look at it anew, and accept it again if you mean it."
            )
        return after

    @contextmanager
    def _alone(self) -> Generator[None]:
        """For reading, changing and writing: no other thread and no other process does so meanwhile."""
        try:
            with self._turn, alone(self._path):
                yield
        except OSError as error:
            told = f"{self._path} cannot be changed: {error.strerror}; see that this user may write there and the disk"
            raise SpoolError(f"{told} has room.") from error

    def _bounded(self, held: list[Proposal], now: float) -> list[Proposal]:
        """As many as are kept, in their order: first what is in force, then what waits for a word."""

        def worth(proposal: Proposal) -> tuple[bool, bool, float]:
            until = proposal.until or 0.0
            return now < until, proposal.decision is Decision.OPEN, until or proposal.decided_at or proposal.made_at

        by_worth = sorted(held, key=worth, reverse=True)
        given_up = by_worth[MOST_PROPOSALS:]
        # First of all: after a power cut in between both files have it, and not neither.
        self._declined.add(each.question for each in reversed(given_up) if each.decision is Decision.DECLINED)
        gone = {each.id for each in given_up}
        return [each for each in held if each.id not in gone]

    def _fresh(self) -> list[Proposal]:
        """What the file holds now, for who is alone with it. A broken one is put aside: what was decided in it can
        still be looked up, and the next proposal does not write over it."""
        try:
            return self._read()
        except ValidationError as error:
            with self._lock:
                self._proposals, self._seen = [], None
            aside = put_aside(self._path)
            _log.error(
                "the proposals are broken and put aside: nothing is left out, and what was declined may be asked again",
                kept_as=str(aside),
                why=str(error).splitlines()[0],
            )
            return []

    def _read(self) -> list[Proposal]:
        """What the file holds now; OSError when it cannot be read, ValidationError when it is broken."""
        with self._lock:
            try:
                stat = self._path.stat()
                stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if stamp != self._seen:
                    self._proposals = _PROPOSALS.validate_json(self._path.read_bytes())
                    self._seen = stamp
            except FileNotFoundError:
                self._proposals, self._seen = [], None
            self._unreadable = False
            return self._proposals

    def _write(self, proposals: list[Proposal]) -> None:
        write_whole(self._path, _PROPOSALS.dump_json(proposals, exclude_none=True, indent=1))
        with self._lock:
            self._seen = None


class FeedbackDesk:
    """A ``VerdictBook`` that keeps each verdict and looks whether it completes a proposal, and the ``ProposalBook``."""

    def __init__(self, verdicts: VerdictFile, memory: Memory, proposals: ProposalFile) -> None:
        self._verdicts, self._memory, self._proposals = verdicts, memory, proposals

    def add(self, command: VerdictCommand) -> None:
        """See ``VerdictBook``. New proposals are kept and logged."""
        self._verdicts.add(command)
        now = command.issued_at.timestamp()
        notes, known = self._known(now)
        again = partial(tried_again, at=now, notes=notes, verdicts=known)
        for proposal in self._proposals.add(propose(now, notes, known), again):
            _log.info(
                "proposal: leave out what was a false alarm again and again; see `lookout-edge proposals`",
                proposal=proposal.id,
                camera=proposal.camera,
                scenario=proposal.scenario.value,
                spared=proposal.spared,
                missed=proposal.missed,
            )

    def decide(self, name: str, decision: Decision, by: str, at: float) -> Proposal:
        """See ``ProposalFile.decide``; what is accepted is tried again on what is remembered now."""

        def again(proposal: Proposal) -> Proposal:
            notes, known = self._known(at)
            return tried_again(proposal, at, notes, known)

        return self._proposals.decide(name, decision, by, at, again)

    def _known(self, now: float) -> tuple[Sequence[Note], dict[str, Verdict]]:
        """The alarms of the week before, and what people made of them."""
        notes = self._memory.starts(now - KEEP_S, now + KEEP_S)
        known = {verdict.occurrence: verdict.verdict for verdict in self._verdicts.all()}
        return notes, {name: verdict for name, verdict in known.items() if verdict is not Verdict.WITHDRAWN}


def _utc(at: float | None) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(at, UTC)
