from collections.abc import Sequence
from datetime import UTC as UTC_ZONE
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from lookout_contract.commands import Resident
from lookout_contract.events import PlateStatus, Severity
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.zone import Zone
from lookout_edge.rules.base import RuleContext
from lookout_edge.rules.registry import RULES
from lookout_edge.rules.unfamiliar_vehicle import UnfamiliarVehicle, UnfamiliarVehicleParams
from lookout_edge.testing import track

UTC = RuleContext(SiteCalendar(ZoneInfo("UTC")))
LANE = Zone("lane", ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)))
STEP = 0.2


def rule(**params: object) -> UnfamiliarVehicle:
    settings = UnfamiliarVehicleParams.model_validate({"dwell_s": 2.0, **params})
    return UnfamiliarVehicle(settings, [LANE], UTC)


class Watch:
    """Shows a rule the same car again and again and answers its wishes for plates."""

    def __init__(
        self, watched: UnfamiliarVehicle, *, text: str | None = None, residents: Sequence[Resident] = ()
    ) -> None:
        self.rule = watched
        self.text = text
        self.residents = residents
        self.confidence = 0.95
        self.reads_plates = True
        self.tries = 0
        #: Whether the box is too busy to read what it is asked for, and whether its reader fails.
        self.busy = False
        self.broken = False
        self._unread: dict[int, str] = {}
        self._readings: dict[int, tuple[PlateReading, ...]] = {}

    def look(self, at: float, *, number: int = 1, label: str = "car", box: Box | None = None) -> Observation | None:
        tracks = [] if number == 0 else [track(number, at, label=label, box=box)]
        scene = Scene("gate", self.residents, self._readings, reads_plates=self.reads_plates, unread=self._unread)
        observations = self.rule.observe(at, tracks, scene)
        self._readings, self._unread = {}, {}
        for observation in observations:
            if observation.plate_of is not None:
                self.tries += 1
                if self.busy or self.broken:
                    self._unread[observation.plate_of] = "too_busy" if self.busy else "reader_failed"
                    continue
                read = (PlateReading(self.text, self.confidence, observation.box),) if self.text else ()
                self._readings[observation.plate_of] = read
        return observations[0] if observations else None

    def until(self, seconds: float, start: float = 0.0) -> Observation:
        last: Observation | None = None
        for index in range(round(seconds / STEP) + 1):
            last = self.look(start + index * STEP)
        assert last is not None
        return last


def test_it_is_an_alarm_after_its_dwell_and_not_before() -> None:
    watch = Watch(rule(plate_patience_s=0.0))
    assert watch.until(1.8).standing is Standing.PENDING
    assert watch.until(0.4, start=2.0).standing is Standing.ACTIVE


def test_dwell_is_frame_time_whatever_the_rate_of_looks() -> None:
    for step in (0.04, 0.5, 1.0):
        watch, first_active = Watch(rule(plate_patience_s=0.0)), None
        for index in range(200):
            seen = watch.look(index * step)
            if first_active is None and seen is not None and seen.standing is Standing.ACTIVE:
                first_active = index * step
        assert first_active == pytest.approx(2.0, abs=step + 1e-9)


def test_outside_the_zone_and_other_labels_are_nothing() -> None:
    watch = Watch(rule())
    assert watch.look(0.0, box=Box(0.4, 0.5, 0.6, 0.9)) is None
    assert watch.look(0.2, label="person") is None
    assert watch.look(0.4, label="motorcycle") is None


def test_short_misses_do_not_start_the_dwell_again_long_ones_do() -> None:
    watch = Watch(rule(miss_tolerance_s=1.0))
    watch.until(1.0)
    for index in range(4):
        watch.look(1.2 + index * STEP, number=0)
    seen = watch.look(2.0)
    assert seen is not None
    assert seen.since == 0.0
    for index in range(8):
        watch.look(2.2 + index * STEP, number=0)
    seen = watch.look(4.0)
    assert seen is not None
    assert seen.since == 4.0


