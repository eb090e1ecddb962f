"""Occurrences: one real-world thing is one start, some updates and one end, whatever the tracker does meanwhile.

A shutdown or blindness ends what is open, for nobody watches it any more; when the same thing is found in its place
again soon after, its occurrence goes on under its old name with an update that says ``resumed``.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lookout_contract.events import OVER, EndReason, EventData, Phase, PlateStatus, Scenario, Votes
from lookout_edge.domain.condition import WINDOW, of_contract
from lookout_edge.domain.geometry import WHOLE, Box
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.looks import LookClock
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.occurrence import OccurrenceSettings
from lookout_edge.domain.presence import Thing
from lookout_edge.domain.zone import WHOLE_FRAME, Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What every event of a camera says of how it came about."""

    camera: str
    #: Distinguishes gateways whose cameras share a name; part of the occurrence's id.
    source: str = ""
    #: Model name → SHA-256 of its weights.
    models: Mapping[str, str]
    config_hash: str | None = None
    #: Zone → its corners; zones that are not named are the whole picture.
    outlines: Mapping[str, tuple[Point, ...]] = field(default_factory=dict[str, tuple[Point, ...]])


@dataclass(slots=True, eq=False)
class _Occurrence:
    id: str
    started_at: float
    last: Observation
    reported_at: float
    #: What was last reported, to tell a change worth an update.
    reported: tuple[object, ...]
    absent_s: float = 0.0
    #: Number of the track that stood for it last; None where none did in this run.
    track: int | None = None

    def find(self, seen: Observation) -> None:
        """It was seen where ``seen`` is."""
        self.absent_s, self.track = 0.0, _track_of(seen)


@dataclass(slots=True, eq=False)
class _Dormant:
    """One that nobody watches any more, or that ended a moment ago: it may go on."""

    occurrence: _Occurrence
    #: None when its end was never told: the power went.
    reason: EndReason | None
    ended_at: float

    @property
    def may_be_there(self) -> bool:
        """Whether it was there when it was last watched, so that its absence would be news."""
        return self.reason not in OVER


