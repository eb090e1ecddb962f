from datetime import UTC, datetime

from lookout_contract.events import EndReason, EventData, EvidenceKind, Phase, Scenario, Severity
from lookout_edge.domain.frame import Frame
from lookout_edge.supervisor import ProofDesk, ProofSettings
from lookout_edge.testing import FakeRecorder, MemoryEvidence, picture


def event(phase: Phase, at: float, occurrence: str = "a1", *, scenario: Scenario = Scenario.GARBAGE) -> EventData:
    return EventData(
        occurrence=occurrence,
        scenario=scenario,
        camera="gate",
        phase=phase,
        captured_at=datetime.fromtimestamp(at, UTC),
        started_at=datetime.fromtimestamp(100.0, UTC),
        end_reason=EndReason.CLEARED if phase is Phase.END else None,
        severity=Severity.BLUE,
    )


class World:
    def __init__(self, recorder: FakeRecorder | None = None) -> None:
        self.store, self.recorder = MemoryEvidence(), recorder or FakeRecorder()
        self.problems: list[str] = []
        self.desk = ProofDesk(
            self.store,
            self.recorder,
            lambda image: bytes(image[0, 0]),
            on_problem=self.problems.append,
            settings=ProofSettings(pre_roll_s=4.0, post_roll_s=3.0),
        )

    def show(self, at: float, *events: EventData) -> list[EventData]:
        return self.desk.attach(Frame("gate", at, picture(int(at) % 256)), at, events)


def kinds(data: EventData) -> list[EvidenceKind]:
    return [ref.kind for ref in data.evidence]


def test_snapshot_at_once_clip_when_the_post_roll_is_over() -> None:
    world = World()
    (start,) = world.show(100.0, event(Phase.START, 100.0))
    assert kinds(start) == [EvidenceKind.SNAPSHOT]
    assert world.show(102.9) == []
    (update,) = world.show(103.2)
    assert (update.phase, kinds(update)) == (Phase.UPDATE, [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP])
    assert update.captured_at.timestamp() == 103.2
    assert world.recorder.asked == [(96.0, 103.0)]
    assert world.show(104.0) == []


def test_later_events_repeat_what_was_gathered() -> None:
    world = World()
    world.show(100.0, event(Phase.START, 100.0))
    world.show(103.0)
    (update,) = world.show(130.0, event(Phase.UPDATE, 130.0))
    assert kinds(update) == [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP]
    (end,) = world.show(140.0, event(Phase.END, 140.0))
    assert kinds(end) == [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP]
    assert world.show(150.0) == []


def test_an_early_end_takes_the_clip_along_and_nothing_follows() -> None:
    world = World()
    world.show(100.0, event(Phase.START, 100.0))
    (end,) = world.show(101.0, event(Phase.END, 101.0))
    assert (end.phase, kinds(end)) == (Phase.END, [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP])
    assert world.recorder.asked == [(96.0, 101.0)]
    assert world.show(110.0) == []


def test_nothing_recorded_is_no_update() -> None:
    world = World()
    world.recorder.empty = True
    world.show(100.0, event(Phase.START, 100.0))
    assert world.show(110.0) == []
    assert world.problems == []


def test_problems_are_told_and_the_event_goes_on() -> None:
    world = World()
    world.store.broken = True
    (start,) = world.show(100.0, event(Phase.START, 100.0))
    assert start.evidence == ()
    assert world.show(110.0) == []
    assert len(world.problems) == 2


class FaultyRecorder(FakeRecorder):
    """Says what no recorder should."""

    def clip(self, start_at: float, end_at: float) -> bytes | None:
        """See ``Recorder``."""
        raise OSError(28, "No space left on device")


def test_a_fault_in_one_alarm_s_clip_does_not_take_another_alarm_along() -> None:
    world = World(FaultyRecorder())
    world.show(100.0, event(Phase.START, 100.0))
    (fire,) = world.show(103.2, event(Phase.START, 103.2, "f3", scenario=Scenario.FIRE_SMOKE))
    assert (fire.scenario, kinds(fire)) == (Scenario.FIRE_SMOKE, [EvidenceKind.SNAPSHOT])
    (end,) = world.show(104.0, event(Phase.END, 104.0, "f3", scenario=Scenario.FIRE_SMOKE))
    assert end.phase is Phase.END
    assert len(world.problems) == 2
    assert "No space left" in world.problems[0]


def test_an_event_of_an_unknown_occurrence_passes_as_it_is() -> None:
    world = World()
    stray = event(Phase.UPDATE, 100.0)
    assert world.show(100.0, stray) == [stray]


def test_what_proves_a_fire_goes_first() -> None:
    world = World()
    world.show(100.0, event(Phase.START, 100.0), event(Phase.START, 100.0, "b2"))
    world.show(103.0)
    assert world.store.first == []
    world.show(110.0, event(Phase.START, 110.0, "f3", scenario=Scenario.FIRE_SMOKE))
    world.show(113.0)
    assert world.store.first == [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP]
