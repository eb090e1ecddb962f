"""Things in a zone under track numbers that come and go."""

import pytest

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.presence import SAME_PLACE_IOU, PresenceBook, Thing
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone

EVERYWHERE = Zone("yard", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
BY_THE_DOOR, BY_THE_GATE = Box(0.1, 0.1, 0.2, 0.3), Box(0.7, 0.5, 0.9, 0.8)


def _track(number: int, box: Box, at: float, *, label: str = "motorcycle", hits: int = 9) -> Track:
    return Track(id=number, label=label, score=0.8, box=box, first_at=0.0, last_at=at, hits=hits)


def test_a_number_that_comes_back_for_another_thing_takes_nothing_from_the_first() -> None:
    book = PresenceBook(EVERYWHERE, frozenset({"motorcycle"}), votes_of=5, tolerance_s=2.0)
    book.update(0.0, [_track(5, BY_THE_DOOR, 0.0)])
    # It goes on under another number, and its first one comes back elsewhere.
    book.update(1.0, [_track(7, BY_THE_DOOR, 1.0)])
    for at in (2.0, 3.0, 4.0, 5.0):
        first, second = book.update(at, [_track(5, BY_THE_GATE, at), _track(7, BY_THE_DOOR, at)])
        assert (first.track.box, second.track.box) == (BY_THE_DOOR, BY_THE_GATE)
        assert first.thing == 5 != second.thing
        assert (first.dwell_s, second.dwell_s, first.absent_s) == (at, at - 2.0, 0.0)
    # One more number that is taken, and no track has the ones that were given instead.
    book.update(6.0, [_track(9, BY_THE_GATE, 6.0), _track(7, BY_THE_DOOR, 6.0)])
    far = Box(0.4, 0.1, 0.5, 0.2)
    things = [
        each.thing
        for each in book.update(7.0, [_track(9, BY_THE_GATE, 7.0), _track(7, BY_THE_DOOR, 7.0), _track(5, far, 7.0)])
    ]
    assert len(set(things)) == 3
    assert sum(thing < 0 for thing in things) == 2


def _yard(*labels: str, part_share: float | None = None) -> PresenceBook:
    kinds = frozenset(labels or ("motorcycle",))
    return PresenceBook(EVERYWHERE, kinds, votes_of=5, tolerance_s=2.0, part_share=part_share)


def _beside(box: Box, x: float) -> Box:
    return box._replace(x1=box.x1 + x, x2=box.x2 + x)


def test_what_events_carry_of_a_thing_lies_in_the_picture_and_is_rounded() -> None:
    told = Thing("car", 1.3, Box(-0.2, 0.123456, 0.5, 1.4), 7).as_contract()
    assert (told.score, told.box, told.track) == (1.0, (0.0, 0.1235, 0.5, 1.0), 7)
    scores = [Thing("car", score, BY_THE_DOOR, None).as_contract().score for score in (-0.1, 0.81236, 0.3)]
    assert scores == [0.0, 0.8124, 0.3]


def test_looks_that_miss_it_count_against_it_and_so_does_a_track_that_is_only_carried_on() -> None:
    book = _yard()
    for at, tracks in ((0.0, [_track(1, BY_THE_DOOR, 0.0)]), (0.5, []), (1.0, [_track(1, BY_THE_DOOR, 0.5)])):
        (thing,) = book.update(at, tracks)
    assert (thing.votes.yes, thing.votes.of, thing.seen_at, thing.absent_s) == (1, 3, 0.0, 1.0)
    (thing,) = book.update(1.5, [_track(1, BY_THE_DOOR, 1.5)])
    assert (thing.votes.yes, thing.votes.of, thing.absent_s) == (2, 4, 0.0)


def test_after_a_jump_of_time_everything_is_new() -> None:
    book = _yard()
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    book.reset()
    assert list(book.update(0.5, [])) == []
    (again,) = book.update(1.0, [_track(1, BY_THE_DOOR, 1.0)])
    assert (again.since, again.votes.of) == (1.0, 1)


def test_one_thing_under_two_names_is_one_and_who_sits_on_it_is_another() -> None:
    both = [_track(1, BY_THE_DOOR, 0.0), _track(2, _beside(BY_THE_DOOR, 0.02), 0.0, label="bicycle")]
    assert [each.thing for each in _yard("motorcycle", "bicycle").update(0.0, both)] == [1]
    rider = [_track(1, BY_THE_DOOR, 0.0), _track(2, BY_THE_DOOR, 0.0, label="person")]
    assert [each.thing for each in _yard("motorcycle", "person").update(0.0, rider)] == [1, 2]
    row = [_track(1, BY_THE_DOOR, 0.0), _track(2, _beside(BY_THE_DOOR, 0.03), 0.0)]
    assert [each.thing for each in _yard().update(0.0, row)] == [1, 2], "parked closely, an overlap of half"


def test_what_lost_its_number_is_what_of_its_kind_stands_nearest_to_its_place() -> None:
    book = _yard("motorcycle", "person")
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    new = [
        _track(7, BY_THE_DOOR, 0.5, label="person"),
        _track(8, _beside(BY_THE_DOOR, 0.04), 0.5),
        _track(9, _beside(BY_THE_DOOR, 0.03), 0.5),
    ]
    assert [(each.thing, each.track.id) for each in book.update(0.5, new)][:1] == [(1, 9)]


def test_what_stands_a_third_beside_its_place_is_something_else() -> None:
    for away, things in ((0.03, [1]), (0.05, [1, 2])):
        book = _yard()
        book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
        assert [each.thing for each in book.update(0.5, [_track(2, _beside(BY_THE_DOOR, away), 0.5)])] == things


def test_a_part_of_what_lost_its_number_is_that_where_things_are_found_in_parts() -> None:
    upper = BY_THE_DOOR._replace(y2=0.17)
    for share, things in ((0.8, [1]), (None, [1, 2])):
        book = _yard(part_share=share)
        book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
        assert [each.thing for each in book.update(0.5, [_track(2, upper, 0.5)])] == things


def test_a_new_track_counts_from_its_first_sight_and_one_that_comes_into_the_zone_from_then_on() -> None:
    (new,) = _yard().update(1.0, [_track(1, BY_THE_DOOR, 1.0, hits=2)])
    (comes,) = _yard().update(1.0, [_track(1, BY_THE_DOOR, 1.0, hits=3)])
    assert (new.since, new.dwell_s, comes.since, comes.dwell_s) == (0.0, 1.0, 1.0, 0.0)


def test_a_thing_is_as_sure_as_its_sights_on_the_whole_and_remembers_its_surest() -> None:
    book = _yard()
    for at, score in ((0.0, 0.4), (1.0, 0.9)):
        book.update(at, [_track(1, BY_THE_DOOR, at)._replace(score=score)])
    (thing,) = book.update(2.0, [_track(1, BY_THE_DOOR, 2.0)._replace(score=0.5)])
    assert (round(thing.mean_score, 6), thing.best_score) == (0.6, 0.9)
    (thing,) = book.update(3.0, [])
    assert (round(thing.mean_score, 6), thing.best_score) == (0.6, 0.9), "a look that misses it says nothing of that"


def test_only_things_of_its_labels_that_stand_in_its_zone_count() -> None:
    left = Zone("left", ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)))
    book = PresenceBook(left, frozenset({"motorcycle"}), votes_of=5, tolerance_s=2.0)
    here, there = Box(0.1, 0.1, 0.3, 0.3), Box(0.4, 0.1, 0.7, 0.3)
    tracks = [_track(1, here, 0.0), _track(2, there, 0.0), _track(3, here, 0.0, label="car")]
    assert [thing.track.id for thing in book.update(0.0, tracks)] == [1]


