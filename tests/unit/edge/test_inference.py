from collections.abc import Callable, Sequence
from threading import Event, Thread
from time import monotonic
from zoneinfo import ZoneInfo

import pytest

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.errors import LateError, ModelError, OverloadError
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.rules.care import Care, CareParams
from lookout_edge.rules.corridor_ebike import CorridorEbike, CorridorEbikeParams, Place
from lookout_edge.rules.fire_smoke import FireSmoke, FireSmokeParams
from lookout_edge.rules.garbage import Garbage, GarbageParams
from lookout_edge.rules.key_area import KeyArea, KeyAreaParams
from lookout_edge.rules.unfamiliar_vehicle import UnfamiliarVehicle, UnfamiliarVehicleParams
from lookout_edge.supervisor import inference
from lookout_edge.supervisor.inference import (
    TURN_S,
    URGENT_S,
    USUAL_S,
    IdleDetector,
    InferenceOwner,
    QueuedDetector,
    QueuedPlateReader,
    workers_for,
)
from lookout_edge.testing import FakePlateReader, ScriptedDetector, picture

CONTEXT = RuleContext(SiteCalendar(ZoneInfo("UTC")))


class Busy:
    """An owner with one worker, which is held until ``release``."""

    def __init__(self) -> None:
        self.owner = InferenceOwner(1)
        self.order: list[str] = []
        self._gate, begun = Event(), Event()
        self._threads = [Thread(target=lambda: self.owner.do("holder", 5.0, lambda: (begun.set(), self._gate.wait())))]
        self._threads[0].start()
        assert begun.wait(5)

    def ask(self, camera: str, within_s: float) -> None:
        """From a thread of its own; returns when it waits."""
        run: Callable[[], None] = lambda: self.order.append(camera)  # noqa: E731
        self.start(self.owner.load.waiting + 1, lambda: self.owner.do(camera, within_s, run))

    def start(self, waiting: int, ask: Callable[[], object]) -> None:
        """Ask from a thread of its own; returns when so many wait."""
        thread = Thread(target=ask)
        self._threads.append(thread)
        thread.start()
        while self.owner.load.waiting < waiting:
            thread.join(0.001)

    def release(self) -> None:
        self._gate.set()
        for thread in self._threads:
            thread.join(5)


def test_it_gives_what_the_models_give() -> None:
    owner = InferenceOwner(2)
    inner = ScriptedDetector([()], labels=("car",), takes_regions=True)
    detector = QueuedDetector(inner, owner, "gate", 1.0)
    assert (detector.name, detector.labels, detector.takes_regions) == (inner.name, ("car",), True)
    assert list(detector.detect(picture())) == []
    reader = QueuedPlateReader(FakePlateReader("皖A12345"), owner, "gate", 1.0)
    assert reader.read(picture(), Box(0, 0, 1, 1))[0].text == "皖A12345"


def test_the_nearest_deadline_is_looked_at_first_whoever_came_first() -> None:
    busy = Busy()
    busy.ask("car-park", USUAL_S)
    busy.ask("yard", USUAL_S)
    busy.ask("kitchen", URGENT_S)
    busy.release()
    assert busy.order == ["kitchen", "car-park", "yard"]


def test_a_look_that_has_begun_is_finished_before_later_ones_begin() -> None:
    busy = Busy()

    class Noted(ScriptedDetector):
        def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
            busy.order.append("hall")
            return ()

    def lift() -> None:
        busy.order.append("lift")
        while busy.owner.load.waiting < 2:  # the hall's second region comes meanwhile
            Event().wait(0.001)

    detector, image = QueuedDetector(Noted([()]), busy.owner, "hall", URGENT_S), picture()
    halves = Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1)
    busy.start(1, lambda: [detector.detect(image, half) for half in halves])
    busy.start(2, lambda: busy.owner.do("lift", URGENT_S, lift))
    busy.ask("yard", URGENT_S)
    busy.release()
    assert busy.order == ["hall", "lift", "hall", "yard"]


