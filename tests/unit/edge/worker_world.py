"""A camera and all that its worker meets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from time import monotonic, sleep
from zoneinfo import ZoneInfo

from lookout_contract.events import Phase, Scenario
from lookout_contract.status import CameraState, Sight, SpoolDepth
from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.events import Provenance
from lookout_edge.pipeline import CameraPipeline
from lookout_edge.ports import Detector
from lookout_edge.rules.registry import RULES
from lookout_edge.supervisor import (
    CameraWorker,
    Crew,
    Identity,
    ProofDesk,
    make_status,
)
from lookout_edge.supervisor.camera import BLIND_AFTER_S
from lookout_edge.testing import (
    FakeClock,
    FakeRecorder,
    ListSource,
    MemoryEvidence,
    MemorySink,
    ShadeDetector,
    box_at,
    picture,
)

CAR = Detection("car", 0.8, box_at(0.4, 0.4, 0.2, 0.2))


def see(shade: int) -> Sequence[Detection]:
    return (CAR,) if shade >= 150 else ()


def frames(shade: int = 200, seconds: float = 4.0, start: float = 0.0) -> list[Frame]:
    return [Frame("gate", start + index / 5, picture(shade)) for index in range(round(seconds * 5))]


@dataclass
class NoDelay:
    waits: int = 0
    resets: int = 0
    after: Callable[[int], None] = lambda _: None
    asked: list[float] = field(default_factory=list[float])

    def next(self, at_least_s: float = 0.0) -> float:
        self.asked.append(at_least_s)
        self.waits += 1
        self.after(self.waits)
        return 0.0

    def reset(self) -> None:
        self.resets += 1


@dataclass
class Warnings:
    said: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    def warning(self, key: str, message: str) -> None:
        self.said.append((key, message))


def encode(image: Image) -> bytes:
    return bytes(image[0, 0])


@dataclass(frozen=True)
class Spool:
    epoch: str = "20260101t000000-abcd"
    last_sequence: int = 3


def dropped_in_status(world: "World") -> dict[str, int]:
    """What the status says when the spool itself has given up a fire and two vehicles."""
    crew = Crew()
    crew.start([world.worker])
    status = make_status(
        Identity(gateway="gw", version="1", config_hash="0" * 64, models={}),
        crew=crew,
        spool=Spool(),
        depth=SpoolDepth(events=0, evidence=0, dropped={"fire_smoke": 1, "unfamiliar_vehicle": 2}),
        clock=world.clock,
        coverage={},
        shadows={},
        proposals={},
        visits={},
    )
    crew.stop()
    assert status.spool is not None
    return status.spool.dropped


class OpenSink(MemorySink):
    """Knows which cameras have something open."""

    def cameras_with_open(self) -> list[str]:
        return sorted({event.camera for event in self.events if event.end_reason is None})


class World:
    def __init__(self, source: ListSource, detector: Detector | None = None, camera: str = "gate") -> None:
        kind = RULES[Scenario.UNFAMILIAR_VEHICLE]
        self.rule = rule = kind.build(kind.params.model_validate({"dwell_s": 1.0}), (), ZoneInfo("UTC"))
        self.sink, self.evidence, self.recorder = MemorySink(), MemoryEvidence(), FakeRecorder()
        self.states: list[CameraState] = []
        self.delays, self.warnings, self.clock = NoDelay(), Warnings(), FakeClock()
        provenance = Provenance(camera=camera, models={})
        self.camera, self.source = camera, source
        #: By how much the box's clock was set so far.
        self.set_by = 0.0
        self.pipeline = CameraPipeline(provenance, [rule], detector or ShadeDetector(see))
        self.worker = self.build()

    def build(
        self, publish: Callable[[CameraState], None] | None = None, blind_after_s: float = BLIND_AFTER_S
    ) -> CameraWorker:
        return CameraWorker(
            self.camera,
            self.source,
            self.pipeline,
            sink=self.sink,
            proof=ProofDesk(self.evidence, self.recorder, encode, on_problem=lambda _: None),
            clock=self.clock,
            publish=publish or self.states.append,
            delays=self.delays,
            warnings=self.warnings,
            blind_after_s=blind_after_s,
            steady=lambda: self.clock.at - self.set_by,
        )

    def set_clock(self, by_s: float) -> None:
        """As by NTP: nothing of that time has passed."""
        self.clock.at += by_s
        self.set_by += by_s

    @property
    def said(self) -> list[tuple[Sight, str | None]]:
        return [(state.state, state.reason) for state in self.states]

    @property
    def phases(self) -> list[Phase]:
        return [event.phase for event in self.sink.events]


def eventually(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 10
    while not condition():
        assert monotonic() < deadline, "it did not come about"
        sleep(0.01)


@dataclass
class Endless(ListSource):
    """Goes on until it is closed."""

    shown: Event = field(default_factory=Event)

    def play(self) -> Iterator[Frame]:
        index = 0
        while not self.closed:
            yield Frame("gate", index / 5, picture(200))
            index += 1
            if index == 20:
                self.shown.set()
                Event().wait(0.01)
