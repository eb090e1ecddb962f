"""Accounts as an admin keeps them, through the API."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from lookout_server.domain.territory import Role
from lookout_server.services.access import audience
from lookout_server.testing import PASSWORD, SmallGateway, Station

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
NEW_PASSWORD = "a password of twelve"


async def _signed_in(web: httpx.AsyncClient, username: str, password: str = PASSWORD) -> dict[str, str] | None:
    answer = await web.post("/api/v1/session", json={"username": username, "password": password})
    web.cookies.clear()
    return {"Authorization": f"Bearer {answer.json()['token']}"} if answer.status_code == 200 else None


async def _root(web: httpx.AsyncClient) -> dict[str, str]:
    return await _signed_in(web, "root") or {}


async def _accounts(web: httpx.AsyncClient, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = await web.get(f"/api/v1/accounts?limit=2{query}{cursor}", headers=headers)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        cursor = answer.json()["next_cursor"] and f"&cursor={answer.json()['next_cursor']}"
    return found


async def test_accounts_are_added_found_and_changed(web: httpx.AsyncClient) -> None:
    headers = await _root(web)
    body = {"username": "new_one", "name": "新人", "roles": ["worker"], "grids": ["grid-07"], "password": NEW_PASSWORD}
    made = await web.post("/api/v1/accounts", json=body, headers=headers)
    assert made.status_code == 201, made.text
    again = await web.post("/api/v1/accounts", json=body | {"name": "别人"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    everybody = [each["username"] for each in await _accounts(web, headers)]
    assert everybody == sorted(everybody)
    assert len(everybody) == len(set(everybody)) > 4
    # An underscore is a sign, not a wildcard.
    assert [each["name"] for each in await _accounts(web, headers, "&q=w_o")] == ["新人"]
    assert [each["id"] for each in await _accounts(web, headers, "&q=新人&role=worker")] == ["u-new_one"]
    worker = await _signed_in(web, "new_one", NEW_PASSWORD)
    change = {"name": "新 人", "roles": ["worker", "care"], "grids": ["grid-08"]}
    changed = await web.put("/api/v1/accounts/u-new_one", json=change, headers=headers)
    assert (changed.status_code, changed.json()["roles"], changed.json()["grids"]) == (
        200,
        ["care", "worker"],
        ["grid-08"],
    )
    # Without a new password who is signed in stays so; with one they are not.
    assert (await web.get("/api/v1/session", headers=worker)).status_code == 200
    await web.put("/api/v1/accounts/u-new_one", json=change | {"password": PASSWORD * 3}, headers=headers)
    assert (await web.get("/api/v1/session", headers=worker)).status_code == 401
    short = await web.put("/api/v1/accounts/u-new_one", json=change | {"password": "short"}, headers=headers)
    nowhere = await web.put("/api/v1/accounts/u-new_one", json=change | {"grids": ["grid-99"]}, headers=headers)
    assert (short.status_code, nowhere.status_code) == (422, 422)


async def test_who_is_disabled_is_let_in_nowhere_and_sent_nowhere(station: Station, web: httpx.AsyncClient) -> None:
    headers, worker = await _root(web), await _signed_in(web, "wang")
    barred = await web.post("/api/v1/accounts/u-wang/bar", headers=headers)
    assert (barred.status_code, barred.json()["barred"]) == (200, True)
    assert (await web.get("/api/v1/session", headers=worker)).status_code == 401
    assert await _signed_in(web, "wang") is None
    async with station.store.read() as uow:
        assert "u-wang" not in {each.id for each in await uow.people.working_in(["grid-07"])}
        assert "u-wang" not in {each.id for each in await audience(uow, Role.WORKER, "grid-07", None)}
        (wang,) = (await uow.people.get(["u-wang"])).values()
    # An estate file that names them does not open the door again.
    async with station.store.write() as uow:
        await uow.people.save(replace(wang, name="王 芳"))
        await uow.commit()
    assert await _signed_in(web, "wang") is None
    assert [each["id"] for each in await _accounts(web, headers, "&barred=true")] == ["u-wang"]
    assert (await web.post("/api/v1/accounts/u-wang/let_in", headers=headers)).status_code == 200
    assert await _signed_in(web, "wang") is not None
    told = (await web.get("/api/v1/audit?about=u-wang&actor=u-root", headers=headers)).json()["items"]
    assert [each["act"] for each in told] == ["account.let_in", "account.barred"]


async def test_who_is_disabled_hears_so_once_the_password_is_right_and_not_before(
    station: Station, web: httpx.AsyncClient
) -> None:
    headers = await _root(web)
    await web.post("/api/v1/accounts/u-wang/bar", headers=headers)
    tried = [
        (await web.post("/api/v1/session", json={"username": "wang", "password": password})).json()["code"]
        for password in (PASSWORD, "not this one at all")
    ]
    assert tried == ["account_disabled", "unauthenticated"]
    refused = (await web.get("/api/v1/audit?act=session.refused", headers=headers)).json()["items"]
    assert [each["actor"] for each in refused] == ["u-wang", "u-wang"]


async def test_operators_are_asked_to_send_others_for_what_somebody_has_in_hand_who_is_disabled(
    station: Station, web: httpx.AsyncClient
) -> None:
    headers, li = await _root(web), await _signed_in(web, "li")
    case = await station.reported(SmallGateway(), "v-1")
    sent = await web.post(f"/api/v1/cases/{case}/dispatch", json={"version": 1, "worker": "u-wang"}, headers=li)
    assert sent.status_code == 200, sent.text
    barred = await web.post("/api/v1/accounts/u-wang/bar", headers=headers)
    assert barred.json()["cases_left"] == 1
    seen = (await web.get(f"/api/v1/cases/{case}", headers=li)).json()
    assert (seen["handler"]["id"], seen["handler_gone"]) == ("u-wang", True)
    # It waits for the control room like one that nobody was sent for.
    assert (await web.get("/api/v1/overview", headers=li)).json()["waiting"]["yellow"] == 1
    told = (await web.get("/api/v1/notices", headers=li)).json()["items"]
    (gone,) = [each for each in told if each["kind"] == "handler_gone"]
    assert (gone["case_id"], gone["text_zh"].split("：")[0]) == (case, "处置人的账号已停用，请改派")
    await web.post("/api/v1/accounts/u-wang/let_in", headers=headers)
    assert not (await web.get(f"/api/v1/cases/{case}", headers=li)).json()["handler_gone"]
    assert (await web.get("/api/v1/overview", headers=li)).json()["waiting"]["yellow"] == 0
    async with station.store.read() as uow:
        changes = [entry.change for entry in await uow.feed.after(0, 100) if entry.subject == case]
    assert changes[-2:] == ["handler_gone", "handler_back"]
    assert (await web.post("/api/v1/accounts/u-zhang/bar", headers=headers)).json()["cases_left"] == 0


@SQLITE
async def test_an_admin_does_not_shut_themselves_out(web: httpx.AsyncClient) -> None:
    headers = await _root(web)
    assert (await web.post("/api/v1/accounts/u-root/bar", headers=headers)).status_code == 409
    for change in ({"roles": ["operator"]}, {"roles": ["admin"], "grids": ["grid-07"]}):
        answer = await web.put("/api/v1/accounts/u-root", json={"name": "Root"} | change, headers=headers)
        assert answer.status_code == 409
    assert (await web.post("/api/v1/accounts/u-none/bar", headers=headers)).status_code == 404
    assert (await web.post("/api/v1/accounts/u-li/reset_codes", headers=headers)).status_code == 404
