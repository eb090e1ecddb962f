from collections.abc import Callable, Iterator, Sequence
from threading import Thread

import pytest

from lookout_contract.events import EndReason, EventData, EvidenceKind, Phase, Scenario
from lookout_contract.status import CameraReport, CameraState, Sight
from lookout_edge.adapters.testing import some_event
from lookout_edge.closer import Plates
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.occurrence import BUTTON_PRESSED, CAMERA_ANALYTICS
from lookout_edge.errors import EdgeError, LateError, ModelError, OverloadError, SourceError, SpoolError
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.supervisor import (
    Crew,
    Gateway,
    Unwatched,
)
from lookout_edge.supervisor.gateway import end_unwatched
from lookout_edge.testing import (
    FakePlateReader,
    FixedDirectory,
    ListSource,
    MemoryEvidence,
    ScriptedDetector,
    ShadeDetector,
    picture,
)
from unit.edge.worker_world import (
    Endless,
    OpenSink,
    World,
    dropped_in_status,
    eventually,
    frames,
    see,
)


def test_a_file_that_ends_leaves_the_camera_off_and_nothing_open() -> None:
    world = World(ListSource(frames(), held_bytes=1000))
    world.worker.run()
    assert world.said == [(Sight.BLIND, "connecting"), (Sight.WATCHING, None), (Sight.OFF, "ended")]
    assert world.worker.report() == CameraReport(fps=5.0, memory_bytes=1000)
    assert world.phases == [Phase.START, Phase.END]
    assert world.sink.events[1].end_reason is EndReason.BLIND
    assert world.delays.resets == 20


def test_the_start_carries_a_snapshot_of_its_frame_and_the_end_the_clip_so_far() -> None:
    world = World(ListSource(frames()))
    world.worker.run()
    start, end = world.sink.events
    assert [ref.kind for ref in start.evidence] == [EvidenceKind.SNAPSHOT]
    assert [ref.kind for ref in end.evidence] == [EvidenceKind.SNAPSHOT, EvidenceKind.CLIP]
    assert world.evidence.files[start.evidence[0].sha256] == bytes([200, 200, 200])


def test_a_lost_source_is_blind_with_its_reason_and_opened_again() -> None:
    source = ListSource(frames(), SourceError("unplugged", reason="unreachable"))
    world = World(source)
    world.delays.after = lambda waits: world.worker.stop() if waits == 3 else None
    world.worker.run()
    assert source.opened >= 1
    assert (Sight.BLIND, "unreachable") in world.said
    assert world.said[-1] == (Sight.OFF, "shutdown")
    assert ("gate", "camera gate is blind (unreachable): unplugged") in world.warnings.said
    assert world.sink.events[-1].end_reason is EndReason.SHUTDOWN


def test_a_fault_in_one_camera_is_blind_and_tried_again() -> None:
    class Broken:
        name, sha256, labels, takes_regions = "broken", "0" * 64, ("car",), False

        def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
            raise ZeroDivisionError("a bug")

    world = World(ListSource(frames()), Broken())
    world.delays.after = lambda waits: world.worker.stop() if waits == 2 else None
    world.worker.run()
    assert world.said[1] == (Sight.BLIND, "fault")
    assert world.delays.waits == 2


