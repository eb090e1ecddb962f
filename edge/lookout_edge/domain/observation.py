"""What a rule says about one thing in one look, and what it is told about the scene."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from lookout_contract.commands import Resident
from lookout_contract.events import Attributes, Scenario, Severity, Votes
from lookout_edge.domain.appearance import Appearance
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.pose import Pose
from lookout_edge.domain.presence import Thing
from lookout_edge.domain.suppression import Suppression


class Standing(StrEnum):
    """How a thing stands with a rule."""

    #: All conditions hold: this is an occurrence.
    ACTIVE = "active"
    #: It is there, but has not been there long or surely enough.
    PENDING = "pending"
    #: It would be one, were it not for the condition named in ``blocked_by``.
    BLOCKED = "blocked"


class Observation(NamedTuple):
    """One thing in one zone as judged in one look."""

    #: Names the thing within its rule and zone; it outlives a change of the track number.
    key: int
    zone: str
    #: Label group, see ``label_group``.
    group: str
    box: Box
    standing: Standing
    #: Frame time since which it has been in the zone, seconds since the Unix epoch.
    since: float
    severity: Severity
    #: Stable key that pages translate.
    severity_reason: str
    conditions: tuple[Condition, ...]
    objects: tuple[Thing, ...]
    votes: Votes
    attributes: Attributes
    #: Frame time at which it was last seen; infinite means in this look.
    seen_at: float = float("inf")
    #: Name of the condition that keeps it from being active.
    blocked_by: str | None = None
    #: Frame time at which the rule needs another look even if nothing moves.
    look_by: float | None = None
    #: Seconds for which what no track stands for may go without a look: 0 while it is judged by how it behaves.
    pace_s: float = 0.0
    #: Whether more looks at it, and not only time, decide how it stands: votes, plates, postures.
    awaits_looks: bool = False
    #: Track whose plate should be read in this picture.
    plate_of: int | None = None
    #: Track whose pose should be estimated in this picture.
    pose_of: int | None = None
    #: Plate of a known vehicle that was just recognised, as the list of residents has it.
    visit_of: str | None = None
    #: Plate of one that was recognised an hour ago or more and still is there, hour by hour.
    stay_of: str | None = None


def _nothing(scenario: Scenario) -> Sequence[Observation]:
    return ()


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule is told beside the tracks."""

    camera: str
    residents: Sequence[Resident] = ()
    #: Track → plates read from it since the last look; a track with an empty tuple was tried in vain.
    readings: Mapping[int, tuple[PlateReading, ...]] = field(default_factory=dict[int, tuple[PlateReading, ...]])
    #: Whether plates are read at all.
    reads_plates: bool = False
    #: Track whose plate should have been read since the last look → why nobody could: ``too_busy``, ``reader_failed``.
    unread: Mapping[int, str] = field(default_factory=dict[int, str])
    #: Track → its pose as estimated since the last look; None was tried in vain.
    poses: Mapping[int, Pose | None] = field(default_factory=dict[int, "Pose | None"])
    #: Whether poses are estimated at all.
    estimates_poses: bool = False
    #: Width of the picture by its height, in pixels.
    aspect: float = 16 / 9
    #: All that the detector found in this look, for rules about things without a shape.
    detections: Sequence[Detection] = ()
    #: What things without a shape were suspected to be, below the model's threshold: no evidence, only history.
    doubtful: Sequence[Detection] = ()
    #: How a place looks in this picture; None where there are no pixels.
    appearance: Callable[[Box], Appearance] | None = None
    #: Whether a place looks as it did at some frame time or before it, or just so; None where there are no pixels.
    is_as_before: Callable[[Box, float, bool], bool] | None = None
    #: Whether a place showed the same thing at some frame time or before it, in whatever light; None likewise.
    stood: Callable[[Box, float], bool] | None = None
    #: What operators have agreed to leave out at this camera.
    suppressions: Sequence[Suppression] = ()
    #: What was last told of the occurrences of a scenario that go on at this camera, over gaps and restarts, too.
    going_on: Callable[[Scenario], Sequence[Observation]] = _nothing
    #: The parts of the picture that this look was at; None for the whole.
    regions: tuple[Box, ...] | None = None
    #: Frame time of the newest picture after the last look in which nothing had changed since; None without one.
    unchanged_at: float | None = None

    def saw(self, box: Box) -> bool:
        """Whether this look was at all of ``box``: what was not looked at is neither there nor gone."""
        inside = box.clipped()
        return self.regions is None or any(region.holds(inside) for region in self.regions)
