"""码上就办: a resident reports by a QR code, follows the report and rates it, all without an account."""

import io
from dataclasses import replace
from typing import Any

import httpx
import pytest
from PIL import Image

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.cases import CaseState
from lookout_contract.events import Scenario
from lookout_server.adapters.photos import PillowCleaner
from lookout_server.app import Deps
from lookout_server.domain.case import SYSTEM, Actor, Details, Request
from lookout_server.domain.moves import Action
from lookout_server.domain.moving import joined, move
from lookout_server.domain.territory import Role
from lookout_server.services.handling import keep_move
from lookout_server.services.residents import add_place, retire_place
from lookout_server.testing import NOON, SITE, Station, person

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "a-random-text-of-the-phone"}


@pytest.fixture
def deps(deps: Deps) -> Deps:
    return replace(deps, photos=PillowCleaner(), public_url="https://lookout.example")


async def _code(station: Station) -> str:
    return (await add_place(station.store, "grid-07", "3号楼北侧", None, at=NOON)).code


async def _report(
    web: httpx.AsyncClient, code: str, *, headers: dict[str, str] | None = None, status: int = 201, **fields: Any
) -> dict[str, Any]:
    files = fields.pop("files", None)
    answer = await web.post(f"/api/v1/public/places/{code}/reports", data=fields, files=files, headers=headers or {})
    assert answer.status_code == status, answer.text
    return answer.json()


async def _cases(web: httpx.AsyncClient, username: str = "li") -> list[dict[str, Any]]:
    return (await web.get("/api/v1/cases", headers=await headers_of(web, username))).json()["items"]


async def _moved(station: Station, case_id: str, action: Action, by: str, role: Role) -> None:
    """A step of the case, past the routes: they have tests of their own."""
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id], lock=True))[case_id]
        details = Details(worker=person("wang", Role.WORKER), photos=("0" * 64,), reason="查无此事")
        actor = Actor() if action is Action.VERIFY else Actor(person=person(by, role))
        request = Request(
            action=action, actor=actor, at=station.clock.advance(60), version=case.version, details=details
        )
        await keep_move(uow, SITE, case, *move(case, request))
        await uow.commit()


async def _done(station: Station, case_id: str) -> None:
    for action, by, role in (
        (Action.CONFIRM, "li", Role.OPERATOR),
        (Action.DISPATCH, "li", Role.OPERATOR),
        (Action.ACCEPT, "wang", Role.WORKER),
        (Action.ARRIVE, "wang", Role.WORKER),
        (Action.FEEDBACK, "wang", Role.WORKER),
        (Action.VERIFY, "", Role.WORKER),
        (Action.CLOSE, "zhao", Role.SUPERVISOR),
    ):
        await _moved(station, case_id, action, by, role)


def _photo(*, orientation: int | None = None, size: tuple[int, int] = (64, 32)) -> bytes:
    """A JPEG whose left half is red; with the place and a turned orientation in its EXIF when asked."""
    picture = Image.new("RGB", size, "blue")
    picture.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
        exif[0x010E] = "taken by Wang Fang"
        exif.get_ifd(0x8825)[2] = (31.0, 51.0, 50.0)
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif.tobytes())
    return out.getvalue()


