"""Asking gateways through the API: sent once, answered or visibly not."""

import dataclasses
import hashlib
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from integration.server.fleet import app_of
from lookout_contract.commands import (
    COMMANDS,
    CommandResponse,
    Outcome,
    ProposalCommand,
    ResidentsCommand,
    RolloutCommand,
    TestAlarmCommand,
    ZonesCommand,
    ZonesReport,
)
from lookout_contract.events import Scenario
from lookout_contract.status import CameraReport, Coverage, GatewayStatus, ProposalReport, ShadowReport
from lookout_server.adapters.model_shelf import ModelShelf
from lookout_server.api.deps import Deps
from lookout_server.domain.territory import Role
from lookout_server.ports import AnswerTo, Incoming, OutboxMessage
from lookout_server.services.accounts import Account, add_person, issue_gateway_token
from lookout_server.testing import NOON, PASSWORD, PlainHasher, SmallGateway, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


async def sign_in(web: httpx.AsyncClient, username: str = "root") -> dict[str, str]:
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def sent(station: Station) -> list[OutboxMessage]:
    async with station.store.read() as uow:
        return list(await uow.outbox.pending(10))


async def ask(web: httpx.AsyncClient, headers: dict[str, str], **body: Any) -> httpx.Response:
    return await web.post("/api/v1/gateways/gw-1/commands", json=body, headers=headers)


