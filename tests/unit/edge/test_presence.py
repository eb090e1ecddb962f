"""Things in a zone under track numbers that come and go."""

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.presence import PresenceBook
from lookout_edge.domain.track import Track
from lookout_edge.domain.zone import Zone

EVERYWHERE = Zone("yard", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
BY_THE_DOOR, BY_THE_GATE = Box(0.1, 0.1, 0.2, 0.3), Box(0.7, 0.5, 0.9, 0.8)


def _track(number: int, box: Box, at: float) -> Track:
    return Track(id=number, label="motorcycle", score=0.8, box=box, first_at=0.0, last_at=at, hits=9)


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
