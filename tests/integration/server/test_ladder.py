"""Silence and failed deliveries climb the ladder; what became of every notice is known. On both databases."""

from dataclasses import replace
from datetime import time, timedelta

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.events import Severity
from lookout_server.domain.case import Case, HistoryEntry
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import Contact, Delivery, DeliveryState, Notice, NoticeKind
from lookout_server.domain.policy import DEFAULT, PolicyInForce
from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.territory import Person, Role, Site
from lookout_server.services.courier import Courier
from lookout_server.services.handling import Order, carry_out, dispatch
from lookout_server.services.notifying import inbox, notify
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, NotedChannel, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LI = person("li", Role.OPERATOR)
WANG = person("wang", Role.WORKER, grids=frozenset({"grid-07"}))


async def _sent(station: Station, worker: str | None = None, *, site: Site = SITE, severity: str = "yellow") -> str:
    case_id = await station.reported(SmallGateway(severity=Severity(severity)), "o-1")
    order = Order(case_id=case_id, action=Action.DISPATCH, access=anywhere(LI), version=1, at=station.clock.now())
    await dispatch(station.store, site, order, worker)
    return case_id


async def _case(station: Station, case_id: str) -> tuple[Case, list[HistoryEntry]]:
    async with station.store.read() as uow:
        return (await uow.cases.get([case_id]))[case_id], list(await uow.cases.history(case_id))


async def _told(station: Station, case_id: str) -> dict[tuple[str, NoticeKind], Notice]:
    async with station.store.read() as uow:
        return {(notice.person, notice.kind): notice for notice in await uow.notices.of_case(case_id)}


async def _pass(station: Station, seconds: float, *, site: Site = SITE) -> None:
    await Timers(station.store, site=site, owner="one").act(station.clock.advance(seconds))


async def _add(station: Station, *people: Person) -> None:
    async with station.store.write() as uow:
        for each in people:
            await uow.people.save(each)
        await uow.commit()


async def test_silence_sends_the_next_and_then_the_community(station: Station) -> None:
    await _add(station, person("ma", Role.WORKER, grids=frozenset({"kangle"})))
    case_id = await _sent(station)
    handlers = [(await _case(station, case_id))[0].handler]
    for _ in range(2):
        await _pass(station, 301)
        handlers.append((await _case(station, case_id))[0].handler)
    assert handlers == ["u-wang", "u-zhang", "u-ma"]
    case, history = await _case(station, case_id)
    assert [entry.actor for entry in history] == ["u-li", "u-li", None, None]
    assert (history[-1].data["reason"], history[-1].data["from"]) == ("silence", "u-zhang")
    told = await _told(station, case_id)
    assert ("u-zhang", NoticeKind.REASSIGNED) in told
    assert ("u-ma", NoticeKind.DISPATCHED) in told
    # Nobody is left: now the control room hears of it, then the supervisors.
    await _pass(station, 301)
    assert (await _case(station, case_id))[0].handler == "u-ma"
    assert ("u-li", NoticeKind.LATE) in await _told(station, case_id)
    await _pass(station, 301)
    assert ("u-zhao", NoticeKind.LATE) in await _told(station, case_id)
    assert case.version == 4


async def test_whoever_answers_is_left_alone_until_the_next_limit(station: Station) -> None:
    case_id = await _sent(station)
    order = Order(case_id=case_id, action=Action.ACCEPT, access=anywhere(WANG), version=2, at=station.clock.now())
    await carry_out(station.store, SITE, order)
    await _pass(station, 301)
    case, history = await _case(station, case_id)
    assert (case.handler, history[-1].action) == ("u-wang", Action.ACCEPT)
    told = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED]
    assert [each.state for each in told.deliveries] == [DeliveryState.ACKNOWLEDGED]
    await _pass(station, 900)
    assert (await _case(station, case_id))[0].handler == "u-wang"


async def test_a_grave_case_that_nobody_sends_anybody_to_sends_by_itself(station: Station) -> None:
    red = await station.reported(SmallGateway(severity=Severity.RED), "o-1")
    yellow = await station.reported(SmallGateway(epoch="second"), "o-2")
    await _pass(station, 121)
    assert (await _case(station, red))[0].handler == "u-wang"
    assert (await _case(station, yellow))[0].handler is None