class EventBook:
    """The occurrences of one camera and scenario. ``watched`` are the zones its rules look at; None when any may be."""

    def __init__(
        self,
        scenario: Scenario,
        provenance: Provenance,
        settings: OccurrenceSettings | None = None,
        watched: frozenset[str] | None = None,
    ) -> None:
        self._scenario = scenario
        self._provenance = provenance
        self._settings = settings or OccurrenceSettings()
        self._watched = watched
        self._open: list[_Occurrence] = []
        self._dormant: list[_Dormant] = []
        self._clock = LookClock()
        self._starts: Counter[tuple[str, float]] = Counter()

    @property
    def open_count(self) -> int:
        """Occurrences that have started and not ended."""
        return len(self._open)

    @property
    def is_untold(self) -> bool:
        """Whether something has started, here or in an earlier run, and was not told to have ended."""
        return bool(self._open) or any(dormant.reason is None for dormant in self._dormant)

    @property
    def is_waiting(self) -> bool:
        """Whether something that should be there was not seen in the last look."""
        for occurrence in self._open:
            if occurrence.absent_s > 0:
                return True
        return any(dormant.occurrence.absent_s > 0 and dormant.may_be_there for dormant in self._dormant)

    def going_on(self, at: float) -> list[Observation]:
        """What was last told of each occurrence that is open, or may go on with a look at frame time ``at``."""
        limit = self._settings.resume_s
        waiting = (d for d in self._dormant if d.may_be_there and abs(at - d.ended_at) <= limit)
        return [occurrence.last for occurrence in (*self._open, *(dormant.occurrence for dormant in waiting))]

    def is_about(self, observation: Observation) -> bool:
        """Whether it is, as of the last look, what an occurrence tells that is open or may go on: no candidate that
        came to nothing."""
        if self._is_known(observation):
            return True
        waiting = (dormant.occurrence.last for dormant in self._dormant if dormant.may_be_there)
        return any((last.key, last.zone) == (observation.key, observation.zone) for last in waiting)

    def update(self, at: float, observations: Sequence[Observation], skew_s: float | None = None) -> list[EventData]:
        """Take in what a rule saw in a look at frame time ``at``; the events that follow, in a fixed order."""
        step = self._clock.step(at)
        if not observations and not self._open and not self._dormant:
            return []
        events = self._expire(at) if self._dormant else []
        matches, rest = self._match(observations) if self._open else ({}, list(observations))
        for occurrence in tuple(self._open):
            event = self._carry_on(at, step, occurrence, matches.get(occurrence.id), skew_s)
            events += [event] if event else []
        for dormant in tuple(self._dormant):
            found = self._in_the_same_place(dormant.occurrence.last, rest)
            if found is not None:
                rest.remove(found)
            event = self._wake(at, step, dormant, found, skew_s)
            events += [event] if event else []
        for observation in rest:
            if observation.standing is Standing.ACTIVE and not self._is_known(observation):
                events.append(self._start(at, observation, skew_s))
        return events

    def close(self, at: float, reason: EndReason, skew_s: float | None = None) -> list[EventData]:
        """End everything that is open, at frame time ``at``; for a while it may go on."""
        untold = [dormant for dormant in self._dormant if dormant.reason is None]
        for dormant in untold:
            dormant.reason = reason
        events = [self._event(d.ended_at, Phase.END, d.occurrence, None, reason) for d in untold]
        events += [self._end(at, occurrence, reason, skew_s) for occurrence in tuple(self._open)]
        self._clock = LookClock()
        return events

    def resume(self, events: Iterable[EventData]) -> None:
        """Take over the occurrences of an earlier run, each by the last event it gave. Before the first look."""
        for number, event in enumerate(events, 1):
            if event.end_reason not in OVER:
                ended_at = event.captured_at.timestamp()
                self._dormant.append(_Dormant(_from_event(event, -number), event.end_reason, ended_at))

    def _match(self, observations: Sequence[Observation]) -> tuple[dict[str, Observation], list[Observation]]:
        """Occurrence id → its observation, and the observations that belong to none that is open."""
        matches: dict[str, Observation] = {}
        rest = list(observations)

        def take(occurrence: _Occurrence, found: Observation | None) -> None:
            if found is not None:
                matches[occurrence.id] = found
                rest.remove(found)

        for occurrence in self._open:
            key, zone = occurrence.last.key, occurrence.last.zone
            for observation in rest:
                if observation.key == key and observation.zone == zone:
                    take(occurrence, observation)
                    break
        if len(matches) == len(self._open):
            return matches, rest
        for occurrence in self._open:
            if occurrence.id not in matches:
                take(occurrence, self._in_the_same_place(occurrence.last, rest))
        for occurrence in self._open:
            if occurrence.id not in matches:  # it has gone over into another zone
                moved = (o for o in rest if _is_tracked(o) and _is_same(occurrence, o))
                take(occurrence, next((o for o in moved if o.standing is not Standing.BLOCKED), None))
        return matches, rest

    def _in_the_same_place(self, last: Observation, candidates: Sequence[Observation]) -> Observation | None:
        anywhere, least = self._is_unwatched(last.zone), self._settings.same_place_iou
        near = [
            o
            for o in candidates
            if (anywhere or o.zone == last.zone) and o.group == last.group and o.box.iou(last.box) >= least
        ]
        return max(near, key=lambda o: (o.box.iou(last.box), -o.key), default=None)

    def _is_unwatched(self, zone: str) -> bool:
        """Whether no rule looks at it any more: it was drawn anew under another name, or taken out."""
        return self._watched is not None and zone not in self._watched

    def _is_known(self, observation: Observation) -> bool:
        """Whether it is a thing that is open already, in a zone that overlaps this one."""
        if _is_tracked(observation):
            return any(_is_same(occurrence, observation) for occurrence in self._open)
        known = (o.last for o in self._open if o.last.group == observation.group)
        return any(last.box.iou(observation.box) >= self._settings.same_place_iou for last in known)

    def _carry_on(
        self, at: float, step: float, occurrence: _Occurrence, seen: Observation | None, skew_s: float | None
    ) -> EventData | None:
        if seen is None:
            occurrence.absent_s += step
            gone = occurrence.absent_s > self._settings.hold_s
            return self._end(at, occurrence, self._settings.gone_as, skew_s) if gone else None
        occurrence.find(seen)
        if seen.standing is Standing.PENDING:
            occurrence.last = occurrence.last._replace(key=seen.key, box=seen.box, seen_at=seen.seen_at)
            return None
        since = occurrence.last.since
        occurrence.last = seen if seen.since <= since else seen._replace(since=since)
        if seen.standing is Standing.BLOCKED:
            return self._end(at, occurrence, _why_blocked(seen), skew_s)
        changed = _headline(seen) != occurrence.reported
        if not changed and at - occurrence.reported_at < self._settings.update_interval_s:
            return None
        occurrence.reported_at, occurrence.reported = at, _headline(seen)
        return self._event(at, Phase.UPDATE, occurrence, skew_s)

    def _wake(
        self, at: float, step: float, dormant: _Dormant, seen: Observation | None, skew_s: float | None
    ) -> EventData | None:
        """What a look says of one that is dormant: it goes on, it is gone, or nothing yet."""
        occurrence = dormant.occurrence
        if seen is not None and seen.standing is Standing.ACTIVE:
            self._dormant.remove(dormant)
            self._open.append(occurrence)
            occurrence.last = seen._replace(since=min(seen.since, occurrence.last.since))
            occurrence.find(seen)
            occurrence.reported_at, occurrence.reported = at, _headline(seen)
            return self._event(at, Phase.UPDATE, occurrence, skew_s).model_copy(update={"resumed": True})
        if not dormant.may_be_there:
            return None
        if seen is not None and seen.standing is Standing.PENDING:
            occurrence.find(seen)
            occurrence.last = occurrence.last._replace(key=seen.key, box=seen.box, seen_at=seen.seen_at)
            return None
        occurrence.absent_s += step
        if seen is None and occurrence.absent_s <= self._settings.hold_s:
            return None
        self._dormant.remove(dormant)
        reason = _why_blocked(seen) if seen is not None else self._settings.gone_as
        if seen is None and self._is_unwatched(occurrence.last.zone):  # nobody looks there, so nobody has seen it go
            if dormant.reason is not None:
                return None
            reason = EndReason.SHUTDOWN
        dwell_s = round(max(0.0, dormant.ended_at - occurrence.last.since), 3)
        return self._event(at, Phase.END, occurrence, skew_s, reason).model_copy(update={"dwell_s": dwell_s})

    def _expire(self, at: float) -> list[EventData]:
        """Forget what ended too long ago; what was never told to have ended ends as blind, when it was last seen."""
        kept: list[_Dormant] = []
        events: list[EventData] = []
        for dormant in self._dormant:
            limit = self._settings.resume_s if dormant.may_be_there else self._settings.reopen_s
            # A clock that was set back, or came up behind, makes nothing another thing.
            if abs(at - dormant.ended_at) <= limit:
                kept.append(dormant)
            elif dormant.reason is None:
                events.append(self._event(dormant.ended_at, Phase.END, dormant.occurrence, None, EndReason.BLIND))
        self._dormant = kept
        return events

    def _start(self, at: float, observation: Observation, skew_s: float | None) -> EventData:
        self._starts[(observation.zone, at)] += 1
        ordinal = self._starts[(observation.zone, at)]
        occurrence = _Occurrence(
            id=self._name(at, observation.zone, ordinal),
            started_at=at,
            last=observation,
            reported_at=at,
            reported=_headline(observation),
            track=_track_of(observation),
        )
        self._starts = Counter({key: count for key, count in self._starts.items() if key[1] == at})
        self._open.append(occurrence)
        return self._event(at, Phase.START, occurrence, skew_s)

    def _end(self, at: float, occurrence: _Occurrence, reason: EndReason, skew_s: float | None) -> EventData:
        self._open.remove(occurrence)
        event = self._event(at, Phase.END, occurrence, skew_s, reason)
        if reason not in OVER or self._settings.reopen_s > 0:
            occurrence.absent_s = 0.0
            self._dormant.append(_Dormant(occurrence, reason, at))
        return event

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
            # It does not change while the occurrence lasts: zones that are drawn anew end it.
            outline=self._provenance.outlines.get(last.zone) if phase is Phase.START else None,
            objects=tuple(thing.as_contract() for thing in last.objects),
            votes=last.votes,
            dwell_s=round(max(0.0, min(at - occurrence.absent_s, last.seen_at) - last.since), 3),
            attributes=last.attributes,
            severity=last.severity,
            severity_reason=last.severity_reason,
            explain=tuple(condition.as_contract() for condition in last.conditions),
            models=dict(self._provenance.models),
            config_hash=self._provenance.config_hash,
        )


