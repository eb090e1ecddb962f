"""What the page shows, as values for JSON."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Protocol

from lookout_contract.events import Scenario
from lookout_contract.status import CameraReport, GatewayStatus
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.memory import Note, Recollection
from lookout_edge.domain.track import Track
from lookout_edge.domain.view import CameraView, Candidate

Corners = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class CameraPlan:
    """What is drawn over a camera's picture; corners are fractions of its width and height."""

    #: For people; may be empty.
    name: str
    zones: Mapping[str, Corners]
    masks: Sequence[Corners]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """What is remembered of a while."""

    #: The answer in English, for terminals and scripts.
    lines: Sequence[str]
    remembered: Recollection
    timezone: tzinfo

    def as_json(self) -> dict[str, object]:
        """``before`` and ``notes`` carry ``clock``, the time of day at the site.

        Up to ``forgotten_until``, on that clock, something may be missing, None where nothing is; ``forgotten`` says
        that all may be. ``silence`` says of which time it is known that nothing came close to an alarm (``Silence``).
        Since ``unknown_since``, on that clock, nothing is known; None where the gateway did not break off.
        """
        told = self.remembered
        until = self._clock(told.forgotten_until) if told.is_incomplete and told.forgotten_until is not None else None
        return {
            "lines": list(self.lines),
            "before": None if told.before is None else self._note(told.before),
            "notes": [self._note(note) for note in told.notes],
            "forgotten_until": until,
            "forgotten": told.is_forgotten,
            "silence": told.silence,
            "unknown_since": None if told.unknown_since is None else self._clock(told.unknown_since),
        }

    def _note(self, note: Note) -> dict[str, object]:
        return {**note.model_dump(mode="json"), "clock": self._clock(note.at)}

    def _clock(self, at: float) -> str:
        return datetime.fromtimestamp(at, self.timezone).strftime("%m-%d %H:%M:%S")


class Shown(Protocol):
    """The running gateway, as far as it is shown. Every method may be called from any thread."""

    def status(self) -> GatewayStatus:
        """As the dispatcher gets it."""
        ...

    def is_connected(self) -> bool:
        """Whether the broker is reached."""
        ...

    def cameras(self) -> Sequence[CameraView]:
        """All cameras, in the order of the configuration."""
        ...

    def plan(self, camera: str) -> CameraPlan:
        """Its zones. EdgeError when there is no such camera."""
        ...

    def image(self, camera: str) -> Image | None:
        """Its newest picture. EdgeError when there is no such camera."""
        ...

    def why(self, camera: str, at: str, around_s: float) -> Recalled:
        """What answers "why was there an alarm, or none?". EdgeError for a camera or time that is none."""
        ...

    def buttons(self) -> Sequence[str]:
        """Names of the one-tap buttons."""
        ...

    def press(self, button: str) -> str:
        """Press one; the occurrence. EdgeError when there is no such button or the disk refuses."""
        ...

    def begin_self_test(self, camera: str, scenario: Scenario | None) -> Mapping[str, object]:
        """Start one, and how it stands. EdgeError when there is no such camera or clip, or one runs already."""
        ...

    def self_test(self, camera: str) -> Mapping[str, object] | None:
        """How the newest one of a camera stands, None before the first. EdgeError when there is no such camera."""
        ...

    def looks_took(self) -> tuple[Sequence[tuple[float, int]], float]:
        """(upper bound, looks that took at most so long) with the last bound infinite; all of them together, s."""
        ...


def overview(shown: Shown, *, may_press: bool) -> dict[str, object]:
    """Everything but the pictures."""
    status = shown.status()
    return {
        "status": status.model_dump(mode="json"),
        "connected": shown.is_connected(),
        "buttons": list(shown.buttons()),
        "may_press": may_press,
        "cameras": [
            _camera(view, shown.plan(view.camera), status.cameras.get(view.camera, view.report))
            for view in shown.cameras()
        ],
    }


def _camera(view: CameraView, plan: CameraPlan, report: CameraReport) -> dict[str, object]:
    return {
        "camera": view.camera,
        "name": plan.name,
        "zones": {name: [list(corner) for corner in corners] for name, corners in plan.zones.items()},
        "masks": [[list(corner) for corner in corners] for corners in plan.masks],
        "state": view.state.model_dump(mode="json") if view.state else None,
        "report": report.model_dump(mode="json"),
        "counts": {
            "frames": view.counts.frames,
            "looks": view.counts.looks,
            "failed": view.counts.failed,
            "shed": view.counts.shed,
            "dropped": view.counts.dropped,
        },
        "scenarios": [scenario.value for scenario in view.scenarios],
        "events": sum(number for (_, phase), number in view.events.items() if phase == "start"),
        "open": view.open_occurrences,
        "size": list(view.size) if view.size else None,
        "picture_at": view.picture_at,
        "tracks": [_track(track) for track in view.tracks],
        "candidates": [_candidate(candidate, view.picture_at) for candidate in view.candidates],
    }


def _track(track: Track) -> dict[str, object]:
    return {
        "id": track.id,
        "label": track.label,
        "score": round(track.score, 2),
        "box": _box(track.box),
        "held": track.held,
    }


def _candidate(candidate: Candidate, picture_at: float | None) -> dict[str, object]:
    seen = candidate.observation
    for_s = (picture_at or 0.0) - seen.since
    return {
        "scenario": candidate.scenario.value,
        "zone": seen.zone,
        "group": seen.group,
        "standing": seen.standing.value,
        "severity": seen.severity.value,
        "blocked_by": seen.blocked_by,
        "for_s": round(for_s, 1) if math.isfinite(for_s) else None,
        "box": _box(seen.box),
        "conditions": [condition.as_contract().model_dump(mode="json") for condition in seen.conditions],
    }


def _box(box: Box) -> list[float]:
    inside = box.clipped()
    return [round(value, 4) for value in (inside.x1, inside.y1, inside.x2, inside.y2)]
