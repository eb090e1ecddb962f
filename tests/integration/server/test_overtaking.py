"""Commands of which the newest counts: they are issued in the order in which they leave, whatever clocks say, and what
a gateway missed it is told when it is back."""

from datetime import timedelta

import httpx
import pytest

from integration.server.sign_in import headers_of
from lookout_contract.commands import (
    COMMANDS,
    Command,
    CommandResponse,
    Outcome,
    ProposalCommand,
    Resident,
    Verdict,
    VerdictCommand,
)
from lookout_server.domain.alarm import DismissReason, alarm_id
from lookout_server.domain.territory import Role
from lookout_server.ports import Incoming
from lookout_server.services.judging import Judgement, dismiss, undismiss
from lookout_server.services.known_vehicles import send_vehicles
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LIST = (Resident(plate="皖A12345"),)
LI = anywhere(person("li", Role.OPERATOR))
ALARM = alarm_id("/site/kangle/gateway/gw-1", "o-1")
FALSE = Judgement(reason=DismissReason.FALSE_ALARM)


async def _said(station: Station, name: str) -> list[Command]:
    """Commands of this name that wait for the broker, which then has them."""
    async with station.store.write() as uow:
        waiting = await uow.outbox.pending(500)
        await uow.outbox.sent([message.id for message in waiting])
        await uow.commit()
    return [COMMANDS.validate_json(each.payload) for each in waiting if each.topic.endswith(f"/command/{name}")]


async def _verdicts(station: Station) -> list[VerdictCommand]:
    return [command for command in await _said(station, "verdict") if isinstance(command, VerdictCommand)]


def _answer(gateway: SmallGateway, command: VerdictCommand) -> Incoming:
    said = CommandResponse(id=command.id, name="verdict", outcome=Outcome.DONE, at=gateway.at)
    return Incoming(topic=gateway.topics.response("verdict"), payload=said.to_json(), received_at=gateway.at)


async def test_a_list_overtakes_the_one_before_it_although_the_clock_was_set_back(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    for at in (NOON, NOON - timedelta(hours=1), NOON - timedelta(hours=1, seconds=1)):
        await send_vehicles(station.store, SITE, LIST, gateways=["gw-1"], at=at)
    issued = [command.issued_at for _, command in await station.vehicle_lists()]
    assert issued == sorted(set(issued))
    assert issued[0] == NOON


async def test_a_verdict_that_is_taken_back_on_a_dispatcher_whose_clock_is_behind_stays_taken_back(
    station: Station,
) -> None:
    await station.intake.take([SmallGateway().sends("o-1")])
    await dismiss(station.store, SITE, ALARM, LI, FALSE, at=NOON)
    await undismiss(station.store, SITE, ALARM, LI, at=NOON - timedelta(seconds=2))
    said = await _verdicts(station)
    assert [command.verdict for command in said] == [Verdict.FALSE, Verdict.WITHDRAWN]
    assert said[0].issued_at < said[1].issued_at


@pytest.mark.parametrize("days", [2, 20])
async def test_a_gateway_that_was_off_for_days_is_told_what_was_judged_meanwhile(station: Station, days: int) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sends("o-1"), gateway.is_online(False)])
    await dismiss(station.store, SITE, ALARM, LI, FALSE, at=NOON)
    (lost,) = await _verdicts(station)
    gateway.at = NOON + timedelta(days=days)
    await station.intake.take([gateway.is_online()])
    (again,) = await _verdicts(station)
    assert again == lost
    assert again.expires_at is not None
    assert again.expires_at > gateway.at
    # Its heartbeats ask for nothing, and what it has answered is not said a third time.
    await station.intake.take([gateway.is_online(), _answer(gateway, again), gateway.is_online(False)])
    await station.intake.take([gateway.is_online()])
    assert await _verdicts(station) == []


async def test_after_a_month_a_verdict_is_let_go(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online(), gateway.sends("o-1"), gateway.is_online(False)])
    await dismiss(station.store, SITE, ALARM, LI, FALSE, at=NOON)
    await _verdicts(station)
    gateway.at = NOON + timedelta(days=31)
    await station.intake.take([gateway.is_online()])
    assert await _verdicts(station) == []


async def test_who_decides_later_overtakes(station: Station, web: httpx.AsyncClient) -> None:
    await station.intake.take([SmallGateway().is_online()])
    headers = await headers_of(web, "root")
    for accept in (True, False):
        body = {"name": "proposal", "proposal": "0" * 12, "accept": accept}
        asked = await web.post("/api/v1/gateways/gw-1/commands", json=body, headers=headers)
        assert asked.status_code == 202
        station.clock.advance(-60)
    accepted, declined = await _said(station, "proposal")
    assert isinstance(accepted, ProposalCommand)
    assert isinstance(declined, ProposalCommand)
    assert (accepted.accept, declined.accept) == (True, False)
    assert accepted.issued_at < declined.issued_at
