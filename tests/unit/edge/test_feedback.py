import threading
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs
from typer.testing import CliRunner

from lookout_contract.commands import Verdict, VerdictCommand
from lookout_contract.events import Condition, Scenario
from lookout_edge.__main__ import app
from lookout_edge.adapters.declined import DeclinedFile
from lookout_edge.adapters.feedback import FeedbackDesk, ProposalFile
from lookout_edge.adapters.memory import Memory
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.adapters.verdicts import VerdictFile
from lookout_edge.bootstrap import PROPOSALS
from lookout_edge.domain.feedback import KEEP_FIRE_S, KEEP_S, Decision, Proposal, propose
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.memory import Kind, Note
from lookout_edge.domain.observation import Scene, Standing
from lookout_edge.errors import ConfigError, SpoolError
from lookout_edge.recall import proposal_text
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import track

PLACE = (0.40, 0.40, 0.60, 0.60)
FALSE, REAL = Verdict.FALSE, Verdict.REAL


def alarm(
    name: str, *, box: tuple[float, float, float, float] = PLACE, label: str = "bicycle", at: float = 0.0
) -> Note:
    return Note(
        at=at,
        camera="stairs",
        kind=Kind.EVENT,
        scenario=Scenario.CORRIDOR_EBIKE if label == "bicycle" else Scenario.FIRE_SMOKE,
        zone="frame",
        label=label,
        state="start",
        occurrence=name,
        box=box,
    )


def test_three_false_alarms_at_a_place_make_a_proposal_that_says_what_it_would_do() -> None:
    notes = [alarm(name) for name in "abcdef"] + [alarm("far", box=(0.0, 0.0, 0.1, 0.1))]
    verdicts = {"a": FALSE, "b": FALSE, "c": FALSE, "d": REAL, "e": Verdict.DUPLICATE, "far": FALSE}
    (proposal,) = propose(100.0, notes, verdicts)
    assert (proposal.spared, proposal.missed, proposal.unjudged) == (4, 1, 1)
    assert (proposal.occurrences, proposal.box, proposal.decision) == (("a", "b", "c"), PLACE, Decision.OPEN)
    assert propose(200.0, notes, verdicts)[0].id == proposal.id


@pytest.mark.parametrize(
    "verdicts", [{"a": FALSE, "b": FALSE}, {"a": FALSE, "b": FALSE, "c": REAL}, {}], ids=["two", "mixed", "none"]
)
def test_less_is_no_proposal(verdicts: dict[str, Verdict]) -> None:
    assert propose(0.0, [alarm(name) for name in "abc"], verdicts) == []


def test_other_places_and_kinds_are_not_added_up() -> None:
    notes = [alarm("a"), alarm("b"), alarm("c", box=(0.0, 0.0, 0.2, 0.2)), alarm("d", label="fire")]
    assert propose(0.0, notes, dict.fromkeys("abcd", FALSE)) == []


def test_fire_expires_after_a_day_and_other_things_after_two_weeks() -> None:
    for label, keep_s in (("bicycle", KEEP_S), ("fire", KEEP_FIRE_S)):
        (proposal,) = propose(0.0, [alarm(name, label=label) for name in "abc"], dict.fromkeys("abc", FALSE))
        assert proposal.decided(Decision.ACCEPTED, "wang", 10.0).until == 10.0 + keep_s
        assert proposal.decided(Decision.DECLINED, "wang", 10.0).until is None


def burning(name: str, *, flicker: float = 0.01, growth: float = 1.0, scenery: float = 0.0) -> Note:
    """A fire alarm with what the rule measured when it was told."""
    measured = (("flicker", flicker, 0.12), ("growth", growth, 1.3), ("scenery", scenery, 0.77))
    conditions = tuple(Condition(name=n, value=value, limit=limit, met=True) for n, value, limit in measured)
    return alarm(name, label="fire").model_copy(update={"conditions": conditions})


