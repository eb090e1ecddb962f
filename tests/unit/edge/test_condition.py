"""What a condition says of its value and its limit."""

import pytest

from lookout_edge.domain.condition import Bound, Condition, of_contract


@pytest.mark.parametrize(
    ("bound", "value", "missed"),
    [("least", 1.9, "least"), ("least", 2.0, None), ("most", 2.1, "most"), ("most", 2.0, None), ("least", None, None)],
)
def test_a_bound_is_missed_on_its_own_side(bound: Bound, value: float | None, missed: Bound | None) -> None:
    assert Condition("drift", value, met=True, limit=2.0, bound=bound).missed == missed


def test_what_was_met_otherwise_says_so_and_what_decided_does_not() -> None:
    alone = Condition("separation", 0.4, met=True, limit=2.0, unit="1")
    assert alone.met_otherwise("least").bound == "least"
    assert alone._replace(value=2.4).met_otherwise("least").bound is None
    # A cross needs no second reason.
    assert alone._replace(met=False).met_otherwise("least").bound is None
    assert alone._replace(value=None).met_otherwise("least").bound is None


def test_a_bound_goes_over_the_wire_and_old_events_have_none() -> None:
    told = Condition("flicker", 0.0, met=True, limit=0.12, bound="least")
    assert of_contract(told.as_contract()) == told
    plain = told._replace(bound=None)
    assert b"bound" not in plain.as_contract().to_json()
    assert of_contract(type(told.as_contract()).model_validate_json(plain.as_contract().to_json())) == plain