async def test_off_duty_on_leave_unwilling_or_unskilled_people_are_passed_over(station: Station) -> None:
    leave = Shift(id="s-1", person="u-wang", kind=ShiftKind.LEAVE, starts_at=NOON, ends_at=NOON + timedelta(days=1))
    async with station.store.write() as uow:
        await uow.roster.save_shifts([leave])
        await uow.commit()
    case_id = await _sent(station)
    assert (await _case(station, case_id))[0].handler == "u-zhang"


async def _reach(station: Station, *contacts: tuple[str, str]) -> None:
    async with station.store.write() as uow:
        for who, address in contacts:
            await uow.roster.save_contact(Contact(person=who, channel=address.split(":")[0], address=address))
        await uow.commit()


async def test_a_notice_leaves_by_every_channel_once(station: Station) -> None:
    await _reach(station, ("u-wang", "sms://1"), ("u-wang", "wecombot://2"))
    case_id = await _sent(station)
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    assert await courier.carry(station.clock.now()) == 2
    assert await courier.carry(station.clock.advance(60)) == 0
    assert sorted(address for address, _ in channel.sent) == ["sms://1", "wecombot://2"]
    assert "陌生车辆 · 东门" in channel.sent[0][1]
    told = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED]
    assert {each.channel: each.state for each in told.deliveries} == {
        "in_app": DeliveryState.SENT,
        "sms": DeliveryState.SENT,
        "wecombot": DeliveryState.SENT,
    }


async def test_what_cannot_be_delivered_does_not_wait_for_silence(station: Station) -> None:
    await _reach(station, ("u-wang", "broken://1"))
    case_id = await _sent(station)
    courier = Courier(station.store, NotedChannel(), owner="one")
    for _ in range(3):
        assert await courier.carry(station.clock.now()) == 1
        station.clock.advance(21)
    told = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED]
    outside = next(each for each in told.deliveries if each.channel == "broken")
    assert (outside.state, outside.attempts) == (DeliveryState.FAILED, 3)
    assert station.clock.now() < NOON + timedelta(seconds=300)
    await _pass(station, 0)
    case, history = await _case(station, case_id)
    assert (case.handler, history[-1].data["reason"]) == ("u-zhang", "undelivered")


class TrippingChannel(NotedChannel):
    """One address makes it fail by a mistake of its own."""

    async def send(self, address: str, title: str, body: str) -> None:
        if address.startswith("odd"):
            raise KeyError(address)
        await super().send(address, title, body)


async def test_a_channel_that_trips_over_one_message_sends_the_others(station: Station) -> None:
    await _reach(station, ("u-wang", "odd://secret"), ("u-zhang", "sms://2"))
    case_id = await _sent(station, "u-wang", severity="red")
    await _also_zhang(station, case_id)
    channel = TrippingChannel()
    courier = Courier(station.store, channel, owner="one")
    assert await courier.carry(station.clock.now()) == 2
    assert [address for address, _ in channel.sent] == ["sms://2"]
    for _ in range(2):
        assert await courier.carry(station.clock.advance(21)) == 1
    outside = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED].deliveries[-1]
    said = "the channel failed on it (KeyError): the log says where"
    assert (outside.state, outside.error) == (DeliveryState.FAILED, said)


async def _also_zhang(station: Station, case_id: str) -> None:
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id]))[case_id]
        await notify(uow, SITE, case, NoticeKind.HELP, ["u-zhang"], at=station.clock.now())
        await uow.commit()


async def test_who_has_opened_the_page_was_reached(station: Station) -> None:
    await _reach(station, ("u-wang", "broken://1"))
    case_id = await _sent(station)
    (notice,) = await inbox(station.store, "u-wang", at=station.clock.now())
    assert [each.state for each in notice.deliveries] == [DeliveryState.QUEUED, DeliveryState.DELIVERED]
    courier = Courier(station.store, NotedChannel(), owner="one")
    for _ in range(3):
        await courier.carry(station.clock.advance(21))
    await _pass(station, 0)
    assert (await _case(station, case_id))[0].handler == "u-wang"


