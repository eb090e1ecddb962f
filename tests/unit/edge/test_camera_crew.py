from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event
from threading import enumerate as enumerate_threads
from time import monotonic, sleep

import pytest

from lookout_contract.events import EndReason, Phase
from lookout_contract.status import Sight
from lookout_edge.domain.frame import Frame
from lookout_edge.errors import EdgeError, SourceError
from lookout_edge.supervisor import (
    Crew,
    take_snapshot,
)
from lookout_edge.testing import (
    ListSource,
)
from unit.edge.worker_world import Endless, World, eventually, frames


def test_a_crew_runs_cameras_side_by_side_and_a_bad_one_stops_nobody() -> None:
    good = Endless(())
    watching = World(good, camera="gate")
    lost = World(ListSource((), SourceError("gone", reason="missing")), camera="lost")
    crew = Crew()
    crew.start([watching.worker, lost.worker])
    assert good.shown.wait(10)
    # The picture is handed out before the worker has said that it watches.
    deadline = monotonic() + 10
    wanted = [(watching, (Sight.WATCHING, None)), (lost, (Sight.BLIND, "missing"))]
    while any(state not in each.said for each, state in wanted) and monotonic() < deadline:
        sleep(0.01)
    ref = take_snapshot(crew, "gate")
    assert watching.evidence.files[ref.sha256] == bytes([200, 200, 200])
    with pytest.raises(EdgeError, match="no camera 'yard' at this gateway; there are: gate, lost"):
        take_snapshot(crew, "yard")
    crew.stop()
    assert watching.said[-1] == (Sight.OFF, "shutdown")
    assert lost.said[-1] == (Sight.OFF, "shutdown")
    assert (Sight.BLIND, "missing") in lost.said
    assert watching.sink.events[-1].end_reason is EndReason.SHUTDOWN
    assert crew.workers == ()


def test_replacing_a_crew_stops_the_old_one_first() -> None:
    old, new = World(Endless(())), World(Endless(()))
    crew = Crew()
    crew.start([old.worker])
    crew.replace([new.worker])
    assert old.said[-1] == (Sight.OFF, "shutdown")
    assert crew.find("gate") is new.worker
    crew.stop()


@dataclass
class Hanging(ListSource):
    """Shows some frames, then hangs until it is let go, closed or not."""

    hangs: Event = field(default_factory=Event)
    go_on: Event = field(default_factory=Event)

    def play(self) -> Iterator[Frame]:
        yield from self.items
        self.hangs.set()
        self.go_on.wait(10)


def hung_and_next() -> tuple[Hanging, World, Endless, World]:
    """A worker that hangs with an open occurrence, and the one that is to take its camera over."""
    hanging, fresh = Hanging(frames()), Endless(())
    return hanging, World(hanging), fresh, World(fresh)


def test_a_camera_is_not_watched_by_two_while_the_first_one_hangs() -> None:
    hanging, old, fresh, new = hung_and_next()
    crew = Crew()
    crew.start([old.worker])
    assert hanging.hangs.wait(10)
    crew.replace([new.worker], timeout_s=0.05)
    eventually(lambda: new.said == [(Sight.BLIND, "held_up")])
    sleep(0.2)
    assert fresh.opened == 0
    hanging.go_on.set()
    assert fresh.shown.wait(10)
    assert (old.said[-1], old.phases) == ((Sight.OFF, "shutdown"), [Phase.START, Phase.END])
    crew.stop()


def test_who_hangs_for_too_long_is_not_heard_any_more() -> None:
    hanging, old, fresh, new = hung_and_next()
    crew = Crew(patience_s=0.2)
    crew.start([old.worker])
    assert hanging.hangs.wait(10)
    crew.replace([new.worker], timeout_s=0.05)
    assert fresh.shown.wait(10)
    said = list(old.said)
    hanging.go_on.set()
    eventually(lambda: [thread.name for thread in enumerate_threads()].count("camera-gate") == 1)
    assert (old.said, old.phases) == (said, [Phase.START])
    crew.stop()


def test_who_hangs_while_its_camera_is_taken_out_ends_nothing_a_second_time() -> None:
    """What it had open is ended for it, see ``Unwatched``."""
    hanging, old, _, _ = hung_and_next()
    crew = Crew()
    crew.start([old.worker])
    assert hanging.hangs.wait(10)
    crew.replace([], timeout_s=0.05)
    said = list(old.said)
    assert said[-1] == (Sight.OFF, "shutdown"), "nobody else would say so"
    hanging.go_on.set()
    eventually(lambda: "camera-gate" not in [thread.name for thread in enumerate_threads()])
    assert (old.said, old.phases) == (said, [Phase.START])


def test_a_worker_that_waits_for_a_hung_one_can_be_stopped() -> None:
    hanging, old, fresh, new = hung_and_next()
    crew = Crew()
    crew.start([old.worker])
    assert hanging.hangs.wait(10)
    crew.replace([new.worker], timeout_s=0.05)
    begun = monotonic()
    crew.stop()
    assert monotonic() - begun < 1.5
    hanging.go_on.set()
    assert fresh.opened == 0


def test_replacing_leaves_those_alone_that_are_to_be_kept() -> None:
    kept, old, new = World(Endless(()), camera="kept"), World(Endless(())), World(Endless(()))
    crew = Crew()
    crew.start([kept.worker, old.worker])
    crew.replace([new.worker], keep={"kept"})
    assert (Sight.OFF, "shutdown") not in kept.said
    assert old.said[-1] == (Sight.OFF, "shutdown")
    assert crew.workers == (kept.worker, new.worker)
    crew.stop()
