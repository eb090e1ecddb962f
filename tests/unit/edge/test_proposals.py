from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_contract.commands import Verdict
from lookout_contract.events import Condition, Scenario
from lookout_edge.adapters.page.words import Language, Words
from lookout_edge.domain.feedback import KEEP_FIRE_S, KEEP_S, Decision, propose
from lookout_edge.domain.memory import Note
from lookout_edge.domain.observation import Scene, Standing
from lookout_edge.recall import proposal_text
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import track
from unit.edge.false_alarms import FALSE, JUDGED, PLACE, REAL, alarm, anywhere, scattered


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


def test_what_is_left_out_is_blocked_and_says_by_what() -> None:
    (proposal,) = propose(0.0, [alarm(name) for name in "abc"], dict.fromkeys("abc", FALSE))
    kind = RULES[Scenario.CORRIDOR_EBIKE]
    rule = kind.build(kind.params.model_validate({"dwell_s": 1.0}), (), ZoneInfo("UTC"))
    scene = Scene("stairs", suppressions=(proposal.as_suppression(0.0, 100.0),))
    standings = [rule.observe(at, [track(1, at, label="bicycle")], scene)[0] for at in (96.0, 97.0, 98.0, 99.0, 101.0)]
    assert (standings[3].standing, standings[3].blocked_by) == (Standing.BLOCKED, "suppression")
    assert standings[4].standing is Standing.ACTIVE, "it has expired"