@pytest.mark.parametrize(("cores", "workers"), [(1, 1), (2, 2), (3, 2), (8, 7)])
def test_a_small_box_looks_with_all_its_cores(cores: int, workers: int) -> None:
    assert workers_for(cores) == workers


def test_who_waited_for_long_comes_before_the_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cameras that burn would take all the time that there is."""
    busy, now = Busy(), monotonic()
    busy.ask("corridor", USUAL_S)
    monkeypatch.setattr(inference, "monotonic", lambda: now + TURN_S - URGENT_S + 0.1)
    busy.ask("kitchen", URGENT_S)
    monkeypatch.undo()
    busy.release()
    assert busy.order == ["corridor", "kitchen"]


@pytest.mark.parametrize(
    ("rule", "is_urgent"),
    [
        (FireSmoke(FireSmokeParams(), [], CONTEXT), True),
        (KeyArea(KeyAreaParams(), [], CONTEXT), True),
        (Care(CareParams(opted_in=True), [], CONTEXT), True),
        (CorridorEbike(CorridorEbikeParams(place=Place.LIFT), [], CONTEXT), True),
        (CorridorEbike(CorridorEbikeParams(), [], CONTEXT), False),
        (Garbage(GarbageParams(), [], CONTEXT), False),
        (UnfamiliarVehicle(UnfamiliarVehicleParams(), [], CONTEXT), False),
    ],
    ids=lambda each: getattr(each, "scenario", ""),
)
def test_what_cannot_wait_comes_first(rule: Rule, is_urgent: bool) -> None:
    assert rule.is_urgent is is_urgent


def test_what_cannot_begin_in_time_is_shed_and_counted_and_not_an_empty_scene() -> None:
    busy = Busy()
    with pytest.raises(OverloadError, match="too busy"):
        QueuedDetector(ScriptedDetector([()]), busy.owner, "yard", 0.01).detect(picture())
    assert busy.owner.load.shed == {"yard": 1}
    busy.release()
    assert busy.owner.do("yard", 1.0, lambda: 7) == 7


def test_a_newer_look_of_a_camera_takes_the_place_of_the_one_that_waits() -> None:
    busy = Busy()
    dropped: list[Exception] = []

    def older() -> None:
        try:
            busy.owner.do("yard", 5.0, lambda: busy.order.append("older"))
        except OverloadError as error:
            dropped.append(error)

    thread = Thread(target=older)
    thread.start()
    while not busy.owner.load.waiting:
        thread.join(0.001)
    newer = Thread(target=lambda: busy.owner.do("yard", 5.0, lambda: busy.order.append("newer")))
    newer.start()
    thread.join(5)
    busy.release()
    newer.join(5)
    assert (len(dropped), busy.order) == (1, ["newer"])


def test_an_answer_that_does_not_come_is_told_apart_from_being_busy() -> None:
    owner, gate = InferenceOwner(1, answer_s=0.01), Event()
    with pytest.raises(LateError, match="hangs") as caught:
        owner.do("yard", 1.0, gate.wait)
    assert not isinstance(caught.value, OverloadError)
    gate.set()


def test_errors_come_back_to_who_asked_and_the_worker_lives_on() -> None:
    owner = InferenceOwner(1)
    detector = QueuedDetector(ScriptedDetector([ModelError("broken"), ()]), owner, "gate", 1.0)
    with pytest.raises(ModelError, match="broken"):
        detector.detect(picture())
    assert list(detector.detect(picture())) == []


def test_closing_sheds_what_waits() -> None:
    owner = InferenceOwner(1)
    owner.close()
    with pytest.raises(OverloadError):
        owner.do("gate", 1.0, lambda: None)


def test_what_nobody_waits_for_is_the_first_to_be_left_out() -> None:
    busy = Busy()
    inner = ScriptedDetector([()], labels=("car",))
    idle = IdleDetector(inner, busy.owner)
    with pytest.raises(OverloadError):
        idle.detect(picture())
    busy.release()
    assert (inner.calls, list(idle.detect(picture())), inner.calls) == (0, [], 1)
    assert busy.owner.load.shed == {}
