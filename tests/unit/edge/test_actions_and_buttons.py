import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lookout_contract.events import (
    Attributes,
    EndReason,
    EventData,
    EvidenceKind,
    EvidenceRef,
    Phase,
    Scenario,
    Severity,
)
from lookout_edge.adapters.devices import Loudspeaker
from lookout_edge.errors import ConfigError, EdgeError, SpoolError
from lookout_edge.ports import EventSink
from lookout_edge.supervisor import ActingSink, Action, Button, ButtonDesk
from lookout_edge.supervisor.buttons import RETRY_S
from lookout_edge.supervisor.holding import HeldEvents
from lookout_edge.testing import FAKE_SHA256, FakeClock, MemorySink

PICTURE = EvidenceRef(kind=EvidenceKind.SNAPSHOT, sha256=FAKE_SHA256, bytes=3, mime="image/jpeg")


def event(phase: Phase, stage: str | None = "misplaced", name: str = "o-1", test: bool = False) -> EventData:
    return EventData(
        occurrence=name,
        scenario=Scenario.GARBAGE,
        camera="bins",
        phase=phase,
        captured_at=datetime.fromtimestamp(0, UTC),
        started_at=datetime.fromtimestamp(0, UTC),
        end_reason=EndReason.REMOVED if phase is Phase.END else None,
        severity=Severity.BLUE,
        attributes=Attributes(stage=stage, test=test),
    )


class Heard:
    """Notes what is published, played and said."""

    def __init__(self) -> None:
        self.all: list[tuple[str, str]] = []

    def publish(self, topic: str, payload: str) -> None:
        self.all.append((topic, payload))

    def play(self, file: Path) -> None:
        self.all.append(("play", str(file)))

    def say(self, text: str) -> None:
        self.all.append(("say", text))


class World:
    def __init__(self, *actions: Action) -> None:
        self.heard, self.clock, self.inner = Heard(), FakeClock(), MemorySink()
        #: What is done at each camera; others have no actions.
        self.actions = {"bins": list(actions)}
        self.sink = ActingSink(
            self.inner,
            lambda camera: self.actions.get(camera, []),
            publisher=self.heard,
            voice=self.heard,
            clock=self.clock,
        )


DOOR = Action(scenario=Scenario.GARBAGE, topic="door", payload="hold", end_payload="release")
VOICE = Action(scenario=Scenario.GARBAGE, stages=frozenset({"uncleared"}), text="请清理", sound=Path("a.wav"))


def test_a_door_is_held_once_and_released_at_the_end() -> None:
    world = World(DOOR)
    for phase in (Phase.START, Phase.UPDATE, Phase.UPDATE, Phase.END):
        world.sink.put(event(phase))
    assert world.heard.all == [("door", "hold"), ("door", "release")]
    assert len(world.inner.events) == 4


def test_a_device_that_fails_as_nobody_foresaw_is_no_reason_to_store_an_alarm_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(DOOR)

    def torn(topic: str, payload: str) -> None:
        raise ValueError("no such topic")

    monkeypatch.setattr(world.heard, "publish", torn)
    held = HeldEvents(world.sink)
    for phase in (Phase.START, Phase.UPDATE, Phase.END):
        held.put([event(phase)])
    assert [each.phase for each in world.inner.events] == [Phase.START, Phase.UPDATE, Phase.END]


def test_an_announcement_waits_for_its_stage_and_is_not_repeated_at_once() -> None:
    world = World(VOICE)
    world.sink.put(event(Phase.START))
    assert world.heard.all == []
    world.sink.put(event(Phase.UPDATE, "uncleared"))
    assert world.heard.all == [("play", "a.wav"), ("say", "请清理")]
    world.sink.put(event(Phase.START, "uncleared", "o-2"))
    assert len(world.heard.all) == 2
    world.clock.at += 61
    world.sink.put(event(Phase.START, "uncleared", "o-3"))
    assert len(world.heard.all) == 4


def test_a_door_that_is_held_for_two_is_released_when_both_have_gone() -> None:
    world = World(DOOR, VOICE)
    for phase, name in ((Phase.START, "o-1"), (Phase.START, "o-2"), (Phase.END, "o-1")):
        world.sink.put(event(phase, name=name))
    assert world.heard.all == [("door", "hold"), ("door", "hold")]
    world.sink.put(event(Phase.END, name="o-2"))
    assert world.heard.all[2:] == [("door", "release")]


def test_a_door_that_was_held_before_a_power_cut_is_released_after_it() -> None:
    before = World(DOOR)
    before.sink.put(event(Phase.START))
    after = World(DOOR)
    after.inner.events = list(before.inner.events)
    assert [each.occurrence for each in after.sink.unfinished("bins")] == ["o-1"]
    after.sink.put(event(Phase.UPDATE).model_copy(update={"resumed": True}))
    after.sink.put(event(Phase.UPDATE))
    after.sink.put(event(Phase.END))
    assert after.heard.all == [("door", "hold"), ("door", "release")]


