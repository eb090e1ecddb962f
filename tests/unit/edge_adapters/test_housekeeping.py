"""Circles that hold native memory are found without waiting for a full collection of Python's own."""

import gc
import weakref
from collections.abc import Callable, Iterator
from threading import Event

import pytest

from lookout_edge.adapters.housekeeping import Housekeeping
from lookout_edge.adapters.video.cadence import Look
from lookout_edge.adapters.video.pump import Pump
from lookout_edge.errors import SourceError


class Circle:
    def __init__(self) -> None:
        self.itself = self


def test_circles_are_collected_in_the_background_until_it_is_closed() -> None:
    keeper = Housekeeping(every_s=0.01)
    gc.disable()
    try:
        keeper.start()
        lost = weakref.ref(Circle())
        for _ in range(1000):
            if lost() is None and keeper.rounds:
                break
            Event().wait(0.01)
        # A round counts when it is over, a moment after the circle has gone.
        assert lost() is None
        assert keeper.rounds >= 1
    finally:
        keeper.close()
        gc.enable()


def test_what_was_there_at_the_start_is_let_go_once_it_is_thawed_and_the_rest_left_out_again() -> None:
    circle = Circle()
    lost = weakref.ref(circle)
    keeper = Housekeeping(every_s=0.01)
    keeper.start()
    try:
        del circle
        gc.collect()
        assert lost() is not None
        keeper.thaw()
        for _ in range(1000):
            if lost() is None and gc.get_freeze_count():
                break
            Event().wait(0.01)
        assert lost() is None
        assert gc.get_freeze_count()
    finally:
        keeper.close()


def test_small_collections_come_seldom_while_it_runs_and_as_before_after_it() -> None:
    before = gc.get_threshold()
    keeper = Housekeeping()
    keeper.start()
    try:
        assert gc.get_threshold()[0] > before[0]
    finally:
        keeper.close()
    assert gc.get_threshold() == before


class Decoder:
    """Stands for what is heavy."""


def test_a_reader_that_fails_is_let_go_with_all_it_holds_at_once() -> None:
    held: list[weakref.ref[Decoder]] = []

    def looks(touch: Callable[[], None]) -> Iterator[Look]:
        decoder = Decoder()
        held.append(weakref.ref(decoder))
        try:
            raise ValueError("damaged")
        except ValueError as error:
            raise SourceError("it broke", reason="undecodable") from error
        yield from ()

    gc.disable()
    try:
        pump = Pump(looks, name="gate", stop=Event())
        pump.start()
        with pytest.raises(SourceError, match="it broke"):
            pump.take(open_limit_s=10, read_limit_s=10)
        pump.close()
        del pump
        assert held[0]() is None
    finally:
        gc.enable()
