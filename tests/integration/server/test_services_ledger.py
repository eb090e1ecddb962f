"""Every number ends stored, refused or lost, on both databases."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import update

from integration.server.fleet import database_of
from lookout_contract.commands import CommandResponse, Gone, Outcome
from lookout_contract.delivery import Receipt
from lookout_contract.status import GatewayStatus, SpoolDepth
from lookout_server.adapters.database.tables import EventRow, LedgerRow
from lookout_server.api.models.estate import GatewayModel
from lookout_server.domain.ledger import Account, Chain, Ending, Link
from lookout_server.domain.ledger_file import begin_line, check_lines, end_line, entry_line
from lookout_server.domain.sequence import Range
from lookout_server.errors import InvalidError
from lookout_server.ports import Gap, Incoming, LedgerEntry, StreamKey
from lookout_server.services.commands import open_gaps, request_replay
from lookout_server.services.intake import IntakeResult
from lookout_server.services.views import GatewayView, gateway_views
from lookout_server.testing import NOON, SITE, SmallGateway, Station

pytestmark = pytest.mark.anyio

SOURCE = "/site/kangle/gateway/gw-1"


def status(gateway: SmallGateway, *, epoch: str | None = None, last: int, waiting: int = 0) -> Incoming:
    said = GatewayStatus(
        gateway=gateway.gateway,
        online=True,
        epoch=epoch or gateway.epoch,
        at=gateway.at,
        version="0.1.0",
        last_sequence=last,
        spool=SpoolDepth(
            events=waiting,
            evidence=0,
            dropped={"garbage": 2} if last > 5 else {},
            evidence_dropped=3 if last > 5 else 0,
        ),
    )
    return Incoming(topic=gateway.topics.status, payload=said.to_json(), received_at=gateway.at)


def gone(gateway: SmallGateway, *ranges: tuple[int, int], epoch: str | None = None) -> Incoming:
    said = CommandResponse(
        id="replay-1",
        name="replay",
        outcome=Outcome.DONE,
        at=NOON,
        gone=Gone(epoch=epoch or gateway.epoch, ranges=ranges, why="given up: 2 garbage at gate for want of room"),
    )
    return Incoming(topic=gateway.topics.response("replay"), payload=said.to_json(), received_at=NOON)


async def view_of(station: Station) -> GatewayView:
    async with station.store.read() as uow:
        (view,) = await gateway_views(uow, at=NOON)
    return view


async def entries(station: Station, epoch: str) -> list[LedgerEntry]:
    async with station.store.read() as uow:
        return [entry async for entry in uow.ledger.entries(StreamKey(source=SOURCE, epoch=epoch))]


def receipt(result: IntakeResult) -> Receipt:
    ((_, found),) = result.receipts
    return found


async def test_what_is_gone_is_lost_and_the_receipt_shrinks(station: Station) -> None:
    gateway = SmallGateway()
    first, _, _, fourth = (gateway.sends(f"o-{n}") for n in range(4))
    await station.intake.take([first, fourth])
    result = await station.intake.take([gone(gateway, (2, 9))])
    assert receipt(result) == Receipt(epoch=gateway.epoch, upto=4)
    assert result.gaps == ()
    assert (await view_of(station)).account == Account(lost=2)
    assert [(e.link.ending, e.link.first, e.link.last) for e in await entries(station, gateway.epoch)] == [
        (Ending.STORED, 1, 1),
        (Ending.STORED, 4, 4),
        (Ending.LOST, 2, 3),
    ]


async def test_what_was_lost_and_comes_after_all_is_stored(station: Station) -> None:
    gateway = SmallGateway()
    first, second, third = (gateway.sends(f"o-{n}") for n in range(3))
    await station.intake.take([first, third])
    await station.intake.take([gone(gateway, (2, 2))])
    assert (await station.intake.take([second])).stored == 1
    again = await station.intake.take([second])
    assert (again.stored, again.duplicates) == (0, 1)
    assert (await view_of(station)).account == Account()
    assert [entry.link.ending for entry in await entries(station, gateway.epoch)][-1] is Ending.STORED


async def test_the_chain_can_be_followed_from_its_beginning(station: Station) -> None:
    gateway = SmallGateway()
    sent = [gateway.sends(f"o-{n}") for n in range(6)]
    bad = replace(sent[1], payload=sent[1].payload.replace(b'"severity":"yellow"', b'"severity":"pink"'))
    await station.intake.take([sent[3], sent[0]])
    await station.intake.take([bad, sent[5]])
    await station.intake.take([gone(gateway, (3, 3), (5, 5))])
    chain = Chain.begin(SOURCE, gateway.epoch)
    found = await entries(station, gateway.epoch)
    assert [entry.link.ending for entry in found] == [
        Ending.STORED,
        Ending.STORED,
        Ending.REFUSED,
        Ending.STORED,
        Ending.LOST,
        Ending.LOST,
    ]
    for entry in found:
        expected = chain.add(entry.link.ending, (entry.link.first, entry.link.last), entry.link.digest, entry.at)
        assert entry.link == expected
        chain = chain.after(expected)
    async with station.store.read() as uow:
        (stream,) = await uow.ledger.streams("gw-1")
        assert stream.state.chain == chain
        assert await uow.ledger.streams("gw-") == []


async def lines_of(station: Station) -> list[str]:
    """The ledger of the only stream, as it is exported."""
    async with station.store.read() as uow:
        (each,) = await uow.ledger.streams()
    found = await entries(station, each.stream.epoch)
    return [
        begin_line(each.stream.source, each.stream.epoch, NOON),
        *(entry_line(entry.link, entry.at, entry.text) for entry in found),
        end_line(each.state.chain),
    ]


@contextmanager
def an_earlier_version() -> Generator[None]:
    """The intake as it was when no hash covered its entry's time."""
    add = Chain.add

    def add_untimed(chain: Chain, ending: Ending, span: Range, digest: str, at: datetime | None) -> Link:
        return add(chain, ending, span, digest, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Chain, "add", add_untimed)
        yield


