from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.commands import Resident
from lookout_contract.events import EndReason, EventData, Phase, PlateStatus, Scenario, Severity
from lookout_edge.closer import Plates
from lookout_edge.domain.demand import EVERY_PICTURE
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Frame, Image, ImagePicture, Luma
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.looks import seconds_between
from lookout_edge.domain.suppressed import Suppressed
from lookout_edge.domain.zone import Zone
from lookout_edge.errors import ModelError, OverloadError
from lookout_edge.events import Provenance
from lookout_edge.looking import EVERY_LOOK, LookSettings
from lookout_edge.pipeline import CameraPipeline, PipelineSettings
from lookout_edge.ports import Detector
from lookout_edge.rules.base import next_turn
from lookout_edge.rules.registry import RULES
from lookout_edge.testing import (
    FakePlateReader,
    FakePoseEstimator,
    FixedDirectory,
    ScriptedDetector,
    ShadeDetector,
    box_at,
    picture,
    pose_of,
)

CAR = Detection("car", 0.8, box_at(0.4, 0.4, 0.2, 0.2))
#: Green value of a picture with a car in it.
WITH_CAR = 200
EMPTY = 0


def see(shade: int) -> Sequence[Detection]:
    return (CAR,) if shade >= 150 else ()


class CountedPicture(ImagePicture):
    """Tells what was asked of it."""

    def __init__(self, image: Image) -> None:
        super().__init__(image)
        self.converted = self.thinned = 0

    def image(self) -> Image:
        self.converted += 1
        return super().image()

    def luma(self, longest: int) -> Luma:
        self.thinned += 1
        return super().luma(longest)


class BusyPlateReader(FakePlateReader):
    busy: bool = False

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        read = super().read(image, region)
        if self.busy:
            raise OverloadError("too busy")
        return read


class World:
    """A pipeline for unfamiliar vehicles (dwell 2 s) and what came out of it."""

    def __init__(
        self,
        detector: Detector | None = None,
        *,
        plates: Plates | None = None,
        looks: LookSettings | None = None,
        long_stay_s: float = 1800.0,
        masks: tuple[Zone, ...] = (),
    ) -> None:
        kind = RULES[Scenario.UNFAMILIAR_VEHICLE]
        self.detector = detector or ShadeDetector(see)
        self.suppressed: list[Suppressed] = []
        self.events: list[EventData] = []
        params = {"dwell_s": 2.0, "long_stay_s": long_stay_s}
        self.pipeline = CameraPipeline(
            Provenance(camera="gate", models={}),
            [kind.build(kind.params.model_validate(params), (), ZoneInfo("UTC"))],
            self.detector,
            plates=plates,
            settings=PipelineSettings(looks=looks or LookSettings(), masks=masks),
            on_suppressed=self.suppressed.append,
        )

    def show(self, shade: int, start: float, seconds: float, fps: float = 25.0) -> None:
        for index in range(round(seconds * fps)):
            self.events += self.pipeline.step(Frame("gate", start + index / fps, picture(shade), 0.02))

    @property
    def said(self) -> list[tuple[str, float]]:
        return [(event.phase.value, round(event.captured_at.timestamp(), 2)) for event in self.events]


def test_a_car_that_stays_is_one_occurrence_that_ends_when_it_has_left() -> None:
    world = World()
    world.show(EMPTY, 0.0, 2.0)
    world.show(WITH_CAR, 2.0, 8.0)
    world.show(EMPTY, 10.0, 12.0)
    assert [phase for phase, _ in world.said] == ["start", "end"]
    assert 4.0 <= world.said[0][1] <= 4.8
    assert world.events[0].skew_s == 0.02
    assert world.events[1].end_reason is EndReason.CLEARED
    assert 15.0 <= world.said[1][1] <= 18.0
    assert world.suppressed == [], "what was an alarm and leaves is no candidate that came to nothing"


@pytest.mark.parametrize("since", [2.36, 1_796_000_000.0 + 2.36, 1_796_000_000.7])
def test_a_dwell_is_over_in_the_look_at_its_end_however_times_round(since: float) -> None:
    """Of sums and differences of floats one is short by its last bit: nobody must wait for another look."""
    for at in (since + 2.0, since + 2.36 - 0.36, since - 0.36 + 2.36):
        assert seconds_between(since, at) >= 2.0
        assert next_turn(at, [since + 2.0]) is None
        assert next_turn(at - 0.2, [since + 2.0, since + 1.0]) == since + 2.0


