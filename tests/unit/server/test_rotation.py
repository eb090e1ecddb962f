"""Rotations become shifts, and say what speaks against them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookout_server.domain.roster import Duty, Shift, ShiftKind, duty
from lookout_server.domain.rotation import Post, Rotation, differences, shifts, uncovered, warnings
from lookout_server.errors import InvalidError

ZONE = "Asia/Shanghai"
WATCHES = {
    "early": Post(begins=time(6), ends=time(14)),
    "late": Post(begins=time(14), ends=time(22)),
    "night": Post(begins=time(22), ends=time(6)),
}
_NAMES = st.sampled_from([*WATCHES, "rest", "free"])
ROUND = ("early", "early", "late", "late", "night", "night", "rest", "rest")


def _rotation(pattern: tuple[str, ...] = ROUND, people: int = 1, *, step: int = 1, days: int = 16) -> Rotation:
    crew = tuple((f"u-{n}", n * step) for n in range(people))
    return Rotation(name="w", first=date(2026, 12, 1), days=days, pattern=pattern, posts=WATCHES, people=crew)


def _local(day: int, hour: int) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC) - timedelta(hours=8)


def test_a_round_of_watches_by_the_sites_clock() -> None:
    made = shifts(_rotation(days=8), ZONE)
    assert [(shift.note, shift.starts_at, shift.ends_at) for shift in made[3:7]] == [
        ("late", _local(4, 14), _local(4, 22)),
        ("night", _local(5, 22), _local(6, 6)),
        ("night", _local(6, 22), _local(7, 6)),
        # The day of rest begins when the night is over.
        ("rest", _local(7, 6), _local(8, 0)),
    ]
    assert duty(made, _local(7, 3)) is Duty.ON
    assert duty(made, _local(7, 7)) is Duty.REST
    assert len({shift.id for shift in made}) == len(made)


def test_clocks_that_change_are_followed() -> None:
    spring = replace(_rotation(("early",), days=3), first=date(2026, 3, 28))
    assert [shift.starts_at.hour for shift in shifts(spring, "Europe/Berlin")] == [5, 4, 4]


def test_two_on_two_off_with_two_pairs_leaves_the_nights_alone() -> None:
    pairs = _rotation(("early", "early", "free", "free"), 2, step=2, days=4)
    made = shifts(pairs, ZONE)
    assert [(shift.person, shift.starts_at.day) for shift in made] == [("u-0", 30), ("u-0", 1), ("u-1", 2), ("u-1", 3)]
    assert uncovered(made, []) == [(_local(day, 14), _local(day + 1, 6)) for day in (1, 2, 3)]


def test_eight_people_cover_three_watches_until_one_is_on_leave() -> None:
    made = shifts(_rotation(people=8), ZONE)
    inside = [gap for gap in uncovered(made, []) if gap[0] < _local(16, 0)]
    assert inside == []
    # Two stand in each watch: both have to be away.
    leave = [
        Shift(id=f"s{n}", person=f"u-{n}", kind=ShiftKind.LEAVE, starts_at=_local(3, 0), ends_at=_local(4, 0))
        for n in range(8)
    ]
    (gap,) = [gap for gap in uncovered(made, leave) if gap[0] < _local(16, 0)]
    assert gap == (_local(3, 0), _local(4, 0))
    assert {each.code for each in warnings(made, leave)} == {"on_leave"}


def test_short_rests_and_other_posts_are_named() -> None:
    back = shifts(_rotation(("late", "early"), days=2), ZONE)
    (short,) = warnings(back, [])
    assert (short.code, short.at, short.words.en) == (
        "short_rest",
        _local(2, 6),
        "early: only 8 h of rest since the watch before",
    )
    surge = Shift(id="s", person="u-0", kind=ShiftKind.SURGE, starts_at=_local(1, 20), ends_at=_local(1, 23))
    assert [each.code for each in warnings(back, [surge])] == ["twice", "short_rest"]


def test_made_again_it_changes_what_differs_only() -> None:
    held = shifts(_rotation(days=8), ZONE)
    assert list(differences(held, held)) == []
    other = shifts(_rotation(("early", "late", "free", "free", "free", "free", "free", "free"), days=8), ZONE)
    found = [(change, shift.note) for change, shift in differences(other, held)]
    assert found == [("updated", "late"), *(("removed", name) for name in ROUND[2:])]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"pattern": ("early", "noon")}, "noon"),
        ({"pattern": ()}, "nothing"),
        ({"days": 93}, "92"),
        ({"people": (("u-0", 0), ("u-0", 1))}, "once"),
        ({"people": ()}, "people"),
        ({"posts": {**WATCHES, "rest": WATCHES["early"]}}, "no posts"),
    ],
)
def test_what_makes_no_sense_is_said(change: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidError, match=says):
        shifts(replace(_rotation(), **change), ZONE)  # pyright: ignore[reportArgumentType]


@given(st.lists(_NAMES, min_size=1, max_size=10), st.integers(1, 4))
def test_nobody_stands_two_watches_at_once(pattern: list[str], people: int) -> None:
    made = shifts(_rotation(tuple(pattern), people, days=30), ZONE)
    for person in {shift.person for shift in made}:
        own = [shift for shift in made if shift.person == person]
        assert all(before.ends_at <= after.starts_at for before, after in pairwise(own))
    for first, last in uncovered(made, []):
        middle = first + (last - first) / 2
        assert not any(shift.holds(middle) and shift.kind is ShiftKind.DUTY for shift in made)
