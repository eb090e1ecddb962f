"""A self-test tells each hop, marks everything as a test, and fails where the way is broken."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest

from lookout_contract.events import EndReason, EventData, Phase, Scenario, Severity
from lookout_contract.status import CameraState, Sight
from lookout_edge.adapters.reel import Reel
from lookout_edge.bootstrap import load
from lookout_edge.bootstrap.self_test import staged
from lookout_edge.config import CameraConfig
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.rules.registry import RULES
from lookout_edge.supervisor import Hop, Rehearsal, SelfTest, SelfTestDesk
from lookout_edge.testing import FakeClock, ListSource, MemorySink, ShadeDetector, box_at, picture

CAR = Detection("car", 0.8, box_at(0.4, 0.4, 0.2, 0.2))
BEGIN = 100.0
CONFIGS = Path(__file__).parents[3] / "configs"


def see(shade: int) -> Sequence[Detection]:
    return (CAR,) if shade >= 150 else ()


def rehearsal(shade: int = 200) -> Rehearsal:
    """A second of an empty gate, then four with a car where it may not stay for two."""
    kind = RULES[Scenario.UNFAMILIAR_VEHICLE]
    rule = kind.build(kind.params.model_validate({"dwell_s": 2.0}), (), ZoneInfo("UTC"))
    frames = [Frame("gate", BEGIN + n / 5, picture(100 if n < 5 else shade)) for n in range(25)]
    return Rehearsal(
        clip="gate-car",
        scenario=Scenario.UNFAMILIAR_VEHICLE,
        source=ListSource(frames),
        pipeline=CameraPipeline(Provenance(camera="gate", models={}), [rule], ShadeDetector(see)),
        start_at=BEGIN,
        event=(1.0, 5.0),
    )


class Spool(MemorySink):
    """Hands events to the broker at the first look at them; whether they are settled is the test's to say."""

    def __init__(self, *, settles: bool = True) -> None:
        super().__init__()
        self.settles, self.sent = settles, set[int]()

    def waits(self, sequence: int) -> bool:
        return not self.settles or sequence not in self.sent

    def is_sent(self, sequence: int) -> bool:
        self.sent.add(sequence)
        return True


class World:
    def __init__(self, sight: Sight = Sight.WATCHING, shade: int = 200, *, settles: bool = True) -> None:
        self.spool, self.clock = Spool(settles=settles), FakeClock()
        state = CameraState(camera="gate", state=sight, since=datetime(2026, 5, 4, tzinfo=UTC))
        self.desk = SelfTestDesk(
            prepare=lambda camera, scenario: rehearsal(shade),
            spool=self.spool,
            is_sent=self.spool.is_sent,
            sight=lambda camera: state,
            clock=self.clock,
            patience_s=0.2,
        )

    def run(self) -> SelfTest:
        return self.desk.run("gate")

    @property
    def events(self) -> list[EventData]:
        return self.spool.events


def test_every_hop_is_told() -> None:
    world = World()
    test = world.run()
    assert (test.passed, test.why) == (True, None)
    assert list(test.hops) == list(Hop)
    assert test.hops[Hop.LOOK] == pytest.approx(0.0, abs=0.41)
    assert test.hops[Hop.RULE] == pytest.approx(2.0, abs=0.41)
    assert world.desk.last("gate") is test


def test_a_receipt_that_comes_before_the_next_look_proves_the_broker_too() -> None:
    world = World()
    world.spool.waits = lambda sequence: False
    test = world.run()
    assert test.passed
    assert list(test.hops) == list(Hop)


def test_nothing_of_it_can_be_taken_for_something_seen() -> None:
    world = World()
    world.run()
    start, end = world.events
    assert [event.phase for event in (start, end)] == [Phase.START, Phase.END]
    assert start.occurrence == end.occurrence
    for event in (start, end):
        assert event.attributes.test
        assert (event.severity, event.severity_reason) == (Severity.BLUE, "self_test")
        assert event.evidence == ()
    assert end.end_reason is EndReason.CLEARED
    assert all(condition.met for condition in end.explain)
    assert [c.name for c in end.explain if c.name.startswith("hop_")] == [hop.value for hop in Hop]


def test_a_clip_that_raises_no_alarm_fails_and_is_told() -> None:
    world = World(shade=100)
    test = world.run()
    assert test.passed is False
    assert "No alarm came of the clip gate-car" in (test.why or "")
    assert [c.name for c in world.events[-1].explain if not c.met] == ["alarm"]


def test_a_dispatcher_that_does_not_answer_fails_it() -> None:
    test = World(settles=False).run()
    assert test.passed is False
    assert "not confirmed" in (test.why or "")
    assert Hop.RECEIPT not in test.hops


def test_a_blind_camera_fails_though_the_way_works() -> None:
    world = World(Sight.BLIND)
    test = world.run()
    assert "the camera itself is blind" in (test.why or "")
    assert Hop.RECEIPT in test.hops


def test_there_is_one_at_a_time_and_a_refusal_leaves_room_for_the_next() -> None:
    world, held, go = World(), Event(), Event()

    def prepare(camera: str, scenario: Scenario | None) -> Rehearsal:
        if camera != "gate":
            raise ConfigError(f"There is no camera {camera!r}.")
        held.set()
        go.wait(10)
        return rehearsal()

    desk = SelfTestDesk(
        prepare=prepare, spool=world.spool, is_sent=world.spool.is_sent, sight=lambda _: None, clock=world.clock
    )
    with pytest.raises(EdgeError, match="no camera"):
        desk.begin("yard")
    other = Thread(target=desk.run, args=("gate",))
    other.start()
    held.wait(10)
    with pytest.raises(EdgeError, match="Another self-test"):
        desk.begin("gate")
    go.set()
    other.join(10)
    assert desk.last("gate") is not None


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("gateway.*.yaml")), ids=lambda path: path.stem)
def test_every_camera_of_our_examples_can_be_tested(path: Path) -> None:
    reel = Reel.find()
    assert reel is not None
    for camera in load(path).config.cameras.values():
        wanted = [Scenario(rule.scenario) for rule in camera.rules]
        for scenario, name in reel.showing(wanted).items():
            clip = reel.clips[name]
            (rule,) = staged(camera, scenario, clip.zones, clip.params).rules
            assert rule.scenario == scenario.value


def test_a_rule_that_does_not_go_with_the_clip_is_told_in_a_sentence() -> None:
    rule = {"scenario": "corridor_ebike", "dwell_s": 1, "charging_dwell_s": 2}
    camera = CameraConfig.model_validate({"source": {"url": "rtsp://192.0.2.1/1"}, "rules": [rule]})
    with pytest.raises(ConfigError, match=r"cannot be tested with the reel's clip: .*charging_dwell_s"):
        staged(camera, Scenario.CORRIDOR_EBIKE, [], {"dwell_s": 4.0})


def test_a_fault_ends_the_test_as_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()

    def stumble(data: EventData) -> int:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(world.spool, "put", stumble)
    with pytest.raises(ZeroDivisionError):
        world.run()
    last = world.desk.last("gate")
    assert last is not None
    assert (last.passed, last.why) == (False, "It stumbled over a fault: the gateway's log says where.")