async def test_a_report_becomes_a_case_and_tells_its_resident_how_it_stands(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    place = (await web.get(f"/api/v1/public/places/{code}")).json()
    assert (place["name"], place["grid"], place["site"]) == ("3号楼北侧", "第七网格", SITE.name)
    assert [kind["kind"] for kind in place["kinds"]][:2] == ["fire", "ebike"]

    tracking = (await _report(web, code, kind="garbage", words="建筑垃圾堆了三天"))["tracking"]
    [case] = await _cases(web)
    assert (case["state"], case["source"], case["severity"]) == ("new", "resident", "blue")
    assert (case["grid"]["id"], case["title"]) == ("grid-07", "垃圾乱堆乱放 · 3号楼北侧")
    assert (case["topic"], case["scene"]) == ("report.garbage", "3号楼北侧")
    assert [each["id"] for each in await _cases(web, "wang")] == [case["id"]]
    notices = (await web.get("/api/v1/notices", headers=await headers_of(web, "li"))).json()["items"]
    assert [notice["kind"] for notice in notices] == ["reported"]
    assert "Garbage in the wrong place · 3号楼北侧" in notices[0]["text_en"]

    await _done(station, case["id"])
    followed = (await web.get(f"/api/v1/public/reports/{tracking}")).json()
    assert [each["progress"] for each in followed["milestones"]] == [
        "received",
        "confirmed",
        "assigned",
        "on_scene",
        "checking",
        "done",
    ]
    assert followed["can_rate"]
    assert followed["text_zh"] == "已办结"
    # No names, no numbers of cases.
    assert not any(word in str(followed) for word in ("wang", "zhao", case["number"]))


async def test_the_history_has_the_residents_words(station: Station, web: httpx.AsyncClient) -> None:
    await _report(web, await _code(station), kind="blocked", words="消防通道停满了车")
    [case] = await _cases(web)
    detail = (await web.get(f"/api/v1/cases/{case['id']}", headers=await headers_of(web, "li"))).json()
    [first] = detail["history"]
    assert (first["actor"], first["note"], first["data"]["source"]) == (None, "消防通道停满了车", "resident")


@pytest.mark.parametrize(("score", "state", "told"), [(5, "evaluated", []), (1, "follow_up", ["follow_up"])])
async def test_a_rating_evaluates_the_case_or_asks_to_follow_up(
    station: Station, web: httpx.AsyncClient, score: int, state: str, told: list[str]
) -> None:
    tracking = (await _report(web, await _code(station), kind="other", words="路灯不亮"))["tracking"]
    url = f"/api/v1/public/reports/{tracking}/rating"
    assert (await web.post(url, json={"score": score})).json()["code"] == "conflict"
    [case] = await _cases(web)
    await _done(station, case["id"])

    rated = await web.post(url, json={"score": score, "words": "谢谢"})
    assert (rated.json()["score"], rated.json()["can_rate"]) == (score, False)
    assert (await web.post(url, json={"score": score, "words": "谢谢"})).status_code == 200
    assert (await web.post(url, json={"score": 3})).json()["code"] == "conflict"
    [case] = await _cases(web)
    assert (case["state"], case["score"]) == (state, score if state == "evaluated" else None)
    notices = (await web.get("/api/v1/notices", headers=await headers_of(web, "li"))).json()["items"]
    assert [notice["kind"] for notice in notices if notice["kind"] == "follow_up"] == told


async def test_a_low_rating_of_what_is_being_followed_up_is_in_its_history(
    station: Station, web: httpx.AsyncClient
) -> None:
    tracking = (await _report(web, await _code(station), kind="other", words="路灯不亮"))["tracking"]
    [case] = await _cases(web)
    await _done(station, case["id"])
    await _moved(station, case["id"], Action.FOLLOW_UP, "li", Role.OPERATOR)
    url = f"/api/v1/public/reports/{tracking}/rating"
    assert (await web.post(url, json={"score": 1, "words": "还是不亮"})).status_code == 200
    detail = (await web.get(f"/api/v1/cases/{case['id']}", headers=await headers_of(web, "li"))).json()
    said = [(each["note"], each["data"]) for each in detail["history"] if each["data"].get("by") == "resident"]
    assert (detail["state"], said) == ("follow_up", [("还是不亮", {"by": "resident", "score": 1})])


async def test_what_was_refused_is_told_in_plain_words(station: Station, web: httpx.AsyncClient) -> None:
    tracking = (await _report(web, await _code(station), kind="other", words="测试"))["tracking"]
    [case] = await _cases(web)
    await _moved(station, case["id"], Action.VOID, "li", Role.OPERATOR)
    followed = (await web.get(f"/api/v1/public/reports/{tracking}")).json()
    assert (followed["progress"], followed["can_rate"]) == ("declined", False)
    assert "查无此事" not in str(followed)


async def test_the_same_key_is_the_same_report_and_a_typed_code_is_found(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    first = await _report(web, code, headers=KEY, kind="fire", words="冒烟")
    assert await _report(web, code, headers=KEY, kind="fire", words="冒烟") == first
    [case] = await _cases(web)
    assert (case["severity"], case["scenario"], case["version"]) == ("red", "fire_smoke", 1)
    typed = first["tracking"].lower().replace("-", " ")
    assert (await web.get(f"/api/v1/public/reports/{typed}")).json()["progress"] == "received"


async def test_neighbours_who_report_the_same_thing_make_one_case(station: Station, web: httpx.AsyncClient) -> None:
    code = await _code(station)
    one = (await _report(web, code, kind="fire", words="3楼冒烟"))["tracking"]
    station.clock.advance(60)
    two = (await _report(web, code, kind="fire", words="有明火"))["tracking"]
    await _report(web, code, kind="garbage", words="垃圾")
    assert one != two
    fire = next(case for case in await _cases(web) if case["scenario"] == "fire_smoke")
    detail = (await web.get(f"/api/v1/cases/{fire['id']}", headers=await headers_of(web, "li"))).json()
    assert [line["note"] for line in detail["history"]] == ["3楼冒烟", "有明火"]
    followed = (await web.get(f"/api/v1/public/reports/{two}")).json()
    assert [each["at"] for each in followed["milestones"]] == ["2026-11-22T04:01:00.000Z"]

    station.clock.advance(3 * 3600)
    await _report(web, code, kind="fire", words="又冒烟")
    assert len([case for case in await _cases(web) if case["scenario"] == "fire_smoke"]) == 2


async def test_who_is_about_to_report_sees_what_is_open_there_already(station: Station, web: httpx.AsyncClient) -> None:
    code = await _code(station)
    other = (await add_place(station.store, "grid-07", "4号楼", None, at=NOON)).code
    await _report(web, code, kind="garbage", words="建筑垃圾，王芳家的")
    station.clock.advance(60)
    await _report(web, code, kind="garbage", words="垃圾")
    await _report(web, other, kind="blocked", words="车")
    # Past midnight at the site, and not yet in UTC.
    station.clock.advance(13 * 3600)
    await _report(web, code, kind="facility", words="路灯")
    for kind in ("fire", "safety", "other"):
        await _report(web, code, kind=kind, words="三楼")

    [lamp, garbage] = (await web.get(f"/api/v1/public/places/{code}")).json()["open_reports"]
    assert garbage.pop("handle") != lamp["handle"]
    assert garbage == {
        "kind": "garbage",
        "kind_zh": "垃圾乱堆乱放",
        "kind_en": "Garbage in the wrong place",
        "since": "2026-11-22",
        "progress": "received",
        "text_zh": "已收到，正在核实",
        "text_en": "Received; somebody is looking at it",
        "times": 2,
        "seen_by": 0,
    }
    assert (lamp["kind"], lamp["since"], lamp["times"]) == ("facility", "2026-11-23", 1)

    cases = {each["topic"]: each["id"] for each in await _cases(web)}
    await _moved(station, cases["report.garbage"], Action.CONFIRM, "li", Role.OPERATOR)
    await _moved(station, cases["report.facility"], Action.VOID, "li", Role.OPERATOR)
    [garbage] = (await web.get(f"/api/v1/public/places/{code}")).json()["open_reports"]
    assert garbage["progress"] == "confirmed"
    station.clock.advance(31 * 86400)
    assert (await web.get(f"/api/v1/public/places/{code}")).json()["open_reports"] == []


async def test_of_a_closed_case_and_of_one_that_went_on_in_care_others_see_nothing(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    await _report(web, code, kind="garbage", words="垃圾")
    await _report(web, code, kind="facility", words="扶手坏了")
    cases = {each["topic"]: each["id"] for each in await _cases(web)}
    await _done(station, cases["report.garbage"])
    async with station.store.write() as uow:
        told = (await uow.cases.get([cases["report.facility"]], lock=True))[cases["report.facility"]]
        after, entry = joined(told, at=station.clock.now(), actor=SYSTEM, data={})
        await uow.cases.update(replace(after, scenario=Scenario.CARE), entry, seen=told.version)
        await uow.commit()
    assert (await web.get(f"/api/v1/public/places/{code}")).json()["open_reports"] == []


async def test_of_a_photo_nothing_but_the_picture_is_kept(station: Station, web: httpx.AsyncClient) -> None:
    sent = _photo(orientation=6)
    assert b"Wang Fang" in sent
    hidden = sent + b"<script>alert(1)</script>"
    await _report(web, await _code(station), kind="other", files=[("photos", ("a.jpg", hidden, "image/jpeg"))])
    [case] = await _cases(web)
    li = await headers_of(web, "li")
    [file] = (await web.get(f"/api/v1/cases/{case['id']}", headers=li)).json()["evidence"]
    assert (file["kind"], file["stage"]) == ("photo", "before")
    kept = (await web.get(file["url"], headers=li)).content
    assert b"Wang Fang" not in kept
    assert b"script" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        # The camera was held upright: what was left in the file is at the top now.
        assert (picture.size, dict(picture.getexif())) == ((32, 64), {})
        red, blue = (picture.getchannel(band).getpixel((16, 8)) for band in "RB")
        assert isinstance(red, int)
        assert isinstance(blue, int)
        assert red > 200 > 60 > blue


async def test_large_photos_are_made_smaller(station: Station, web: httpx.AsyncClient) -> None:
    await _report(
        web, await _code(station), kind="other", files=[("photos", ("a.jpg", _photo(size=(5000, 300)), "image/jpeg"))]
    )
    (content,) = station.files.files.values()
    with Image.open(io.BytesIO(content)) as picture:
        assert picture.size == (2048, 123)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "other"}, 422, "invalid"),
        ({"kind": "murder", "words": "x"}, 422, "invalid"),
        (
            {"kind": "other", "files": [("photos", ("a.jpg", b"\xff\xd8\xff\xe0 no picture", "image/jpeg"))]},
            415,
            "wrong_type",
        ),
        ({"kind": "other", "files": [("photos", ("a.gif", b"GIF89a", "image/jpeg"))]}, 415, "wrong_type"),
        ({"kind": "other", "files": [("photos", ("a.jpg", b"0" * (13 << 20), "image/jpeg"))]}, 413, "too_large"),
        ({"kind": "other", "files": [("photos", ("a.jpg", b"x", "image/jpeg"))] * 4}, 413, "too_large"),
    ],
)
async def test_what_is_no_report_is_refused_and_leaves_nothing(
    station: Station, web: httpx.AsyncClient, fields: dict[str, Any], status: int, code: str
) -> None:
    assert (await _report(web, await _code(station), status=status, **fields))["code"] == code
    assert await _cases(web) == []
    assert station.files.files == {}


