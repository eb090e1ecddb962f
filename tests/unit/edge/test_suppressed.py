"""What is kept of candidates that came to nothing."""

from lookout_contract.events import Attributes, Scenario, Severity, Votes
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.suppressed import Suppressed, SuppressionLedger

KEY_AREA, CARE = Scenario.KEY_AREA, Scenario.CARE


def candidate(dwell_s: float, *, key: int = 1, blocked_by: str | None = "dwell", pending: bool = True) -> Observation:
    standing = Standing.ACTIVE if blocked_by is None else Standing.PENDING if pending else Standing.BLOCKED
    return Observation(
        key=key,
        zone="yard",
        group="person",
        box=Box(0.4, 0.4, 0.6, 0.6),
        standing=standing,
        since=0.0,
        severity=Severity.BLUE,
        severity_reason="test",
        conditions=(
            Condition("window", True, blocked_by != "window"),
            Condition("suppression", "p1", blocked_by != "suppression"),
            Condition("dwell", dwell_s, blocked_by != "dwell", 10.0, "s"),
        ),
        objects=(),
        votes=Votes(yes=3, of=5),
        attributes=Attributes(),
        blocked_by=blocked_by,
    )


def told(looks: list[list[Observation]]) -> list[tuple[float, str]]:
    found: list[Suppressed] = []
    ledger = SuppressionLedger("yard", found.append)
    for at, seen in enumerate(looks):
        ledger.update(float(at), KEY_AREA, seen)
    return [(each.at, each.condition.name) for each in found]


def test_who_left_after_half_of_the_dwell_is_told_once_and_who_passed_is_not() -> None:
    assert told([[candidate(4.9)], []]) == []
    assert told([[candidate(4.9)], [candidate(5.0)], [candidate(6.0)], [], []]) == [(2.0, "dwell")]


def test_what_became_an_alarm_was_not_suppressed() -> None:
    assert told([[candidate(9.0)], [candidate(10.0, blocked_by=None)], []]) == []


def test_who_waits_while_their_alarm_goes_on_is_not_suppressed_but_who_is_blocked_is_told() -> None:
    found: list[Suppressed] = []
    ledger = SuppressionLedger("yard", found.append)
    window = candidate(11.0, key=2, blocked_by="window", pending=False)
    ledger.update(0.0, KEY_AREA, [candidate(9.0), window], lambda _: True)
    ledger.update(1.0, KEY_AREA, [])
    assert [(each.at, each.condition.name) for each in found] == [(0.0, "window")]


def test_what_is_blocked_is_told_at_once_and_again_only_for_another_reason() -> None:
    window = candidate(9.0, blocked_by="window", pending=False)
    left_out = candidate(9.0, blocked_by="suppression", pending=False)
    assert told([[window], [window], [left_out], [left_out]]) == [(0.0, "window"), (2.0, "suppression")]
    assert told([[window], [], [window]]) == [(0.0, "window"), (2.0, "window")], "who came back was blocked anew"


def test_two_things_and_two_scenarios_are_kept_apart() -> None:
    found: list[Suppressed] = []
    ledger = SuppressionLedger("yard", found.append)
    ledger.update(0.0, KEY_AREA, [candidate(6.0), candidate(7.0, key=2)])
    ledger.update(1.0, CARE, [])
    assert found == []
    ledger.update(2.0, KEY_AREA, [candidate(8.0, key=2)])
    assert [(each.at, each.condition.value) for each in found] == [(0.0, 6.0)]
    ledger.close()
    assert [(each.at, each.condition.value) for each in found] == [(0.0, 6.0), (2.0, 8.0)]
