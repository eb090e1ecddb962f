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


@given(st.lists(st.integers(1, 40)), st.integers(1, 40), st.integers(1, 40), st.integers(0, 45))
def test_what_is_given_up_is_what_was_missing_there(numbers: list[int], one: int, other: int, top: int) -> None:
    first, last = sorted((one, other))
    before = _settled(numbers).expect(top)
    after, spans = before.give_up(first, last)
    missing = {n for start, end in before.gaps() for n in range(start, end + 1)}
    lost = {n for start, end in spans for n in range(start, end + 1)}
    assert lost == missing & set(range(first, last + 1))
    assert after.lost_count == len(lost)
    assert {n for start, end in after.gaps() for n in range(start, end + 1)} == missing - lost
    assert all(after.settles(n) and after.takes(n) for n in lost)


def test_a_lost_number_that_comes_after_all_is_lost_no_more() -> None:
    state, _ = _settled([1, 5]).give_up(2, 4)
    assert (state.upto, state.lost) == (5, ((2, 4),))
    found = state.settle(3)
    assert (found.upto, found.lost, found.takes(3)) == (5, ((2, 2), (4, 4)), False)
    assert found.settle(3) is found


def test_a_loss_at_the_end_is_missing_once_it_is_known_of() -> None:
    state = _settled([1, 2])
    assert state.expect(2).gaps() == ()
    assert state.expect(4).gaps() == ((3, 4),)
    assert state.expect(4).expect(3).top == 4