def test_twice_gives_the_same_bytes() -> None:
    runs: list[list[str]] = []
    for _ in range(2):
        world = World()
        world.show(WITH_CAR, 0.0, 5.0)
        world.show(EMPTY, 5.0, 15.0)
        runs.append([event.model_dump_json() for event in world.events])
    assert runs[0] == runs[1] != []


def test_only_the_cadence_is_looked_at() -> None:
    """Something moves all the time: movement that shows nothing is worth half of the looks."""
    for looks, calls in ((EVERY_LOOK, 100), (LookSettings(), 50)):
        for fps in (5.0, 7.0, 12.5, 25.0, 30.0):
            detector = ShadeDetector(see)
            world = World(detector, looks=looks)
            for index in range(round(20 * fps)):
                world.pipeline.step(Frame("gate", index / fps, picture(index * 37)))
            assert abs(detector.calls - calls) <= 7, (looks, fps)


def test_an_idle_scene_costs_a_look_per_heartbeat() -> None:
    detector = ShadeDetector(see)
    world = World(detector, looks=LookSettings(heartbeat_s=10.0, linger_s=0.0))
    world.show(EMPTY, 0.0, 60.0)
    assert 6 <= detector.calls <= 8


def test_a_standing_car_is_held_through_idle_time_and_alarms_at_its_dwell() -> None:
    detector = ShadeDetector(see)
    world = World(detector)
    world.show(WITH_CAR, 0.0, 120.0)
    assert world.said[0][0] == "start"
    assert 2.0 <= world.said[0][1] <= 2.4
    assert {phase for phase, _ in world.said[1:]} == {"update"}
    assert detector.calls < 60


def test_a_failing_detector_is_unknown_and_not_an_empty_scene() -> None:
    broken = ModelError("the session is gone")
    seen: list[Sequence[Detection] | ModelError] = [[CAR]]
    script = seen * 12 + [broken] * 500
    world = World(ScriptedDetector(script))
    for index in range(400):  # moves all the time, so that every due frame is looked at
        shade = index * 37 % 140
        world.events += world.pipeline.step(Frame("gate", index / 5, picture(shade)))
    assert [phase for phase, _ in world.said] == ["start"]
    assert world.pipeline.unknown_because == "the session is gone"
    assert world.pipeline.failed_looks > 100
    assert world.pipeline.open_count == 1


def test_after_a_gap_the_occurrence_goes_on_if_the_car_is_still_there() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 4.0)
    world.show(WITH_CAR, 64.0, 10.0)
    assert {event.occurrence for event in world.events} == {world.events[0].occurrence}
    assert "end" not in [phase for phase, _ in world.said]


def test_after_a_gap_it_ends_if_the_car_has_gone() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 4.0)
    world.show(EMPTY, 64.0, 60.0)
    assert [phase for phase, _ in world.said] == ["start", "end"]


def test_after_a_very_long_gap_nothing_is_believed_to_go_on() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 4.0)
    world.show(WITH_CAR, 4000.0, 10.0)
    assert [phase for phase, _ in world.said] == ["start", "end", "start"]
    assert world.events[1].end_reason is EndReason.BLIND
    assert 3.9 <= world.said[1][1] <= 4.0


@pytest.mark.parametrize(("back_s", "goes_on"), [(5.0, True), (3000.0, True), (4000.0, False)])
def test_a_jump_back_in_time_ends_what_is_open_and_the_same_thing_goes_on(back_s: float, goes_on: bool) -> None:
    """As after one forward: what is there within the hour is no second alarm because the box's clock was set."""
    world = World()
    world.show(WITH_CAR, 5000.0, 4.0)
    world.show(WITH_CAR, 5004.0 - back_s, 4.0)
    assert [phase for phase, _ in world.said] == ["start", "end", "update" if goes_on else "start"]
    assert world.events[1].end_reason is EndReason.BLIND
    assert 2.0 <= world.said[2][1] - (5004.0 - back_s) <= 2.4
    assert (world.events[2].resumed, len({event.occurrence for event in world.events})) == (goes_on, 2 - goes_on)


