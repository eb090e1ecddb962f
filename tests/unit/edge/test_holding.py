from dataclasses import dataclass, field

import pytest

from lookout_contract.events import Attributes, EndReason, EventData, Phase, Scenario, Severity
from lookout_edge.adapters.testing import some_event
from lookout_edge.errors import SpoolError
from lookout_edge.supervisor.holding import HeldEvents
from lookout_edge.testing import MemorySink

FIRE, GARBAGE = Scenario.FIRE_SMOKE, Scenario.GARBAGE


def start(occurrence: str, scenario: Scenario = GARBAGE) -> EventData:
    return some_event(occurrence, scenario=scenario)


def update(occurrence: str, scenario: Scenario = GARBAGE, *, at: float = 1_750_000_001.0, stage: str = "") -> EventData:
    attributes = Attributes(stage=stage or None)
    event = some_event(occurrence, scenario=scenario, at=at)
    return event.model_copy(update={"phase": Phase.UPDATE, "attributes": attributes})


def end(occurrence: str, scenario: Scenario = GARBAGE) -> EventData:
    update = {"phase": Phase.END, "end_reason": EndReason.CLEARED}
    return some_event(occurrence, scenario=scenario).model_copy(update=update)


@dataclass
class World:
    room: int
    sink: MemorySink = field(default_factory=lambda: MemorySink(broken=True))

    def __post_init__(self) -> None:
        self.held = HeldEvents(self.sink, room=self.room)

    def refuse(self, *events: EventData) -> None:
        for event in events:
            with pytest.raises(SpoolError, match="disk is full"):
                self.held.put([event])

    def mend(self) -> list[tuple[str, str]]:
        self.sink.broken = False
        self.held.put([])
        return [(event.occurrence, event.phase.value) for event in self.sink.events]


def test_what_is_refused_is_stored_in_order_once_the_disk_is_mended() -> None:
    world = World(room=9)
    world.refuse(start("a"), start("b"), end("a"))
    assert len(world.held) == 3
    assert world.mend() == [("a", "start"), ("b", "start"), ("a", "end")]
    assert (len(world.held), world.held.given_up.total()) == (0, 0)


@dataclass
class Picky(MemorySink):
    """Has a bug about one occurrence."""

    def put(self, data: EventData) -> int:
        if data.occurrence == "odd":
            raise ZeroDivisionError("a bug")
        return super().put(data)


def test_one_that_can_never_be_stored_holds_up_no_other() -> None:
    world = World(room=9, sink=Picky())
    with pytest.raises(ZeroDivisionError):
        world.held.put([start("odd"), start("fire", FIRE)])
    assert world.mend() == [("fire", "start")]
    assert (len(world.held), world.held.given_up) == (0, {GARBAGE: 1})


def test_an_update_replaces_the_one_before_it_unless_somebody_acts_upon_the_difference() -> None:
    world = World(room=9)
    red = update("a", stage="confirmed").model_copy(update={"severity": Severity.RED})
    world.refuse(start("a"), update("a"), update("b"), update("a", at=1_750_000_002.0), update("a", stage="suspected"))
    world.refuse(update("a", stage="confirmed"), red)
    world.mend()
    updates = [(event.attributes.stage, event.severity) for event in world.sink.events if event.occurrence == "a"][1:]
    assert updates == [
        (None, Severity.BLUE),
        ("suspected", Severity.BLUE),
        ("confirmed", Severity.BLUE),
        ("confirmed", Severity.RED),
    ]
    assert [event.captured_at.timestamp() for event in world.sink.events if event.occurrence == "a"][1] == 1_750_000_002
    assert world.held.given_up.total() == 0


def test_the_start_of_a_fire_outlives_all_that_comes_after_it() -> None:
    world = World(room=3)
    world.refuse(start("fire", FIRE), end("fire", FIRE), *(start(f"bag-{number}") for number in range(20)))
    assert world.held.overflowed
    assert world.mend() == [("fire", "start"), ("fire", "end"), ("bag-19", "start")]
    assert world.held.given_up == {GARBAGE: 19}
    assert not world.held.overflowed


@pytest.mark.parametrize(
    ("events", "gone"),
    [
        ((update("f", FIRE, stage="a"), start("g"), update("f", FIRE, stage="b")), 0),
        ((start("f", FIRE), update("f", FIRE), start("g")), 2),
        ((start("g"), end("g"), update("h")), 2),
        ((start("g"), end("h"), start("i")), 1),
        ((start("g"), start("h"), start("i")), 0),
        ((start("f", FIRE), end("f", FIRE), update("h", FIRE)), 2),
    ],
)
def test_the_least_is_given_up_first(events: tuple[EventData, ...], gone: int) -> None:
    world = World(room=2)
    world.refuse(*events)
    kept = [(event.occurrence, event.phase.value) for index, event in enumerate(events) if index != gone]
    assert world.mend() == kept
    assert world.held.given_up == {events[gone].scenario: 1}