async def listed(web: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    return (await web.get("/api/v1/commands?gateway=gw-1", headers=headers)).json()["items"]


async def test_a_command_is_sent_once_however_often_it_is_asked(web: httpx.AsyncClient, station: Station) -> None:
    gateway, headers = SmallGateway(), await sign_in(web)
    assert (await ask(web, headers, name="reload")).status_code == 404
    await station.intake.take([gateway.is_online()])
    first = await ask(web, headers, name="test_alarm", camera="gate", key="k-1")
    assert first.status_code == 202
    assert (await ask(web, headers, name="test_alarm", camera="gate", key="k-1")).json()["id"] == first.json()["id"]
    (message,) = await sent(station)
    command = COMMANDS.validate_json(message.payload)
    assert isinstance(command, TestAlarmCommand)
    assert (message.topic, command.scenario) == (gateway.topics.command("test_alarm"), Scenario.FIRE_SMOKE)
    assert message.answer == AnswerTo(topic=gateway.topics.response("test_alarm"), correlation=command.id)
    await station.intake.take([gateway.answers(command.id, "test_alarm", occurrence="o-1")])
    (item,) = await listed(web, headers)
    assert (item["state"], item["outcome"], item["asked_by"]) == ("answered", "done", "u-root")
    assert item["result"] == {"occurrence": "o-1"}


async def test_a_list_of_vehicles_goes_to_a_gateway_and_its_answer_is_shown(
    web: httpx.AsyncClient, station: Station
) -> None:
    gateway, headers = SmallGateway(), await sign_in(web)
    await station.intake.take([gateway.is_online()])
    assert (await ask(web, headers, name="residents")).status_code == 422
    plates = [{"plate": f"皖A{number:05}"} for number in range(5000)]
    assert (await ask(web, headers, name="residents", residents=plates)).status_code == 202
    (message,) = await sent(station)
    command = COMMANDS.validate_json(message.payload)
    assert isinstance(command, ResidentsCommand)
    assert (len(command.residents), command.residents[-1].plate) == (5000, "皖A04999")
    await station.intake.take([gateway.answers(command.id, "residents", residents=5000)])
    (item,) = await listed(web, headers)
    assert (item["state"], item["result"]) == ("answered", {"residents": 5000})


async def test_silence_is_shown(web: httpx.AsyncClient, station: Station) -> None:
    gateway, headers = SmallGateway(), await sign_in(web)
    await station.intake.take([gateway.is_online()])
    await ask(web, headers, name="reload")
    assert [item["state"] for item in await listed(web, headers)] == ["waiting"]
    station.clock.advance(121)
    assert [item["state"] for item in await listed(web, headers)] == ["timed_out"]


async def test_what_lacks_something_is_told_what(web: httpx.AsyncClient, station: Station) -> None:
    headers = await sign_in(web)
    await station.intake.take([SmallGateway().is_online()])
    missing = await ask(web, headers, name="snapshot")
    assert (missing.status_code, missing.json()["detail"]) == (422, "snapshot.camera: Field required")
    assert (await ask(web, headers, name="rollout")).status_code == 422
    assert (await ask(web, headers, name="rollout", package="0" * 64)).status_code == 404
    assert await sent(station) == []


async def test_a_model_is_rolled_out_and_fetched_by_the_gateway(deps: Deps, station: Station, tmp_path: Path) -> None:
    entry, weights = tmp_path / "tiny", b"weights"
    entry.mkdir()
    (entry / "tiny.onnx").write_bytes(weights)
    spec = {"name": "tiny", "weights": {"file": "tiny.onnx", "sha256": hashlib.sha256(weights).hexdigest()}}
    (entry / "model.yaml").write_text(json.dumps(spec), encoding="utf-8")
    shelf = ModelShelf(tmp_path / "shelf")
    package = shelf.add(entry)
    await station.intake.take([SmallGateway().is_online()])
    token = await issue_gateway_token(station.store, "gw-1")
    transport = httpx.ASGITransport(app=app_of(dataclasses.replace(deps, models=shelf)))
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
        headers = await sign_in(web)
        web.cookies.clear()
        shown = (await web.get("/api/v1/models", headers=headers)).json()["items"]
        assert shown == [{"model": "tiny", "sha256": package.sha256, "bytes": package.bytes}]
        asked = await ask(web, headers, name="rollout", package=package.sha256, watch_s=60)
        assert asked.status_code == 202
        (message,) = await sent(station)
        command = COMMANDS.validate_json(message.payload)
        assert isinstance(command, RolloutCommand)
        assert (command.model, command.bytes, command.watch_s) == ("tiny", package.bytes, 60)
        url = f"/api/v1/models/{package.sha256}"
        assert (await web.get(url)).status_code == 401
        whole = await web.get(url, headers={"Authorization": f"Bearer {token}"})
        assert hashlib.sha256(whole.content).hexdigest() == package.sha256
        rest = await web.get(url, headers={"Authorization": f"Bearer {token}", "Range": "bytes=10-"})
        assert (rest.status_code, rest.content) == (206, whole.content[10:])


async def test_what_a_gateway_proposes_is_shown_and_decided(web: httpx.AsyncClient, station: Station) -> None:
    gateway, headers = SmallGateway(), await sign_in(web)
    asked = _proposal("gate")
    shadow = ShadowReport(since=NOON, until=NOON + timedelta(days=3), looks=7)
    status = GatewayStatus.model_validate_json(gateway.is_online().payload)
    told = status.model_copy(update={"proposals": {"0123456789ab": asked}, "shadows": {"trial": shadow}})
    report = CameraReport(fps=5.0, memory_bytes=4000, reconnects=2, coverage=(Coverage(day=date(2026, 1, 2)),))
    told = told.model_copy(update={"shed": {"garbage": 3}, "cameras": {"gate": report}})
    await station.intake.take([gateway.says(told.to_json(), topic=gateway.topics.status)])
    (shown,) = (await web.get("/api/v1/gateways", headers=headers)).json()["items"]
    assert shown["proposals"]["0123456789ab"]["spared"] == 4
    assert shown["shadows"]["trial"]["looks"] == 7
    assert shown["shed"] == {"garbage": 3}
    stream = {"fps": 5.0, "skew_s": None, "memory_bytes": 4000, "reconnects": 2, "dropped": 0}
    assert shown["streams"] == {"gate": stream}
    assert (await ask(web, headers, name="proposal")).status_code == 422
    answer = await ask(web, headers, name="proposal", proposal="0123456789ab", accept=False)
    assert answer.status_code == 202, answer.text
    (message,) = await sent(station)
    command = COMMANDS.validate_json(message.payload)
    assert isinstance(command, ProposalCommand)
    assert (command.proposal, command.accept, command.by) == ("0123456789ab", False, "root")
    decided = asked.model_copy(update={"decision": "declined", "decided_by": "root"})
    told = told.model_copy(update={"proposals": {"0123456789ab": decided}})
    await station.intake.take([gateway.says(told.to_json(), topic=gateway.topics.status)])
    (shown,) = (await web.get("/api/v1/gateways", headers=headers)).json()["items"]
    async with station.store.read() as uow:
        assert shown["names"] == await uow.people.names(["root"]) != {}
    await station.intake.take([gateway.is_online()])
    (shown,) = (await web.get("/api/v1/gateways", headers=headers)).json()["items"]
    assert (shown["proposals"], shown["shadows"]) == ({}, {})


async def test_zones_are_asked_for_drawn_and_told(web: httpx.AsyncClient, station: Station) -> None:
    headers = await sign_in(web)
    await station.intake.take([SmallGateway().is_online()])
    lane = [[0.1, 0.5], [0.9, 0.5], [0.5, 0.9]]
    asked = await ask(web, headers, name="zones", camera="gate", zones={"lane": lane}, seen="v1")
    assert asked.status_code == 202
    command = COMMANDS.validate_json((await sent(station))[0].payload)
    assert isinstance(command, ZonesCommand)
    assert (command.seen, command.by) == ("v1", "root")
    told = ZonesReport(camera="gate", version="v2", zones=command.zones or {}, drawn_by="zhao_lei", drawn_at=NOON)
    roles = frozenset({Role.SUPERVISOR})
    await add_person(
        station.store, PlainHasher(), Account(username="zhao_lei", name="赵磊", roles=roles, password=PASSWORD)
    )
    response = CommandResponse(id=command.id, name="zones", outcome=Outcome.DONE, at=NOON, zones=told)
    topic = SmallGateway().topics.response("zones")
    await station.intake.take([Incoming(topic=topic, payload=response.to_json(), received_at=NOON)])
    (item,) = await listed(web, headers)
    assert item["result"]["zones"]["zones"] == {"lane": lane}
    # The box knows people by their user names, pages by what they are called.
    assert (item["result"]["zones"]["drawn_by"], item["drawn_by_name"]) == ("zhao_lei", "赵磊")
    async with station.store.read() as uow:
        assert await uow.people.names(["zhao_lei", "nobody"]) == {"zhao_lei": "赵磊"}
    for wrong in ({"lane": lane[:2]}, {"lane": [[2, 0], *lane]}, {"Not an id": lane}):
        assert (await ask(web, headers, name="zones", camera="gate", zones=wrong, seen="v2")).status_code == 422


async def test_a_camera_of_another_place_is_asked_nothing(web: httpx.AsyncClient, station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    account = Account(
        username="boss-08",
        name="boss-08",
        roles=frozenset({Role.SUPERVISOR}),
        grids=frozenset({"grid-08"}),
        password=PASSWORD,
    )
    await add_person(station.store, PlainHasher(), account)
    headers = await sign_in(web, "boss-08")
    assert (await ask(web, headers, name="zones", camera="gate")).status_code == 404
    assert (await ask(web, headers, name="zones", camera="corridor")).status_code == 202
    # What all cameras of the gateway feel is not theirs to ask for, one being in another place.
    for name, given in (("reload", {}), ("residents", {"residents": list[str]()})):
        refused = await ask(web, headers, name=name, **given)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert "not yours" in refused.json()["detail"]
    status = GatewayStatus.model_validate_json(SmallGateway().is_online().payload)
    told = status.model_copy(update={"proposals": {"0" * 12: _proposal("gate"), "1" * 12: _proposal("corridor")}})
    await station.intake.take([SmallGateway().says(told.to_json(), topic=SmallGateway().topics.status)])
    for proposal, status_code in (("0" * 12, 404), ("1" * 12, 202), ("2" * 12, 403)):
        decided = await ask(web, headers, name="proposal", proposal=proposal, accept=True)
        assert decided.status_code == status_code


def _proposal(camera: str) -> ProposalReport:
    return ProposalReport(
        camera=camera,
        scenario=Scenario.GARBAGE,
        group="garbage",
        box=(0.1, 0.2, 0.3, 0.4),
        spared=4,
        missed=0,
        unjudged=1,
        decision="open",
    )
