"""The manners of the API: problems, limits, cookies, headers, files, and the console's pages."""

import gzip
import hashlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import httpx
import pytest
from structlog.testing import capture_logs

from integration.server.fleet import app_of
from lookout_server.app import Deps
from lookout_server.errors import StoreError
from lookout_server.testing import JPEG, PASSWORD, ManualClock, Station

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


def _client(deps: Deps) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app_of(deps), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://lookout.test")


async def _sign_in(web: httpx.AsyncClient, username: str = "li") -> dict[str, str]:
    answer = await web.post("/api/v1/session", json={"username": username, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def _problem(answer: httpx.Response, status: int, code: str) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:lookout:problem:{code}")
    return str(body["detail"])


async def test_signing_in_and_out_with_the_cookie(web: httpx.AsyncClient) -> None:
    answer = await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert (await web.get("/api/v1/session")).json()["user"]["username"] == "li"
    _problem(await web.delete("/api/v1/session"), 403, "csrf")
    assert (await web.delete("/api/v1/session", headers={"X-Lookout": "1"})).status_code == 204
    web.cookies.set("lookout_session", answer.json()["token"])
    _problem(await web.get("/api/v1/session"), 401, "unauthenticated")


async def test_sessions_slide_and_end(web: httpx.AsyncClient, station: Station) -> None:
    headers = await _sign_in(web)
    web.cookies.clear()
    for _ in range(3):
        station.clock.advance(10 * 3600)
        assert (await web.get("/api/v1/session", headers=headers)).status_code == 200
    station.clock.advance(12 * 3600 + 1)
    _problem(await web.get("/api/v1/session", headers=headers), 401, "unauthenticated")


@pytest.mark.one_dispatcher
async def test_wrong_passwords_say_nothing_and_slow_down(web: httpx.AsyncClient, station: Station) -> None:
    details = {
        _problem(await web.post("/api/v1/session", json={"username": name, "password": "no"}), 401, "unauthenticated")
        for name in ("li", "nobody-of-that-name", "chen")
    }
    assert len(details) == 1
    for _ in range(4):
        await web.post("/api/v1/session", json={"username": "li", "password": "no"})
    answer = await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
    _problem(answer, 429, "throttled")
    assert int(answer.headers["retry-after"]) >= 1
    station.clock.advance(10)
    assert (await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})).status_code == 200


async def test_paths_and_methods_that_do_not_exist(web: httpx.AsyncClient) -> None:
    assert "/api/v1/nothing" in _problem(await web.get("/api/v1/nothing"), 404, "not_found")
    _problem(await web.put("/api/v1/alarms"), 405, "method_not_allowed")
    _problem(await web.get("/api/v1/docs"), 404, "not_found")


async def test_what_is_invalid_is_named(web: httpx.AsyncClient) -> None:
    headers = await _sign_in(web)
    answer = await web.get("/api/v1/alarms", params={"limit": 0, "disposition": "none"}, headers=headers)
    _problem(answer, 422, "invalid")
    assert {one["where"] for one in answer.json()["errors"]} == {"query.limit", "query.disposition"}
    answer = await web.post("/api/v1/session", json={"username": "li", "password": "x", "pasword": "y"})
    assert "body.pasword" in _problem(answer, 422, "invalid")
    _problem(
        await web.post("/api/v1/session", content=b"{", headers={"Content-Type": "application/json"}), 422, "invalid"
    )
    assert "dispatched" in _problem(await web.get("/api/v1/cases?state=asleep", headers=headers), 422, "invalid")
    _problem(await web.get("/api/v1/alarms?cursor=made-up", headers=headers), 422, "invalid")


async def test_large_bodies_are_refused_announced_or_not(web: httpx.AsyncClient) -> None:
    large = b'{"username": "' + b"x" * 70_000 + b'"}'
    headers = {"Content-Type": "application/json"}

    async def in_pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(large), 1000):
            yield large[start : start + 1000]

    _problem(await web.post("/api/v1/session", content=large, headers=headers), 413, "too_large")
    _problem(await web.post("/api/v1/session", content=in_pieces(), headers=headers), 413, "too_large")


async def test_a_mistake_of_ours_shows_no_stack(deps: Deps) -> None:
    class Stumbling(ManualClock):
        def now(self) -> NoReturn:
            raise RuntimeError("secret inner workings")

    with capture_logs() as logged:
        async with _client(replace(deps, clock=Stumbling())) as web:
            answer = await web.get("/api/v1/overview", headers={"Authorization": "Bearer x"})
    _problem(answer, 500, "failed")
    assert [type(entry["exc_info"]) for entry in logged] == [RuntimeError]
    assert "secret" not in answer.text