def test_a_camera_is_watched_whatever_fails_about_its_past_and_about_its_faults(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thread that ended would leave a camera that says nothing any more, not even that it is blind."""
    world = World(ListSource(frames(), SourceError("unplugged", reason="unreachable")))

    def torn(*_: object) -> Sequence[EventData]:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(world.pipeline, "resume", torn)
    monkeypatch.setattr(world.pipeline, "lose_sight", torn)
    worker = world.build(blind_after_s=0.0)
    world.delays.after = lambda waits: worker.stop() if waits == 6 else None
    worker.run()
    assert world.source.opened >= 2
    assert (world.phases[0], world.phases[-1]) == (Phase.START, Phase.END)
    assert world.said[-1] == (Sight.OFF, "shutdown")


@pytest.mark.parametrize(
    ("errors", "reason"),
    [
        ([ModelError("no session")] * 5, "detector_failed"),
        ([OverloadError("too busy")] * 5, "detector_timeout"),
        ([LateError("it hangs")] * 5, "detector_timeout"),
        # One reason for all of it, whatever comes after.
        ([OverloadError("too busy")] * 3 + [ModelError("no session"), OverloadError("too busy")], "detector_timeout"),
    ],
)
def test_looks_that_bring_nothing_make_the_camera_blind_with_their_reason_until_one_works(
    errors: Sequence[ModelError], reason: str
) -> None:
    moving = [Frame("gate", index / 5, picture(index * 37)) for index in range(20)]
    script: list[Sequence[Detection] | ModelError] = [(), (), *errors]
    world = World(ListSource(moving), ScriptedDetector(script))
    world.worker.run()
    assert world.said == [
        (Sight.BLIND, "connecting"),
        (Sight.WATCHING, None),
        (Sight.BLIND, reason),
        (Sight.WATCHING, None),
        (Sight.OFF, "ended"),
    ]


class LatelyBrokenReader(FakePlateReader):
    """Fails at its first five tries."""

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``."""
        read = super().read(image, region)
        if len(self.regions) <= 5:
            raise ModelError("the reader's session is gone")
        return read


def test_a_camera_whose_plate_reader_fails_watches_and_says_so_until_it_works() -> None:
    world = World(ListSource(frames(seconds=12.0)))
    plates = Plates(reader=LatelyBrokenReader("皖A12345"), directory=FixedDirectory(), least_width=1)
    provenance = Provenance(camera="gate", models={})
    world.pipeline = CameraPipeline(provenance, [world.rule], ShadeDetector(see), plates=plates)
    world.worker = world.build()
    world.worker.run()
    assert world.said == [
        (Sight.BLIND, "connecting"),
        (Sight.WATCHING, None),
        (Sight.WATCHING, "plates_failed"),
        (Sight.WATCHING, None),
        (Sight.OFF, "ended"),
    ]
    assert ("gate", "camera gate is watching (plates_failed): the reader's session is gone") in world.warnings.said
    assert blind_alarms(world) == []


class UnpluggedSource(ListSource):
    """Fails at the first ``failures`` openings."""

    failures = 0

    def play(self) -> Iterator[Frame]:
        """See ``ListSource``."""
        if self.opened <= self.failures:
            raise SourceError("unplugged", reason="unreachable")
        yield from super().play()


def blind_alarms(world: World) -> list[tuple[Phase, str | None, EndReason | None]]:
    events = [event for event in world.sink.events if event.scenario is Scenario.CAMERA_BLIND]
    assert len({event.occurrence for event in events}) <= 1
    return [(event.phase, event.severity_reason, event.end_reason) for event in events]


def world_of_unplugged(failures: int, *, each_s: float = 10.0, frames_then: Sequence[Frame] = ()) -> World:
    """A camera that fails so often, each attempt ``each_s`` seconds after the last."""
    source = UnpluggedSource(frames_then)
    source.failures = failures
    world = World(source)

    def wait(_: int) -> None:
        world.clock.at += each_s

    world.delays.after = wait
    return world


def test_a_camera_that_stays_away_is_an_alarm_until_it_is_back() -> None:
    world = world_of_unplugged(4, frames_then=frames())
    world.worker.run()
    assert blind_alarms(world) == [
        (Phase.START, "blind_unreachable", None),
        (Phase.END, "blind_unreachable", EndReason.CLEARED),
    ]
    (start, *_) = (event for event in world.sink.events if event.scenario is Scenario.CAMERA_BLIND)
    assert start.dwell_s == 30.0
    assert start.explain[0].value == "unreachable"


def test_a_clock_that_is_set_back_does_not_put_the_alarm_off() -> None:
    world = world_of_unplugged(6, frames_then=frames())
    wait = world.delays.after

    def set_back(number: int) -> None:
        wait(number)
        world.set_clock(-86_400 if number == 2 else 0)

    world.delays.after = set_back
    world.worker.run()
    assert [phase for phase, *_ in blind_alarms(world)] == [Phase.START, Phase.END]


def test_a_clock_that_is_set_when_the_network_comes_up_makes_no_alarm_of_a_moment() -> None:
    world = world_of_unplugged(2, frames_then=frames())
    wait = world.delays.after

    def set_forward(number: int) -> None:
        wait(number)
        world.set_clock(50 * 365 * 86_400 if number == 2 else 0)

    world.delays.after = set_forward
    world.worker.run()
    assert (Sight.BLIND, "unreachable") in world.said
    assert blind_alarms(world) == []


def test_a_camera_that_is_away_for_a_moment_is_no_alarm() -> None:
    world = world_of_unplugged(2, frames_then=frames())
    world.worker.run()
    assert blind_alarms(world) == []
    assert (Sight.BLIND, "unreachable") in world.said


def test_looks_that_keep_failing_are_an_alarm_until_one_works() -> None:
    moving = [Frame("gate", index / 5, picture(index * 37)) for index in range(20)]
    script: list[Sequence[Detection] | ModelError] = [(), *[LateError("A look took longer than 10 s.")] * 6]
    world = World(ListSource(moving))

    class Slow(ScriptedDetector):
        def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
            world.clock.at += 12
            return super().detect(image, region)

    world.pipeline = CameraPipeline(Provenance(camera="gate", models={}), [world.rule], Slow(script))
    world.worker = world.build()
    world.worker.run()
    assert blind_alarms(world) == [
        (Phase.START, "blind_detector_timeout", None),
        (Phase.END, "blind_detector_timeout", EndReason.CLEARED),
    ]


def test_what_is_lost_when_the_gateway_stops_ends_as_shutdown() -> None:
    world = world_of_unplugged(99, each_s=20.0)
    wait = world.delays.after

    def wait_and_stop(waits: int) -> None:
        wait(waits)
        if waits == 4:
            world.worker.stop()

    world.delays.after = wait_and_stop
    world.worker.run()
    assert [reason for _, _, reason in blind_alarms(world)] == [None, EndReason.SHUTDOWN]


def test_events_that_the_disk_refuses_are_kept_and_spooled_later() -> None:
    world = World(ListSource(frames()))
    world.sink.broken = True

    world.worker.run()
    assert world.sink.events == []
    assert any(key == "spool" for key, _ in world.warnings.said)
    world.sink.broken = False
    world.worker.run()
    assert world.phases[:2] == [Phase.START, Phase.END]


def test_a_camera_whose_events_the_disk_refuses_says_so_while_it_watches() -> None:
    source = ListSource(frames())
    world = World(source)
    world.sink.broken = True

    def mend(state: CameraState) -> None:
        world.states.append(state)
        world.sink.broken = world.sink.broken and state.reason != "spool_refused"

    world.worker = world.build(mend)
    world.worker.run()
    assert world.said == [
        (Sight.BLIND, "connecting"),
        (Sight.WATCHING, None),
        (Sight.WATCHING, "spool_refused"),
        (Sight.WATCHING, None),
        (Sight.OFF, "ended"),
    ]


def test_what_ends_with_the_gateway_tells_the_skew_as_all_else() -> None:
    world = World(ListSource([Frame(f.camera, f.at, f.picture, 0.25) for f in frames()]))
    world.worker.run()
    assert (world.phases[0], world.phases[-1]) == (Phase.START, Phase.END)
    assert {event.skew_s for event in world.sink.events} == {0.25}


class LosesItsMainStream(ListSource):
    """For five of its pictures."""

    def play(self) -> Iterator[Frame]:
        """See ``ListSource``."""
        for number, frame in enumerate(super().play()):
            lost = ("main_lost", "evidence comes from the sub stream: it is gone")
            self.impairment = lost if 5 <= number < 10 else None
            yield frame


def test_a_camera_without_its_main_stream_says_so_while_it_watches() -> None:
    world = World(LosesItsMainStream(frames()))
    world.worker.run()
    assert world.said[1:4] == [(Sight.WATCHING, None), (Sight.WATCHING, "main_lost"), (Sight.WATCHING, None)]
    assert world.states[2].detail == "evidence comes from the sub stream: it is gone"


def test_the_start_of_a_fire_is_not_given_up_for_what_comes_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(ListSource(frames(seconds=0.4)))
    world.sink.broken = True
    fire = some_event("fire", scenario=Scenario.FIRE_SMOKE)
    coming = [[fire, *(some_event(f"car-{number}") for number in range(1100))], []]

    def step(_: Frame, keep: Callable[[Sequence[EventData]], None]) -> None:
        keep(coming.pop(0))

    monkeypatch.setattr(world.pipeline, "step", step)
    world.worker.run()
    assert (Sight.WATCHING, "spool_overflow") in world.said
    assert world.worker.given_up == {Scenario.UNFAMILIAR_VEHICLE: 101}
    world.sink.broken = False
    world.source.items = ()
    world.worker.run()
    assert (len(world.sink.events), world.sink.events[0].occurrence) == (1000, "fire")
    assert dropped_in_status(world) == {"fire_smoke": 1, "unfamiliar_vehicle": 103}


def test_broken_evidence_never_stops_an_event() -> None:
    world = World(ListSource(frames()))
    world.evidence.broken = True
    world.worker.run()
    assert world.phases == [Phase.START, Phase.END]
    assert all(event.evidence == () for event in world.sink.events)


def test_a_snapshot_is_the_newest_picture_of_a_watched_camera() -> None:
    world = World(ListSource(frames()))
    with pytest.raises(EdgeError, match="not started"):
        world.worker.snapshot()
    world.worker.run()
    with pytest.raises(EdgeError, match="ended"):
        world.worker.snapshot()


def test_what_stood_there_before_a_restart_goes_on_under_its_name() -> None:
    first = World(ListSource(frames(), SourceError("x", reason="stalled")))
    first.delays.after = lambda _: first.worker.stop()
    first.worker.run()
    (start, end) = first.sink.events
    assert end.end_reason is EndReason.SHUTDOWN
    second = World(ListSource(frames(start=20.0)))
    second.sink = first.sink
    second.worker = second.build()
    second.worker.run()
    resumed = first.sink.events[2]
    assert (resumed.phase, resumed.occurrence, resumed.resumed) == (Phase.UPDATE, start.occurrence, True)
    assert {event.occurrence for event in first.sink.events} == {start.occurrence}


def test_what_a_button_told_is_left_to_the_button() -> None:
    world = World(ListSource(frames(), SourceError("x", reason="stalled")))
    pressed = some_event("pressed", camera="gate").model_copy(update={"severity_reason": BUTTON_PRESSED})
    world.sink.events.append(pressed)
    world.delays.after = lambda _: world.worker.stop()
    world.worker.run()
    assert [event.phase for event in world.sink.events if event.occurrence == "pressed"] == [Phase.START]


def test_what_is_open_at_a_camera_that_is_watched_no_more_is_ended() -> None:
    sink = OpenSink([some_event("a", camera="gone"), some_event("b", camera="gate")])
    end_unwatched(sink, sink, {"gate"})
    assert [(event.occurrence, event.end_reason) for event in sink.events[2:]] == [("a", EndReason.SHUTDOWN)]


@pytest.mark.parametrize(
    ("heard", "ended"),
    [(["gate"], ["gone-rule", "gone-onvif"]), ([], ["gate-onvif", "gone-rule", "gone-onvif"]), (None, ["gone-rule"])],
    ids=["heard", "unheard", "reload"],
)
def test_what_a_camera_said_that_nobody_listens_to_any_more_is_ended_at_the_start(
    heard: list[str] | None, ended: list[str]
) -> None:
    """A power cut left it open, and the camera's ``onvif`` was taken out: later on who listens ends it, and once."""
    said = {"severity_reason": CAMERA_ANALYTICS}
    sink = OpenSink(
        [
            some_event("gate-rule", camera="gate"),
            some_event("gate-onvif", camera="gate").model_copy(update=said),
            some_event("gone-rule", camera="gone"),
            some_event("gone-onvif", camera="gone").model_copy(update=said),
        ]
    )
    end_unwatched(sink, sink, {"gate"}, heard)
    assert [event.occurrence for event in sink.events[4:]] == ended


def test_a_disk_that_refuses_to_end_what_is_unwatched_holds_up_nothing() -> None:
    sink = OpenSink([some_event("a", camera="gone")], broken=True)
    later: list[tuple[float, Callable[[], None]]] = []
    unwatched = Unwatched(sink, sink, lambda: {"gate"}, lambda after_s, act: later.append((after_s, act)))
    unwatched.end()
    ((after_s, again),) = later
    assert after_s > 0
    sink.broken = False
    again()
    assert [event.phase for event in sink.events] == [Phase.START, Phase.END]
    unwatched.close()
    sink.broken = True
    unwatched.end()
    assert len(later) == 1


def test_whatever_a_picture_fails_of_its_alarm_hears_an_error_that_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(Endless(frames()))

    def torn(*_: object, **__: object) -> None:
        raise MemoryError("no room for it")

    thread = Thread(target=world.worker.run)
    thread.start()
    try:
        eventually(lambda: (Sight.WATCHING, None) in world.said)
        monkeypatch.setattr(MemoryEvidence, "put", torn)
        with pytest.raises(EdgeError, match="no room for it"):
            world.worker.snapshot()
    finally:
        world.worker.stop()
        thread.join(5)


def test_a_wrong_password_is_not_tried_again_soon() -> None:
    world = World(ListSource((), SourceError("wrong password", reason="auth")))
    world.delays.after = lambda _: world.worker.stop()
    world.worker.run()
    assert world.delays.asked == [120.0]


def test_stopping_from_another_thread_ends_the_run() -> None:
    source = Endless(())
    world = World(source)
    thread = Thread(target=world.worker.run)
    thread.start()
    assert source.shown.wait(10)
    world.worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_a_part_that_does_not_close_keeps_none_of_the_others_open() -> None:
    closed: list[str] = []

    class Part:
        def __init__(self, name: str) -> None:
            self.name = name

        def start(self) -> None:
            pass

        def close(self) -> None:
            closed.append(self.name)
            if self.name == "button":
                raise SpoolError("The disk is full: free some space.")

    gateway = Gateway(Crew(), [Part("spool"), Part("link"), Part("button")])
    gateway.start([])
    gateway.stop()
    assert closed == ["button", "link", "spool"]
