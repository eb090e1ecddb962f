from hypothesis import given
from hypothesis import strategies as st

from lookout_server.domain.sequence import Sequences


def _settled(numbers: list[int]) -> Sequences:
    state = Sequences()
    for number in numbers:
        state = state.settle(number)
    return state


@given(st.lists(st.integers(1, 40)))
def test_settles_exactly_what_was_settled(numbers: list[int]) -> None:
    state = _settled(numbers)
    assert {n for n in range(1, 60) if state.settles(n)} == set(numbers)


@given(st.lists(st.integers(1, 40)))
def test_ranges_are_ascending_separate_and_above_upto(numbers: list[int]) -> None:
    state = _settled(numbers)
    end = state.upto
    for first, last in state.also:
        assert end + 1 < first <= last
        end = last


@given(st.permutations(range(1, 15)))
def test_order_does_not_matter_once_all_have_come(numbers: list[int]) -> None:
    assert _settled(numbers) == Sequences(upto=14)


@given(st.lists(st.integers(1, 40)))
def test_gaps_are_what_is_missing_below_the_highest(numbers: list[int]) -> None:
    state = _settled(numbers)
    missing = {n for first, last in state.gaps() for n in range(first, last + 1)}
    assert missing == set(range(1, max(numbers, default=0))) - set(numbers)
    assert state.missing == len(missing)


def test_settling_again_gives_the_same_value() -> None:
    state = _settled([1, 2, 4])
    assert state.settle(4) is state
