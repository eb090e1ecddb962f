"""What other systems hear in their own language: Frigate's ``frigate/events`` and Home Assistant's discovery.

Both are off unless the site asks for them; both leave through the outbox, with the transaction that they tell of.
"""

import json
from datetime import datetime
from typing import Any

from lookout_contract.topics import PREFIX
from lookout_server.domain.access import RESTRICTED
from lookout_server.domain.alarm import Alarm, AlarmState
from lookout_server.domain.territory import Camera, Site
from lookout_server.domain.wording import SCENARIOS
from lookout_server.ports import Store, UnitOfWork

FRIGATE_EVENTS = "frigate/events"
_DISCOVERY = "homeassistant/binary_sensor"


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
        going_on = [locked[name] for name in found if locked[name].state is AlarmState.ACTIVE]
        told = list({(alarm.camera, alarm.scenario): alarm for alarm in going_on}.values())
        cameras = await uow.territory.cameras({alarm.camera for alarm in told}) if told else {}
        for alarm in told:
            _discover(uow, site, alarm, cameras.get(alarm.camera), at)
            _tell_state(uow, site, alarm, True, at)
        await uow.commit()
    return len(told)


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
    uow.outbox.add(state_topic(site, alarm), _json(state), at=at, retain=True, expires_at=None)


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


def state_topic(site: Site, alarm: Alarm) -> str:
    """Retained: whether this kind of thing goes on at this camera."""
    return f"{PREFIX}/{site.id}/alarm/{alarm.camera.gateway}/{alarm.camera.id}/{alarm.scenario.value}"


def discovery(site: Site, alarm: Alarm, camera: Camera | None) -> tuple[str, dict[str, Any]]:
    """Home Assistant's retained discovery of a binary sensor for this camera and kind: topic and configuration."""
    key = alarm.camera
    device = f"lookout_{site.id}_{key.gateway}_{key.id}"
    sensor = f"{device}_{alarm.scenario.value}"
    config: dict[str, Any] = {
        "name": SCENARIOS[alarm.scenario].zh,
        "unique_id": sensor,
        "device_class": "problem",
        "state_topic": state_topic(site, alarm),
        "value_template": "{{ value_json.state }}",
        "json_attributes_topic": state_topic(site, alarm),
        "availability_topic": f"{PREFIX}/{site.id}/gateway/{key.gateway}/status",
        "availability_template": "{{ 'online' if value_json.online else 'offline' }}",
        "device": {"identifiers": [device], "name": camera.name if camera else key.id, "manufacturer": "Lookout"},
    }
    return f"{_DISCOVERY}/{device}/{alarm.scenario.value}/config", config


def _json(message: dict[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()
