"""The self-test: a clip goes through a camera's models and rules, and its alarm all the way to the dispatcher.

It runs beside the camera, which goes on watching. What comes of it is marked as a test from the first byte.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

import structlog

from lookout_contract.events import Attributes, Condition, EndReason, EventData, Phase, Scenario, Severity
from lookout_contract.status import CameraState, Sight
from lookout_edge.errors import EdgeError
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import Clock, FrameSource

log = structlog.stdlib.get_logger()

#: Stands as the reason of the severity, by which the dispatcher tells it from a test alarm.
REASON = "self_test"
#: Longest wait for the dispatcher's receipt, seconds.
PATIENCE_S = 60.0
_NAP_S = 0.005


class Hop(StrEnum):
    """Stations of the way; each value is the condition that tells the seconds since the one before."""

    #: From the moment at which it can be seen until a look has found something.
    LOOK = "hop_look"
    #: Until the rule raised the alarm; how long a thing must be there is in it.
    RULE = "hop_rule"
    #: Until the event was on disk.
    SPOOL = "hop_spool"
    #: Until it was handed to the broker.
    BROKER = "hop_broker"
    #: Until the dispatcher had stored it and said so.
    RECEIPT = "hop_receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What is played: a clip, and a pipeline like the camera's own that knows nothing of what the camera sees."""

    clip: str
    scenario: Scenario
    source: FrameSource
    pipeline: CameraPipeline
    #: Frame time of the clip's beginning, and from when to when it shows the event, seconds from there.
    start_at: float
    event: tuple[float, float]


class TrialSpool(Protocol):
    """Where the events of a trial wait."""

    def put(self, data: EventData) -> int:
        """Store durably; the number."""
        ...

    def waits(self, sequence: int) -> bool:
        """Whether the dispatcher has not settled it yet."""
        ...


@dataclass(slots=True, kw_only=True)
class SelfTest:
    """One run, as far as it has come."""

    camera: str
    scenario: Scenario
    clip: str
    started_at: datetime
    hops: dict[Hop, float] = field(default_factory=dict[Hop, float])
    #: None while it runs.
    passed: bool | None = None
    #: Why it failed, a sentence.
    why: str | None = None

    def as_json(self) -> dict[str, object]:
        """For the local page and the command line."""
        return {
            "camera": self.camera,
            "scenario": self.scenario.value,
            "clip": self.clip,
            "started_at": self.started_at.isoformat(),
            "hops": {hop.value: round(seconds, 3) for hop, seconds in self.hops.items()},
            "passed": self.passed,
            "why": self.why,
        }


