"""Twenty alarms of a street are one message to a person, red is never held back. On both databases."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from lookout_contract.events import Scenario, Severity
from lookout_server.adapters.database.unit import SqlUnitOfWork
from lookout_server.domain.alarm import DismissReason, alarm_id
from lookout_server.domain.notice import Contact, DeliveryState, Notice
from lookout_server.domain.territory import Role
from lookout_server.services.courier import Courier
from lookout_server.services.judging import Judgement, dismiss
from lookout_server.services.timers import Timers
from lookout_server.testing import SITE, NotedChannel, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

_LATE_AFTER = 301  # seconds: the limit of a yellow alarm that nobody judges, and one more
_MANY = 20


async def _reach(station: Station, *people: str) -> None:
    async with station.store.write() as uow:
        for who in people:
            await uow.roster.save_contact(Contact(person=who, channel="sms", address=f"sms://{who}"))
        await uow.commit()


async def _come(station: Station, count: int, *, severity: Severity = Severity.YELLOW, epoch: str = "e") -> list[str]:
    gateway = SmallGateway(scenario=Scenario.GARBAGE, severity=severity, epoch=epoch, at=station.clock.now())
    names = [f"{epoch}-{number}" for number in range(count)]
    await station.intake.take([gateway.sends(name) for name in names])
    return [alarm_id(f"/site/{gateway.site}/gateway/{gateway.gateway}", name) for name in names]


async def _pass(station: Station, seconds: float) -> None:
    timers = Timers(station.store, site=SITE, owner="one")
    station.clock.advance(seconds)
    while await timers.act(station.clock.now()):
        pass


async def _dismissed(station: Station, alarm: str) -> None:
    li = anywhere(person("li", Role.OPERATOR))
    judgement = Judgement(reason=DismissReason.FALSE_ALARM, note=None)
    await dismiss(station.store, SITE, alarm, li, judgement, at=station.clock.now())


async def _told(station: Station, who: str) -> list[Notice]:
    async with station.store.read() as uow:
        return list(await uow.notices.of_person(who, 100))


async def test_many_alarms_are_one_message_and_the_next_comes_after_a_pause(station: Station) -> None:
    await _reach(station, "u-li")
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    await _come(station, _MANY)
    await _pass(station, _LATE_AFTER)
    assert len(await _told(station, "u-li")) == _MANY  # the page knows each at once
    assert await courier.carry(station.clock.now()) == 0
    await _come(station, 1, epoch="later")
    assert await courier.carry(station.clock.advance(30)) == 1
    ((address, text),) = channel.sent
    assert (address, text.splitlines()[0]) == ("sms://u-li", f"【守望哨】{_MANY} 条告警无人研判")
    outside = [notice.on("sms") for notice in await _told(station, "u-li")]
    assert {each.state for each in outside if each} == {DeliveryState.SENT}

    # The late one is late 30 s after the message: it waits until five minutes after it.
    await _pass(station, _LATE_AFTER - 30)
    sent = station.clock.now() - timedelta(seconds=_LATE_AFTER - 30)
    assert await courier.carry(sent + timedelta(minutes=4)) == 0
    assert await courier.carry(station.clock.advance(30)) == 1
    assert len(channel.sent) == 2
    assert "告警无人研判" in channel.sent[1][1]


async def test_red_leaves_at_once_and_by_itself(station: Station) -> None:
    await _reach(station, "u-li")
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    await _come(station, 3, severity=Severity.RED)
    await _come(station, 3)
    await _pass(station, 61)
    assert await courier.carry(station.clock.now()) == 3
    await _come(station, 2, severity=Severity.RED, epoch="again")
    await _pass(station, 61)
    assert await courier.carry(station.clock.now()) == 2
    assert len(channel.sent) == 5


async def test_what_is_done_while_it_waits_disturbs_nobody(station: Station) -> None:
    await _reach(station, "u-li", "u-zhao")
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    first, second = await _come(station, 2)
    await _pass(station, _LATE_AFTER)
    await _dismissed(station, first)
    assert await courier.carry(station.clock.advance(30)) == 1
    assert "条告警" not in channel.sent[0][1]
    states = {notice.about: notice.on("sms") for notice in await _told(station, "u-li")}
    assert {about: each.state for about, each in states.items() if each} == {
        first: DeliveryState.WITHDRAWN,
        second: DeliveryState.SENT,
    }
    # The supervisor's turn comes; everything is dealt with before the message leaves.
    await _pass(station, _LATE_AFTER)
    await _dismissed(station, second)
    assert await courier.carry(station.clock.advance(30)) == 0
    assert len(channel.sent) == 1


async def test_the_same_thing_is_not_told_again_before_an_hour(station: Station) -> None:
    await _reach(station, "u-zhao")
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    await _come(station, 2)
    for _ in range(4):
        await _pass(station, _LATE_AFTER)
        await courier.carry(station.clock.advance(30))
    assert len(await _told(station, "u-zhao")) == 6
    assert len(channel.sent) == 1
    assert await courier.carry(station.clock.advance(3600)) == 1
    assert channel.sent[1][1].splitlines()[0] == "【守望哨】2 条告警无人研判"


async def test_two_couriers_send_a_message_once(station: Station) -> None:
    await _reach(station, "u-li")
    channel = NotedChannel()
    one, two = (Courier(station.store, channel, owner=owner) for owner in ("one", "two"))
    await _come(station, _MANY)
    await _pass(station, _LATE_AFTER)
    at = station.clock.advance(30)
    assert await one.carry(at) + await two.carry(at) == 1
    assert len(channel.sent) == 1


class SlowPhone:
    """A Sender whose one address does not answer until it is let go."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.others = asyncio.Event()
        self.let_go = asyncio.Event()

    async def send(self, address: str, title: str, body: str) -> None:
        """Wait, if it is the slow one."""
        if address.endswith("u-li"):
            await self.let_go.wait()
        self.sent.append(address)
        self.others.set()