def test_what_flickers_or_grows_is_told_all_the_same_so_no_proposal_spares_or_misses_it() -> None:
    still = [burning(name) for name in "abc"]
    lively = [burning("d", flicker=0.5), burning("e", growth=2.0), burning("f", growth=2.0, scenery=0.9)]
    verdicts = {**dict.fromkeys("abc", FALSE), **dict.fromkeys("def", REAL)}
    (proposal,) = propose(0.0, [*still, *lively], verdicts)
    assert (proposal.spared, proposal.missed) == (3, 1), "growth into where smoke always hovers is none"
    assert propose(0.0, [burning(name, flicker=0.5) for name in "abc"], dict.fromkeys("abc", FALSE)) == []


def anywhere(name: str, score: float, *, number: int, label: str = "bicycle") -> Note:
    """An alarm at a place of its own, of which the model was so sure."""
    box = (0.05 * number, 0.0, 0.05 * number + 0.04, 0.1)
    condition = Condition(name="score", value=score, limit=0.3, met=True)
    return alarm(name, box=box, label=label, at=float(number)).model_copy(update={"conditions": (condition,)})


def scattered(label: str = "bicycle") -> list[Note]:
    """Six false ones between 0.31 and 0.36, and a real one of 0.42."""
    false = [anywhere(f"f{n}", 0.31 + 0.01 * n, number=n, label=label) for n in range(6)]
    return [*false, anywhere("real", 0.42, number=7, label=label), anywhere("open", 0.33, number=9, label=label)]


JUDGED = {**{f"f{n}": FALSE for n in range(6)}, "real": REAL}


def test_false_alarms_here_and_there_ask_for_a_threshold_that_misses_nothing_real() -> None:
    (proposal,) = propose(100.0, scattered(), JUDGED)
    assert proposal.least_score == pytest.approx(0.40)
    assert (proposal.spared, proposal.missed, proposal.unjudged) == (6, 0, 1)
    assert [each.occurrence for each in proposal.left_out] == [*(f"f{n}" for n in range(6)), "open"]
    text = proposal_text(proposal, UTC, Words.of(Language.ENGLISH))
    assert "of which the model is less sure than 0.4" in text
    assert (text.count("  spared  "), text.count("  not judged  ")) == (6, 1)
    chinese = proposal_text(proposal, UTC, Words.of(Language.CHINESE))
    assert "stairs：电动车不再报模型把握低于 0.4 的两轮车" in chinese
    assert (chinese.count("  可少报  "), chinese.count("  未判定  ")) == (6, 1)


def test_no_threshold_without_a_gap_or_for_what_must_not_be_missed() -> None:
    assert propose(0.0, scattered(), {**JUDGED, "real": FALSE, "f1": REAL}) == []
    assert propose(0.0, scattered("fire"), JUDGED) == []
    assert propose(0.0, scattered()[:4], JUDGED) == []


def test_where_there_is_room_no_second_file_is_written(tmp_path: Path) -> None:
    file = ProposalFile(tmp_path / "proposals.json")
    (proposal,) = file.add(propose(0.0, scattered(), JUDGED))
    file.decide(proposal.id, Decision.DECLINED, "wang", 10.0)
    assert file.add(propose(1.0, scattered(), JUDGED)) == []
    assert not (tmp_path / "declined.json").exists()


def test_an_accepted_threshold_asks_for_more_and_ends_nothing() -> None:
    (proposal,) = propose(0.0, scattered(), JUDGED)
    kind = RULES[Scenario.CORRIDOR_EBIKE]
    rule = kind.build(kind.params.model_validate({"dwell_s": 1.0}), (), ZoneInfo("UTC"))
    scene = Scene("stairs", suppressions=(proposal.as_suppression(0.0, 100.0),))
    doubtful = [rule.observe(at, [track(1, at, label="bicycle", score=0.35)], scene)[0] for at in (1.0, 2.0, 3.0, 4.0)]
    assert (doubtful[-1].standing, doubtful[-1].blocked_by) == (Standing.PENDING, "score")
    rule.reset()
    sure = [rule.observe(at, [track(1, at, label="bicycle", score=0.5)], scene)[0] for at in (11.0, 12.0, 13.0, 14.0)]
    assert sure[-1].standing is Standing.ACTIVE