def _why_blocked(seen: Observation) -> EndReason:
    """What ends the occurrence of a thing that is in sight."""
    return EndReason.WINDOW_OVER if seen.blocked_by == WINDOW else EndReason.CLEARED


def _is_same(occurrence: _Occurrence, seen: Observation) -> bool:
    """Whether what a track stands for is what the occurrence is about. Each zone gives it a key of its own: where it
    has changed its number, only the track tells."""
    last, track = occurrence.last, _track_of(seen)
    is_tracked = track is not None and track == occurrence.track
    return last.group == seen.group and (last.key == seen.key or is_tracked)


def _track_of(observation: Observation) -> int | None:
    return next((thing.track for thing in observation.objects if thing.track is not None), None)


def _is_tracked(observation: Observation) -> bool:
    """Whether its key is a track's number, and so the same thing's in every zone. Flames are numbered by their rule."""
    return _track_of(observation) is not None


def _from_event(event: EventData, key: int) -> _Occurrence:
    """The occurrence as its last event told it; ``key`` must be no track's number."""
    thing = event.objects[0] if event.objects else None
    last_at = event.captured_at.timestamp()
    last = Observation(
        key=key,
        zone=event.zone or WHOLE_FRAME.id,
        group=label_group(thing.label) if thing else event.scenario.value,
        box=Box(*thing.box) if thing else WHOLE,
        standing=Standing.ACTIVE,
        since=last_at - event.dwell_s,
        severity=event.severity,
        severity_reason=event.severity_reason or "",
        conditions=tuple(of_contract(condition) for condition in event.explain),
        objects=tuple(Thing(o.label, o.score, Box(*o.box), o.track) for o in event.objects),
        votes=event.votes or Votes(yes=0, of=0),
        attributes=event.attributes,
    )
    return _Occurrence(event.occurrence, event.started_at.timestamp(), last, last_at, _headline(last))


def _headline(observation: Observation) -> tuple[object, ...]:
    """What people act on: a change of it is worth an update at once."""
    plate = observation.attributes.plate
    settled = None if plate is None or plate.status is PlateStatus.UNREADABLE else (plate.status, plate.text)
    return observation.attributes.stage, observation.severity, observation.zone, settled