def test_a_change_of_number_in_the_same_place_keeps_the_dwell() -> None:
    watch = Watch(rule())
    watch.until(1.0)
    seen = watch.look(1.2, number=9)
    assert seen is not None
    assert (seen.since, seen.key) == (0.0, 1)


def test_votes_must_be_reached() -> None:
    watch = Watch(rule(dwell_s=0.0, votes_needed=3, votes_of=4))
    watch.reads_plates = False
    standings = [seen.standing if (seen := watch.look(i * STEP)) else None for i in range(4)]
    assert standings == [Standing.PENDING, Standing.PENDING, Standing.ACTIVE, Standing.ACTIVE]


def test_outside_its_window_it_is_blocked() -> None:
    # Frame time 0 is a Thursday at 00:00 UTC.
    seen = Watch(rule(windows=("thu 08:00-09:00",))).until(3.0)
    assert (seen.standing, seen.blocked_by) == (Standing.BLOCKED, "window")


def test_a_resident_blocks_the_alarm_and_the_condition_says_so() -> None:
    seen = Watch(rule(), text="皖A12345", residents=[Resident(plate="皖A12345")]).until(4.0)
    assert (seen.standing, seen.blocked_by) == (Standing.BLOCKED, "plate")
    assert seen.attributes.plate is not None
    assert seen.attributes.plate.status is PlateStatus.KNOWN
    assert {condition.name: condition.met for condition in seen.conditions}["plate"] is False


def test_a_plate_that_was_seen_gets_a_little_time_to_become_sure() -> None:
    watch = Watch(rule(plate_from_s=2.0, plate_patience_s=3.0), text="皖A12345")
    assert watch.until(2.8).blocked_by == "plate_reads"
    assert watch.until(0.6, start=3.0).severity_reason == "plate_stranger"


def test_one_failed_reading_is_no_verdict_and_unreadable_is_one_after_the_patience() -> None:
    watch = Watch(rule(plate_from_s=1.0, plate_patience_s=3.0))
    waiting = watch.until(4.8)
    assert (waiting.standing, waiting.blocked_by) == (Standing.PENDING, "plate_reads")
    told = watch.until(0.4, start=5.0)
    assert (told.standing, told.severity_reason) == (Standing.ACTIVE, "plate_unreadable")
    (reads,) = [c for c in told.conditions if c.name == "plate_reads"]
    assert (reads.met, reads.missed) == (True, "least"), "the patience was over; pages do not tick the readings"


def test_a_plate_that_nobody_tried_is_not_unreadable_and_is_waited_for_while_the_box_is_busy() -> None:
    watch = Watch(rule(long_stay_s=60.0), text="皖A12345", residents=[Resident(plate="皖A12345")])
    watch.busy = True
    waiting = watch.until(40.0)
    assert (waiting.standing, waiting.blocked_by) == (Standing.PENDING, "plate_tried")
    assert {condition.name: condition.value for condition in waiting.conditions}["plate_tried"] == "too_busy"
    assert waiting.attributes.plate is None
    assert watch.tries > 30, "it is asked for again and again"
    watch.busy = False
    known = watch.until(4.0, start=40.2)
    assert (known.standing, known.blocked_by) == (Standing.BLOCKED, "plate")


def test_a_resident_is_not_unreadable_because_the_reader_fails_and_is_known_when_it_works_again() -> None:
    watch = Watch(rule(long_stay_s=60.0), text="皖A12345", residents=[Resident(plate="皖A12345")])
    watch.broken = True
    waiting = watch.until(30.0)
    assert (waiting.standing, waiting.blocked_by) == (Standing.PENDING, "plate_tried")
    assert {condition.name: condition.value for condition in waiting.conditions}["plate_tried"] == "reader_failed"
    watch.broken = False
    known = watch.until(4.0, start=30.2)
    assert (known.standing, known.blocked_by) == (Standing.BLOCKED, "plate")