def test_a_camera_that_starts_at_this_moment_does_not_take_what_begins_for_done() -> None:
    world = World(DOOR)
    starting: list[threading.Thread] = []

    class StartsMeanwhile(MemorySink):
        """A camera asks for what is under way as soon as this is stored, and before anything is done about it."""

        def put(self, data: EventData) -> int:
            number = super().put(data)
            starting.append(threading.Thread(target=world.sink.unfinished, args=("bins",)))
            starting[-1].start()
            starting[-1].join(0.2)
            return number

    world.inner = StartsMeanwhile()
    world.sink = ActingSink(
        world.inner, lambda _camera: [DOOR], publisher=world.heard, voice=world.heard, clock=world.clock
    )
    world.sink.put(event(Phase.START))
    starting[0].join()
    assert world.heard.all == [("door", "hold")]


def test_a_clock_that_is_set_back_does_not_silence_the_next_announcement() -> None:
    world = World(VOICE)
    world.sink.put(event(Phase.START, "uncleared"))
    world.clock.at -= 86_400
    world.sink.put(event(Phase.START, "uncleared", "o-2"))
    assert len(world.heard.all) == 4


def test_tests_and_what_could_not_be_stored_move_nothing() -> None:
    world = World(DOOR)
    world.sink.put(event(Phase.START, test=True))
    world.inner.broken = True
    with pytest.raises(SpoolError):
        world.sink.put(event(Phase.START))
    assert world.heard.all == []
    world.inner.broken = False
    world.sink.put(event(Phase.END))
    assert world.heard.all == [], "what was not begun is not ended"


def test_each_camera_has_its_own_door_and_its_own_pause_between_announcements() -> None:
    world = World(DOOR, VOICE)
    world.actions["lift"] = [DOOR, VOICE]
    elsewhere = event(Phase.START, "uncleared", "o-2").model_copy(update={"camera": "lift"})
    world.sink.put(event(Phase.START, "uncleared"))
    world.sink.put(elsewhere)
    said = [("door", "hold"), ("play", "a.wav"), ("say", "请清理")]
    assert world.heard.all == [*said, *said]
    world.sink.put(event(Phase.END))
    assert world.heard.all[6:] == [("door", "release")]


def test_a_door_is_released_though_its_action_was_taken_out_meanwhile() -> None:
    world = World(DOOR)
    world.sink.put(event(Phase.START))
    world.actions = {}
    world.sink.put(event(Phase.UPDATE))
    world.sink.put(event(Phase.END))
    assert world.heard.all == [("door", "hold"), ("door", "release")]


SIREN = Action(scenario=Scenario.KEY_AREA, stages=frozenset({"panic"}), topic="siren", payload="on", end_payload="off")


def test_a_button_starts_the_actions_of_its_camera_and_ends_them() -> None:
    world = World()
    world.actions["gate"] = [SIREN, Action(scenario=Scenario.GARBAGE, topic="door")]
    desk = Desk(sink=world.sink)
    desk.desk.press("lobby")
    desk.desk.press("lobby")
    assert world.heard.all == [("siren", "on")]
    desk.clock.at += 60
    desk.later.pop()[1]()
    assert world.heard.all == [("siren", "on"), ("siren", "off")]


def test_what_a_power_cut_left_open_of_a_button_is_ended_and_its_siren_stopped() -> None:
    before = Desk()
    occurrence = before.desk.press("lobby")
    world = World()
    world.inner.events, world.actions["gate"] = list(before.sink.events), [SIREN]
    Desk(sink=world.sink).desk.end_unfinished(["gate", "bins"])
    last = world.inner.events[-1]
    assert (last.occurrence, last.phase, last.end_reason) == (occurrence, Phase.END, EndReason.SHUTDOWN)
    assert world.heard.all == [("siren", "off")]
    Desk(sink=world.sink).desk.end_unfinished(["gate", "bins"])
    assert world.inner.events[-1] is last, "once is enough"


class Desk:
    def __init__(self, picture: bool = True, sink: EventSink | None = None) -> None:
        self.clock, self.sink = FakeClock(), MemorySink()
        self.later: list[tuple[float, Callable[[], None]]] = []
        buttons = {"lobby": Button(camera="gate", reset_s=60.0)}
        give = self.give if picture else self.fail
        self.desk = ButtonDesk(buttons, sink or self.sink, self.clock, give, lambda s, act: self.later.append((s, act)))

    def give(self, camera: str) -> EvidenceRef:
        return PICTURE

    def fail(self, camera: str) -> EvidenceRef:
        raise EdgeError(f"Camera {camera} has no picture to give now.")

    @property
    def said(self) -> list[tuple[str, str | None]]:
        return [(e.phase.value, e.end_reason.value if e.end_reason else None) for e in self.sink.events]