def test_what_was_not_seen_for_longer_than_is_tolerated_is_forgotten_and_comes_anew() -> None:
    book = _yard()
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    assert [[thing.absent_s for thing in book.update(at, [])] for at in (1.0, 2.0, 3.0)] == [[1.0], [2.0], []]
    (thing,) = book.update(4.0, [_track(1, BY_THE_DOOR, 4.0)])
    assert (thing.since, thing.votes.of) == (4.0, 1)


def test_after_a_jump_in_time_the_first_look_is_no_step() -> None:
    book = _yard()
    book.update(1000.0, [_track(1, BY_THE_DOOR, 1000.0)])
    book.reset()
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    (thing,) = book.update(1.0, [])
    assert thing.absent_s == 1.0


@pytest.mark.parametrize("whole_first", [True, False])
def test_a_part_of_a_thing_is_none_of_its_own_and_holds_its_place_where_parts_are_found(whole_first: bool) -> None:
    whole, part = Box(0.2, 0.2, 0.4, 0.8), Box(0.2, 0.2, 0.3, 0.4)
    first, second = (whole, part) if whole_first else (part, whole)
    for share, count in ((0.8, 1), (None, 2)):
        book = _yard(part_share=share)
        book.update(0.0, [_track(1, first, 0.0)])
        assert len(book.update(1.0, [_track(1, first, 1.0), _track(2, second, 1.0)])) == count
    book = _yard(part_share=0.8)
    book.update(0.0, [_track(1, first, 0.0)])
    (thing,) = book.update(1.0, [_track(2, second, 1.0)])
    assert (thing.thing, thing.track.id, thing.since) == (1, 2, 0.0), "it goes on as what is left to see of it"
    assert len(book.update(2.0, [_track(2, second, 2.0), _track(3, BY_THE_GATE, 2.0)])) == 2


def test_what_a_look_finds_twice_in_one_place_is_one_thing() -> None:
    book = _yard("motorcycle", "bicycle")
    again = BY_THE_DOOR._replace(x2=BY_THE_DOOR.x2 + 0.01)
    things = book.update(0.0, [_track(1, BY_THE_DOOR, 0.0), _track(2, again, 0.0)])
    assert [thing.track.id for thing in things] == [1]


def test_who_comes_close_to_a_thing_that_is_in_sight_does_not_take_its_place() -> None:
    book, close = _yard(), _beside(BY_THE_DOOR, 0.035)
    assert close.iou(BY_THE_DOOR) > SAME_PLACE_IOU
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    first, second = book.update(1.0, [_track(1, BY_THE_DOOR, 1.0), _track(2, close, 1.0)])
    assert [(each.thing, each.track.id, each.since) for each in (first, second)] == [(1, 1, 0.0), (2, 2, 1.0)]


def test_what_comes_where_another_one_was_a_moment_ago_is_no_double_of_it() -> None:
    """A double is what one look finds twice; who was there in an earlier one may have gone on."""
    book = _yard()
    book.update(0.0, [_track(1, BY_THE_DOOR, 0.0)])
    moved = _beside(BY_THE_DOOR, 0.5)
    things = book.update(1.0, [_track(1, moved, 1.0), _track(2, BY_THE_DOOR, 1.0)])
    assert [(each.thing, each.track.box) for each in things] == [(1, moved), (2, BY_THE_DOOR)]