def test_a_vehicle_that_nobody_had_time_for_is_told_when_it_has_stayed_long() -> None:
    watch = Watch(rule(long_stay_s=60.0))
    watch.busy = True
    assert watch.until(59.8).standing is Standing.PENDING
    told = watch.until(0.4, start=60.0)
    assert (told.standing, told.severity, told.severity_reason) == (Standing.ACTIVE, Severity.YELLOW, "long_stay")
    assert told.attributes.plate is None


def test_who_never_waits_for_plates_is_told_of_a_vehicle_that_stays_and_of_no_unreadable_plate() -> None:
    watch = Watch(rule(plate_patience_s=0.0))
    watch.busy = True
    told = watch.until(3.0)
    assert (told.standing, told.severity_reason, told.attributes.plate) == (Standing.ACTIVE, "vehicle_stays", None)


def test_a_resident_whose_plate_is_first_read_when_the_car_stands_at_the_gate_is_no_alarm() -> None:
    watch = Watch(rule(plate_from_s=1.0, plate_patience_s=3.0), residents=[Resident(plate="皖A12345")])
    seen = [watch.look(index * STEP) for index in range(14)]
    watch.text = "皖A12345"
    seen += [watch.look(index * STEP) for index in range(14, 60)]
    assert watch.tries > 2
    assert not [one for one in seen if one is None or one.standing is Standing.ACTIVE]
    assert seen[-1] is not None
    assert seen[-1].blocked_by == "plate"


def test_on_a_box_that_looks_once_in_seven_seconds_a_resident_is_no_alarm_and_a_stranger_is_one_later() -> None:
    for residents, standing in (([Resident(plate="皖A12345")], Standing.BLOCKED), ([], Standing.ACTIVE)):
        watch = Watch(rule(plate_from_s=1.0, plate_patience_s=3.0), text="皖A12345", residents=residents)
        seen = [watch.look(7.0 * number) for number in range(5)]
        stood = [one.standing for one in seen if one is not None]
        assert Standing.ACTIVE not in stood[:3]
        assert stood[-1] is standing


def coming_nearer(at: float) -> Box:
    """A car whose box doubles in five seconds, and which stands from the sixth on."""
    half = 0.05 + 0.01 * min(at, 6.0)
    return Box(0.5 - half, 0.5 - half, 0.5 + half, 0.5 + half)


def test_who_still_comes_nearer_is_waited_for_and_who_stands_is_not() -> None:
    watch, first = Watch(rule(plate_from_s=1.0, plate_patience_s=3.0, plate_tries=30)), None
    for index in range(100):
        at = round(index * STEP, 3)
        seen = watch.look(at, box=coming_nearer(at))
        if first is None and seen is not None and seen.standing is Standing.ACTIVE:
            first = at
    assert first is not None
    assert 7.0 < first < 9.4, "three seconds after it was last seen nearer, and not after its dwell"


def test_tries_end_the_patience_and_coming_nearer_gives_another_one() -> None:
    watch = Watch(rule(plate_from_s=1.0, plate_tries=2, plate_patience_s=60.0))
    far = [watch.look(index * STEP, box=coming_nearer(0.0)) for index in range(50)]
    assert watch.tries == 2
    assert far[-1] is not None
    assert far[-1].severity_reason == "plate_unreadable"
    assert far[-1].standing is Standing.ACTIVE
    watch.text, watch.residents = "皖A12345", [Resident(plate="皖A12345")]
    near = [watch.look(10.0 + index * STEP, box=coming_nearer(index * STEP)) for index in range(50)]
    assert near[-1] is not None
    assert (near[-1].standing, near[-1].blocked_by) == (Standing.BLOCKED, "plate")


def test_a_stranger_is_yellow_an_unreadable_plate_blue() -> None:
    stranger = Watch(rule(), text="皖A12345").until(4.0)
    unreadable = Watch(rule()).until(6.0)
    assert (stranger.standing, stranger.severity, stranger.severity_reason) == (
        Standing.ACTIVE,
        Severity.YELLOW,
        "plate_stranger",
    )
    assert (unreadable.standing, unreadable.severity) == (Standing.ACTIVE, Severity.BLUE)
    assert unreadable.attributes.plate is not None
    assert unreadable.attributes.plate.status is PlateStatus.UNREADABLE
    assert unreadable.attributes.plate.text is None