def test_jitter_backwards_is_skipped() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 4.0)
    before = list(world.events)
    assert world.pipeline.step(Frame("gate", 3.5, picture(WITH_CAR))) == ()
    assert world.pipeline.step(Frame("gate", 3.96, picture(WITH_CAR))) == ()
    world.show(WITH_CAR, 4.0, 2.0)
    assert world.events == before


def test_finish_ends_what_is_open() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 4.0)
    ends = world.pipeline.finish(4.0, EndReason.SHUTDOWN)
    assert [event.end_reason for event in ends] == [EndReason.SHUTDOWN]
    assert world.pipeline.finish(4.0, EndReason.SHUTDOWN) == ()


def test_a_parked_car_is_one_occurrence_across_a_restart() -> None:
    before = World()
    before.show(WITH_CAR, 0.0, 4.0)
    ends = before.pipeline.finish(4.0, EndReason.SHUTDOWN)
    after = World()
    assert after.pipeline.resume(ends) == ()
    after.show(WITH_CAR, 60.0, 10.0)
    assert [(event.phase.value, event.resumed) for event in after.events] == [("update", True)]
    assert after.events[0].occurrence == ends[0].occurrence


@pytest.mark.parametrize("restarts", [True, False], ids=["restart", "gap"])
def test_what_has_stayed_long_is_no_less_grave_after_a_hole_in_the_pictures(restarts: bool) -> None:
    world = World(long_stay_s=10.0)
    world.show(WITH_CAR, 0.0, 15.0)
    assert [event.severity for event in world.events] == [Severity.BLUE, Severity.YELLOW]
    after = world
    if restarts:
        after = World(long_stay_s=10.0)
        after.pipeline.resume(world.pipeline.finish(15.0, EndReason.SHUTDOWN))
    after.show(WITH_CAR, 60.0, 40.0)
    assert [event.severity for event in after.events][-1:] == [Severity.YELLOW]
    assert [event.severity for event in after.events].count(Severity.BLUE) == (0 if restarts else 1)


def test_what_no_rule_watches_any_more_after_a_restart_is_ended() -> None:
    before = World()
    before.show(WITH_CAR, 0.0, 4.0)
    left = before.events[-1].model_copy(update={"scenario": Scenario.GARBAGE})
    ends = World().pipeline.resume([left])
    assert [(event.occurrence, event.end_reason) for event in ends] == [(left.occurrence, EndReason.SHUTDOWN)]


def test_a_resident_raises_nothing_and_the_log_says_why() -> None:
    reader = FakePlateReader("皖A12345")
    directory = FixedDirectory((Resident(plate="皖A12345"),))
    world = World(plates=Plates(reader=reader, directory=directory, least_width=1))
    world.show(WITH_CAR, 0.0, 30.0)
    assert world.events == []
    assert [entry.condition.name for entry in world.suppressed] == ["plate"]
    assert reader.regions[0] == CAR.box
    assert (directory.visits, directory.visited) == (["皖A12345"], ["gate"])
    assert directory.stays == []
    world.show(WITH_CAR, 30.0, 3600.0, fps=0.5)
    ((plate, at, camera),) = directory.stays
    assert (plate, camera) == ("皖A12345", "gate")
    assert 3600.0 <= at <= 3620.0
    assert directory.visits == ["皖A12345"]


@pytest.mark.parametrize(
    ("place", "masked", "known"),
    [
        (Box(0.35, 0.7, 0.65, 0.8), False, True),
        (Box(0.35, 0.7, 0.65, 0.8), True, False),
        (Box(0.35, 0.05, 0.65, 0.15), False, False),
    ],
)
def test_what_stands_on_a_sign_or_a_masked_clock_within_a_vehicles_box_is_not_its_plate(
    place: Box, masked: bool, known: bool
) -> None:
    reader = FakePlateReader("皖A12345", place=place)
    plates = Plates(reader=reader, directory=FixedDirectory((Resident(plate="皖A12345"),)), least_width=1)
    clock = Zone("clock", ((0.45, 0.52), (0.55, 0.52), (0.55, 0.57), (0.45, 0.57)))
    world = World(plates=plates, masks=(clock,) if masked else ())
    world.show(WITH_CAR, 0.0, 15.0)
    assert reader.regions
    assert [event.severity_reason for event in world.events] == ([] if known else ["plate_unreadable"])


