from pathlib import Path

import pytest
from typer.testing import CliRunner

from lookout_contract.commands import Verdict
from lookout_edge.__main__ import app
from lookout_edge.adapters.feedback import FeedbackDesk, ProposalFile
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.bootstrap import PROPOSALS
from lookout_edge.domain.feedback import KEEP_S, Decision, propose
from lookout_edge.domain.geometry import Box
from lookout_edge.errors import ConfigError
from unit.edge.false_alarms import FALSE, JUDGED, PLACE, REAL, alarm, scattered, verdict


def test_the_status_tells_what_waits_and_what_is_in_force(tmp_path: Path) -> None:
    file = ProposalFile(tmp_path / "proposals.json")
    (proposal,) = propose(0.0, scattered(), JUDGED)
    file.add([proposal])
    assert file.report(0.0)[proposal.id].decision == "open"
    file.decide(proposal.id, Decision.ACCEPTED, "wang", 10.0)
    told = file.report(20.0)[proposal.id]
    assert (told.decision, told.decided_by, told.least_score) == ("accepted", "wang", proposal.least_score)
    assert file.report(20.0 + KEEP_S) == {}


def test_verdicts_become_a_proposal_and_only_an_accepted_one_is_obeyed(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ProposalFile(tmp_path / "proposals.json")
    desk = FeedbackDesk(VerdictFile(tmp_path / "verdicts.jsonl"), memory, file)
    for name in "abc":
        memory.add(alarm(name, at=500.0))
        assert file.all() == ()
        desk.add(verdict(name))
    (proposal,) = file.all()
    desk.add(verdict("c"))
    assert len(file.all()) == 1
    assert file.suppressions("stairs", 1000.0) == []
    ProposalFile(tmp_path / "proposals.json").decide(proposal.id, Decision.ACCEPTED, "wang", 1000.0)
    (left_out,) = file.suppressions("stairs", 2000.0)
    assert left_out.covers(2000.0, "two_wheeler", Box(*PLACE))
    assert not left_out.covers(2000.0, "two_wheeler", Box(0.1, 0.1, 0.9, 0.9)), "much larger is another thing"
    assert not left_out.covers(999.0, "two_wheeler", Box(*PLACE))
    assert file.suppressions("gate", 2000.0) == []
    assert file.suppressions("stairs", 2000.0 + KEEP_S) == []
    with pytest.raises(ConfigError, match="There is no proposal 'x'"):
        file.decide("x", Decision.ACCEPTED, "wang", 0.0)
    memory.close()


def test_what_was_taken_back_counts_as_not_judged(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ProposalFile(tmp_path / "proposals.json")
    desk = FeedbackDesk(VerdictFile(tmp_path / "verdicts.jsonl"), memory, file)
    for name in "abc":
        memory.add(alarm(name, at=500.0))
    for name, said in (("a", FALSE), ("b", FALSE), ("b", Verdict.WITHDRAWN), ("c", FALSE)):
        desk.add(verdict(name, said))
    assert file.all() == (), "two false alarms ask nothing"
    desk.add(verdict("b"))
    desk.add(verdict("a", Verdict.WITHDRAWN))
    (waiting,) = file.all()
    assert (waiting.spared, waiting.unjudged) == (2, 1)
    memory.close()


@pytest.mark.parametrize("nth", range(8))
def test_one_more_alarm_is_no_other_question(tmp_path: Path, nth: int) -> None:
    """Names of occurrences are random, so the next one may come first, last or between."""
    memory, file = Memory(tmp_path / "memory.db"), ProposalFile(tmp_path / "proposals.json")
    desk = FeedbackDesk(VerdictFile(tmp_path / "verdicts.jsonl"), memory, file)
    names = [f"{(nth + step) % 8}-{step}" for step in range(5)]
    for name in names[:4]:
        memory.add(alarm(name, at=500.0))
        desk.add(verdict(name))
    (waiting,) = file.all()
    assert (waiting.spared, waiting.missed) == (4, 0)
    memory.add(alarm("real", at=600.0))
    desk.add(verdict("real", REAL))
    (waiting,) = file.all()
    assert (waiting.spared, waiting.missed) == (4, 1), "what waits for a word says what is known now"
    file.decide(waiting.id, Decision.DECLINED, "wang", 1000.0)
    memory.add(alarm(names[4], at=700.0))
    desk.add(verdict(names[4]))
    (declined,) = file.all()
    assert declined.decision is Decision.DECLINED
    memory.close()


def test_what_is_asked_again_takes_the_place_of_what_has_run_out(tmp_path: Path) -> None:
    file, notes, verdicts = (
        ProposalFile(tmp_path / "proposals.json"),
        [alarm(name) for name in "abc"],
        dict.fromkeys("abc", FALSE),
    )
    (first,) = file.add(propose(0.0, notes, verdicts))
    until = file.decide(first.id, Decision.ACCEPTED, "wang", 1.0).until
    assert until is not None
    assert file.add(propose(until + 1, notes, verdicts)) == []
    file.add(propose(until + 2, [*notes, alarm("d", at=until + 1)], {**verdicts, "d": FALSE}))
    assert [(each.id, each.decision) for each in file.all()] == [(first.id, Decision.OPEN)]
    file.decide(first.id, Decision.ACCEPTED, "li", until + 3)
    assert len(file.suppressions("stairs", until + 4)) == 1


def test_what_waits_says_what_is_known_now_though_nothing_asks_it_any_more(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ProposalFile(tmp_path / "proposals.json")
    desk = FeedbackDesk(VerdictFile(tmp_path / "verdicts.jsonl"), memory, file)
    for name in "abc":
        memory.add(alarm(name, at=500.0))
        desk.add(verdict(name))
    desk.add(verdict("c", REAL).model_copy(update={"id": "v-again"}))
    memory.close()
    (waiting,) = file.all()
    assert (waiting.spared, waiting.missed) == (2, 1)


def test_what_is_accepted_is_tried_again_and_says_when_and_on_how_many(tmp_path: Path) -> None:
    memory, file = Memory(tmp_path / "memory.db"), ProposalFile(tmp_path / "proposals.json")
    verdicts = VerdictFile(tmp_path / "verdicts.jsonl")
    desk = FeedbackDesk(verdicts, memory, file)
    for name in "abc":
        memory.add(alarm(name, at=500.0))
        desk.add(verdict(name))
    memory.add(alarm("elsewhere", box=(0.0, 0.0, 0.1, 0.1), at=600.0))
    memory.add(alarm("real", at=600.0))
    (waiting,) = file.all()
    assert (waiting.missed, waiting.tried_at, waiting.tried_on) == (0, 1000.0, 3)
    # The verdict reaches the disk, and its trial does not: the gateway was stopped in between.
    verdicts.add(verdict("real", REAL))
    with pytest.raises(ConfigError, match="would have missed 1 real alarms instead of 0"):
        desk.decide(waiting.id, Decision.ACCEPTED, "wang", 2000.0)
    (waiting,) = file.all()
    assert (waiting.decision, waiting.missed, waiting.tried_at, waiting.tried_on) == (Decision.OPEN, 1, 2000.0, 5)
    accepted = desk.decide(waiting.id, Decision.ACCEPTED, "wang", 3000.0)
    assert (accepted.decision, accepted.missed, accepted.tried_at) == (Decision.ACCEPTED, 1, 3000.0)
    assert file.report(3000.0)[waiting.id].tried_on == 5
    late = desk.decide(waiting.id, Decision.ACCEPTED, "wang", 3000.0 + 8 * 86_400.0)
    assert (late.missed, late.tried_at) == (1, 3000.0), "what is forgotten takes no real alarm out of the figures"
    memory.close()


def test_the_command_lists_and_decides(tmp_path: Path) -> None:
    config = tmp_path / "g.yaml"
    config.write_text(
        "site: s\ngateway: g\nmodels: {plates: false}\ncameras:\n  stairs:\n"
        "    source: {url: 'rtsp://192.0.2.1/x'}\n    rules: [{scenario: corridor_ebike}]\n",
        encoding="utf-8",
    )
    run = CliRunner(env={"LC_ALL": "en_GB.UTF-8"}).invoke
    assert "There is no proposal" in run(app, ["proposals", "--config", str(config)]).output
    (proposal,) = propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE))
    ProposalFile(tmp_path / ".lookout" / "gateway" / PROPOSALS).add([proposal])
    listed = run(app, ["proposals", "--config", str(config)]).output
    assert "open  leave out e-bike at stairs, whole picture: two-wheeler at [0.40" in listed
    assert "3 false alarms spared, 0 real ones missed, 0 not judged (tried " in listed
    assert " on 3 such alarms of the week before)" in listed
    accepted = run(app, ["proposals", "--config", str(config), "--accept", proposal.id, "--by", "wang"])
    assert "accepted by wang until" in accepted.output
    chinese = CliRunner(env={"LC_ALL": "C.UTF-8"}).invoke(app, ["proposals", "--config", str(config)]).output
    assert "已采纳（wang，有效至" in chinese
    assert "可少误报 3 次" in chinese
    assert "用此前一周的 3 次同类告警试算" in chinese
    assert run(app, ["proposals", "--config", str(config), "--accept", "x"]).exit_code == 2