def test_a_pass_for_another_camera_does_not_count() -> None:
    resident = Resident(plate="皖A12345", cameras=("yard",))
    seen = Watch(rule(), text="皖A12345", residents=[resident]).until(4.0)
    assert (seen.standing, seen.severity_reason) == (Standing.ACTIVE, "plate_elsewhere")


def test_without_a_reader_no_plate_is_claimed() -> None:
    watch = Watch(rule())
    watch.reads_plates = False
    seen = watch.until(4.0)
    assert (seen.standing, seen.attributes.plate, watch.tries) == (Standing.ACTIVE, None, 0)


def test_plates_are_tried_at_the_interval_and_not_for_ever() -> None:
    watch = Watch(rule(plate_from_s=1.0, plate_interval_s=1.0, plate_tries=3))
    watch.until(0.8)
    assert watch.tries == 0
    watch.until(2.0, start=1.0)
    assert watch.tries == 3
    watch.until(10.0, start=3.2)
    assert watch.tries == 3


def test_a_known_plate_is_not_read_again() -> None:
    watch = Watch(rule(plate_interval_s=0.2), text="皖A12345", residents=[Resident(plate="皖A12345")])
    watch.until(10.0)
    assert watch.tries == 2


RESIDENT = Resident(plate="皖A12345")


@pytest.mark.parametrize(
    ("text", "resident", "visits"),
    [
        ("皖A12345", RESIDENT, ["皖A12345"]),
        ("皖A12345", RESIDENT.model_copy(update={"uses": 1}), ["皖A12345"]),
        ("皖A12345", RESIDENT.model_copy(update={"uses": 0}), []),
        ("皖A54321", RESIDENT, []),
        (None, RESIDENT, []),
    ],
)
def test_a_visit_is_counted_once_of_who_is_known_and_never_of_a_stranger(
    text: str | None, resident: Resident, visits: list[str]
) -> None:
    watch = Watch(rule(), text=text, residents=[resident])
    seen = [watch.look(index * STEP) for index in range(100)]
    assert [each.visit_of for each in seen if each is not None and each.visit_of is not None] == visits


@pytest.mark.parametrize(("text", "uses", "stays"), [("皖A12345", 1, 15), ("皖A12345", 0, 0), ("皖A54321", 1, 0)])
def test_of_a_guest_who_stays_it_is_told_hour_by_hour(text: str, uses: int, stays: int) -> None:
    watch = Watch(rule(), text=text, residents=[RESIDENT.model_copy(update={"uses": uses})])
    watch.until(6.0)
    seen = [watch.look(float(at)) for at in range(10, 15 * 3600 + 60, 10)]
    told = [each.stay_of for each in seen if each is not None and each.stay_of is not None]
    assert told == [RESIDENT.plate] * stays
    assert all(each is not None and each.visit_of is None for each in seen)


def test_a_plate_of_which_its_readings_are_not_sure_is_unreadable_and_nobodys() -> None:
    watch = Watch(rule(), text="皖A12345", residents=[RESIDENT])
    watch.confidence = 0.65
    doubtful = watch.until(6.0)
    assert (doubtful.standing, doubtful.severity_reason) == (Standing.ACTIVE, "plate_unreadable")
    sure = Watch(rule(plate_min_confidence=0.6), text="皖A12345", residents=[RESIDENT])
    sure.confidence = 0.65
    assert sure.until(6.0).blocked_by == "plate"


