"""Frigate's and Home Assistant's languages: silent unless wanted, and right where alarms overlap."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from lookout_contract.events import Phase
from lookout_server.domain.territory import Mirrors
from lookout_server.services.intake import Intake
from lookout_server.services.mirrors import set_right, states_below, tell_what_goes_on
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio

BOTH = replace(SITE, mirrors=Mirrors(frigate=True, home_assistant=True))


async def told(station: Station) -> list[tuple[str, bool, dict[str, Any]]]:
    async with station.store.read() as uow:
        return [(each.topic, each.retain, json.loads(each.payload)) for each in await uow.outbox.pending(100)]


async def test_nobody_is_told_unless_the_site_wants_it(station: Station) -> None:
    await station.intake.take([SmallGateway().sends("o-1")])
    assert await told(station) == []


async def test_frigate_hears_new_update_and_end(station: Station) -> None:
    gateway, intake = SmallGateway(), Intake(station.store, site=BOTH)
    for phase in (Phase.START, Phase.UPDATE, Phase.END):
        await intake.take([gateway.sends("o-1", phase)])
    heard = [payload for topic, retain, payload in await told(station) if topic == "frigate/events" and not retain]
    assert [each["type"] for each in heard] == ["new", "update", "end"]
    assert {each["after"]["id"] for each in heard} == {heard[0]["before"]["id"]}
    assert heard[2]["before"]["end_time"] is None
    assert heard[2]["after"]["end_time"] is not None
    assert {each["after"]["camera"] for each in heard} == {"gate"}


async def test_home_assistant_discovers_a_sensor_and_it_is_off_only_when_nothing_goes_on(station: Station) -> None:
    gateway, intake = SmallGateway(), Intake(station.store, site=BOTH)
    for occurrence, phase in (("o-1", Phase.START), ("o-2", Phase.START), ("o-1", Phase.END), ("o-2", Phase.END)):
        await intake.take([gateway.sends(occurrence, phase)])
    messages = [each for each in await told(station) if each[0] != "frigate/events"]
    assert all(retain for _, retain, _ in messages)
    configs = {topic: payload for topic, _, payload in messages if topic.startswith("homeassistant/binary_sensor/")}
    ((topic, config),) = configs.items()
    assert topic.endswith("/config")
    assert config["device"]["name"] == "东门"
    states = [payload["state"] for topic, _, payload in messages if topic == config["state_topic"]]
    assert states == ["ON", "ON", "ON", "OFF"]


async def test_home_assistant_hears_at_a_start_what_goes_on_already(station: Station) -> None:
    gateway = SmallGateway()
    for occurrence, phase in (("o-1", Phase.START), ("o-2", Phase.START), ("o-1", Phase.END)):
        await station.intake.take([gateway.sends(occurrence, phase)])
    assert await tell_what_goes_on(station.store, SITE, at=NOON) == 0
    assert await told(station) == []
    assert await tell_what_goes_on(station.store, BOTH, at=NOON) == 1
    (config_topic, _, config), (state_topic, _, state) = at_start = await told(station)
    assert all(retain for _, retain, _ in at_start)
    assert config_topic.startswith("homeassistant/binary_sensor/")
    assert config["device"]["name"] == "东门"
    assert (state_topic, state["state"], state["occurrence"]) == (config["state_topic"], "ON", "o-2")
    # Another start says the same again: retained, so nothing is there twice.
    await tell_what_goes_on(station.store, BOTH, at=NOON)
    assert (await told(station))[2:] == at_start
    await station.intake.take([gateway.sends("o-2", Phase.END)])
    assert await tell_what_goes_on(station.store, BOTH, at=NOON) == 0


async def test_of_a_flood_home_assistant_hears_the_last_of_each_kind(station: Station) -> None:
    gateway = SmallGateway()
    flood = [gateway.sends(f"o-{number}") for number in range(5)]
    for number, message in enumerate(flood):
        await station.intake.take([replace(message, received_at=NOON + timedelta(seconds=number))])
    async with station.store.read() as uow:
        assert [alarm.occurrence for alarm in await uow.alarms.going_on()] == ["o-4"]


async def kept(station: Station) -> dict[str, bytes]:
    """What a broker keeps of states after the outbox was relayed."""
    async with station.store.read() as uow:
        pending = [each for each in await uow.outbox.pending(100) if each.topic.startswith(states_below(BOTH))]
    return {each.topic: each.payload for each in pending if each.retain}


async def test_what_ended_while_nobody_was_to_be_told_is_set_off_at_a_start(station: Station) -> None:
    gateway, mirrored = SmallGateway(), Intake(station.store, site=BOTH)
    await mirrored.take([gateway.sends("o-1")])
    on = await kept(station)
    (topic,) = on
    assert await set_right(station.store, BOTH, on, at=NOON) == 0, "it goes on"
    # The mirror is off when the alarm ends, and on again.
    await station.intake.take([gateway.sends("o-1", Phase.END)])
    strange = {f"{states_below(BOTH)}/gate/garden/no_such_thing": b'{"state": "ON"}', f"{topic}/more": b"ON"}
    assert await set_right(station.store, BOTH, on | strange, at=NOON) == 1
    off = await kept(station)
    assert off == {topic: off[topic]}
    assert json.loads(off[topic]) == {**json.loads(on[topic]), "state": "OFF"}
    assert await set_right(station.store, BOTH, off, at=NOON) == 0
    assert await set_right(station.store, BOTH, {topic: b"\xff"}, at=NOON) == 0


async def test_where_the_mirror_is_off_its_sensors_are_taken_away(station: Station) -> None:
    await Intake(station.store, site=BOTH).take([SmallGateway().sends("o-1")])
    states = await kept(station)
    (config_topic,) = (topic for topic, _, _ in await told(station) if topic.startswith("homeassistant/"))
    assert await set_right(station.store, SITE, states, at=NOON) == 1
    async with station.store.read() as uow:
        gone = [(each.topic, each.retain) for each in await uow.outbox.pending(100) if not each.payload]
    assert gone == [(config_topic, True), (*states, True)]
    assert await set_right(station.store, SITE, {}, at=NOON) == 0
