"""Occurrences: one real-world thing is one start, some updates and one end, whatever the tracker does meanwhile."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from lookout_contract.events import EndReason, EventData, Phase, PlateStatus, Scenario
from lookout_edge.domain.looks import LookClock
from lookout_edge.domain.observation import Observation, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceSettings:
    """Times in seconds of frame time."""

    #: Watched seconds for which a thing may be gone before its occurrence ends as cleared.
    hold_s: float = 3.0
    #: Least time between two updates that report nothing but the time going by.
    update_interval_s: float = 30.0
    #: Overlap (IoU) at which a thing under another number is taken for the same one.
    same_place_iou: float = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What every event of a camera says of how it came about."""

    camera: str
    #: Distinguishes gateways whose cameras share a name; part of the occurrence's id.
    source: str = ""
    #: Model name → SHA-256 of its weights.
    models: Mapping[str, str]
    config_hash: str | None = None


@dataclass(slots=True, eq=False)
class _Occurrence:
    id: str
    started_at: float
    last: Observation
    reported_at: float
    #: What was last reported, to tell a change worth an update.
    reported: tuple[object, ...]
    absent_s: float = 0.0


class EventBook:
    """The open occurrences of one camera and scenario."""

    def __init__(self, scenario: Scenario, provenance: Provenance, settings: OccurrenceSettings | None = None) -> None:
        self._scenario = scenario
        self._provenance = provenance
        self._settings = settings or OccurrenceSettings()
        self._open: list[_Occurrence] = []
        self._clock = LookClock()
        self._starts: Counter[tuple[str, float]] = Counter()

    @property
    def open_count(self) -> int:
        """Occurrences that have started and not ended."""
        return len(self._open)

    @property
    def is_waiting(self) -> bool:
        """Whether something open was not seen in the last look."""
        return any(occurrence.absent_s > 0 for occurrence in self._open)

    def update(self, at: float, observations: Sequence[Observation], skew_s: float | None = None) -> list[EventData]:
        """Take in what a rule saw in a look at frame time ``at``; the events that follow, in a fixed order."""
        step = self._clock.step(at)
        matches, fresh = self._match(observations)
        events: list[EventData] = []
        for occurrence in tuple(self._open):
            event = self._carry_on(at, step, occurrence, matches.get(occurrence.id), skew_s)
            events += [event] if event else []
        events += [self._start(at, observation, skew_s) for observation in fresh]
        return events

    def close(self, at: float, reason: EndReason) -> list[EventData]:
        """End everything that is open, at frame time ``at``."""
        events = [self._end(at, occurrence, reason, None) for occurrence in tuple(self._open)]
        self._clock = LookClock()
        return events

    def _match(self, observations: Sequence[Observation]) -> tuple[dict[str, Observation], list[Observation]]:
        """Occurrence id → its observation, and the active observations that are new things."""
        matches: dict[str, Observation] = {}
        rest = list(observations)
        for occurrence in self._open:
            named = (o for o in rest if (o.key, o.zone) == (occurrence.last.key, occurrence.last.zone))
            found = next(named, None)
            if found is not None:
                matches[occurrence.id] = found
                rest.remove(found)
        for occurrence in self._open:
            if occurrence.id in matches:
                continue
            found = self._in_the_same_place(occurrence.last, rest)
            if found is not None:
                matches[occurrence.id] = found
                rest.remove(found)
        return matches, [o for o in rest if o.standing is Standing.ACTIVE]

    def _in_the_same_place(self, last: Observation, candidates: Sequence[Observation]) -> Observation | None:
        near = [
            o
            for o in candidates
            if o.zone == last.zone and o.group == last.group and o.box.iou(last.box) >= self._settings.same_place_iou
        ]
        return max(near, key=lambda o: (o.box.iou(last.box), -o.key), default=None)

    def _carry_on(
        self, at: float, step: float, occurrence: _Occurrence, seen: Observation | None, skew_s: float | None
    ) -> EventData | None:
        if seen is None:
            occurrence.absent_s += step
            gone = occurrence.absent_s > self._settings.hold_s
            return self._end(at, occurrence, EndReason.CLEARED, skew_s) if gone else None
        occurrence.absent_s = 0.0
        if seen.standing is Standing.PENDING:
            occurrence.last = replace(occurrence.last, key=seen.key, box=seen.box)
            return None
        occurrence.last = seen
        if seen.standing is Standing.BLOCKED:
            return self._end(at, occurrence, EndReason.CLEARED, skew_s)
        changed = _headline(seen) != occurrence.reported
        if not changed and at - occurrence.reported_at < self._settings.update_interval_s:
            return None
        occurrence.reported_at, occurrence.reported = at, _headline(seen)
        return self._event(at, Phase.UPDATE, occurrence, skew_s)

    def _start(self, at: float, observation: Observation, skew_s: float | None) -> EventData:
        self._starts[(observation.zone, at)] += 1
        ordinal = self._starts[(observation.zone, at)]
        occurrence = _Occurrence(
            id=self._name(at, observation.zone, ordinal),
            started_at=at,
            last=observation,
            reported_at=at,
            reported=_headline(observation),
        )
        self._starts = Counter({key: count for key, count in self._starts.items() if key[1] == at})
        self._open.append(occurrence)
        return self._event(at, Phase.START, occurrence, skew_s)

    def _end(self, at: float, occurrence: _Occurrence, reason: EndReason, skew_s: float | None) -> EventData:
        self._open.remove(occurrence)
        return self._event(at, Phase.END, occurrence, skew_s, reason)

    def _name(self, at: float, zone: str, ordinal: int) -> str:
        """The same for the same thing in every replay; 24 hexadecimal digits."""
        parts = (self._provenance.source, self._provenance.camera, self._scenario.value, zone, f"{at:.6f}", ordinal)
        return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:24]

    def _event(
        self,
        at: float,
        phase: Phase,
        occurrence: _Occurrence,
        skew_s: float | None,
        reason: EndReason | None = None,
    ) -> EventData:
        last = occurrence.last
        return EventData(
            occurrence=occurrence.id,
            scenario=self._scenario,
            camera=self._provenance.camera,
            phase=phase,
            captured_at=datetime.fromtimestamp(at, UTC),
            started_at=datetime.fromtimestamp(occurrence.started_at, UTC),
            skew_s=skew_s,
            end_reason=reason,
            zone=last.zone,
            objects=last.objects,
            votes=last.votes,
            dwell_s=round(max(0.0, at - occurrence.absent_s - last.since), 3),
            attributes=last.attributes,
            severity=last.severity,
            severity_reason=last.severity_reason,
            explain=last.conditions,
            models=dict(self._provenance.models),
            config_hash=self._provenance.config_hash,
        )


def _headline(observation: Observation) -> tuple[object, ...]:
    """What people act on: a change of it is worth an update at once."""
    plate = observation.attributes.plate
    settled = None if plate is None or plate.status is PlateStatus.UNREADABLE else (plate.status, plate.text)
    return observation.attributes.stage, observation.severity, settled