async def test_nobody_waits_for_somebody_elses_slow_channel(station: Station) -> None:
    await _reach(station, "u-li", "u-zhao")
    channel = SlowPhone()
    await _come(station, 1, severity=Severity.RED)
    await _pass(station, 61)
    await _pass(station, 61)
    carrying = asyncio.create_task(Courier(station.store, channel, owner="one").carry(station.clock.now()))
    await asyncio.wait_for(channel.others.wait(), 30)
    assert channel.sent == ["sms://u-zhao"]
    channel.let_go.set()
    assert await carrying == 2
    assert channel.sent == ["sms://u-zhao", "sms://u-li"]


async def test_a_notice_that_cannot_be_read_holds_up_no_other(station: Station) -> None:
    await _reach(station, "u-li", "u-zhao")
    channel = NotedChannel()
    courier = Courier(station.store, channel, owner="one")
    await _come(station, 2, severity=Severity.YELLOW)
    await _pass(station, _LATE_AFTER)
    bad, *_ = await _told(station, "u-li")
    async with station.store.write() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        await uow.session.execute(text("UPDATE notices SET severity = 'purple' WHERE id = :id").bindparams(id=bad.id))
        await uow.commit()
    await _come(station, 1, severity=Severity.RED, epoch="red")
    await _pass(station, 61)
    while await courier.carry(station.clock.now()):
        pass
    # The other yellow one, and the red one.
    assert [address for address, _ in channel.sent] == ["sms://u-li", "sms://u-li"]
    assert bad.id not in {each.id for each in await _told(station, "u-li")}
    async with station.store.write() as uow:
        assert isinstance(uow, SqlUnitOfWork)
        await uow.session.execute(text("UPDATE notices SET severity = 'yellow' WHERE id = :id").bindparams(id=bad.id))
        await uow.commit()
    states: list[DeliveryState] = []
    for seconds in (240, 60):
        await _pass(station, seconds)
        await courier.carry(station.clock.now())
        found = {each.id: each.on("sms") for each in await _told(station, "u-li")}[bad.id]
        states += [found.state] if found else []
    assert states == [DeliveryState.QUEUED, DeliveryState.SENT]