def test_a_stranger_is_named_in_the_event() -> None:
    world = World(plates=Plates(reader=FakePlateReader("皖A12345"), directory=FixedDirectory(), least_width=1))
    world.show(WITH_CAR, 0.0, 10.0)
    plate = world.events[-1].attributes.plate
    assert plate is not None
    assert (plate.text, plate.status) == ("皖A12345", PlateStatus.UNKNOWN)


def test_a_box_too_busy_for_a_plate_sees_counts_what_it_left_out_and_reads_it_later() -> None:
    reader = BusyPlateReader("皖A12345")
    reader.busy = True
    world = World(plates=Plates(reader=reader, directory=FixedDirectory(), least_width=1))
    world.show(WITH_CAR, 0.0, 10.0)
    assert world.events == []
    assert world.pipeline.unknown_because is None
    assert (world.pipeline.failed_looks, world.pipeline.shed_looks) == (0, len(reader.regions))
    reader.busy = False
    world.show(WITH_CAR, 10.0, 5.0)
    plate = world.events[-1].attributes.plate
    assert plate is not None
    assert plate.text == "皖A12345"


class BrokenPlateReader(FakePlateReader):
    broken: bool = True

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        read = super().read(image, region)
        if self.broken:
            raise ModelError("the reader's session is gone")
        return read


def test_a_broken_plate_reader_leaves_vehicles_unread_and_the_camera_sees() -> None:
    reader = BrokenPlateReader("皖A12345")
    world = World(plates=Plates(reader=reader, directory=FixedDirectory(), least_width=1))
    world.show(WITH_CAR, 0.0, 10.0)
    assert len(reader.regions) >= 3
    assert world.events == []
    assert (world.pipeline.unknown_because, world.pipeline.failed_looks, world.pipeline.shed_looks) == (None, 0, 0)
    assert world.pipeline.impairment == ("plates_failed", "the reader's session is gone")
    reader.broken = False
    world.show(WITH_CAR, 10.0, 5.0)
    assert world.pipeline.impairment is None
    plate = world.events[-1].attributes.plate
    assert plate is not None
    assert plate.text == "皖A12345"


def test_plates_of_what_stands_outside_all_wishes_are_not_read() -> None:
    reader = FakePlateReader("皖A12345")
    world = World(plates=Plates(reader=reader, directory=FixedDirectory(), least_width=1))
    world.show(EMPTY, 0.0, 30.0)
    assert reader.regions == []


def test_a_car_that_nearly_stayed_is_in_the_log() -> None:
    world = World()
    world.show(WITH_CAR, 0.0, 1.9)
    world.show(EMPTY, 1.9, 20.0)
    assert world.events == []
    assert [(entry.condition.name, entry.condition.limit) for entry in world.suppressed] == [("dwell", 2.0)]


def test_it_asks_for_what_it_looks_at_and_when_idle_for_what_its_rules_tolerate() -> None:
    world = World(looks=LookSettings(detect_fps=5.0, heartbeat_s=10.0, linger_s=3.0))
    assert world.pipeline.demand == EVERY_PICTURE
    world.show(EMPTY, 0.0, 2.0)
    assert world.pipeline.demand.longest_gap_s == 0.2
    world.show(EMPTY, 2.0, 8.0)
    assert world.pipeline.demand.longest_gap_s == 2.5
    world.show(WITH_CAR, 10.0, 0.4)
    assert world.pipeline.demand.longest_gap_s == 0.2


def test_it_says_of_which_pictures_it_would_make_nothing() -> None:
    looks = LookSettings(detect_fps=5.0, steady_s=0.4)
    everything, wanted = World(looks=looks), World(looks=looks)
    scenes = [EMPTY] * 60 + [WITH_CAR] * 120 + [EMPTY] * 120
    shown = 0
    for index, scene in enumerate(scenes):
        at = index / 25
        everything.show(scene, at, 1 / 25)
        if wanted.pipeline.demand.wants(at):
            shown += 1
            wanted.show(scene, at, 1 / 25)
    assert everything.events
    assert wanted.events == everything.events
    assert wanted.pipeline.looks == everything.pipeline.looks
    assert shown <= len(scenes) / 4


def test_nothing_is_converted_for_frames_that_nobody_looks_at() -> None:
    world = World(looks=LookSettings(linger_s=0.0))
    shown = [CountedPicture(picture(EMPTY)) for _ in range(100)]
    for index, one in enumerate(shown):
        world.pipeline.step(Frame("gate", index / 25, one))
    assert [one.converted for one in shown] == [1] + [0] * 99
    assert sum(one.thinned for one in shown) <= 21