@given(
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from([FALSE, REAL, Verdict.DUPLICATE, None])), max_size=14),
    st.sampled_from(["bicycle", "fire"]),
)
def test_a_threshold_never_misses_what_was_judged_real(judged: list[tuple[float, Verdict | None]], label: str) -> None:
    notes = [anywhere(f"o{n}", round(score, 3), number=n, label=label) for n, (score, _) in enumerate(judged)]
    verdicts = {f"o{n}": verdict for n, (_, verdict) in enumerate(judged) if verdict is not None}
    for proposal in propose(100.0, notes, verdicts):
        assert proposal.least_score is not None
        assert (proposal.missed, label) == (0, "bicycle")
        assert proposal.spared >= 5


def test_the_status_tells_what_waits_and_what_is_in_force(tmp_path: Path) -> None:
    file = ProposalFile(tmp_path / "proposals.json")
    (proposal,) = propose(0.0, scattered(), JUDGED)
    file.add([proposal])
    assert file.report(0.0)[proposal.id].decision == "open"
    file.decide(proposal.id, Decision.ACCEPTED, "wang", 10.0)
    told = file.report(20.0)[proposal.id]
    assert (told.decision, told.decided_by, told.least_score) == ("accepted", "wang", proposal.least_score)
    assert file.report(20.0 + KEEP_S) == {}


def verdict(name: str, said: Verdict = FALSE) -> VerdictCommand:
    at = datetime.fromtimestamp(1000, UTC)
    return VerdictCommand(id=f"v-{name}", issued_at=at, occurrence=name, verdict=said)


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


def test_what_was_agreed_to_and_has_run_out_is_asked_again_after_another_false_alarm() -> None:
    notes = [alarm(name) for name in "abc"]
    first, again = (propose(at, notes, dict.fromkeys("abc", FALSE))[0] for at in (0.0, 2.0))
    assert again.repeats(first)
    assert again.repeats(first.decided(Decision.DECLINED, "wang", 1.0))
    agreed = first.decided(Decision.ACCEPTED, "wang", 1.0)
    assert again.repeats(agreed)
    assert agreed.until is not None
    later = agreed.until + 1
    assert propose(later, notes, dict.fromkeys("abc", FALSE))[0].repeats(agreed), "nothing new has happened since"
    notes.append(alarm("d", at=later))
    assert propose(later, notes, {**dict.fromkeys("abc", FALSE), "d": REAL})[0].repeats(agreed)
    assert not propose(later, notes, dict.fromkeys("abcd", FALSE))[0].repeats(agreed)


def test_a_place_that_has_grown_around_the_same_alarms_is_no_other_question() -> None:
    (small,) = propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE))
    wide = small.model_copy(update={"box": (0.0, 0.0, 1.0, 1.0)})
    assert wide.repeats(small)
    assert not wide.model_copy(update={"occurrences": ("d", "e", "f")}).repeats(small)
    assert not wide.model_copy(update={"camera": "gate"}).repeats(small)


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


def test_what_is_left_out_is_blocked_and_says_by_what() -> None:
    (proposal,) = propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE))
    kind = RULES[Scenario.CORRIDOR_EBIKE]
    rule = kind.build(kind.params.model_validate({"dwell_s": 1.0}), (), ZoneInfo("UTC"))
    scene = Scene("stairs", suppressions=(proposal.as_suppression(0.0, 100.0),))
    standings = [rule.observe(at, [track(1, at, label="bicycle")], scene)[0] for at in (96.0, 97.0, 98.0, 99.0, 101.0)]
    assert (standings[3].standing, standings[3].blocked_by) == (Standing.BLOCKED, "suppression")
    assert standings[4].standing is Standing.ACTIVE, "it has expired"