class SelfTestDesk:
    """Runs self-tests, one at a time. Safe from any thread."""

    def __init__(
        self,
        *,
        prepare: Callable[[str, Scenario | None], Rehearsal],
        spool: TrialSpool,
        is_sent: Callable[[int], bool],
        sight: Callable[[str], CameraState | None],
        clock: Clock,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._prepare, self._spool, self._is_sent = prepare, spool, is_sent
        self._sight, self._clock, self._patience_s = sight, clock, patience_s
        self._busy = threading.Lock()
        self._last: dict[str, SelfTest] = {}

    def last(self, camera: str) -> SelfTest | None:
        """The newest run of a camera, or the one that goes on."""
        return self._last.get(camera)

    def begin(self, camera: str, scenario: Scenario | None = None) -> SelfTest:
        """Start one on a thread of its own. EdgeError when there is no such camera or clip, or one runs already."""
        if not self._busy.acquire(blocking=False):
            raise EdgeError("Another self-test runs on this gateway: wait until it is over.")
        with ExitStack() as undo:
            undo.callback(self._busy.release)
            rehearsal = self._prepare(camera, scenario)
            test = self._note(camera, rehearsal)
            threading.Thread(target=self._work, args=(test, rehearsal), name="self-test", daemon=True).start()
            undo.pop_all()
        return test

    def run(self, camera: str, scenario: Scenario | None = None) -> SelfTest:
        """The same on the caller's thread, waiting while another one runs."""
        with ExitStack() as undo:
            self._busy.acquire()
            undo.callback(self._busy.release)
            rehearsal = self._prepare(camera, scenario)
            test = self._note(camera, rehearsal)
            undo.pop_all()
        self._work(test, rehearsal)
        return test

    def _note(self, camera: str, rehearsal: Rehearsal) -> SelfTest:
        at = datetime.fromtimestamp(self._clock.now(), UTC)
        test = SelfTest(camera=camera, scenario=rehearsal.scenario, clip=rehearsal.clip, started_at=at)
        self._last[camera] = test
        return test

    def _work(self, test: SelfTest, rehearsal: Rehearsal) -> None:
        try:
            self._play_and_follow(test, rehearsal)
        except EdgeError as error:
            test.why = str(error)
            test.passed = False
        finally:
            if test.passed is None:
                test.why, test.passed = "It stumbled over a fault: the gateway's log says where.", False
            self._busy.release()
        hops = {hop.value: round(seconds, 3) for hop, seconds in test.hops.items()}
        say = log.info if test.passed else log.error
        say("self-test", camera=test.camera, scenario=test.scenario.value, passed=test.passed, why=test.why, **hops)

    def _play_and_follow(self, test: SelfTest, rehearsal: Rehearsal) -> None:
        alarm, since = _play(test, rehearsal)
        start = _marked(test, alarm, Phase.START, self._conditions(test, alarm is not None))
        sequence = self._spool.put(start)
        since = _reached(test, Hop.SPOOL, since)
        until = time.monotonic() + self._patience_s
        while self._spool.waits(sequence) and time.monotonic() < until:
            if Hop.BROKER not in test.hops and self._is_sent(sequence):
                since = _reached(test, Hop.BROKER, since)
            time.sleep(_NAP_S)
        arrived = not self._spool.waits(sequence)
        if arrived:
            if Hop.BROKER not in test.hops:
                # Both between two looks: what the dispatcher has confirmed has passed the broker.
                since = _reached(test, Hop.BROKER, since)
            _reached(test, Hop.RECEIPT, since)
        conditions = self._conditions(test, alarm is not None, arrived=arrived)
        self._spool.put(_marked(test, alarm, Phase.END, conditions))
        test.why = _why(conditions, rehearsal.clip, self._patience_s)
        test.passed = test.why is None

    def _conditions(self, test: SelfTest, alarmed: bool, *, arrived: bool | None = None) -> tuple[Condition, ...]:
        state = self._sight(test.camera)
        told = [
            Condition(
                name="camera",
                value=state.state.value if state else None,
                limit=Sight.WATCHING.value,
                met=state is not None and state.state is Sight.WATCHING,
            ),
            Condition(name="alarm", value=alarmed, limit=True, met=alarmed),
        ]
        if arrived is not None:
            told.append(Condition(name="receipt", value=arrived, limit=True, met=arrived))
        hops: Mapping[Hop, float] = test.hops
        told += [Condition(name=hop.value, value=round(hops[hop], 3), met=True, unit="s") for hop in Hop if hop in hops]
        return tuple(told)


def _play(test: SelfTest, rehearsal: Rehearsal) -> tuple[EventData | None, float]:
    """The clip's alarm, None when there was none, and the moment by the monotonic clock."""
    pipeline, begins_at = rehearsal.pipeline, rehearsal.start_at + rehearsal.event[0]
    with rehearsal.source.frames() as frames:
        for frame in frames:
            for event in pipeline.step(frame):
                if event.phase is Phase.START and event.scenario is rehearsal.scenario and frame.at >= begins_at:
                    test.hops.setdefault(Hop.LOOK, frame.at - begins_at)
                    test.hops[Hop.RULE] = frame.at - begins_at - test.hops[Hop.LOOK]
                    return event, time.monotonic()
            if Hop.LOOK not in test.hops and frame.at >= begins_at and pipeline.candidates:
                test.hops[Hop.LOOK] = frame.at - begins_at
            rehearsal.source.ask(pipeline.demand)
    return None, time.monotonic()


def _marked(test: SelfTest, alarm: EventData | None, phase: Phase, conditions: tuple[Condition, ...]) -> EventData:
    """An event of the trial: nothing of it can be taken for something seen."""
    name = f"{REASON}\n{test.camera}\n{test.scenario}\n{test.started_at.isoformat()}"
    return EventData(
        occurrence=hashlib.sha256(name.encode()).hexdigest()[:24],
        scenario=test.scenario,
        camera=test.camera,
        phase=phase,
        captured_at=alarm.captured_at if alarm else test.started_at,
        started_at=test.started_at,
        end_reason=EndReason.CLEARED if phase is Phase.END else None,
        objects=alarm.objects if alarm else (),
        attributes=Attributes(test=True),
        severity=Severity.BLUE,
        severity_reason=REASON,
        explain=conditions,
        models=alarm.models if alarm else {},
        config_hash=alarm.config_hash if alarm else None,
    )


def _reached(test: SelfTest, hop: Hop, since: float) -> float:
    now = time.monotonic()
    test.hops[hop] = now - since
    return now


def _why(conditions: tuple[Condition, ...], clip: str, patience_s: float) -> str | None:
    missed = {condition.name: condition.value for condition in conditions if not condition.met}
    if "alarm" in missed:
        return f"No alarm came of the clip {clip}: check the model and the rule's parameters."
    if "receipt" in missed:
        return f"The dispatcher has not confirmed it within {patience_s:g} s: check the broker and the dispatcher."
    if "camera" in missed:
        return f"The way works, but the camera itself is {missed['camera'] or 'not started'}: check its stream."
    return None
