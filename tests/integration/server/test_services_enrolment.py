"""One-time codes: what they open, once, and nothing else."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import httpx
import pytest
from prometheus_client import CollectorRegistry

from integration.server.fleet import app_of
from lookout_server.api.deps import Deps
from lookout_server.domain.audit import Act
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError
from lookout_server.ports import IssuedCertificate
from lookout_server.services.accounts import whose_upload_token
from lookout_server.services.enrolment import Addresses, enrol, offer, revoke
from lookout_server.testing import NOON, PASSWORD, Station

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


class FakeDoor:
    """Certificates by counting, or passwords; and who was shut out."""

    def __init__(self, *, certificates: bool) -> None:
        self.pin = "ab" * 32 if certificates else None
        self.addresses = Addresses(
            site="kangle", timezone="Asia/Shanghai", mqtt_host=None, mqtt_port=8883, dispatcher_url=None
        )
        self.issued = 0
        self.shut: list[tuple[str, list[str]]] = []

    def certify(self, gateway: str, request: str, now: datetime) -> IssuedCertificate:
        if request != "a request":
            raise InvalidError("no request")
        self.issued += 1
        return IssuedCertificate(serial=f"{self.issued:x}", expires_at=now + DAY, pem=gateway, authority="us")

    def new_password(self, gateway: str) -> str | None:
        return f"password of {gateway}"

    def shut_out(self, gateway: str, revoked: list[str], now: datetime) -> None:
        self.shut.append((gateway, sorted(revoked)))


async def test_a_code_works_once(station: Station) -> None:
    door = FakeDoor(certificates=False)
    code = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
    assert re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code)
    bundle = await enrol(station.store, door, code.lower().replace("-", " "), None, at=NOON)
    assert (bundle.gateway, bundle.password, bundle.certificate) == ("gw-1", "password of gw-1", None)
    assert await whose_upload_token(station.store, bundle.token) == "gw-1"
    with pytest.raises(ForbiddenError):
        await enrol(station.store, door, code, None, at=NOON)


async def test_a_box_that_is_another_gateway_is_refused_and_the_code_still_works(station: Station) -> None:
    door = FakeDoor(certificates=True)
    code = await offer(station.store, door, "gw-2", at=NOON, lasts=DAY)
    with pytest.raises(ConflictError, match="for gateway gw-2, and this box is gw-1 already"):
        await enrol(station.store, door, code, "a request", at=NOON, known_as="gw-1")
    assert door.issued == 0
    assert (await enrol(station.store, door, code, "a request", at=NOON, known_as="gw-2")).gateway == "gw-2"


async def test_an_expired_a_replaced_and_a_made_up_code_open_nothing(station: Station) -> None:
    door = FakeDoor(certificates=False)
    first = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
    second = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
    for code, at in ((first, NOON), (second, NOON + DAY), ("AAAA-AAAA-AAAA-AAAA", NOON)):
        with pytest.raises(ForbiddenError):
            await enrol(station.store, door, code, None, at=at)
    with pytest.raises(InvalidError):
        await enrol(station.store, door, "hello", None, at=NOON)
    assert (await enrol(station.store, door, second, None, at=NOON)).gateway == "gw-1"


async def test_a_request_that_is_none_leaves_the_code_as_it_is(station: Station) -> None:
    door = FakeDoor(certificates=True)
    code = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
    for request in (None, "nonsense"):
        with pytest.raises(InvalidError):
            await enrol(station.store, door, code, request, at=NOON)
    bundle = await enrol(station.store, door, code, "a request", at=NOON)
    assert bundle.certificate is not None
    assert bundle.password is None


async def test_a_new_certificate_revokes_the_old_one_and_revoking_takes_everything(station: Station) -> None:
    door = FakeDoor(certificates=True)
    tokens: list[str] = []
    for _ in range(2):
        code = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
        tokens.append((await enrol(station.store, door, code, "a request", at=NOON)).token)
    assert door.shut == [("gw-1", []), ("gw-1", ["1"])]
    async with station.store.read() as uow:
        assert await uow.enrolments.expiries() == {"gw-1": NOON + DAY}
    code = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
    assert await revoke(station.store, door, "gw-1", at=NOON) == 1
    assert door.shut[-1] == ("gw-1", ["1", "2"])
    assert [await whose_upload_token(station.store, token) for token in tokens] == [None, None]
    with pytest.raises(ForbiddenError):
        await enrol(station.store, door, code, "a request", at=NOON)
    async with station.store.read() as uow:
        assert await uow.enrolments.expiries() == {}


async def test_nobody_is_said_to_be_shut_out_whom_the_broker_still_lets_in(station: Station) -> None:
    """The disk is full, and the list of revoked certificates cannot be written."""

    class StuckDoor(FakeDoor):
        def shut_out(self, gateway: str, revoked: list[str], now: datetime) -> None:
            raise OSError("No space left on device")

    code = await offer(station.store, door := FakeDoor(certificates=True), "gw-1", at=NOON, lasts=DAY)
    token = (await enrol(station.store, door, code, "a request", at=NOON)).token
    with pytest.raises(OSError, match="No space left"):
        await revoke(station.store, StuckDoor(certificates=True), "gw-1", at=NOON)
    assert await whose_upload_token(station.store, token) == "gw-1"
    async with station.store.read() as uow:
        assert await uow.enrolments.expiries() == {"gw-1": NOON + DAY}
        acts = [kept.entry.act for kept in await uow.audit.before(None, 10)]
    assert Act.GATEWAY_SHUT_OUT not in acts
    assert await revoke(station.store, door, "gw-1", at=NOON) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.one_dispatcher
async def test_guessing_codes_is_slowed_and_a_dispatcher_without_door_says_so(
    web: httpx.AsyncClient, deps: Deps, station: Station
) -> None:
    assert (await web.post("/api/v1/enrol", json={"code": "AAAA-AAAA-AAAA-AAAA"})).status_code == 404
    door = FakeDoor(certificates=False)
    app = app_of(replace(deps, door=door, metrics=CollectorRegistry()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test") as client:
        code = await offer(station.store, door, "gw-1", at=NOON, lasts=DAY)
        answer = await client.post("/api/v1/enrol", json={"code": code})
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.json()["mqtt"] == {
            "host": None,
            "port": 8883,
            "username": "gw-1",
            "password": "password of gw-1",
            "tls": False,
        }
        codes = [(await client.post("/api/v1/enrol", json={"code": code})).status_code for _ in range(6)]
        assert codes == [403] * 5 + [429]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_an_admin_lets_a_box_in_and_shuts_it_out(deps: Deps, station: Station) -> None:
    door = FakeDoor(certificates=False)
    app = app_of(replace(deps, door=door, metrics=CollectorRegistry()))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://lookout.test") as client:
        signed_in = await client.post("/api/v1/session", json={"username": "root", "password": PASSWORD})
        client.cookies.clear()
        headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
        offered = await client.post("/api/v1/enrolments", json={"gateway": "gw-1"}, headers=headers)
        assert (offered.status_code, offered.headers["cache-control"]) == (201, "no-store")
        assert (offered.json()["url"], offered.json()["expires_at"]) == (
            "http://lookout.test",
            "2026-11-23T04:00:00.000Z",
        )
        bundle = await client.post("/api/v1/enrol", json={"code": offered.json()["code"]})
        token = bundle.json()["token"]
        assert await whose_upload_token(station.store, token) == "gw-1"
        assert (await client.delete("/api/v1/enrolments/gw-none", headers=headers)).status_code == 404
        assert (await client.delete("/api/v1/enrolments/gw-1", headers=headers)).status_code == 204
        assert await whose_upload_token(station.store, token) is None
        assert [name for name, _ in door.shut] == ["gw-1", "gw-1"]
        told = (await client.get("/api/v1/audit?about=gw-&actor=u-root", headers=headers)).json()["items"]
        assert [each["act"] for each in told] == ["gateway.shut_out", "gateway.invited"]
