"""Frigate's and Home Assistant's languages: silent unless wanted, and right where alarms overlap."""

import json
from dataclasses import replace
from typing import Any

import pytest

from lookout_contract.events import Phase
from lookout_server.domain.territory import Mirrors
from lookout_server.services.intake import Intake
from lookout_server.services.mirrors import tell_what_goes_on
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
