"""Commands before and after they are carried out."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lookout_contract.commands import (
    Command,
    CommandResponse,
    Outcome,
    ReloadCommand,
    ResidentsCommand,
    RolloutCommand,
    SnapshotCommand,
    Verdict,
    VerdictCommand,
)
from lookout_edge.adapters.command_desk import CommandDesk
from lookout_edge.adapters.command_memory import CommandMemory
from lookout_edge.adapters.command_order import CommandOrder
from lookout_edge.errors import EdgeError

NOW = datetime(2026, 5, 4, 6, 0, tzinfo=UTC)


class Office:
    """A desk with a handler that notes what it did, and the answers given."""

    def __init__(self, memory: CommandMemory | None = None, order: CommandOrder | None = None) -> None:
        self.done: list[Command] = []
        self.answers: list[CommandResponse] = []
        self.changed = threading.Condition()
        self.failure: EdgeError | None = None
        self.desk = CommandDesk(self.carry_out, memory, order)

    def carry_out(self, command: Command) -> CommandResponse:
        self.done.append(command)
        if self.failure is not None:
            raise self.failure
        return CommandResponse(id=command.id, name=command.name, outcome=Outcome.DONE, at=NOW)

    def reply(self, response: CommandResponse) -> None:
        with self.changed:
            self.answers.append(response)
            self.changed.notify_all()

    def send(self, name: str, payload: bytes, *, answers: int = 1) -> CommandResponse:
        self.desk.receive(name, payload, now=NOW, reply=self.reply)
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.answers) >= answers, timeout=10)
        return self.answers[-1]


def reload(command_id: str = "c1", expires_at: datetime | None = None) -> bytes:
    return ReloadCommand(id=command_id, issued_at=NOW, expires_at=expires_at).to_json()


def test_a_command_is_carried_out_and_answered() -> None:
    office = Office()
    assert office.send("reload", reload()).outcome is Outcome.DONE
    assert [command.id for command in office.done] == ["c1"]


def test_a_repeated_command_is_answered_but_not_carried_out_again() -> None:
    office = Office()
    first = office.send("reload", reload())
    assert office.send("reload", reload(), answers=2) == first
    assert len(office.done) == 1


def test_a_command_is_not_carried_out_again_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "data" / "commands.json"
    first = Office(CommandMemory(file)).send("reload", reload())
    again = Office(CommandMemory(file))
    assert again.send("reload", reload()) == first
    assert again.done == []


def test_a_command_that_a_restart_interrupted_is_answered_as_failed_for_good(tmp_path: Path) -> None:
    file = tmp_path / "commands.json"
    CommandMemory(file).note("c1", None)
    for _ in range(2):
        office = Office(CommandMemory(file))
        answer = office.send("reload", reload())
        assert (answer.outcome, office.done) == (Outcome.FAILED, [])
        assert "restarted meanwhile" in (answer.detail or "")


def test_a_memory_that_is_broken_counts_as_empty(tmp_path: Path) -> None:
    file = tmp_path / "commands.json"
    file.write_text("[nonsense", encoding="utf-8")
    assert Office(CommandMemory(file)).send("reload", reload()).outcome is Outcome.DONE


def test_a_rollout_does_not_hold_up_other_commands() -> None:
    go_on = threading.Event()

    def carry_out(command: Command) -> CommandResponse:
        if command.name == "rollout":
            go_on.wait(10)
        return CommandResponse(id=command.id, name=command.name, outcome=Outcome.DONE, at=NOW)

    office = Office()
    office.desk = CommandDesk(carry_out)
    rollout = RolloutCommand(id="r1", issued_at=NOW, model="other", package="a" * 64, bytes=1)
    office.desk.receive("rollout", rollout.to_json(), now=NOW, reply=office.reply)
    assert office.send("reload", reload()).id == "c1"
    go_on.set()
    with office.changed:
        assert office.changed.wait_for(lambda: len(office.answers) == 2, timeout=10)


class Slow:
    """A desk whose first ``reload`` hangs until it is let go."""

    def __init__(self, turn_s: float) -> None:
        self.office = Office()
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.office.desk = CommandDesk(self.carry_out, turn_s=turn_s)
        self.receive("reload", reload("hangs"))
        assert self.begun.wait(10)

    def carry_out(self, command: Command) -> CommandResponse:
        if command.id == "hangs":
            self.begun.set()
            self.go_on.wait(10)
        return self.office.carry_out(command)

    def receive(self, name: str, payload: bytes) -> None:
        self.office.desk.receive(name, payload, now=NOW, reply=self.office.reply)

    def answers(self, count: int) -> dict[str, CommandResponse]:
        with self.office.changed:
            assert self.office.changed.wait_for(lambda: len(self.office.answers) >= count, timeout=10)
            return {answer.id: answer for answer in self.office.answers}


def test_one_that_hangs_holds_up_no_other_kind_of_command() -> None:
    slow = Slow(turn_s=10)
    slow.receive("snapshot", SnapshotCommand(id="s1", issued_at=NOW, camera="gate").to_json())
    assert slow.answers(1)["s1"].outcome is Outcome.DONE
    slow.go_on.set()
    assert slow.answers(2)["hangs"].outcome is Outcome.DONE


def test_those_of_its_own_kind_are_told_of_it() -> None:
    slow = Slow(turn_s=0.1)
    slow.receive("reload", reload("waits"))
    answer = slow.answers(1)["waits"]
    assert answer.outcome is Outcome.FAILED
    assert "the reload command before it (hangs) hangs" in (answer.detail or "")
    slow.go_on.set()
    slow.answers(2)
    assert [command.id for command in slow.office.done] == ["hangs"]


def test_commands_of_one_kind_keep_their_order_and_one_that_expires_meanwhile_is_not_carried_out() -> None:
    slow = Slow(turn_s=10)
    names = [f"c{number}" for number in range(8)]
    for name in names:
        slow.receive("reload", reload(name))
    slow.receive("reload", reload("late", expires_at=NOW + timedelta(seconds=0.1)))
    time.sleep(0.15)
    slow.go_on.set()
    assert slow.answers(10)["late"].outcome is Outcome.EXPIRED
    assert [command.id for command in slow.office.done] == ["hangs", *names]


def test_a_late_command_is_expired() -> None:
    office = Office()
    answer = office.send("reload", reload(expires_at=NOW - timedelta(seconds=1)))
    assert answer.outcome is Outcome.EXPIRED
    assert office.done == []


def test_a_command_in_time_is_not() -> None:
    assert Office().send("reload", reload(expires_at=NOW + timedelta(seconds=1))).outcome is Outcome.DONE


@pytest.mark.parametrize(
    ("payload", "command_id", "why"),
    [
        (b"not json", "unknown", "not a command"),
        (b'{"name": "reload"}', "unknown", "id"),
        (b'{"name": "reload", "id": "c7", "issued_at": "yesterday"}', "c7", "issued_at"),
        (b"[]", "unknown", "not a command"),
        (b'{"name": "reload", "id": 7, "issued_at": "2026-05-04T06:00:00Z"}', "unknown", "id"),
    ],
)
def test_a_malformed_command_is_refused_with_the_reason(payload: bytes, command_id: str, why: str) -> None:
    answer = Office().send("reload", payload)
    assert (answer.outcome, answer.id, answer.name) == (Outcome.REFUSED, command_id, "reload")
    assert why in (answer.detail or "")


def test_an_unknown_command_is_unsupported() -> None:
    answer = Office().send("dance", b'{"name": "dance", "id": "c9", "issued_at": "2026-05-04T06:00:00Z"}')
    assert (answer.outcome, answer.id) == (Outcome.UNSUPPORTED, "c9")


def test_topic_and_message_must_agree() -> None:
    office = Office()
    payload = SnapshotCommand(id="c1", issued_at=NOW, camera="gate").to_json()
    assert office.send("reload", payload).outcome is Outcome.REFUSED
    assert office.done == []


def test_a_handlers_error_is_the_answer() -> None:
    office = Office()
    office.failure = EdgeError("there is no camera 'gate'")
    answer = office.send("reload", reload())
    assert (answer.outcome, answer.detail) == (Outcome.FAILED, "there is no camera 'gate'")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_even_a_bug_is_answered() -> None:
    def stumble(command: Command) -> CommandResponse:
        raise ZeroDivisionError

    office = Office()
    office.desk = CommandDesk(stumble)
    assert office.send("reload", reload()).outcome is Outcome.FAILED
    # Its thread ends after the answer; what it raised must not be laid at the next test's door.
    for thread in threading.enumerate():
        if thread.name == "command-reload":
            thread.join(5)


def test_old_ids_are_forgotten_in_the_end() -> None:
    office = Office()
    for number in range(300):
        office.send("reload", reload(f"c{number}"), answers=number + 1)
    office.send("reload", reload("c0"), answers=301)
    assert len(office.done) == 301


def vehicles(command_id: str, minutes: float) -> bytes:
    """A list of vehicles that was issued so many minutes after ``NOW``."""
    return ResidentsCommand(id=command_id, issued_at=NOW + timedelta(minutes=minutes), residents=()).to_json()


def verdict(command_id: str, minutes: float, occurrence: str = "o-1") -> bytes:
    """What somebody made of an alarm so many minutes after ``NOW``."""
    at = NOW + timedelta(minutes=minutes)
    return VerdictCommand(id=command_id, issued_at=at, occurrence=occurrence, verdict=Verdict.FALSE).to_json()


def test_an_older_list_of_vehicles_undoes_no_newer_one_even_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    assert Office(order=CommandOrder(file)).send("residents", vehicles("new", -1)).outcome is Outcome.DONE
    again = Office(order=CommandOrder(file))
    late = again.send("residents", vehicles("old", -2))
    assert (late.outcome, again.done) == (Outcome.REFUSED, [])
    assert "a newer residents command, of 2026-05-04T05:59:00.000Z, came before it" in str(late.detail)
    assert again.send("residents", vehicles("newest", 0), answers=2).outcome is Outcome.DONE


def test_verdicts_overtake_each_other_an_alarm_alone() -> None:
    office = Office()
    office.send("verdict", verdict("v-new", -1))
    assert office.send("verdict", verdict("v-old", -2), answers=2).outcome is Outcome.REFUSED
    assert office.send("verdict", verdict("v-other", -3, "o-2"), answers=3).outcome is Outcome.DONE


def test_what_came_from_a_wrong_clock_shuts_nobody_out() -> None:
    office = Office()
    office.send("residents", vehicles("from-next-year", 500_000))
    assert office.send("residents", vehicles("of-today", 0), answers=2).outcome is Outcome.DONE


def test_the_list_is_remembered_whatever_else_is_judged() -> None:
    office = Office()
    office.send("residents", vehicles("new", -1))
    for number in range(300):
        office.send("verdict", verdict(f"v-{number}", 0, f"o-{number}"), answers=number + 2)
    assert office.send("residents", vehicles("old", -2), answers=302).outcome is Outcome.REFUSED


def test_an_order_that_cannot_be_read_or_written_keeps_no_command_out(tmp_path: Path) -> None:
    file = tmp_path / "order.json"
    file.write_text("not json")
    assert Office(order=CommandOrder(file)).send("residents", vehicles("a", 0)).outcome is Outcome.DONE
    blocked = CommandOrder(tmp_path / "order.json" / "below-a-file")
    assert Office(order=blocked).send("residents", vehicles("b", 0)).outcome is Outcome.DONE
