"""Waiting times."""

from hypothesis import given
from hypothesis import strategies as st

from lookout_edge.adapters.backoff import Backoff


@given(base=st.floats(0.1, 10), ceiling=st.floats(10, 100), failures=st.integers(1, 60))
def test_waits_grow_to_the_ceiling_and_never_vanish(base: float, ceiling: float, failures: int) -> None:
    backoff = Backoff(base_s=base, ceiling_s=ceiling)
    for number in range(failures):
        full = min(ceiling, base * 2.0**number)
        assert full / 2 <= backoff.next() <= full


def test_success_starts_from_the_bottom_again() -> None:
    backoff = Backoff(base_s=1, ceiling_s=60)
    for _ in range(8):
        backoff.next()
    backoff.reset()
    assert backoff.next() <= 1