async def test_headers_that_protect_pages(web: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/api/v1/nothing", "/"):
        headers = (await web.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert (await web.get("/api/v1/openapi.json")).headers["cache-control"] == "no-store"


@pytest.mark.one_dispatcher
async def test_health_readiness_and_metrics(deps: Deps) -> None:
    async def unreachable() -> str | None:
        return "the broker at 127.0.0.1:1883 cannot be reached: start it"

    async with _client(deps) as web:
        assert (await web.get("/healthz")).json()["status"] == "ok"
        assert (await web.get("/readyz")).json() == {"status": "ok", "checks": {"database": None}}
        await web.get("/api/v1/cases/c-20261122-0001")
        text = (await web.get("/metrics")).text
    assert 'lookout_http_requests_total{method="GET",route="/api/v1/cases/{case_id}",status="401"} 1.0' in text
    assert 'lookout_cameras{state="unknown"} 2.0' in text
    async with _client(replace(deps, checks={"broker": unreachable}, metrics=type(deps.metrics)())) as web:
        answer = await web.get("/readyz")
    assert answer.status_code == 503
    assert "start it" in answer.json()["checks"]["broker"]


async def test_evidence_up_and_down(web: httpx.AsyncClient) -> None:
    headers = await _sign_in(web)
    jpeg = {**headers, "Content-Type": "image/jpeg"}
    sha256 = hashlib.sha256(JPEG).hexdigest()
    url = f"/api/v1/evidence/{sha256}"
    _problem(await web.get(url, headers=headers), 404, "not_found")
    first = await web.put(url, content=JPEG, headers=jpeg)
    again = await web.put(url, content=JPEG, headers=jpeg)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json() == {"sha256": sha256, "bytes": len(JPEG), "mime": "image/jpeg"}

    whole = await web.get(url, headers=headers)
    assert (whole.content, whole.headers["content-type"]) == (JPEG, "image/jpeg")
    assert "immutable" in whole.headers["cache-control"]
    assert "sandbox" in whole.headers["content-security-policy"]
    part = await web.get(url, headers={**headers, "Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, JPEG[4:8])
    assert part.headers["content-range"] == f"bytes 4-7/{len(JPEG)}"
    _problem(await web.get(url, headers={**headers, "Range": "bytes=999-"}), 416, "range")
    same = await web.get(url, headers={**headers, "If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    head = await web.head(url, headers=headers)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(JPEG)))


async def test_evidence_that_is_refused(deps: Deps) -> None:
    async with _client(replace(deps, max_evidence_bytes=100)) as web:
        headers = {**await _sign_in(web), "Content-Type": "image/jpeg"}
        _problem(await web.put(f"/api/v1/evidence/{'0' * 64}", content=JPEG, headers=headers), 422, "wrong_hash")
        _problem(await web.put("/api/v1/evidence/zz", content=JPEG, headers=headers), 422, "invalid")
        large = await web.put(f"/api/v1/evidence/{'0' * 64}", content=b"x" * 101, headers=headers)
        _problem(large, 413, "too_large")
        headers["Content-Type"] = "text/html"
        _problem(await web.put(f"/api/v1/evidence/{'0' * 64}", content=JPEG, headers=headers), 415, "wrong_type")


async def test_a_database_that_is_away_is_said_to_be(deps: Deps) -> None:
    class Away:
        def read(self) -> NoReturn:
            raise StoreError("the database does not answer: check that it runs")

        def write(self) -> NoReturn:
            raise StoreError("the database does not answer: check that it runs")

        async def ping(self) -> None:
            raise StoreError("the database does not answer: check that it runs")

    async with _client(replace(deps, store=Away())) as web:
        answer = await web.get("/api/v1/session", headers={"Authorization": "Bearer x"})
        assert "check that it runs" in _problem(answer, 503, "unavailable")
        assert (await web.get("/readyz")).status_code == 503
        assert (await web.get("/healthz")).status_code == 200


async def test_the_console_is_served_and_deep_links_find_it(deps: Deps, tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<title>console</title>")
    (tmp_path / "assets" / "main-abc.js").write_text("1")
    (tmp_path.parent / "secret.txt").write_text("classified")
    async with _client(replace(deps, static_dir=tmp_path)) as web:
        for path in ("/", "/login", "/cases/c-20261122-0001", "/worker/cases/c-1", "/index.html"):
            answer = await web.get(path)
            assert "console" in answer.text
            assert answer.headers["cache-control"] == "no-cache"
        assert "immutable" in (await web.get("/assets/main-abc.js")).headers["cache-control"]
        _problem(await web.get("/assets/gone.js"), 404, "not_found")
        assert "classified" not in (await web.get("/..%2fsecret.txt")).text
        _problem(await web.get("/api/v1/nothing"), 404, "not_found")


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip, deflate", "gzip"),
        ("BR;q=0.5", "br"),
        ("br;q=0, gzip;q=0.000", None),
        ("identity", None),
        ("", None),
    ],
)
async def test_scripts_travel_packed_to_browsers_that_take_them_so(
    deps: Deps, tmp_path: Path, accepted: str, coding: str | None
) -> None:
    script = b"let words = 1;" * 100
    (tmp_path / "assets").mkdir()
    for folder, name, content in (
        (tmp_path, "index.html", b"<title>console</title>"),
        (tmp_path / "assets", "a-1.js", script),
    ):
        (folder / name).write_bytes(content)
        (folder / f"{name}.gz").write_bytes(gzip.compress(content, mtime=0))
        (folder / f"{name}.br").write_bytes(b"as Brotli")
    async with _client(replace(deps, static_dir=tmp_path)) as web:
        for path, kind, content in (
            ("/assets/a-1.js", "javascript", script),
            ("/cases", "html", b"<title>console</title>"),
        ):
            async with web.stream("GET", path, headers={"Accept-Encoding": accepted}) as answer:
                body = b"".join([part async for part in answer.aiter_raw()])
            assert answer.headers.get("content-encoding") == coding
            assert answer.headers["vary"] == "Accept-Encoding"
            assert kind in answer.headers["content-type"]
            assert body == {"br": b"as Brotli", "gzip": gzip.compress(content, mtime=0), None: content}[coding]


async def test_a_console_that_is_not_built_says_how(web: httpx.AsyncClient) -> None:
    assert "server/build_console.py" in (await web.get("/")).text
