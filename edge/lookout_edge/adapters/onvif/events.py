"""What cameras with their own analytics say over MQTT (ONVIF Profile M, payload ``onvif-ej``), as our events."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from lookout_contract.events import Condition, EndReason, EventData, EvidenceRef, Phase, Scenario, Severity
from lookout_edge.domain.occurrence import CAMERA_ANALYTICS

#: A camera whose clock is further off than this is dated by this box.
_TRUSTED_S = 10.0
#: A broker keeps for so long at most what a camera says while nobody listens.
_KEPT_S = 7 * 86_400
#: What holds, is not said to end and is said to hold again after so many seconds is something new: a camera that was
#: restarted meanwhile says nothing of the end.
_FORGOTTEN_S = 600.0
_PAYLOAD = "onvif-ej"
_YES = frozenset({"true", "1", "active", "on"})
_NO = frozenset({"false", "0", "inactive", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRule:
    """Which of a camera's own events count, and as what."""

    #: ONVIF topic without namespaces, such as ``RuleEngine/FieldDetector/ObjectsInside``; what is below it counts too.
    topic: str
    scenario: Scenario
    severity: Severity
    #: Item of the data that says whether it holds; None takes the first that is true or false.
    item: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkingCamera:
    """A camera that publishes events."""

    camera: str
    #: The topic prefix that is set in the camera.
    prefix: str
    rules: tuple[EventRule, ...]

    @property
    def filter(self) -> str:
        """What to subscribe to."""
        return f"{self.prefix}/{_PAYLOAD}/#"


@dataclass(frozen=True, slots=True)
class _Said:
    camera: str
    rule: EventRule
    #: ONVIF topic with the sources: names the thing that the camera speaks of.
    name: str
    #: None when the event has no state: it happened, and that is all.
    holds: bool | None
    at: float | None
    what: dict[str, str]


class ProfileM:
    """Turns messages into events. Reads no clock. ``snapshot`` gives a picture of a camera, None when there is none."""

    def __init__(self, source: str, snapshot: Callable[[str], EvidenceRef | None]) -> None:
        self._source = source
        self._snapshot = snapshot
        self._cameras: tuple[TalkingCamera, ...] = ()
        #: (camera, name) → the last event of what holds, or was taken over from an earlier run.
        self._last: dict[tuple[str, str], EventData] = {}
        #: (camera, name) → when it was last said to hold.
        self._said_at: dict[tuple[str, str], float] = {}
        #: Cameras whose clock was right when they were heard.
        self._on_time: set[str] = set()

    def watch(self, cameras: Iterable[TalkingCamera], now: float) -> list[EventData]:
        """Listen to these from now on; the ends of what the others, or rules that are gone, said holds."""
        self._cameras = tuple(cameras)
        gone = [self._last.pop(key) for key in list(self._last) if self._rule_of(*key) is None]
        self._said_at = {key: at for key, at in self._said_at.items() if key in self._last}
        open_ones = [event for event in gone if event.end_reason is None]
        return [_ended(event, _not_before(event, now), EndReason.SHUTDOWN) for event in open_ones]

    def resume(self, events: Iterable[EventData]) -> None:
        """Take over what an earlier run left: what still holds goes on under its name."""
        for event in events:
            name = next((str(each.value) for each in event.explain if each.name == "onvif_topic"), None)
            if name is not None and event.severity_reason == CAMERA_ANALYTICS:
                self._last[(event.camera, name)] = event

    def take(self, topic: str, payload: bytes, now: float) -> list[EventData]:
        """The events that follow from a message; none from what is not configured. ValueError for what is no event."""
        said = self._read(topic, payload)
        if said is None:
            return []
        at = self._moment(said, now)
        skew_s = None if said.at is None else round(said.at - now, 3)
        key = (said.camera, said.name)
        last = self._last.get(key)
        if said.holds is None:
            start = self._event(said, at, skew_s)
            return [start, _ended(start, at, EndReason.CLEARED)]
        if said.holds:
            silent_s = at - self._said_at.get(key, at)
            self._said_at[key] = at
            if last is None or (last.end_reason is None and silent_s >= _FORGOTTEN_S):
                ended = [] if last is None else [_ended(last, _not_before(last, at - silent_s), EndReason.BLIND)]
                self._last[key] = self._event(said, at, skew_s)
                return [*ended, self._last[key]]
            if last.end_reason is None:
                return []
            self._last[key] = _resumed(last, at)
            return [self._last[key]]
        self._said_at.pop(key, None)
        return [] if last is None else [_ended(self._last.pop(key), _not_before(last, at), EndReason.CLEARED)]

    def close(self, now: float) -> list[EventData]:
        """End what holds: nobody listens any more."""
        held = [event for event in self._last.values() if event.end_reason is None]
        self._last = {}
        return [_ended(event, _not_before(event, now), EndReason.SHUTDOWN) for event in held]

    def _moment(self, said: _Said, now: float) -> float:
        """When it was: as the camera says if its clock is right, even where the broker kept it for hours."""
        if said.at is None:
            return now
        if abs(said.at - now) <= _TRUSTED_S:
            self._on_time.add(said.camera)
            return said.at
        kept = said.camera in self._on_time and 0 < now - said.at <= _KEPT_S
        return said.at if kept else now

    def _read(self, topic: str, payload: bytes) -> _Said | None:
        for camera in self._cameras:
            head = f"{camera.prefix}/{_PAYLOAD}/"
            if not topic.startswith(head):
                continue
            name = "/".join(part.rsplit(":", 1)[-1] for part in topic.removeprefix(head).split("/"))
            rule = self._rule_of(camera.camera, name)
            return None if rule is None else _said(camera.camera, rule, name, payload)
        return None

    def _rule_of(self, camera: str, name: str) -> EventRule | None:
        """The rule for what a camera calls ``name``; None where nobody listens to that."""
        topic = name.split("/&")[0]
        rules = (rule for each in self._cameras if each.camera == camera for rule in each.rules)
        return next((rule for rule in rules if topic == rule.topic or topic.startswith(f"{rule.topic}/")), None)

    def _event(self, said: _Said, at: float, skew_s: float | None) -> EventData:
        moment = datetime.fromtimestamp(at, UTC)
        parts = (self._source, said.camera, said.rule.scenario.value, said.name, f"{at:.6f}")
        snapshot = self._snapshot(said.camera)
        items = (Condition(name=f"onvif_{key}", value=value, met=True) for key, value in said.what.items())
        return EventData(
            occurrence=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24],
            scenario=said.rule.scenario,
            camera=said.camera,
            phase=Phase.START,
            captured_at=moment,
            started_at=moment,
            skew_s=skew_s,
            zone=said.rule.zone,
            severity=said.rule.severity,
            severity_reason=CAMERA_ANALYTICS,
            explain=(Condition(name="onvif_topic", value=said.name, met=True), *items),
            evidence=() if snapshot is None else (snapshot,),
        )


