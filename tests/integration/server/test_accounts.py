"""Sessions, the second factor, and the audit log, through the API."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pyotp.totp import TOTP
from sqlalchemy import text

from integration.server.fleet import database_of
from lookout_server.domain.audit import GENESIS, Act, Entry
from lookout_server.errors import StoreError, StoreRefusedError
from lookout_server.services import auditing, factors
from lookout_server.services.accounts import shorten_sessions
from lookout_server.testing import NOON, PASSWORD, SmallGateway, Station

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def _sign_in(web: httpx.AsyncClient, username: str, code: str | None = None) -> httpx.Response:
    body: dict[str, Any] = {"username": username, "password": PASSWORD, **({"code": code} if code else {})}
    answer = await web.post("/api/v1/session", json=body, headers={"User-Agent": "a telephone"})
    web.cookies.clear()
    return answer


async def _headers(web: httpx.AsyncClient, username: str, code: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await _sign_in(web, username, code)).json()['token']}"}


@SQLITE
async def test_sessions_are_seen_and_ended_one_by_one_or_all(station: Station, web: httpx.AsyncClient) -> None:
    here, there = await _headers(web, "wang"), await _headers(web, "wang")
    listed = (await web.get("/api/v1/sessions", headers=here)).json()["items"]
    assert [each["agent"] for each in listed] == ["a telephone"] * 2
    other = next(each["id"] for each in listed if not each["current"])
    assert (await web.delete(f"/api/v1/sessions/{other}", headers=here)).status_code == 204
    assert (await web.get("/api/v1/session", headers=there)).status_code == 401
    assert (await web.delete(f"/api/v1/sessions/{other}", headers=here)).status_code == 404
    supervisor = await _headers(web, "zhao")
    assert (await web.delete("/api/v1/sessions?person=u-wang", headers=supervisor)).status_code == 204
    assert (await web.get("/api/v1/session", headers=here)).status_code == 401
    async with station.store.read() as uow:
        acts = [kept.entry.act for kept in await uow.audit.before(None, 2)]
    assert acts == [Act.SESSIONS_REVOKED, Act.SIGNED_IN]


@SQLITE
@pytest.mark.parametrize("is_used", [True, False])
async def test_a_session_of_while_the_clock_was_ahead_lasts_as_others_do(
    station: Station, web: httpx.AsyncClient, is_used: bool
) -> None:
    station.clock.advance(365 * 86_400)
    headers = await _headers(web, "wang")
    station.clock.advance(-365 * 86_400)
    if is_used:
        assert (await web.get("/api/v1/session", headers=headers)).status_code == 200
    else:
        assert await shorten_sessions(station.store, at=station.clock.now()) == 1
        assert await shorten_sessions(station.store, at=station.clock.now()) == 0
    station.clock.advance(12 * 3600 - 1)
    async with station.store.read() as uow:
        assert len(await uow.people.sessions("u-wang", station.clock.now())) == 1
    station.clock.advance(2)
    assert (await web.get("/api/v1/session", headers=headers)).status_code == 401


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_who_was_shown_around_is_not_asked_again_anywhere(station: Station, web: httpx.AsyncClient) -> None:
    desk, phone = await _headers(web, "wang"), await _headers(web, "wang")
    assert (await web.get("/api/v1/session/tours", headers=phone)).json() == {"seen": []}
    for name in ("worker", "control", "worker"):
        assert (await web.put(f"/api/v1/session/tours/{name}", headers=desk)).status_code == 200
    assert (await web.get("/api/v1/session/tours", headers=phone)).json() == {"seen": ["control", "worker"]}
    other = await _headers(web, "zhao")
    assert (await web.get("/api/v1/session/tours", headers=other)).json() == {"seen": []}
    assert (await web.put("/api/v1/session/tours/No!", headers=desk)).status_code == 422


async def _with_codes(station: Station, web: httpx.AsyncClient) -> tuple[TOTP, list[str]]:
    headers = await _headers(web, "li")
    made = (await web.post("/api/v1/session/second_factor", headers=headers)).json()
    totp = TOTP(made["secret"])
    assert made["uri"].startswith("otpauth://totp/")
    assert {len(row) for row in made["qr"]} == {len(made["qr"])}
    assert (await web.get("/api/v1/session/second_factor", headers=headers)).json() == {"since": None}
    # Until it is confirmed the password is enough.
    assert (await _sign_in(web, "li")).status_code == 200
    wrong = await web.post("/api/v1/session/second_factor/confirm", json={"code": "000000"}, headers=headers)
    assert wrong.status_code == 401
    code = totp.at(station.clock.now())
    answer = await web.post("/api/v1/session/second_factor/confirm", json={"code": code}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert (await web.get("/api/v1/session/second_factor", headers=headers)).json()["since"] is not None
    return totp, answer.json()["recovery_codes"]


async def test_a_code_is_asked_for_and_works_once(station: Station, web: httpx.AsyncClient) -> None:
    totp, _ = await _with_codes(station, web)
    answer = await _sign_in(web, "li")
    assert (answer.status_code, answer.json()["code"]) == (401, "code_needed")
    used = totp.at(station.clock.now())
    assert (await _sign_in(web, "li", used)).status_code == 401
    station.clock.advance(30)
    code = totp.at(station.clock.now())
    assert (await _sign_in(web, "li", f"{code[:3]} {code[3:]}")).status_code == 200
    assert (await _sign_in(web, "li", code)).status_code == 401
    # A telephone's clock may be a step off, not two.
    station.clock.advance(60)
    ahead = [totp.at(station.clock.now() + timedelta(seconds=seconds)) for seconds in (60, 30)]
    assert [(await _sign_in(web, "li", each)).status_code for each in ahead] == [401, 200]


@SQLITE
async def test_a_recovery_code_works_once_and_codes_can_be_turned_off(station: Station, web: httpx.AsyncClient) -> None:
    totp, recovery = await _with_codes(station, web)
    assert len(set(recovery)) == 10
    headers = await _headers(web, "li", recovery[0].upper())
    assert (await _sign_in(web, "li", recovery[0])).status_code == 401
    again = await web.post("/api/v1/session/second_factor", headers=headers)
    assert again.status_code == 409
    station.clock.advance(60)
    off = {"code": totp.at(station.clock.now())}
    assert (await web.post("/api/v1/session/second_factor/off", json=off, headers=headers)).status_code == 204
    assert (await _sign_in(web, "li")).status_code == 200


@SQLITE
async def test_codes_cannot_be_tried_at_leisure(station: Station, web: httpx.AsyncClient) -> None:
    await _with_codes(station, web)
    answers = [(await _sign_in(web, "li", f"{number:06d}")).status_code for number in range(30)]
    assert answers[-1] == 429


@SQLITE
async def test_whoever_runs_the_machine_can_turn_codes_off(station: Station, web: httpx.AsyncClient) -> None:
    await _with_codes(station, web)
    await factors.reset(station.store, "li", at=NOON)
    assert (await _sign_in(web, "li")).status_code == 200


def _entry(number: int) -> Entry:
    return Entry(at=NOON, act=Act.SIGNED_OUT, actor="u-li", subject=f"s-{number}", details={"数": number})


async def _write(station: Station, *numbers: int) -> None:
    async with station.store.write() as uow:
        for number in numbers:
            uow.audit.add(_entry(number))
        await uow.commit()


async def test_the_log_is_one_chain_also_when_many_write_at_once(station: Station) -> None:
    assert (await auditing.verify(station.store)).head == GENESIS
    await asyncio.gather(*(_write(station, number, number + 100) for number in range(8)))
    verdict = await auditing.verify(station.store)
    assert (verdict.entries, verdict.broken) == (16, None)
    assert await auditing.hash_of(station.store, 16) == verdict.head
    assert await auditing.hash_of(station.store, 17) is None


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'u-zhao' WHERE seq = 2", "DELETE FROM audit"])
async def test_the_database_itself_refuses_to_change_the_log(station: Station, statement: str) -> None:
    await _write(station, 1, 2, 3)
    database = database_of(station.store)

    async def change() -> None:
        async with database.write() as uow:
            await uow.session.execute(text(statement))

    with pytest.raises((StoreError, StoreRefusedError), match="only ever added to"):
        await change()


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET actor = 'u-zhao' WHERE seq = 2", 2),
        ("UPDATE audit SET details = '{}' WHERE seq = 3", 3),
        (r"UPDATE audit SET at = '2026-11-22 04\:00\:00.000001' WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq = 3", 3),
    ],
)
@SQLITE
@pytest.mark.one_dispatcher
async def test_whoever_gets_round_that_is_found_out(station: Station, statement: str, broken: int) -> None:
    await _write(station, 1, 2, 3)
    async with database_of(station.store).write() as uow:
        for verb in ("update", "delete"):
            await uow.session.execute(text(f"DROP TRIGGER audit_no_{verb}"))
        await uow.session.execute(text(statement))
        await uow.commit()
    assert (await auditing.verify(station.store)).broken == broken


@SQLITE
async def test_the_log_is_read_by_admins_and_holds_no_secret(station: Station, web: httpx.AsyncClient) -> None:
    await web.post("/api/v1/session", json={"username": "hunter2 typed as name", "password": "hunter2"})
    headers = await _headers(web, "root")
    answer = await web.get("/api/v1/audit", headers=headers)
    acts = [entry["act"] for entry in answer.json()["items"]]
    assert acts == ["session.begun", "session.refused"]
    assert "hunter2" not in answer.text
    assert headers["Authorization"].removeprefix("Bearer ") not in answer.text


@SQLITE
async def test_addresses_and_commands_are_written_down_without_what_is_secret(
    station: Station, web: httpx.AsyncClient
) -> None:
    await station.intake.take([SmallGateway().is_online()])
    zhao, root = await _headers(web, "zhao"), await _headers(web, "root")
    address = {"address": "wecombot://very-secret-key"}
    assert (await web.post("/api/v1/people/u-wang/contacts", json=address, headers=zhao)).status_code == 200
    assert (await web.delete("/api/v1/people/u-wang/contacts/wecombot", headers=zhao)).status_code == 204
    assert (await web.post("/api/v1/gateways/gw-1/commands", json={"name": "reload"}, headers=zhao)).status_code == 202
    answer = await web.get("/api/v1/audit?limit=3", headers=root)
    kept = [(entry["act"], entry["actor"], entry["subject"]) for entry in answer.json()["items"]]
    assert kept == [
        ("gateway.asked", "u-zhao", "gw-1"),
        ("contact.removed", "u-zhao", "u-wang/wecombot"),
        ("contact.saved", "u-zhao", "u-wang/wecombot"),
    ]
    assert "very-secret-key" not in answer.text


async def test_the_audit_log_is_searched_page_by_page(station: Station, web: httpx.AsyncClient) -> None:
    headers = await _headers(web, "root")
    for _ in range(3):
        await _headers(web, "wang")
    station.clock.advance(3600)
    await _headers(web, "li")

    async def found(query: str) -> list[tuple[str, str]]:
        seen: list[tuple[str, str]] = []
        cursor: str | None = None
        while cursor is not None or not seen:
            after = "" if cursor is None else f"&cursor={cursor}"
            answer = await web.get(f"/api/v1/audit?limit=2&{query}{after}", headers=headers)
            assert answer.status_code == 200, answer.text
            seen += [(each["actor"], each["act"]) for each in answer.json()["items"]]
            cursor = answer.json()["next_cursor"]
            if not answer.json()["items"]:
                break
        return seen

    assert await found("actor=u-wang") == [("u-wang", "session.begun")] * 3
    assert await found("act=session.begun&first=2026-11-22T04:30:00Z") == [("u-li", "session.begun")]
    assert await found("before=2026-11-22T04:30:00Z&act=session.begun&actor=u-li") == []
    # A per cent sign is a sign, not a wildcard.
    assert await found("about=%25") == []


async def test_people_change_their_own_password(station: Station, web: httpx.AsyncClient) -> None:
    here, there = await _headers(web, "wang"), await _headers(web, "wang")
    url, wanted = "/api/v1/session/password", "another password of mine"
    wrong = await web.post(url, json={"password": "not it", "new_password": wanted}, headers=here)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    same = await web.post(url, json={"password": PASSWORD, "new_password": PASSWORD}, headers=here)
    short = await web.post(url, json={"password": PASSWORD, "new_password": "short"}, headers=here)
    assert (same.json()["code"], short.json()["code"]) == ("invalid", "invalid")
    done = await web.post(url, json={"password": PASSWORD, "new_password": wanted}, headers=here)
    assert done.status_code == 204, done.text
    # The session in hand goes on, the other one does not, and the old password opens nothing.
    assert (await web.get("/api/v1/session", headers=here)).status_code == 200
    assert (await web.get("/api/v1/session", headers=there)).status_code == 401
    assert (await _sign_in(web, "wang")).status_code == 401
    log = await web.get("/api/v1/audit?act=account.password_changed", headers=await _headers(web, "root"))
    assert [each["actor"] for each in log.json()["items"]] == ["u-wang"]
    assert wanted not in log.text


@SQLITE
@pytest.mark.one_dispatcher
async def test_a_password_is_not_guessed_from_an_open_session(web: httpx.AsyncClient) -> None:
    headers = await _headers(web, "wang")
    codes: list[int] = []
    for _ in range(8):
        body = {"password": "not it", "new_password": "another password of mine"}
        answer = await web.post("/api/v1/session/password", json=body, headers=headers)
        codes.append(answer.status_code)
    assert codes[0] == 422
    assert codes[-1] == 429