def test_a_broken_file_leaves_nothing_out_and_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "proposals.json"
    path.write_bytes(b"[{")
    file = ProposalFile(path)
    with capture_logs() as logs:
        assert file.suppressions("stairs", 0.0) == []
        file.add(propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE)))
    (aside,) = tmp_path.glob("proposals.json.broken-*")
    assert (aside.read_bytes(), len(file.all())) == (b"[{", 1)
    assert [(log["log_level"], log["kept_as"]) for log in logs] == [("error", str(aside))]


def test_what_cannot_be_read_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "proposals.json").mkdir()
    file = ProposalFile(tmp_path / "proposals.json")
    with capture_logs() as logs:
        assert (file.all(), file.all()) == ((), ())
    assert len(logs) == 1
    with pytest.raises(SpoolError, match="cannot be changed"):
        file.add([])
    (tmp_path / "proposals.json").rmdir()
    assert file.all() == ()
    (tmp_path / "proposals.json").mkdir()
    with capture_logs() as logs:
        assert file.all() == ()
    assert len(logs) == 1, "another time is told again"


def test_the_gateway_and_the_command_line_lose_nothing_of_each_others(tmp_path: Path) -> None:
    """A word that comes while proposals are tried again; another file object is another process to the lock."""
    path = tmp_path / "proposals.json"
    gateway, command = ProposalFile(path), ProposalFile(path)
    (first,) = gateway.add(propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE)))
    word = threading.Thread(target=command.decide, args=(first.id, Decision.DECLINED, "wang", 1.0))

    def slowly(proposal: Proposal) -> Proposal:
        if not word.is_alive():
            word.start()
            word.join(0.2)
        return proposal.model_copy(update={"unjudged": 7})

    gateway.add([], slowly)
    word.join(5.0)
    (held,) = gateway.all()
    assert (held.decision, held.unjudged) == (Decision.DECLINED, 7)


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


def test_so_many_verdicts_are_kept_and_no_more_and_each_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_edge.adapters.verdicts.MOST_VERDICTS", 8)
    path = tmp_path / "verdicts.jsonl"
    file, reads = VerdictFile(path), list[Path]()
    read = Path.read_bytes

    def counted(self: Path) -> bytes:
        reads.append(self)
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", counted)
    for number in range(30):
        file.add(verdict(f"o{number}"))
        assert file.all()[-1].occurrence == f"o{number}"
        assert len(file.all()) <= 10
    assert len(reads) < 20, "what it has written itself it need not read, but after the oldest went"
    VerdictFile(path).add(verdict("other"))
    assert [each.occurrence for each in file.all()][-2:] == ["o29", "other"], "nor does it miss what others wrote"
    assert VerdictFile(path).all() == file.all()


def test_so_many_proposals_are_kept_and_first_of_all_what_is_in_force_or_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 3)
    file, (made,) = ProposalFile(tmp_path / "proposals.json"), propose(0.0, scattered(), JUDGED)
    for number in range(6):
        camera = f"camera-{number}"
        file.add([made.model_copy(update={"id": camera, "camera": camera, "made_at": float(number)})])
        if number:
            file.decide(camera, Decision.ACCEPTED if number == 1 else Decision.DECLINED, "wang", 10.0 + number)
    assert [each.id for each in file.all()] == ["camera-0", "camera-1", "camera-5"]
    assert [question.camera for question in DeclinedFile(tmp_path / "declined.json").all()] == [
        f"camera-{number}" for number in (2, 3, 4)
    ], "of what was declined the question stays"
    file.add([made.model_copy(update={"id": "late", "camera": "late", "made_at": 20.0 + KEEP_S})])
    assert [each.id for each in file.all()] == ["camera-0", "camera-1", "late"], "what ran out last goes last"
    again = made.model_copy(update={"id": "camera-1", "camera": "camera-1", "made_at": 21.0 + KEEP_S})
    file.add([made.model_copy(update={"id": "later", "camera": "later", "made_at": 20.0 + KEEP_S})])
    assert file.add([again]) == [again], "what was agreed to was not declined"