async def test_times_come_back_as_they_were_hashed_and_one_that_is_moved_shows(station: Station) -> None:
    gateway = SmallGateway()
    sent = [gateway.sends(f"o-{n}") for n in range(4)]
    sent[1] = replace(sent[1], payload=sent[1].payload.replace(b'"severity":"yellow"', b'"severity":"pink"'))
    shanghai = timezone(timedelta(hours=8))
    for number, message in enumerate(sent, start=1):
        at = (NOON + timedelta(microseconds=333_333 * number)).astimezone(shanghai)
        await station.intake.take([replace(message, received_at=at)])
    (found,) = check_lines(await lines_of(station))
    assert (found.stored, found.refused, found.untimed) == (3, 1, 0)
    moved = NOON + timedelta(microseconds=666_667)
    for place, change in (
        (r"line 4: entry 3 \(number 3\)", update(EventRow).where(EventRow.link == 3).values(received_at=moved)),
        (r"line 3: entry 2 \(number 2\)", update(LedgerRow).where(LedgerRow.link == 2).values(at=moved)),
    ):
        async with database_of(station.store).write() as uow:
            await uow.session.execute(change)
            await uow.commit()
        with pytest.raises(InvalidError, match=f"{place} does not follow"):
            list(check_lines(await lines_of(station)))


async def test_the_ledger_of_an_earlier_version_goes_on_and_never_back(station: Station) -> None:
    gateway = SmallGateway()
    with an_earlier_version():
        await station.intake.take([gateway.sends("o-1"), gateway.sends("o-2")])
    await station.intake.take([gateway.sends("o-3")])
    (found,) = check_lines(await lines_of(station))
    assert (found.stored, found.untimed) == (3, 2)
    with an_earlier_version():
        await station.intake.take([gateway.sends("o-4")])
    with pytest.raises(InvalidError, match=r"line 5: the hash of entry 4 \(number 4\) leaves out its time"):
        list(check_lines(await lines_of(station)))


