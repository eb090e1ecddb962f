from collections.abc import Callable
from datetime import UTC, datetime

import pytest

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
    SnapshotCommand,
    Verdict,
    VerdictCommand,
    ZonesCommand,
    ZonesReport,
)
from lookout_contract.events import EvidenceKind, EvidenceRef, Scenario
from lookout_edge.domain.feedback import Decision, Proposal
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.supervisor import CommandDesk
from lookout_edge.testing import FakeClock, FixedDirectory

NOW = datetime(2026, 5, 4, tzinfo=UTC)
REF = EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256="a" * 64, bytes=7, mime="image/jpeg")


class Verdicts:
    def __init__(self) -> None:
        self.kept: list[VerdictCommand] = []

    def add(self, command: VerdictCommand) -> None:
        self.kept.append(command)


class Proposals:
    """Knows one."""

    def __init__(self) -> None:
        self.held = Proposal(
            id="0123456789ab",
            camera="gate",
            scenario=Scenario.GARBAGE,
            zone=None,
            group="garbage",
            box=(0, 0, 1, 1),
            made_at=0,
            occurrences=("a",),
            spared=3,
            unjudged=0,
            missed=0,
        )

    def decide(self, name: str, decision: Decision, by: str, at: float) -> Proposal:
        if name != self.held.id:
            raise ConfigError(f"There is no proposal {name!r}; there are: {self.held.id}.")
        self.held = self.held.decided(decision, by, at)
        return self.held


class World:
    def __init__(self, reload: Callable[[], str] = lambda: "2 cameras", snapshot: EvidenceRef | None = REF) -> None:
        self.residents, self.verdicts, self.proposals = FixedDirectory(), Verdicts(), Proposals()
        self.asked: list[tuple[str, int, int]] = []
        self.shown: list[str] = []
        self._snapshot = snapshot
        self.desk = CommandDesk(
            clock=FakeClock(),
            residents=self.residents,
            verdicts=self.verdicts,
            proposals=self.proposals,
            requeue=self._requeue,
            snapshot=self._take,
            test_alarm=lambda camera, scenario, name: f"{camera}-{scenario.value}-{name}",
            self_test=lambda camera, scenario: f"{camera}-clip",
            rollout=lambda command: f"{command.model} runs",
            live=self._look,
            zones=self._draw,
            reload=reload,
        )

    def _requeue(self, epoch: str, first: int, last: int) -> Gone | None:
        """Only 3, 4 and 5 are here."""
        self.asked.append((epoch, first, last))
        return Gone(epoch=epoch, ranges=((6, last),), why="not in the spool any more") if last > 5 else None

    def _draw(self, command: ZonesCommand) -> ZonesReport:
        if command.zones is not None and "corridor" not in command.zones:
            raise ConfigError("there is no zone 'corridor' at this camera")
        return ZonesReport(camera=command.camera, version="v1", zones=command.zones or {})

    def _look(self, command: LiveCommand) -> None:
        if command.camera != "gate":
            raise EdgeError(f"Camera {command.camera} gives no stream now: see why it is blind.")
        self.shown.append(command.session)

    def _take(self, camera: str) -> EvidenceRef:
        if self._snapshot is None:
            raise EdgeError(f"Camera {camera} has no picture to give now (stalled).")
        return self._snapshot


def test_residents_are_taken_over() -> None:
    world = World()
    residents = (Resident(plate="皖A12345"),)
    response = world.desk.handle(ResidentsCommand(id="1", issued_at=NOW, residents=residents))
    assert (response.outcome, response.result) == (Outcome.DONE, {"residents": 1})
    assert world.residents.residents(0.0) == residents


def test_a_snapshot_answers_with_its_hash() -> None:
    response = World().desk.handle(SnapshotCommand(id="1", issued_at=NOW, camera="gate"))
    assert response.result == {"sha256": "a" * 64, "bytes": 7, "mime": "image/jpeg"}
    assert (response.id, response.name) == ("1", "snapshot")