def overfull(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[ProposalFile, Proposal]:
    """A file with room for three, in which seven cameras' were declined; and what was asked first."""
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 3)
    verdicts = dict.fromkeys("abc", FALSE)
    file, (made,) = ProposalFile(folder / "proposals.json"), propose(0.0, [alarm(name) for name in "abc"], verdicts)
    for number in range(7):
        camera = f"camera-{number}"
        file.add([made.model_copy(update={"id": camera, "camera": camera, "made_at": float(number)})])
        file.decide(camera, Decision.DECLINED, "wang", 10.0 + number)
    file.add([made])
    return file, made.model_copy(update={"id": "again", "camera": "camera-0", "made_at": 30.0})


def test_what_was_declined_is_not_asked_again_however_many_others_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    assert [each.id for each in file.all()][:2] == ["camera-5", "camera-6"]
    for number in range(7):
        nearly = (0.41, 0.39, 0.62, 0.60)
        assert file.add([again.model_copy(update={"camera": f"camera-{number}", "box": nearly})]) == []
    assert ProposalFile(tmp_path / "proposals.json").add([again]) == [], "nor by the next run"
    assert len(file.all()) == 3


@pytest.mark.parametrize(
    "other",
    [
        {"camera": "camera-9"},
        {"box": (0.0, 0.0, 0.2, 0.2)},
        {"zone": "landing"},
        {"group": "garbage"},
        {"scenario": Scenario.GARBAGE},
        {"least_score": 0.4},
    ],
    ids=str,
)
def test_another_question_than_what_was_declined_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: dict[str, object]
) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    asked = again.model_copy(update=other)
    assert file.add([asked]) == [asked]


def test_of_many_that_go_at_once_the_questions_come_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, (made,) = ProposalFile(tmp_path / "proposals.json"), propose(0.0, scattered(), JUDGED)
    for number in range(5):
        file.add([made.model_copy(update={"id": f"camera-{number}", "camera": f"camera-{number}"})])
        file.decide(f"camera-{number}", Decision.DECLINED, "wang", 10.0 + number)
    monkeypatch.setattr("lookout_edge.adapters.feedback.MOST_PROPOSALS", 2)
    file.add([made])
    assert [each.camera for each in DeclinedFile(tmp_path / "declined.json").all()] == [
        f"camera-{number}" for number in range(4)
    ]


def test_so_many_declined_questions_are_kept_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lookout_edge.adapters.declined.MOST_DECLINED", 4)
    file, again = overfull(tmp_path, monkeypatch)
    path = tmp_path / "declined.json"
    assert [question.camera for question in DeclinedFile(path).all()] == [f"camera-{n}" for n in range(1, 5)]
    assert file.add([again]) == [again], "the first one has gone"
    inode = path.stat().st_ino
    DeclinedFile(path).add(DeclinedFile(path).all())
    assert path.stat().st_ino == inode, "what it knows is not written again"


def test_questions_that_cannot_be_read_are_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, again = overfull(tmp_path, monkeypatch)
    (tmp_path / "declined.json").write_bytes(b"[{")
    with capture_logs() as logs:
        assert file.add([again]) == [again]
    (aside,) = tmp_path.glob("declined.json.broken-*")
    assert (aside.read_bytes(), [log.get("kept_as") for log in logs]) == (b"[{", [str(aside)])
    (tmp_path / "declined.json").unlink(missing_ok=True)
    (tmp_path / "declined.json").mkdir()
    with pytest.raises(SpoolError, match="cannot be changed"):
        file.add([again.model_copy(update={"camera": "roof"})])