async def test_late_events_are_counted_with_the_longest(station: Station) -> None:
    gateway = SmallGateway()
    delays = (0.5, 11, 41)
    for number, delay in enumerate(delays):
        message = gateway.sends(f"o-{number}")
        await station.intake.take([replace(message, received_at=NOON + timedelta(seconds=delay))])
    assert (await view_of(station)).account == Account(late=2, max_late_s=41)
    async with station.store.read() as uow:
        later = await uow.ledger.accounts(NOON + timedelta(hours=1))
    assert later["gw-1"] == Account()


async def test_a_loss_at_the_end_shows_once_the_spool_is_empty(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.sends("o-1")])
    backlog = await station.intake.take([status(gateway, last=3, waiting=2)])
    assert backlog.gaps == ()
    result = await station.intake.take([status(gateway, last=3)])
    assert result.gaps == (Gap(gateway="gw-1", epoch=gateway.epoch, first=2, last=3),)
    assert (await view_of(station)).account == Account(missing=2)


async def test_a_restart_forgets_no_gap(station: Station) -> None:
    gateway = SmallGateway()
    first, _, third = (gateway.sends(f"o-{n}") for n in range(3))
    await station.intake.take([first, third])
    gap = Gap(gateway="gw-1", epoch=gateway.epoch, first=2, last=2)
    assert await open_gaps(station.store) == {("gw-1", gateway.epoch): [gap]}
    await station.intake.take([gateway.is_online(online=False)])
    assert await request_replay(station.store, SITE, gap, at=NOON) is None
    await station.intake.take([gateway.is_online()])
    assert await request_replay(station.store, SITE, gap, at=NOON) is not None


async def test_what_a_wiped_gateway_took_along_is_asked_for(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([status(gateway, last=7, waiting=6), gateway.sends("o-1")])
    result = await station.intake.take([status(gateway, epoch="20270101t000000-ffff", last=0)])
    assert result.gaps == (Gap(gateway="gw-1", epoch=gateway.epoch, first=2, last=7),)
    await station.intake.take([gone(gateway, (2, 7))])
    view = await view_of(station)
    assert view.account == Account(lost=6)
    assert (view.gateway.epoch, view.rival, dict(view.gateway.dropped)) == ("20270101t000000-ffff", False, {})


async def test_what_a_gateway_gave_up_for_want_of_room_is_shown(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([status(gateway, last=0)])
    assert (await view_of(station)).gateway.evidence_dropped == 0
    await station.intake.take([status(gateway, last=6)])
    view = await view_of(station)
    assert (dict(view.gateway.dropped), view.gateway.evidence_dropped) == ({"garbage": 2}, 3)
    shown = GatewayModel.of(view)
    assert (shown.dropped, shown.evidence_dropped) == ({"garbage": 2}, 3)


async def test_two_boxes_under_one_name_are_shown(station: Station) -> None:
    gateway = SmallGateway()
    other = "20270101t000000-ffff"
    for epoch in (gateway.epoch, other):
        await station.intake.take([status(gateway, epoch=epoch, last=0)])
        assert not (await view_of(station)).rival
    await station.intake.take([status(gateway, last=0)])
    assert (await view_of(station)).rival


async def test_another_event_under_a_stored_number_is_refused_as_a_conflict(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.sends("o-1"), gateway.sends("o-2")])
    clone = SmallGateway()
    result = await station.intake.take([clone.sends("o-9"), gateway.sends("o-2", sequence=2)])
    assert (result.stored, result.duplicates, result.refused) == (0, 1, 1)
    (rejection,) = receipt(result).rejected
    assert (rejection.seq, rejection.conflict) == (1, True)
    async with station.store.read() as uow:
        (held,) = await uow.quarantine.page(limit=10)
    assert "two boxes" in held.reason
    assert (await view_of(station)).rival


async def test_two_events_under_one_number_in_one_batch_conflict_too(station: Station) -> None:
    one, clone = SmallGateway(), SmallGateway()
    result = await station.intake.take([one.sends("o-1"), clone.sends("o-9"), clone.sends("o-1", sequence=1)])
    assert (result.stored, result.duplicates, result.refused) == (1, 1, 1)
