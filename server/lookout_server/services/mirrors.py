"""What other systems hear in their own language: Frigate's ``frigate/events`` and Home Assistant's discovery.

Both are off unless the site asks for them; both leave through the outbox, with the transaction that they tell of.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from lookout_contract.events import Scenario
from lookout_contract.topics import PREFIX
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm, AlarmState
from lookout_server.domain.territory import Camera, CameraKey, Site
from lookout_server.domain.wording import SCENARIOS
from lookout_server.ports import Store, UnitOfWork

FRIGATE_EVENTS = "frigate/events"
_DISCOVERY = "homeassistant/binary_sensor"
_SCENARIOS = {each.value: each for each in Scenario}


async def mirror_alarm(uow: UnitOfWork, site: Site, held: Alarm | None, alarm: Alarm, at: datetime) -> None:
    """Tell of an alarm that a gateway's event made or edited; ``held`` is the alarm before. Of care nobody is told."""
    if alarm.scenario in RESTRICTED:
        return
    if site.mirrors.frigate:
        message = frigate_event(held, alarm)
        uow.outbox.add(FRIGATE_EVENTS, _json(message), at=at, retain=False, expires_at=None)
    if site.mirrors.home_assistant:
        if held is None:
            cameras = await uow.territory.cameras([alarm.camera])
            _discover(uow, site, alarm, cameras.get(alarm.camera), at)
        # Another occurrence of the same kind may go on when this one ends.
        _tell_state(uow, site, alarm, bool(await uow.alarms.active(alarm.camera, alarm.scenario)), at)


async def tell_what_goes_on(store: Store, site: Site, *, at: datetime) -> int:
    """At a start: sensors for what goes on already, since it may have begun before Home Assistant was wanted, and a
    broker may have lost what it kept. How many; the last alarm of a kind speaks for it, as it did when it came."""
    if not site.mirrors.home_assistant:
        return 0
    async with store.write() as uow:
        found = [alarm.id for alarm in await uow.alarms.going_on() if alarm.scenario not in RESTRICTED]
        # Locked: another dispatcher of this site may hear of an end just now.
        locked = await uow.alarms.get(found, lock=True)
        told = [locked[name] for name in found if locked[name].state is AlarmState.ACTIVE]
        cameras = await uow.territory.cameras({alarm.camera for alarm in told}) if told else {}
        for alarm in told:
            _discover(uow, site, alarm, cameras.get(alarm.camera), at)
            _tell_state(uow, site, alarm, True, at)
        await uow.commit()
    return len(told)


async def set_right(store: Store, site: Site, kept: Mapping[str, bytes], *, at: datetime) -> int:
    """``kept``: what the broker keeps of states, by topic. What is ON there and does not go on is set OFF: it may have
    ended while nobody was to be told. Where nobody is told now, sensors are taken away, for nobody would ever correct
    what they say. How many."""
    found = {topic: sensor for topic in kept if (sensor := _sensor(site, topic)) is not None}
    wrong = 0
    async with store.write() as uow:
        for topic, (camera, scenario) in found.items():
            if not site.mirrors.home_assistant:
                for gone in (_discovery_topic(site, camera, scenario), topic):
                    uow.outbox.add(gone, b"", at=at, retain=True, expires_at=None)
            elif _said(kept[topic]).get("state") == "ON" and not await uow.alarms.active(camera, scenario):
                state = _json({**_said(kept[topic]), "state": "OFF"})
                uow.outbox.add(topic, state, at=at, retain=True, expires_at=None)
            else:
                continue
            wrong += 1
        await uow.commit()
    return wrong


def _discover(uow: UnitOfWork, site: Site, alarm: Alarm, camera: Camera | None, at: datetime) -> None:
    topic, config = discovery(site, alarm, camera)
    uow.outbox.add(topic, _json(config), at=at, retain=True, expires_at=None)


def _tell_state(uow: UnitOfWork, site: Site, alarm: Alarm, going_on: bool, at: datetime) -> None:
    state = {
        "state": "ON" if going_on else "OFF",
        "occurrence": alarm.occurrence,
        "severity": alarm.severity.value,
        "zone": alarm.zone,
        "since": alarm.started_at.isoformat(),
    }
    topic = state_topic(site, alarm.camera, alarm.scenario)
    uow.outbox.add(topic, _json(state), at=at, retain=True, expires_at=None)