@pytest.mark.one_dispatcher
async def test_a_wall_takes_so_many_reports_an_hour_but_every_fire(station: Station, deps: Deps) -> None:
    code = await _code(station)
    app = app_of(deps)
    for number in range(30):
        transport = httpx.ASGITransport(app=app, client=(f"10.0.0.{number}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
            await _report(web, code, kind="other", words=str(number))
    transport = httpx.ASGITransport(app=app, client=("10.0.1.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://lookout.test") as web:
        refused = await web.post(f"/api/v1/public/places/{code}/reports", data={"kind": "other", "words": "x"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3601")
        for _ in range(9):
            await _report(web, code, kind="fire", words="冒烟")
        await _report(web, code, status=429, kind="fire", words="冒烟")
        station.clock.advance(601)
        await _report(web, code, kind="fire", words="冒烟")


@pytest.mark.one_dispatcher
async def test_codes_and_tracking_codes_cannot_be_guessed_for_long(station: Station, web: httpx.AsyncClient) -> None:
    code = await _code(station)
    for number in range(30):
        url = (
            f"/api/v1/public/reports/{'A' * 15}{'ABCDEFGH'[number % 8]}"
            if number % 2
            else f"/api/v1/public/places/nono{number}"
        )
        assert (await web.get(url)).status_code == 404
    assert (await web.get(f"/api/v1/public/places/{code}")).status_code == 429


async def test_a_code_that_was_taken_down_works_no_longer_and_its_reports_can_be_followed(
    station: Station, web: httpx.AsyncClient
) -> None:
    code = await _code(station)
    tracking = (await _report(web, code, kind="other", words="路灯"))["tracking"]
    await retire_place(station.store, code, None, at=NOON)
    assert (await web.get(f"/api/v1/public/places/{code}")).json()["code"] == "not_found"
    await _report(web, code, status=404, kind="other", words="路灯")
    assert (await web.get(f"/api/v1/public/reports/{tracking}")).status_code == 200


async def test_a_merged_report_is_followed_where_it_went_on(station: Station, web: httpx.AsyncClient) -> None:
    code = await _code(station)
    other = (await add_place(station.store, "grid-07", "4号楼", None, at=NOON)).code
    one = (await _report(web, code, kind="other", words="路灯"))["tracking"]
    await _report(web, other, kind="other", words="路灯")
    into, case = await _cases(web)
    case, into = sorted((case, into), key=lambda each: each["title"])
    li = await headers_of(web, "li")
    body = {"version": 1, "into": into["id"]}
    assert (await web.post(f"/api/v1/cases/{case['id']}/merge", json=body, headers=li)).status_code == 200
    await _done(station, into["id"])
    assert (await web.get(f"/api/v1/public/reports/{one}")).json()["progress"] == "done"
    assert (await web.post(f"/api/v1/public/reports/{one}/rating", json={"score": 5})).json()["score"] == 5
    states = {each["id"]: each["state"] for each in await _cases(web)}
    assert states == {case["id"]: CaseState.MERGED, into["id"]: CaseState.CLOSED}


async def test_supervisors_make_places_and_print_their_codes(station: Station, web: httpx.AsyncClient) -> None:
    zhao = await headers_of(web, "zhao")
    made = await web.post("/api/v1/places", json={"grid": "grid-07", "name": "3号楼<北>"}, headers=zhao)
    assert (made.status_code, made.json()["grid"]["name"]) == (201, "第七网格")
    again = await web.post("/api/v1/places", json={"grid": "grid-07", "name": "3号楼<北>"}, headers=zhao)
    assert again.json() == made.json()
    assert made.json()["url"] == f"https://lookout.example/r/{made.json()['code']}"
    nowhere = await web.post("/api/v1/places", json={"grid": "nowhere", "name": "x"}, headers=zhao)
    assert nowhere.json()["code"] == "invalid"

    page = await web.get("/api/v1/places/sheet?grid=grid-07", headers=zhao)
    assert page.text.count("<svg") == 1
    assert "3号楼&lt;北&gt;" in page.text
    assert made.json()["url"] in page.text
    assert (await web.get("/api/v1/places/sheet?grid=grid-08", headers=zhao)).text.count("<svg") == 0
    gone = await web.post(f"/api/v1/places/{made.json()['code']}/retire", headers=zhao)
    assert gone.json()["retired_at"] == "2026-11-22T04:00:00.000Z"
    listed = (await web.get("/api/v1/places", headers=zhao)).json()["items"]
    assert [each["code"] for each in listed] == [made.json()["code"]]