def test_poses_that_care_asks_for_are_estimated_and_told_in_the_next_look() -> None:
    """Somebody stands for ten seconds and then lies with the box of one who stands: only the pose knows."""
    kind = RULES[Scenario.CARE]
    person = Detection("person", 0.8, box_at(0.4, 0.2, 0.1, 0.6))
    standing, lying = pose_of((0.45, 0.3), (0.45, 0.5)), pose_of((0.40, 0.7), (0.55, 0.7))
    pose = FakePoseEstimator([standing] * 20 + [lying] * 200)
    pipeline = CameraPipeline(
        Provenance(camera="room", models={}),
        [kind.build(kind.params.model_validate({"opted_in": True, "lie_s": 5.0}), (), ZoneInfo("UTC"))],
        ShadeDetector(lambda shade: (person,)),
        pose=pose,
        settings=PipelineSettings(looks=EVERY_LOOK),
    )
    events: list[EventData] = []
    for index in range(150):
        events += pipeline.step(Frame("room", 0.2 * index, picture(index)))
    assert [event.attributes.stage for event in events if event.phase is Phase.START] == ["fall"]
    assert 14.0 <= events[0].captured_at.timestamp() <= 18.0
    assert pose.boxes[0] == person.box


def test_what_is_open_ends_as_blind_while_no_picture_comes() -> None:
    """A door that is held for it must not wait for a camera that may never come back."""
    world = World()
    world.show(WITH_CAR, 0.0, 6.0)
    lost_at = 6.0
    (told,) = world.pipeline.lose_sight(lost_at + 40.0, "stalled", lost_at)
    assert (told.scenario, told.phase) == (Scenario.CAMERA_BLIND, Phase.START)
    (ended,) = [e for e in world.pipeline.lose_sight(lost_at + 700.0, "stalled", lost_at) if e.phase is Phase.END]
    assert (ended.scenario, ended.end_reason) == (Scenario.UNFAMILIAR_VEHICLE, EndReason.BLIND)
    assert ended.occurrence == world.events[0].occurrence
    assert ended.captured_at.timestamp() < lost_at
    assert not [e for e in world.pipeline.lose_sight(lost_at + 800.0, "stalled", lost_at) if e.phase is Phase.END]


def test_what_a_power_cut_left_open_ends_as_blind_where_no_picture_ever_comes() -> None:
    """Lightning takes the gateway's power and the camera: a door that is held for its alarm must not stay so."""
    before = World()
    before.show(WITH_CAR, 0.0, 4.0)
    after = World()
    after.pipeline.resume(before.events)
    told = [after.pipeline.lose_sight(at, "unreachable", 100.0) for at in (130.0, 699.0, 700.0, 1000.0)]
    vehicles = [[e for e in events if e.scenario is Scenario.UNFAMILIAR_VEHICLE] for events in told]
    assert [[(e.phase, e.end_reason) for e in events] for events in vehicles] == [
        [],
        [],
        [(Phase.END, EndReason.BLIND)],
        [],
    ]


@pytest.mark.parametrize(
    ("gone_s", "gap_s", "next_plate", "told"),
    [
        (0.0, 15.0, None, []),
        (0.0, 15.0, "皖B99999", ["plate_stranger"]),
        (0.0, 700.0, None, ["plate_unreadable"]),
        (40.0, 15.0, None, ["plate_unreadable"]),
    ],
    ids=["parked", "another", "long", "had-left"],
)
def test_a_resident_who_has_parked_is_no_stranger_because_the_pictures_broke_off(
    gone_s: float, gap_s: float, next_plate: str | None, told: list[str]
) -> None:
    """Their plate was read as they came, and need not show where they stand; it broke off daily and told of each."""
    reader = FakePlateReader("皖A12345")
    plates = Plates(reader=reader, directory=FixedDirectory((Resident(plate="皖A12345"),)), least_width=1)
    world = World(plates=plates)
    world.show(WITH_CAR, 0.0, 20.0)
    world.show(EMPTY, 20.0, gone_s)
    reader.text = next_plate
    world.show(WITH_CAR, 20.0 + gone_s + gap_s, 40.0)
    assert [event.severity_reason for event in world.events][:1] == told
