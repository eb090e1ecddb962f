"""A phone that wants to be told while its page is closed, through the API and the courier. On both databases."""

from dataclasses import replace

import httpx
import pytest
from prometheus_client import CollectorRegistry

from integration.server.fleet import app_of
from integration.server.sign_in import headers_of
from lookout_contract.events import Severity
from lookout_server.app import Deps
from lookout_server.domain.notice import DeliveryState, NoticeKind
from lookout_server.domain.web_push import PUSH_SERVICES, Subscription, checked
from lookout_server.domain.wording import Words
from lookout_server.errors import AddressGoneError
from lookout_server.services.courier import Courier
from lookout_server.services.notifying import About, notify
from lookout_server.testing import SITE, NotedChannel, Station

pytestmark = pytest.mark.anyio

_KEYS = {"p256dh": "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc", "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
_PATH = "/api/v1/web-push"


class Desk:
    """A PushDesk with a made-up key."""

    point = b"\x04" + bytes(64)

    def checked(self, wanted: Subscription) -> Subscription:
        """By the usual services."""
        return checked(wanted, PUSH_SERVICES)


class Ended:
    """A Sender to which every phone says that it has ended the subscription."""

    async def send(self, address: str, title: str, body: str) -> None:
        """Never."""
        raise AddressGoneError("the browser has ended the subscription")


def _client(deps: Deps) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app_of(replace(deps, web_push=Desk(), metrics=CollectorRegistry())))
    return httpx.AsyncClient(transport=transport, base_url="http://lookout.test")


def _phone(name: str) -> dict[str, object]:
    return {"endpoint": f"https://fcm.googleapis.com/fcm/send/{name}", "keys": _KEYS}


async def _tell(station: Station, person: str) -> None:
    async with station.store.write() as uow:
        about = About(subject="h-1", severity=Severity.RED, title=Words.same("x"))
        await notify(uow, SITE, about, NoticeKind.HAND_OVER, [person], at=station.clock.now())
        await uow.commit()


async def test_a_phone_is_told_until_it_goes_to_somebody_else(station: Station, deps: Deps) -> None:
    async with _client(deps) as web:
        wang, zhang = await headers_of(web, "wang"), await headers_of(web, "zhang")
        assert len((await web.get(_PATH, headers=wang)).json()["key"]) == 87
        path = f"{_PATH}/subscriptions"
        channel = (await web.post(path, json=_phone("one"), headers=wang)).json()["channel"]
        assert (await web.post(path, json=_phone("one"), headers=wang)).json()["channel"] == channel
        assert (await web.post(path, json=_phone("two"), headers=wang)).status_code == 200
        held = (await web.get("/api/v1/people/u-wang/contacts", headers=wang)).json()["channels"]
        assert (len(held), channel in held) == (2, True)
        assert (await web.post(path, json=_phone("one"), headers=zhang)).json()["channel"] == channel
        held = (await web.get("/api/v1/people/u-wang/contacts", headers=wang)).json()["channels"]
        assert (len(held), channel in held) == (1, False)
        off = await web.delete(f"/api/v1/people/u-zhang/contacts/{channel}", headers=zhang)
        assert off.status_code == 204
    told = NotedChannel()
    await _tell(station, "u-wang")
    await _tell(station, "u-zhang")
    assert await Courier(station.store, told, owner="one").carry(station.clock.now()) == 1
    assert "fcm/send/two" in told.sent[0][0]


async def test_what_is_no_phone_is_refused(deps: Deps, web: httpx.AsyncClient) -> None:
    async with _client(deps) as pushing:
        wang = await headers_of(pushing, "wang")
        path = f"{_PATH}/subscriptions"
        elsewhere = _phone("one") | {"endpoint": "https://10.0.0.1/hook"}
        refused = await pushing.post(path, json=elsewhere, headers=wang)
        assert (refused.status_code, "web_push.services" in refused.json()["detail"]) == (422, True)
        for number in range(8):
            assert (await pushing.post(path, json=_phone(str(number)), headers=wang)).status_code == 200
        assert (await pushing.post(path, json=_phone("nine"), headers=wang)).status_code == 409
        forged = {"address": 'webpush:{"endpoint": "http://10.0.0.1"}'}
        assert (await pushing.post("/api/v1/people/u-wang/contacts", json=forged, headers=wang)).status_code == 422
    wang = await headers_of(web, "wang")
    assert (await web.get(_PATH, headers=wang)).json() == {"key": None}
    assert (await web.post(path, json=_phone("one"), headers=wang)).status_code == 404


async def test_a_phone_that_has_ended_it_is_forgotten_at_once(station: Station, deps: Deps) -> None:
    async with _client(deps) as web:
        wang = await headers_of(web, "wang")
        await web.post(f"{_PATH}/subscriptions", json=_phone("one"), headers=wang)
    await _tell(station, "u-wang")
    courier = Courier(station.store, Ended(), owner="one")
    assert await courier.carry(station.clock.now()) == 1
    assert await courier.carry(station.clock.advance(60)) == 0
    async with station.store.read() as uow:
        (notice,) = await uow.notices.of_person("u-wang", 5)
        assert await uow.roster.contacts(["u-wang"]) == {}
    states = [each.state for each in notice.deliveries if each.channel != "in_app"]
    assert states == [DeliveryState.FAILED]
