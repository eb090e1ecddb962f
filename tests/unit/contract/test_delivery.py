"""Receipts settle exactly what they name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from lookout_contract.delivery import Receipt


@given(st.integers(0, 20), st.sets(st.integers(1, 40)))
def test_a_receipt_settles_what_it_names_and_nothing_else(upto: int, stored: set[int]) -> None:
    above = sorted(n for n in stored if n > upto)
    receipt = Receipt(epoch="e", upto=upto, also=tuple((n, n) for n in above))
    assert {n for n in range(1, 50) if receipt.settles(n)} == set(range(1, upto + 1)) | set(above)


@pytest.mark.parametrize("also", [[(3, 4)], [(5, 9)], [(9, 8)], [(7, 9), (9, 11)], [(10, 11), (7, 8)]])
def test_ranges_that_overlap_or_run_backwards_are_refused(also: list[tuple[int, int]]) -> None:
    with pytest.raises(ValidationError, match="ascending"):
        Receipt(epoch="e", upto=5, also=tuple(also))