def test_a_press_is_a_red_alarm_with_a_picture_and_ends_by_itself() -> None:
    world = Desk()
    occurrence = world.desk.press("lobby")
    (start,) = world.sink.events
    assert (start.scenario, start.attributes.stage, start.severity) == (Scenario.KEY_AREA, "panic", Severity.RED)
    assert (start.camera, start.evidence, start.occurrence) == ("gate", (PICTURE,), occurrence)
    seconds, act = world.later.pop()
    assert seconds == 60.0
    world.clock.at += 60
    act()
    assert world.said == [("start", None), ("end", "cleared")]
    assert world.desk.press("lobby") != occurrence


def test_pressing_again_and_again_is_one_alarm_that_lasts_as_long() -> None:
    world = Desk()
    first = world.desk.press("lobby")
    world.clock.at += 40
    assert world.desk.press("lobby") == first
    world.clock.at += 20
    world.later.pop()[1]()
    assert world.said == [("start", None), ("update", None)]
    assert world.later[0][0] == pytest.approx(40)
    world.clock.at += 40
    world.later.pop()[1]()
    assert world.said[-1] == ("end", "cleared")
    assert world.sink.events[-1].explain[1].value == 2


def test_without_a_picture_the_alarm_goes_all_the_same() -> None:
    world = Desk(picture=False)
    world.desk.press("lobby")
    assert world.sink.events[0].evidence == ()


def test_a_press_that_the_disk_refuses_is_told_and_stored_when_the_disk_is_back() -> None:
    world = Desk()
    world.sink.broken = True
    for _ in range(3):
        with pytest.raises(SpoolError):
            world.desk.press("lobby")
    assert [seconds for seconds, _ in world.later] == [60.0, RETRY_S]
    world.later.pop()[1]()
    assert world.said == []
    world.sink.broken = False
    world.later.pop()[1]()
    assert world.said == [("start", None), ("update", None)]
    assert world.sink.events[-1].explain[1].value == 3


def test_an_end_that_the_disk_refuses_does_not_swallow_the_next_alarm() -> None:
    world = Desk()
    first = world.desk.press("lobby")
    world.sink.broken = True
    world.clock.at += 60
    world.later.pop()[1]()
    world.sink.broken = False
    assert world.desk.press("lobby") != first
    assert world.said == [("start", None), ("end", "cleared"), ("start", None)]


def test_a_clock_that_is_set_back_does_not_hold_an_alarm_open() -> None:
    world = Desk()
    first = world.desk.press("lobby")
    world.clock.at -= 86_400
    world.later.pop()[1]()
    assert world.said == [("start", None), ("end", "cleared")]
    assert world.desk.press("lobby") != first


def test_a_shutdown_is_not_held_up_by_the_disk() -> None:
    world = Desk()
    world.desk.press("lobby")
    world.sink.broken = True
    world.desk.close()
    # The end is given up.
    assert world.said == [("start", None)]


def test_an_unknown_button_is_refused_and_a_shutdown_ends_what_is_open() -> None:
    world = Desk()
    with pytest.raises(ConfigError, match="there are: lobby"):
        world.desk.press("roof")
    world.desk.press("lobby")
    world.desk.close()
    assert world.said == [("start", None), ("end", "shutdown")]
    world.later.pop()[1]()
    assert len(world.said) == 2


def test_the_loudspeaker_runs_the_programs_of_the_box_one_after_the_other(tmp_path: Path) -> None:
    out = tmp_path / "said"
    note = (sys.executable, "-c", f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + '|')")
    speaker = Loudspeaker(note, note)
    speaker.start()
    speaker.play(Path("a.wav"))
    speaker.say("请您推出")
    done = threading.Event()
    for _ in range(200):
        if out.is_file() and out.read_text() == "a.wav|请您推出|":
            break
        done.wait(0.1)
    assert out.read_text() == "a.wav|请您推出|"
    missing = Loudspeaker(("/nonexistent",), ("/nonexistent",))
    missing.start()
    missing.say("x")
    missing.close()
    speaker.close()


def test_a_text_that_no_program_can_be_given_silences_no_later_one(tmp_path: Path) -> None:
    out = tmp_path / "said"
    note = (sys.executable, "-c", f"import sys; open({str(out)!r}, 'a').write(sys.argv[1] + '|')")
    speaker = Loudspeaker(note, note)
    speaker.start()
    speaker.say("a\0b")
    speaker.say("c")
    done = threading.Event()
    for _ in range(200):
        if out.is_file() and out.read_text() == "c|":
            break
        done.wait(0.1)
    assert out.read_text() == "c|"
    speaker.close()
