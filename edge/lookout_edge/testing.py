"""Typed fakes of the ports, for tests of anything that needs them. Shipped, so that no mock library is needed."""

import hashlib
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from lookout_contract.commands import Resident
from lookout_contract.events import OVER, EventData, EvidenceKind, EvidenceRef
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import JOINTS, Joint, Pose
from lookout_edge.domain.track import Track
from lookout_edge.errors import EdgeError, ModelError, SpoolError

FAKE_SHA256 = "0" * 64


def picture(shade: int = 0, *, width: int = 64, height: int = 36) -> Image:
    """A plain BGR picture. Two shades more than twenty apart count as movement."""
    return np.full((height, width, 3), shade % 256, dtype=np.uint8)


@dataclass(slots=True)
class FakeClock:
    """A clock that stands still until it is moved."""

    at: float = 1_000_000.0

    def now(self) -> float:
        """See ``Clock``."""
        return self.at


@dataclass(slots=True)
class ScriptedDetector:
    """Gives the detections of a script, one call after another; an error in it is raised. Empty after its end."""

    script: Sequence[Sequence[Detection] | ModelError]
    calls: int = 0
    name: str = "scripted"
    sha256: str = FAKE_SHA256
    labels: tuple[str, ...] = ("car", "truck", "bus", "motorcycle", "bicycle", "person")
    takes_regions: bool = False

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``."""
        self.calls += 1
        answer = self.script[self.calls - 1] if self.calls <= len(self.script) else ()
        if isinstance(answer, ModelError):
            raise answer
        return answer


@dataclass(slots=True)
class ShadeDetector:
    """Gives what ``see`` says of the picture's first green value: lets a made clip carry its own truth."""

    see: Callable[[int], Sequence[Detection]]
    calls: int = 0
    name: str = "shade"
    sha256: str = FAKE_SHA256
    labels: tuple[str, ...] = ("car", "truck", "bus", "motorcycle", "bicycle", "person")
    takes_regions: bool = False

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``."""
        self.calls += 1
        return self.see(int(image[0, 0, 1]))


#: Where cars have their plates, as shares of the box.
PLATE_PLACE = Box(0.35, 0.7, 0.65, 0.8)


@dataclass(slots=True)
class FakePlateReader:
    """Reads the same plate from everything."""

    text: str | None
    confidence: float = 0.95
    regions: list[Box] = field(default_factory=list[Box])
    #: Where it reads it, as shares of the region.
    place: Box = PLATE_PLACE

    @property
    def models(self) -> dict[str, str]:
        """See ``PlateReader``."""
        return {"fake-plates": FAKE_SHA256}

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``."""
        self.regions.append(region)
        x1, y1, x2, y2 = self.place
        width, height = region.width, region.height
        box = Box(region.x1 + x1 * width, region.y1 + y1 * height, region.x1 + x2 * width, region.y1 + y2 * height)
        return (PlateReading(self.text, self.confidence, box),) if self.text else ()


@dataclass(slots=True)
class FakePoseEstimator:
    """Gives one pose after another; nobody after the last one."""

    poses: Sequence[Pose | None]
    boxes: list[Box] = field(default_factory=list[Box])
    name: str = "fake-pose"
    sha256: str = FAKE_SHA256

    def estimate(self, image: Image, box: Box) -> Pose | None:
        """See ``PoseEstimator``."""
        self.boxes.append(box)
        return self.poses[len(self.boxes) - 1] if len(self.boxes) <= len(self.poses) else None