@pytest.mark.parametrize(("severity", "sent_now"), [("red", 1), ("yellow", 0)])
async def test_quiet_hours_hold_back_all_but_red(station: Station, severity: str, sent_now: int) -> None:
    quiet = replace(SITE, in_force=PolicyInForce(replace(DEFAULT, quiet_hours=(time(11), time(13)))))  # it is noon
    await _reach(station, ("u-wang", "sms://1"))
    await _sent(station, "u-wang", site=quiet, severity=severity)
    courier = Courier(station.store, NotedChannel(), owner="one")
    assert await courier.carry(station.clock.now()) == sent_now
    assert await courier.carry(NOON + timedelta(hours=1)) == 1 - sent_now


async def test_states_of_a_delivery_never_go_back(station: Station) -> None:
    case_id = await _sent(station)
    notice = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED]
    async with station.store.write() as uow:
        for state in (DeliveryState.SEEN, DeliveryState.DELIVERED):
            await uow.notices.note([notice.id], Delivery(channel="in_app", state=state, at=NOON))
        await uow.commit()
    again = (await _told(station, case_id))["u-wang", NoticeKind.DISPATCHED]
    assert again.deliveries[0].state is DeliveryState.SEEN


async def test_people_see_and_acknowledge_their_own_notices(station: Station, web: httpx.AsyncClient) -> None:
    case_id = await _sent(station)
    wang, zhang, li = [await headers_of(web, name) for name in ("wang", "zhang", "li")]
    (notice,) = (await web.get("/api/v1/notices", headers=wang)).json()["items"]
    assert (notice["kind"], notice["deliveries"][0]["state"]) == ("dispatched", "delivered")
    path = f"/api/v1/notices/{notice['id']}"
    assert (await web.post(f"{path}/seen", headers=zhang)).status_code == 404
    assert (await web.post(f"{path}/acknowledge", headers=wang)).json()["deliveries"][0]["state"] == "acknowledged"
    assert (await web.post(f"{path}/seen", headers=wang)).json()["deliveries"][0]["state"] == "acknowledged"
    (shown,) = (await web.get(f"/api/v1/cases/{case_id}/notices", headers=li)).json()["items"]
    assert shown["person"] == {"id": "u-wang", "name": "wang"}
    assert (await web.get(f"/api/v1/cases/{case_id}/notices", headers=wang)).status_code == 403


async def test_the_roster_is_for_supervisors_and_addresses_are_never_shown(
    station: Station, web: httpx.AsyncClient
) -> None:
    zhao, wang, zhang = [await headers_of(web, name) for name in ("zhao", "wang", "zhang")]
    shift = {
        "id": "s-1",
        "person": "u-wang",
        "kind": "duty",
        "starts_at": "2026-11-22T00:00:00Z",
        "ends_at": "2026-11-22T08:00:00Z",
    }
    assert (await web.post("/api/v1/shifts", json=shift, headers=wang)).status_code == 403
    backwards = {**shift, "ends_at": "2026-11-21T08:00:00Z"}
    assert (await web.post("/api/v1/shifts", json=backwards, headers=zhao)).status_code == 422
    assert (await web.post("/api/v1/shifts", json={**shift, "person": "u-x"}, headers=zhao)).status_code == 404
    assert (await web.post("/api/v1/shifts", json=shift, headers=zhao)).status_code == 200
    assert [one["id"] for one in (await web.get("/api/v1/shifts", headers=zhao)).json()["items"]] == ["s-1"]
    assert (await web.delete("/api/v1/shifts/s-1", headers=zhao)).status_code == 204
    assert (await web.delete("/api/v1/shifts/s-1", headers=zhao)).status_code == 404

    path = "/api/v1/people/u-wang/contacts"
    saved = await web.post(path, json={"address": "sms://secret"}, headers=wang)
    assert (saved.status_code, saved.json()) == (200, {"channels": ["sms"]})
    assert (await web.post(path, json={"address": "sms://other"}, headers=zhang)).status_code == 403
    assert (await web.get(path, headers=zhao)).json() == {"channels": ["sms"]}
    assert (await web.delete(f"{path}/sms", headers=wang)).status_code == 204
    assert (await web.delete(f"{path}/sms", headers=wang)).status_code == 404
