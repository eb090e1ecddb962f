"""Tables of the estate through the API: looked at row by row, then done wholly or not at all."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_server.domain.territory import Role
from lookout_server.services.accounts import Account, add_person
from lookout_server.testing import PlainHasher, Station

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

URL = "/api/v1/estate/import"
TERRITORIES = "id,name,level,parent\ngrid-09,第九网格,grid,kangle\n"
CAMERAS = "gateway,id,name,grid,lat,lon\ngw-1,gate,东大门,grid-09,31.8,117.3\n"
PEOPLE = "username,name,roles,grids,skills,willing,language\nsun,孙,worker,grid-09,fire,true,zh-CN\n"
SHIFTS = "id,person,kind,starts_at,ends_at,note\ns-1,sun,duty,2026-11-23T00:00:00Z,2026-11-23T08:00:00Z,\n"


async def _admin(web: httpx.AsyncClient) -> dict[str, str]:
    return await headers_of(web, "root")


async def _send(web: httpx.AsyncClient, texts: Mapping[str, str | bytes], **query: Any) -> httpx.Response:
    files = [
        ("files", (name, text if isinstance(text, bytes) else ("\ufeff" + text).encode()))
        for name, text in texts.items()
    ]
    return await web.post(URL, files=files, params=query, headers=await _admin(web))


ALL = {"territories.csv": TERRITORIES, "cameras.csv": CAMERAS, "people.csv": PEOPLE, "shifts.csv": SHIFTS}


async def test_what_was_looked_at_is_done_and_doing_it_again_changes_nothing(
    station: Station, web: httpx.AsyncClient
) -> None:
    seen = (await _send(web, ALL)).json()
    assert (seen["done"], seen["counts"]["created"], seen["counts"]["updated"], seen["refused"]) == (False, 3, 1, [])
    gate = next(each for each in seen["changes"] if each["kind"] == "camera")
    assert gate["fields"] == [
        {"field": "name", "before": "东门", "after": "东大门"},
        {"field": "grid", "before": "grid-07", "after": "grid-09"},
        {"field": "spot", "before": None, "after": "31.8, 117.3"},
    ]
    async with station.store.read() as uow:
        assert "u-sun" not in await uow.people.get(["u-sun"])
    done = await _send(web, ALL, fingerprint=seen["fingerprint"])
    assert (done.status_code, done.json()["done"]) == (200, True), done.text
    again = (await _send(web, ALL)).json()
    assert again["changes"] == []
    assert (await _send(web, ALL, fingerprint=again["fingerprint"])).json()["done"] is True
    async with station.store.read() as uow:
        (sun,) = (await uow.people.get(["u-sun"])).values()
        notes = [kept.entry for kept in await uow.audit.after(0, 100) if kept.entry.act == "data.imported"]
    assert sun.grids == {"grid-09"}
    assert [(entry.actor, entry.details) for entry in notes] == [
        ("u-root", {"territory_created": 1, "camera_updated": 1, "person_created": 1, "shift_created": 1})
    ]


async def test_one_wrong_row_keeps_all_out_and_each_is_named(station: Station, web: httpx.AsyncClient) -> None:
    people = PEOPLE + "Li,李,operator,,,true,zh-CN\nzhou,周,cook,,,true,zh-CN\nqian,钱,worker,grid-99,,true,zh-CN\n"
    people += "root,根,worker,,,true,zh-CN\nsun,孙,worker,,,true,zh-CN\n"
    files = ALL | {"people.csv": people, "shifts.csv": SHIFTS.replace("sun", "nobody")}
    seen = (await _send(web, files)).json()
    found = [(each["file"], each["row"], each["column"], each["code"]) for each in seen["refused"]]
    assert found == [
        ("people.csv", 3, "username", "bad_id"),
        ("people.csv", 4, "roles.0", "bad_choice"),
        ("people.csv", 5, "grids", "unknown_place"),
        ("people.csv", 6, "roles", "own_account"),
        ("people.csv", 7, None, "twice"),
        ("shifts.csv", 2, "person", "unknown_person"),
    ]
    refused = await _send(web, files, fingerprint=seen["fingerprint"])
    assert (refused.status_code, refused.json()["code"], len(refused.json()["errors"])) == (422, "rows_refused", 6)
    async with station.store.read() as uow:
        assert "grid-09" not in {place.id for place in await uow.territory.territories()}


@SQLITE
async def test_what_is_no_longer_what_was_looked_at_is_not_done(station: Station, web: httpx.AsyncClient) -> None:
    seen = (await _send(web, {"people.csv": PEOPLE.replace("grid-09", "grid-07")})).json()
    account = Account(username="sun", name="孙", roles=frozenset({Role.OPERATOR}))
    await add_person(station.store, PlainHasher(), account)
    files = {"people.csv": PEOPLE.replace("grid-09", "grid-07")}
    late = await _send(web, files, fingerprint=seen["fingerprint"])
    assert (late.status_code, late.json()["code"]) == (409, "conflict")
    assert (await _send(web, files)).json()["changes"][0]["change"] == "updated"


async def test_complete_files_disable_who_is_not_in_them(station: Station, web: httpx.AsyncClient) -> None:
    files = {"people.csv": PEOPLE.replace("grid-09", "grid-07")}
    stays = (await _send(web, files)).json()
    assert "wang" in {each["id"] for each in stays["absent"]}
    assert stays["counts"]["disabled"] == 0
    seen = (await _send(web, files, complete=True)).json()
    assert (seen["absent"], seen["counts"]["disabled"]) == ([], stays["counts"]["absent"])
    done = await _send(web, files, complete=True, fingerprint=seen["fingerprint"])
    assert done.json()["done"] is True, done.text
    async with station.store.read() as uow:
        barred = {person.username for person in await uow.people.everyone() if person.barred}
    # Whoever brings it in is not shut out.
    assert "wang" in barred
    assert not barred & {"root", "sun"}
    # A file that names somebody again does not open the door.
    again = (await _send(web, {"people.csv": PEOPLE.replace("sun,孙", "wang,王").replace("grid-09", "grid-07")})).json()
    assert "barred" not in {each["field"] for each in again["changes"][0]["fields"]}


@SQLITE
async def test_files_are_known_by_their_columns_and_read_as_excel_saves_them(web: httpx.AsyncClient) -> None:
    named = {"网格员.csv": PEOPLE.replace("grid-09", "grid-07").encode("gb18030")}
    assert (await _send(web, named)).json()["counts"]["created"] == 1
    for name, text, code in (
        ("list.csv", "a,b\n1,2\n", "unknown_table"),
        ("x.json", "{", "no_json"),
        ("x.json", "[]", "unknown_table"),
    ):
        (refused,) = (await _send(web, {name: text})).json()["refused"]
        assert (refused["file"], refused["row"], refused["code"]) == (name, None, code)
    big = await _send(web, {"people.csv": PEOPLE + "x" * 9_000_000})
    assert (big.status_code, big.json()["code"]) == (413, "too_large")


@SQLITE
async def test_what_is_taken_out_can_be_brought_in_again(web: httpx.AsyncClient) -> None:
    headers = await _admin(web)
    whole = await web.get("/api/v1/estate/export.json", headers=headers)
    people = await web.get("/api/v1/estate/people.csv", headers=headers)
    assert people.content.startswith(b"\xef\xbb\xbfusername,")
    assert (await web.get("/api/v1/estate/passwords.csv", headers=headers)).status_code == 422
    for name, content in (("estate.json", whole.content), ("people.csv", people.content)):
        seen = (await _send(web, {name: content})).json()
        assert (seen["changes"], seen["refused"], seen["absent"]) == ([], [], [])
