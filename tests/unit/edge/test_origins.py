from collections.abc import Sequence

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.track import Track
from lookout_edge.rules.origins import UNSEEN_S, Origins
from lookout_edge.testing import box_at, track

HERE, THERE = box_at(0.2, 0.5), box_at(0.6, 0.5)
LABELS = ("garbage",)


def bag(at: float, *, number: int = 1, box: Box = HERE, first_at: float = 100.0) -> Track:
    return track(number, at, label="garbage", box=box, first_at=first_at)


def told(stood: bool, asked: list[tuple[Box, float]] | None = None) -> Scene:
    def answer(box: Box, before: float) -> bool:
        if asked is not None:
            asked.append((box, before))
        return stood

    return Scene("yard", stood=answer)


def look(origins: Origins, at: float, tracks: Sequence[Track], stood: bool = True) -> list[bool]:
    origins.look(at, tracks, told(stood))
    return [origins.stood(each) for each in tracks]


def test_it_is_asked_once_of_a_track_and_of_what_was_there_long_before() -> None:
    origins, asked = Origins(LABELS), list[tuple[Box, float]]()
    for at in (100.0, 101.0):
        origins.look(at, [bag(at), track(2, at, label="person")], told(True, asked))
    assert asked == [(HERE, 100.0 - UNSEEN_S)]
    assert origins.stood(bag(101.0))
    assert not origins.stood(track(2, 101.0, label="person"))


def test_what_nobody_can_compare_has_come() -> None:
    origins = Origins(LABELS)
    origins.look(100.0, [bag(100.0)], Scene("yard"))
    assert not origins.stood(bag(100.0))


def test_what_is_moved_has_not_stood_where_it_is() -> None:
    origins = Origins(LABELS)
    assert look(origins, 100.0, [bag(100.0)]) == [True]
    assert look(origins, 101.0, [bag(101.0, box=THERE)]) == [False]


def test_a_new_number_in_the_same_place_is_the_same_thing() -> None:
    came, stood = Origins(LABELS), Origins(LABELS)
    look(came, 100.0, [bag(100.0)], stood=False)
    look(stood, 100.0, [bag(100.0)], stood=True)
    # By now whatever is there has stood there for long.
    assert look(came, 200.0, [bag(200.0, number=2, first_at=200.0)], stood=True) == [False]
    assert look(stood, 200.0, [bag(200.0, number=2, first_at=200.0)], stood=False) == [True]
    assert look(came, 201.0, [bag(201.0, number=3, box=THERE, first_at=201.0)], stood=True) == [True]


def test_a_place_is_forgotten_and_so_is_everything_when_time_has_jumped() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [bag(100.0)], stood=False)
    assert look(origins, 500.0, [bag(500.0, number=2, first_at=500.0)], stood=True) == [True]
    look(origins, 501.0, [bag(501.0, number=2, first_at=500.0)])
    origins.reset()
    assert look(origins, 400.0, [bag(400.0, number=2, first_at=400.0)], stood=False) == [False]


def test_it_came_if_it_was_first_seen_after_a_while_of_watching() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [bag(100.0)], stood=False)
    later = [bag(106.0), bag(106.0, number=2, box=THERE, first_at=106.0)]
    look(origins, 106.0, later, stood=False)
    assert [origins.came(each) for each in later] == [False, True]
    assert origins.came(bag(107.0, box=THERE)), "what leaves its place is no part of the scene"
    assert not origins.came(track(9, 107.0, label="garbage")), "of what was never looked at nothing is known"


def test_what_was_there_at_first_has_not_come_under_a_new_number() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [bag(100.0)], stood=False)
    look(origins, 200.0, [again := bag(200.0, number=2, first_at=200.0)], stood=False)
    assert not origins.came(again)


def test_a_part_of_what_was_there_at_first_has_not_come() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [bag(100.0)], stood=False)
    look(origins, 200.0, [part := bag(200.0, number=2, box=box_at(0.26, 0.5), first_at=200.0)], stood=False)
    assert HERE.iou(part.box) < 0.5
    assert not origins.came(part)


def test_a_box_that_is_drawn_otherwise_has_not_left_its_place() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [bag(100.0)], stood=True)
    redrawn = bag(101.0, box=box_at(0.26, 0.5))
    assert (origins.stood(redrawn), origins.came(redrawn)) == (False, False)


def test_after_a_jump_of_time_the_camera_begins_to_look_anew() -> None:
    origins = Origins(LABELS)
    look(origins, 100.0, [])
    origins.reset()
    look(origins, 90.0, [seen := bag(90.0, first_at=90.0)], stood=False)
    assert not origins.came(seen)