def frigate_event(held: Alarm | None, alarm: Alarm) -> dict[str, Any]:
    """As Frigate 0.14 publishes it: ``type`` new, update or end, and the object before and after."""
    after = _frigate_object(alarm)
    ended = alarm.state is AlarmState.CLEARED
    kind = "end" if ended else "new" if held is None else "update"
    return {"type": kind, "before": after if held is None else _frigate_object(held), "after": after}


def _frigate_object(alarm: Alarm) -> dict[str, Any]:
    first = max(alarm.objects, key=lambda thing: thing.score, default=None)
    kinds = {ref.kind.value for ref in alarm.evidence}
    return {
        "id": alarm.id,
        "camera": alarm.camera.id,
        "frame_time": alarm.updated_at.timestamp(),
        "start_time": alarm.started_at.timestamp(),
        "end_time": alarm.ended_at.timestamp() if alarm.ended_at else None,
        "label": first.label if first else alarm.scenario.value,
        "sub_label": alarm.scenario.value,
        "score": first.score if first else 1.0,
        "top_score": first.score if first else 1.0,
        # Fractions of the frame: the gateway's picture size is not on the wire.
        "box": list(first.box) if first else None,
        "false_positive": False,
        "current_zones": [alarm.zone] if alarm.zone and alarm.state is AlarmState.ACTIVE else [],
        "entered_zones": [alarm.zone] if alarm.zone else [],
        "has_snapshot": "snapshot" in kinds,
        "has_clip": "clip" in kinds,
    }


def states_below(site: Site) -> str:
    """The topic below which all states are."""
    return f"{PREFIX}/{site.id}/alarm"


def state_topic(site: Site, camera: CameraKey, scenario: Scenario) -> str:
    """Retained: whether this kind of thing goes on at this camera."""
    return f"{states_below(site)}/{camera.gateway}/{camera.id}/{scenario.value}"


def _sensor(site: Site, topic: str) -> tuple[CameraKey, Scenario] | None:
    """Whose state the topic is; None where it is none of ours."""
    match topic.removeprefix(f"{states_below(site)}/").split("/"):
        case [gateway, camera, scenario] if scenario in _SCENARIOS:
            return CameraKey(gateway=gateway, id=camera), _SCENARIOS[scenario]
        case _:
            return None


def _said(payload: bytes) -> dict[str, Any]:
    try:
        state: object = json.loads(payload)
    except ValueError:
        return {}
    return cast("dict[str, Any]", state) if isinstance(state, dict) else {}


def discovery(site: Site, alarm: Alarm, camera: Camera | None) -> tuple[str, dict[str, Any]]:
    """Home Assistant's retained discovery of a binary sensor for this camera and kind: topic and configuration."""
    key = alarm.camera
    device = _device(site, key)
    sensor = f"{device}_{alarm.scenario.value}"
    config: dict[str, Any] = {
        "name": SCENARIOS[alarm.scenario].zh,
        "unique_id": sensor,
        "device_class": "problem",
        "state_topic": state_topic(site, key, alarm.scenario),
        "value_template": "{{ value_json.state }}",
        "json_attributes_topic": state_topic(site, key, alarm.scenario),
        "availability_topic": f"{PREFIX}/{site.id}/gateway/{key.gateway}/status",
        "availability_template": "{{ 'online' if value_json.online else 'offline' }}",
        "device": {"identifiers": [device], "name": camera.name if camera else key.id, "manufacturer": "Lookout"},
    }
    return _discovery_topic(site, key, alarm.scenario), config


def _discovery_topic(site: Site, camera: CameraKey, scenario: Scenario) -> str:
    return f"{_DISCOVERY}/{_device(site, camera)}/{scenario.value}/config"


def _device(site: Site, camera: CameraKey) -> str:
    return f"lookout_{site.id}_{camera.gateway}_{camera.id}"


def _json(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()