def _said(camera: str, rule: EventRule, name: str, payload: bytes) -> _Said:
    try:
        message: object = json.loads(payload)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(message, dict):
        raise ValueError("the payload is no JSON object")
    fields = cast(dict[str, object], message)
    sources, data = _items(fields.get("Source")), _items(fields.get("Data"))
    if "/&" not in name and sources:
        name = f"{name}/&{'/'.join(sources.values())}"
    states = {key: _state(value) for key, value in data.items()}
    if rule.item is not None:
        holds = states.get(rule.item)
    else:
        holds = next((state for state in states.values() if state is not None), None)
    if fields.get("PropertyOperation") == "Deleted":
        holds = False
    return _Said(camera, rule, name, holds, _time(fields.get("UtcTime")), {**sources, **data})


def _items(group: object) -> dict[str, str]:
    """Name → value, from the short form or from lists of SimpleItem; what is nested deeper is left out."""
    if not isinstance(group, dict):
        return {}
    fields = cast(dict[str, object], group)
    listed = fields.get("SimpleItem")
    if isinstance(listed, dict):
        listed = [cast(object, listed)]
    if isinstance(listed, list):
        entries = [cast(dict[str, object], each) for each in cast(list[object], listed) if isinstance(each, dict)]
        return {str(each.get("Name")): str(each.get("Value")) for each in entries}
    return {key: str(value) for key, value in fields.items() if isinstance(value, str | int | float | bool)}


def _state(value: str) -> bool | None:
    lowered = value.lower()
    return True if lowered in _YES else False if lowered in _NO else None


def _time(value: object) -> float | None:
    if not isinstance(value, str):
        return None
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _not_before(event: EventData, at: float) -> float:
    return max(at, event.captured_at.timestamp())


def _ended(event: EventData, at: float, reason: EndReason) -> EventData:
    return event.model_copy(
        update={
            "phase": Phase.END,
            "end_reason": reason,
            "captured_at": datetime.fromtimestamp(at, UTC),
            "dwell_s": round(max(0.0, at - event.started_at.timestamp()), 3),
            "resumed": False,
        }
    )


def _resumed(event: EventData, at: float) -> EventData:
    changes: Mapping[str, object] = {
        "phase": Phase.UPDATE,
        "end_reason": None,
        "captured_at": datetime.fromtimestamp(at, UTC),
        "resumed": True,
    }
    return event.model_copy(update=changes)