def test_who_is_let_in_by_a_misread_plate_is_told_apart_from_who_is_let_in_by_their_own() -> None:
    watch = Watch(rule(plate_interval_s=STEP, plate_from_s=0.0), text="皖A12345", residents=[RESIDENT])
    watch.look(0.0)
    watch.text = "皖A12346"
    forgiven = watch.until(2.0, start=STEP)
    told = {c.name: (c.value, c.limit, c.met) for c in forgiven.conditions if c.name.startswith("plate")}
    assert (forgiven.standing, told["plate"]) == (Standing.BLOCKED, ("resident", "not resident", False))
    assert told["plate_misread"] == (1, 1, True)
    exact = Watch(rule(), text="皖A12345", residents=[RESIDENT]).until(4.0)
    assert "plate_misread" not in {c.name for c in exact.conditions}
    assert exact.blocked_by == "plate"


def test_a_plate_that_is_read_otherwise_is_looked_up_at_once() -> None:
    watch = Watch(rule(plate_from_s=1.6, plate_interval_s=STEP), text="皖A54321", residents=[RESIDENT])
    assert watch.until(2.0).severity_reason == "plate_stranger"
    watch.text = "皖A12345"
    seen = [(at, watch.look(at)) for at in (2.0 + index * STEP for index in range(1, 9))]
    told = [each.attributes.plate for _, each in seen if each is not None]
    assert [each.status for each in told if each is not None and each.text == "皖A12345"][:1] == [PlateStatus.KNOWN]


def test_who_never_waits_for_a_plate_is_told_at_the_dwell() -> None:
    watch = Watch(rule(plate_patience_s=0.0, plate_from_s=1.5, plate_interval_s=5.0))
    seen = [(at, watch.look(at)) for at in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)]
    assert [at for at, each in seen if each is not None and each.standing is Standing.ACTIVE] == [2.0, 2.5]
    assert watch.tries == 1


def test_a_pass_that_runs_out_while_the_vehicle_stays_makes_it_an_alarm() -> None:
    until = datetime.fromtimestamp(20.0, UTC_ZONE)
    watch = Watch(rule(), text="皖A12345", residents=[RESIDENT.model_copy(update={"valid_until": until})])
    seen = [(index * STEP, watch.look(index * STEP)) for index in range(150)]
    first = next((at, each) for at, each in seen if each is not None and each.standing is Standing.ACTIVE)
    assert 20.0 <= first[0] <= 21.0, "who is on the list is looked up once a second"
    assert first[1].severity_reason == "plate_expired"


def test_it_asks_for_looks_when_time_or_a_plate_may_decide() -> None:
    watch = Watch(rule(plate_from_s=0.5, plate_tries=2, long_stay_s=60.0))
    wanted = [each.look_by for each in (watch.look(at) for at in (0.0, 0.6, 1.0, 1.8, 2.4)) if each is not None]
    assert wanted == [0.5, 1.6, 1.6, 2.0, 60.0]


def test_a_long_stay_is_yellow() -> None:
    watch = Watch(rule(long_stay_s=5.0))
    watch.reads_plates = False
    assert watch.until(4.0).severity is Severity.BLUE
    assert watch.until(2.0, start=4.2).severity_reason == "long_stay"


def test_reset_forgets_the_dwell() -> None:
    watch = Watch(rule())
    watch.until(3.0)
    watch.rule.reset()
    seen = watch.look(3.2)
    assert seen is not None
    assert seen.since == 3.2


@pytest.mark.parametrize(
    "params",
    [{"dwel_s": 1}, {"votes_needed": 6}, {"windows": ["night"]}, {"labels": []}, {"plate_min_confidence": 2}],
)
def test_bad_parameters_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        UnfamiliarVehicleParams.model_validate(params)


def test_the_registry_builds_it_and_refuses_anothers_parameters() -> None:
    kinds = {kind.scenario.value: kind for kind in RULES.values()}
    kind = kinds["unfamiliar_vehicle"]
    assert isinstance(kind.build(kind.params(), (), UTC), UnfamiliarVehicle)
    with pytest.raises(TypeError, match="UnfamiliarVehicleParams"):
        kind.build(kinds["corridor_ebike"].params(), (), UTC)
