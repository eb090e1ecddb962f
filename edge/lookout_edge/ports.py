"""What the core needs from outside, as narrow Protocols. Adapters implement them; ``testing`` has typed fakes."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from lookout_contract.commands import Resident
from lookout_contract.events import EventData, EvidenceKind, EvidenceRef
from lookout_edge.domain.demand import Demand
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Frame, Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import Pose


class Clock(Protocol):
    """The box's own clock."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""
        ...


class FrameSource(Protocol):
    """A camera or a file, opened as a context, iterated once."""

    def frames(self) -> AbstractContextManager[Iterator[Frame]]:
        """Frames in stream order. Raises SourceError, whose ``reason`` is a code, when it cannot go on."""
        ...

    def ask(self, demand: Demand) -> None:
        """From now on pictures need not be nearer to each other than this; every picture until it is said.

        From any thread, at any time; a source that can leave nothing out may ignore it.
        """
        ...


class Detector(Protocol):
    """Finds objects in pictures."""

    @property
    def name(self) -> str:
        """Name of the zoo entry."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        ...

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names it can give."""
        ...

    @property
    def takes_regions(self) -> bool:
        """Whether looking at a part costs less than looking at the whole."""
        ...

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """Objects in a BGR picture, boxes as fractions of it, above the model's per-class thresholds, after NMS.

        With ``region`` only there, at least at the scale of a look at the whole; what its edge cuts off comes cut off.
        """
        ...


class PlateReader(Protocol):
    """Finds and reads number plates."""

    @property
    def models(self) -> dict[str, str]:
        """Zoo name → SHA-256 of the weights."""
        ...

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """Plates inside ``region`` of a BGR picture, best first; boxes as fractions of the whole picture."""
        ...


class PoseEstimator(Protocol):
    """Finds the joints of a person."""

    @property
    def name(self) -> str:
        """Name of the zoo entry."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the weights."""
        ...

    def estimate(self, image: Image, box: Box) -> Pose | None:
        """The joints of the person in ``box`` of a BGR picture, as fractions of it all; None when there is nobody."""
        ...


class EventSink(Protocol):
    """Where events go to be kept until the dispatcher has them."""

    def put(self, data: EventData) -> int:
        """Store durably and return the sequence number; SpoolError when the disk refuses."""
        ...

    def unfinished(self, camera: str) -> Sequence[EventData]:
        """The last event of each occurrence of ``camera`` that nobody has seen to be over, oldest first.

        Those that are open, and those that ended lately as ``shutdown`` or ``blind``; also of earlier runs.
        """
        ...


class EvidenceStore(Protocol):
    """Keeps evidence files on disk until they are uploaded."""

    def put(self, kind: EvidenceKind, content: bytes, mime: str, *, first: bool = False) -> EvidenceRef:
        """Store under the content's SHA-256 and return what the event has to say of it.

        What goes ``first`` is uploaded before the rest, and given up after it.
        """
        ...


class Recorder(Protocol):
    """The recent past of a camera's stream."""

    def clip(self, start_at: float, end_at: float) -> bytes | None:
        """An MP4 remuxed from the packets between two frame times, widened to whole GOPs; None when nothing is held."""
        ...


#: Seconds after which it is told again that a known vehicle stays.
STAY_EVERY_S = 3600.0


class PlateDirectory(Protocol):
    """The vehicles that belong here, as last sent by the dispatcher."""

    def residents(self, at: float) -> Sequence[Resident]:
        """All known plates and passes at a frame time; ``uses`` are the visits that are left."""
        ...

    def visit(self, plate: str, at: float, camera: str) -> None:
        """A known vehicle was seen at frame time ``at``: count it, unless its last visit still goes on. Of its passes
        it uses one that is good at ``camera``."""
        ...

    def stay(self, plate: str, at: float, camera: str) -> None:
        """A known vehicle has been there since its visit was counted and still is, told every ``STAY_EVERY_S``: that
        visit goes on."""
        ...
