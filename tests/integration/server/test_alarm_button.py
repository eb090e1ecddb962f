"""一键告警: one tap makes a red case that nobody can silence."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.deadline import DeadlineKind
from lookout_server.domain.notice import Contact
from lookout_server.domain.policy import Policy, PolicyInForce
from lookout_server.domain.territory import CameraKey, Role
from lookout_server.services.access import access
from lookout_server.services.button import Pressed, press
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, Station, anywhere, person

pytestmark = pytest.mark.anyio
URL = "/api/v1/alarm-button"


async def _case(web: httpx.AsyncClient, case_id: str) -> dict[str, Any]:
    return (await web.get(f"/api/v1/cases/{case_id}", headers=await headers_of(web, "li"))).json()


async def test_a_worker_presses_and_is_believed(station: Station, web: httpx.AsyncClient) -> None:
    wang = await headers_of(web, "wang")
    answer = await web.post(URL, json={}, headers=wang)
    assert (answer.status_code, answer.json()["created"], answer.json()["grid"]) == (201, True, "grid-07")
    case = await _case(web, answer.json()["case"])
    assert (case["severity"], case["state"], case["source"], case["scenario"]) == (
        "red",
        "confirmed",
        "button",
        "key_area",
    )
    assert case["title"] == "一键告警：遇到危险 · 第七网格"
    for username in ("li", "zhao"):
        notices = (await web.get("/api/v1/notices", headers=await headers_of(web, username))).json()["items"]
        assert [(notice["kind"], notice["severity"]) for notice in notices] == [("button", "red")]
        assert notices[0]["text_zh"].startswith("一键告警：遇到危险 · 第七网格（")
        assert notices[0]["text_en"].startswith("Alarm button: danger · 第七网格 (")


async def test_pressing_again_adds_to_the_live_alarm_and_somebody_elses_is_another(
    station: Station, web: httpx.AsyncClient
) -> None:
    wang = await headers_of(web, "wang")
    first = (await web.post(URL, json={"kind": "fire"}, headers=wang)).json()
    station.clock.advance(5)
    body = {"kind": "fire", "words": "快来", "place": {"lat": 31.86, "lon": 117.28}}
    again = await web.post(URL, json=body, headers=wang)
    assert (again.status_code, again.json()) == (200, {**first, "created": False})
    history = (await _case(web, first["case"]))["history"]
    assert [line["note"] for line in history] == [None, "快来"]
    assert history[1]["data"]["place"] == {"lat": 31.86, "lon": 117.28}
    others = [
        (await web.post(URL, json={"kind": "medical"}, headers=wang)).json(),
        (await web.post(URL, json={"kind": "fire"}, headers=await headers_of(web, "zhang"))).json(),
    ]
    station.clock.advance(601)
    others.append((await web.post(URL, json={"kind": "fire"}, headers=wang)).json())
    assert len({first["case"], *(other["case"] for other in others)}) == 4


async def test_the_same_person_presses_for_another_place(station: Station, web: httpx.AsyncClient) -> None:
    li = await headers_of(web, "li")

    async def pressed(**said: str) -> str:
        station.clock.advance(1)
        return (await web.post(URL, json=said, headers=li)).json()["case"]

    nowhere = await pressed()
    gate = await pressed(gateway="gw-1", camera="gate")
    corridor = await pressed(gateway="gw-1", camera="corridor")
    assert len({nowhere, gate, corridor}) == 3, "whoever is sent must hear of each place"
    assert await pressed(gateway="gw-1", camera="gate") == gate
    assert await pressed(grid="grid-08") == corridor, "the grid of the camera that was named"
    assert await pressed() == corridor, "who names no place means the latest one"
    history = (await _case(web, corridor))["history"]
    assert history[0]["data"]["camera"] == "gw-1/corridor"
    assert [line["data"].get("grid") for line in history] == ["grid-08", "grid-08", None]


async def test_who_presses_in_a_grid_and_then_names_its_camera_means_one_thing(
    station: Station, web: httpx.AsyncClient
) -> None:
    li = await headers_of(web, "li")
    first = (await web.post(URL, json={"grid": "grid-08"}, headers=li)).json()
    station.clock.advance(5)
    again = (await web.post(URL, json={"gateway": "gw-1", "camera": "corridor"}, headers=li)).json()
    assert again == {**first, "created": False}
    assert (await _case(web, first["case"]))["history"][-1]["data"]["camera"] == "gw-1/corridor"


async def test_an_operator_names_the_camera_on_which_it_was_seen(station: Station, web: httpx.AsyncClient) -> None:
    body = {"kind": "danger", "gateway": "gw-1", "camera": "corridor", "words": "有人翻墙"}
    made = (await web.post(URL, json=body, headers=await headers_of(web, "li"))).json()
    case = await _case(web, made["case"])
    assert (case["camera"]["id"], case["grid"]["id"], case["history"][0]["note"]) == ("corridor", "grid-08", "有人翻墙")
    refused = await web.post(URL, json=body, headers=await headers_of(web, "wang"))
    assert refused.json()["code"] == "not_found"
    half = await web.post(URL, json={"camera": "corridor"}, headers=await headers_of(web, "li"))
    assert half.json()["code"] == "invalid"
    nowhere = await web.post(URL, json={"grid": "nowhere"}, headers=await headers_of(web, "li"))
    assert nowhere.json()["code"] == "invalid"


async def test_anybody_may_need_help_anywhere(station: Station, web: httpx.AsyncClient) -> None:
    elsewhere = (await web.post(URL, json={"grid": "grid-08"}, headers=await headers_of(web, "wang"))).json()
    assert elsewhere["grid"] == "grid-08"
    unplaced = (await web.post(URL, json={}, headers=await headers_of(web, "fire"))).json()
    assert (unplaced["grid"], unplaced["title"]) == (None, "一键告警：遇到危险 · fire")


async def test_nobody_acts_and_somebody_is_sent_in_quiet_hours_too(station: Station) -> None:
    async with station.store.write() as uow:
        await uow.roster.save_contact(Contact(person="u-li", channel="sms", address="sms://1"))
        await uow.commit()
    async with station.store.read() as uow:
        wang = await access(uow, person("wang", Role.WORKER, grids=frozenset({"grid-07"})), at=NOON)
    # Three in the morning by the site's clock, when everything else waits.
    night = NOON + timedelta(hours=15)
    site = replace(SITE, in_force=PolicyInForce(Policy(quiet_hours=(time(22), time(7)))))
    case, _ = await press(station.store, site, wang, Pressed(), at=night)
    async with station.store.read() as uow:
        due = await uow.deadlines.next_due(frozenset({DeadlineKind.DELIVERY}))
    assert due == night
    later = night + timedelta(hours=1)
    assert await Timers(station.store, site=SITE, owner="t").act(later) == 1
    async with station.store.read() as uow:
        sent = (await uow.cases.get([case.id]))[case.id]
    assert sent.state == "dispatched"


async def test_two_at_the_same_moment_are_two(station: Station) -> None:
    camera = CameraKey(gateway="gw-1", id="gate")
    li, zhao = anywhere(person("li", Role.OPERATOR)), anywhere(person("zhao", Role.SUPERVISOR))
    made = [await press(station.store, SITE, who, Pressed(camera=camera), at=NOON) for who in (li, zhao)]
    assert len({case.id for case, _ in made}) == 2