def test_a_blind_camera_fails_the_snapshot_with_a_sentence() -> None:
    response = World(snapshot=None).desk.handle(SnapshotCommand(id="1", issued_at=NOW, camera="gate"))
    assert (response.outcome, response.detail) == (Outcome.FAILED, "Camera gate has no picture to give now (stalled).")


@pytest.mark.parametrize(("last", "detail"), [(5, None), (7, "2 of 5 events are no longer in the spool.")])
def test_replay_says_how_much_of_the_range_is_left(last: int, detail: str | None) -> None:
    world = World()
    response = world.desk.handle(ReplayCommand(id="1", issued_at=NOW, epoch="e1", first=3, last=last))
    assert world.asked == [("e1", 3, last)]
    assert (response.outcome, response.detail, response.result) == (Outcome.DONE, detail, {"sent": 3})


def test_a_range_the_wrong_way_round_is_refused() -> None:
    response = World().desk.handle(ReplayCommand(id="1", issued_at=NOW, epoch="e1", first=3, last=2))
    assert response.outcome is Outcome.REFUSED


def test_a_verdict_is_kept() -> None:
    world = World()
    command: Command = VerdictCommand(id="1", issued_at=NOW, occurrence="o1", verdict=Verdict.FALSE, why="a shadow")
    assert world.desk.handle(command).outcome is Outcome.DONE
    assert world.verdicts.kept == [command]


def test_reload_says_what_runs_now_and_a_bad_file_is_refused() -> None:
    command = ReloadCommand(id="1", issued_at=NOW)
    assert World().desk.handle(command).detail == "2 cameras"

    def broken() -> str:
        raise ConfigError("g.yaml:3: site: is missing: add it")

    response = World(reload=broken).desk.handle(command)
    assert (response.outcome, response.detail) == (Outcome.REFUSED, "g.yaml:3: site: is missing: add it")


def test_a_proposal_is_decided_from_afar() -> None:
    world = World()

    def decide(proposal: str, accept: bool) -> CommandResponse:
        command = ProposalCommand(id="p", issued_at=NOW, by="wang", proposal=proposal, accept=accept)
        return world.desk.handle(command)

    unknown = decide("ba9876543210", True)
    assert (unknown.outcome, "There is no proposal" in (unknown.detail or "")) == (Outcome.REFUSED, True)
    done = decide(world.proposals.held.id, True)
    held = world.proposals.held
    assert (done.outcome, held.decision, held.decided_by) == (Outcome.DONE, Decision.ACCEPTED, "wang")
    assert done.result == {"until": held.until}
    declined = decide(held.id, False)
    assert (declined.result, world.proposals.held.decision) == ({}, Decision.DECLINED)


def test_a_live_view_begins_or_says_why_not() -> None:
    world = World()
    wanted = LiveCommand(id="1", issued_at=NOW, camera="gate", session="a" * 32, seconds=60)
    assert world.desk.handle(wanted).outcome is Outcome.DONE
    assert world.shown == ["a" * 32]
    refused = world.desk.handle(wanted.model_copy(update={"camera": "lift"}))
    assert refused.outcome is Outcome.FAILED
    assert refused.detail == "Camera lift gives no stream now: see why it is blind."


def test_zones_are_told_drawn_or_refused_with_what_is_wrong() -> None:
    world = World()
    polygon = ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9))
    asked = ZonesCommand(id="1", issued_at=NOW, camera="gate")
    assert world.desk.handle(asked).zones == ZonesReport(camera="gate", version="v1", zones={})
    drawn = world.desk.handle(asked.model_copy(update={"zones": {"corridor": polygon}}))
    assert drawn.zones is not None
    assert drawn.zones.zones == {"corridor": polygon}
    refused = world.desk.handle(asked.model_copy(update={"zones": {"lane": polygon}}))
    assert (refused.outcome, refused.zones) == (Outcome.REFUSED, None)
    assert refused.detail == "there is no zone 'corridor' at this camera"