@dataclass(slots=True)
class FixedDirectory:
    """A list of residents."""

    known: tuple[Resident, ...] = ()

    visits: list[str] = field(default_factory=list[str])
    #: At which cameras.
    visited: list[str] = field(default_factory=list[str])
    stays: list[tuple[str, float, str]] = field(default_factory=list[tuple[str, float, str]])

    def residents(self, at: float) -> Sequence[Resident]:
        """See ``PlateDirectory``."""
        return self.known

    def visit(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""
        self.visits.append(plate)
        self.visited.append(camera)

    def stay(self, plate: str, at: float, camera: str) -> None:
        """See ``PlateDirectory``."""
        self.stays.append((plate, at, camera))

    def replace(self, residents: Sequence[Resident]) -> None:
        """Take over another list."""
        self.known = tuple(residents)


@dataclass(slots=True)
class ListSource:
    """Plays back frames, then raises ``error`` if there is one, else ends."""

    items: Sequence[Frame]
    error: EdgeError | None = None
    opened: int = 0
    closed: bool = False
    dropped: int = 0
    held_bytes: int = 0
    impairment: tuple[str, str] | None = None
    #: What was asked of it, without repetitions.
    demands: list[Demand] = field(default_factory=list[Demand])

    def ask(self, demand: Demand) -> None:
        """See ``FrameSource``."""
        if not self.demands or self.demands[-1] != demand:
            self.demands.append(demand)

    @contextmanager
    def frames(self) -> Generator[Iterator[Frame]]:
        """See ``FrameSource``."""
        self.opened += 1
        yield self.play()

    def play(self) -> Iterator[Frame]:
        """The frames in order."""
        for frame in self.items:
            if self.closed:
                return
            yield frame
        if self.error is not None:
            raise self.error

    def close(self) -> None:
        """Stop playing."""
        self.closed = True


@dataclass(slots=True)
class MemorySink:
    """Keeps events in a list; raises while ``broken``."""

    events: list[EventData] = field(default_factory=list[EventData])
    broken: bool = False

    def put(self, data: EventData) -> int:
        """See ``EventSink``."""
        if self.broken:
            raise SpoolError("The disk is full: free some space.")
        self.events.append(data)
        return len(self.events)

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """See ``EventSink``."""
        last = {event.occurrence: event for event in self.events if event.camera == camera}
        return [event for event in last.values() if event.end_reason not in OVER]


@dataclass(slots=True)
class MemoryEvidence:
    """Keeps evidence in a dict; raises while ``broken``."""

    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    broken: bool = False
    #: Kinds of those that go first.
    first: list[EvidenceKind] = field(default_factory=list[EvidenceKind])

    def put(self, kind: EvidenceKind, content: bytes, mime: str, *, first: bool = False) -> EvidenceRef:
        """See ``EvidenceStore``."""
        if self.broken:
            raise EdgeError("The evidence folder cannot be written: free some space.")
        digest = hashlib.sha256(content).hexdigest()
        self.files[digest] = content
        self.first += [kind] if first else []
        return EvidenceRef(kind=kind, sha256=digest, bytes=len(content), mime=mime)


@dataclass(slots=True)
class FakeRecorder:
    """Answers every clip with its two times as text."""

    asked: list[tuple[float, float]] = field(default_factory=list[tuple[float, float]])
    empty: bool = False

    def clip(self, start_at: float, end_at: float) -> bytes | None:
        """See ``Recorder``."""
        self.asked.append((start_at, end_at))
        return None if self.empty else f"{start_at:.3f}-{end_at:.3f}".encode()


def track(
    number: int,
    at: float,
    *,
    label: str = "car",
    box: Box | None = None,
    score: float = 0.8,
    first_at: float = 0.0,
) -> Track:
    """A track confirmed at frame time ``at``; its bottom centre is (0.5, 0.6) unless a box is given."""
    return Track(number, label, score, box or Box(0.4, 0.4, 0.6, 0.6), first_at, at, 5)


def box_at(x: float, y: float, width: float = 0.1, height: float = 0.1) -> Box:
    """A box by its upper left corner and size, in fractions of the frame."""
    return Box(x, y, x + width, y + height)


def pose_of(shoulders: tuple[float, float], hips: tuple[float, float], score: float = 0.9) -> Pose:
    """A pose of which only shoulders and hips are seen, both sides in one place; fractions of the picture."""
    places = {"shoulder": shoulders, "hip": hips}
    parts = [name.rsplit("_", 1)[-1] for name in JOINTS]
    return tuple(Joint(*places[part], score) if part in places else Joint(0.0, 0.0, 0.0) for part in parts)
