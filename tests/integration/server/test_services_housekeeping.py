"""What is stored stays within its bounds, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from lookout_contract.commands import CommandResponse, Outcome
from lookout_server.domain.territory import Role
from lookout_server.ports import Incoming, IssuedCertificate
from lookout_server.services.commands import Wanted, ask
from lookout_server.services.housekeeping import (
    COMMANDS_KEPT,
    QuarantineRoom,
    forget_commands,
    trim_quarantine,
    warn_of_certificates,
)
from lookout_server.services.views import gateway_views
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LI = anywhere(person("li", Role.ADMIN))


async def _held(station: Station) -> tuple[list[str], int]:
    async with station.store.read() as uow:
        found = await uow.quarantine.page(limit=50)
        return [one.preview[:3] for one in found], await uow.quarantine.dropped()


async def _refuse(station: Station, *payloads: bytes) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.says(payload) for payload in payloads])


async def test_the_quarantine_keeps_the_newest_and_counts_what_it_lets_go(station: Station) -> None:
    await _refuse(station, b"one", b"two", b"tri", b"for")
    assert await trim_quarantine(station.store, QuarantineRoom(rows=4)) == 0
    assert await trim_quarantine(station.store, QuarantineRoom(rows=2)) == 2
    assert await _held(station) == (["for", "tri"], 2)
    await _refuse(station, b"fiv")
    assert await trim_quarantine(station.store, QuarantineRoom(rows=2)) == 1
    assert await _held(station) == (["fiv", "for"], 3)


async def test_bytes_are_bounded_by_what_is_kept_of_each_not_by_what_came(station: Station) -> None:
    await _refuse(station, b"big" + b"x" * 99_997, b"two" + b"x" * 97, b"tri" + b"x" * 97)
    # 65,536 bytes are kept of the big one.
    assert await trim_quarantine(station.store, QuarantineRoom(kept_bytes=65_736)) == 0
    assert await trim_quarantine(station.store, QuarantineRoom(kept_bytes=65_735)) == 1
    assert await _held(station) == (["tri", "two"], 1)


async def test_what_was_let_go_may_come_again_and_its_number_stays_settled(station: Station) -> None:
    gateway = SmallGateway()
    event = gateway.sends("o-1")
    bad = Incoming(topic=event.topic.replace("camera", "other"), payload=event.payload, received_at=NOON)
    refused = await station.intake.refuse(bad, "it made the dispatcher stumble")
    await trim_quarantine(station.store, QuarantineRoom(rows=0))
    again = await station.intake.refuse(bad, "it made the dispatcher stumble")
    assert (refused.receipts, (await _held(station))[1]) == (again.receipts, 1)


async def test_commands_are_forgotten_once_they_are_long_over(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.is_online()])
    answered = await _asked(station, "answered")
    silent = await _asked(station, "silent")
    response = CommandResponse(id=answered, name="reload", outcome=Outcome.DONE, at=NOON)
    async with station.store.write() as uow:
        assert await uow.gateways.answer("gw-1", response, NOON) is not None
        await uow.commit()
    assert silent != answered
    assert await forget_commands(station.store, at=NOON + COMMANDS_KEPT) == 0
    # The one without an answer ran out two minutes after it was sent.
    assert await forget_commands(station.store, at=NOON + COMMANDS_KEPT + timedelta(seconds=1)) == 1
    async with station.store.read() as uow:
        assert [one.id for one in await uow.gateways.commands()] == [silent]
    assert await forget_commands(station.store, at=NOON + COMMANDS_KEPT + timedelta(minutes=3)) == 1


async def test_a_certificate_near_its_end_is_a_warning(station: Station) -> None:
    await station.intake.take([SmallGateway().is_online()])
    assert await _warned(station, NOON) == ([], False)
    certificate = IssuedCertificate(serial="0a", pem="", authority="", expires_at=NOON + timedelta(days=30))
    async with station.store.write() as uow:
        await uow.enrolments.certified("gw-1", certificate, NOON)
        await uow.commit()
    assert await _warned(station, NOON) == ([], False)
    assert await _warned(station, NOON + timedelta(seconds=1)) == (["gw-1"], True)
    # Also once it is over; a new one ends the warning.
    assert await _warned(station, NOON + timedelta(days=40)) == (["gw-1"], True)
    async with station.store.write() as uow:
        fresh = replace(certificate, serial="0b", expires_at=NOON + timedelta(days=800))
        await uow.enrolments.certified("gw-1", fresh, NOON + timedelta(days=1))
        await uow.commit()
    assert await _warned(station, NOON + timedelta(days=40)) == ([], False)


async def _warned(station: Station, at: datetime) -> tuple[list[str], bool]:
    async with station.store.read() as uow:
        (view,) = [view for view in await gateway_views(uow, at=at) if view.gateway.id == "gw-1"]
    return await warn_of_certificates(station.store, at=at), view.certificate_ends_soon


async def _asked(station: Station, key: str) -> str:
    sent = await ask(
        station.store,
        SITE,
        Wanted(gateway="gw-1", name="reload", by=LI, key=key),
        at=NOON,
    )
    return sent.id
