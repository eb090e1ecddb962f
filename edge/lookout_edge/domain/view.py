"""What a person is shown of a camera: plain values as of its last look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lookout_contract.events import Scenario
from lookout_contract.status import CameraReport, CameraState
from lookout_edge.domain.observation import Observation
from lookout_edge.domain.track import Track


class Candidate(NamedTuple):
    """One thing that a rule has an eye on."""

    scenario: Scenario
    observation: Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class LookCounts:
    """Since the camera's worker began."""

    frames: int = 0
    looks: int = 0
    failed: int = 0
    #: Looks, plates and poses that never began because the box was too busy.
    shed: int = 0
    #: Frames that newer ones overtook before anybody took them.
    dropped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraView:
    """A camera as of now."""

    camera: str
    #: None before its worker has said anything.
    state: CameraState | None
    report: CameraReport
    counts: LookCounts
    scenarios: tuple[Scenario, ...]
    #: (scenario, phase) → events since the start.
    events: Mapping[tuple[str, str], int]
    #: Occurrences that have started and not ended.
    open_occurrences: int
    #: Width and height of the pictures looked at, pixels; None before the first.
    size: tuple[int, int] | None
    #: Frame time of the newest picture, seconds since 1970 UTC.
    picture_at: float | None
    tracks: tuple[Track, ...]
    candidates: tuple[Candidate, ...]
