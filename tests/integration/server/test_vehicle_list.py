"""The site's list of registered vehicles: every change reaches the gateways, once for several, and nothing is lost."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lookout_contract.commands import CommandResponse, Outcome, Resident, ResidentsCommand
from lookout_edge.adapters.directory import FilePlateDirectory
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.plates import Match, PlateVote, ResidentIndex, match_plate
from lookout_server.domain.territory import Role
from lookout_server.domain.vehicles import MOST_BYTES, Holding, Listed, Sheet, Vehicle
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import Incoming, Page
from lookout_server.services import commands, registering
from lookout_server.services.known_vehicles import send_vehicles
from lookout_server.services.list_holders import holders, send_to_the_rest
from lookout_server.services.registering import Report, Table
from lookout_server.services.retention import Retention, forget_vehicles
from lookout_server.services.timers import Timers
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

ZHAO = anywhere(person("zhao", Role.SUPERVISOR))
LI = anywhere(person("li", Role.OPERATOR))
CAR, GUEST = Listed(plate="皖A12345", note="3号楼502"), Listed(plate="皖B77777", valid_until=NOON + timedelta(days=1))


def _id(number: int) -> str:
    return f"v-{number:020x}"


async def _put(station: Station, number: int, listed: Listed = CAR, *, after_s: float = 0.0) -> None:
    at = station.clock.advance(after_s)
    await registering.put(station.store, _id(number), listed, ZHAO, at=at)


async def _pass_time(station: Station, seconds: float) -> None:
    """Second by second, as the dispatcher looks at its timers."""
    timers = Timers(station.store, site=SITE, owner="one")
    for _ in range(int(seconds)):
        await timers.act(station.clock.advance(1))


def _plates(command: ResidentsCommand) -> list[str]:
    return [each.plate for each in command.residents]


async def _listed(station: Station) -> Sequence[Vehicle]:
    async with station.store.read() as uow:
        return await uow.vehicles.everything()


async def _holding(station: Station) -> dict[str, Holding]:
    _, found = await holders(station.store, at=station.clock.now())
    return {each.gateway: each.holding for each in found}


async def _take(station: Station, *messages: Incoming) -> None:
    await station.intake.take([replace(each, received_at=station.clock.now()) for each in messages])


async def _bring(station: Station, *plates: str, complete: bool = True, seen: int | None = None) -> Report:
    sheet = Sheet(vehicles=tuple(Listed(plate=plate) for plate in plates))
    table = Table(sheet=sheet, complete=complete, by=ZHAO, at=station.clock.now(), seen=seen)
    return await registering.bring_in(station.store, table)


async def test_ten_changes_in_a_row_are_one_command_and_the_gateway_that_holds_the_list_says_so(
    station: Station,
) -> None:
    gateway = SmallGateway()
    await _take(station, gateway.is_online())
    for number in range(10):
        await _put(station, number, Listed(plate=f"皖A{number:05}"), after_s=0.5)
    assert await _holding(station) == {"gw-1": Holding.WAITING}
    await _pass_time(station, 9)
    assert await station.vehicle_lists() == []
    await _pass_time(station, 2)
    ((topic, command),) = await station.vehicle_lists()
    assert (topic, len(command.residents)) == (gateway.topics.command("residents"), 10)
    assert await _holding(station) == {"gw-1": Holding.SENT}
    await _take(station, gateway.answers(command.id, "residents", residents=10))
    state, (holder,) = await holders(station.store, at=station.clock.now())
    assert (state.version, holder.holding, holder.vehicles) == (10, Holding.CURRENT, 10)
    await _pass_time(station, 70)
    assert await station.vehicle_lists() == []


async def test_what_is_edited_here_is_what_the_gateway_goes_by(station: Station, tmp_path: Path) -> None:
    await _take(station, SmallGateway().is_online())
    book = FilePlateDirectory(tmp_path / "residents.json")
    vote = PlateVote()
    for _ in range(3):
        vote.add([PlateReading(text="皖B77777", confidence=0.9, box=Box(0.4, 0.6, 0.5, 0.63))])

    def seen(at: datetime) -> Match:
        known = ResidentIndex(book.residents(at.timestamp()))
        return match_plate(vote, known, camera="gate", at=at).match

    assert seen(NOON) is Match.STRANGER
    await _put(station, 1, GUEST)
    await _pass_time(station, 11)
    ((_, command),) = await station.vehicle_lists()
    book.replace(command.residents)
    assert [seen(NOON + timedelta(days=days)) for days in (0, 2)] == [Match.RESIDENT, Match.EXPIRED]
    await registering.remove(station.store, _id(1), ZHAO, at=station.clock.now())
    await _pass_time(station, 11)
    ((_, emptied),) = await station.vehicle_lists()
    book.replace(emptied.residents)
    assert seen(NOON) is Match.STRANGER


async def test_who_goes_on_editing_is_sent_on_after_a_minute(station: Station) -> None:
    await _take(station, SmallGateway().is_online())
    sent: list[int] = []
    for number in range(12):
        await _put(station, number, Listed(plate=f"皖A{number:05}"))
        await _pass_time(station, 8)
        sent += [len(command.residents) for _, command in await station.vehicle_lists()]
    await _pass_time(station, 20)
    sent += [len(command.residents) for _, command in await station.vehicle_lists()]
    assert sent == [8, 12]


async def test_a_dispatcher_without_a_list_sends_nothing_and_needs_no_timer(station: Station) -> None:
    await _take(station, SmallGateway().is_online())
    await _take(station, SmallGateway(epoch="20990101t000000-ffff").is_online())
    await _take(station, SmallGateway(epoch="20990101t000000-ffff").is_online(False))
    await _take(station, SmallGateway(epoch="20990101t000000-ffff").is_online())
    await _pass_time(station, 5)
    assert await station.vehicle_lists() == []
    assert await holders(station.store, at=NOON) == ((await holders(station.store, at=NOON))[0], ())
    assert not (await holders(station.store, at=NOON))[0].is_kept_here


async def test_a_gateway_that_is_away_gets_the_newest_list_when_it_is_back(station: Station) -> None:
    gateway = SmallGateway()
    await _take(station, gateway.is_online(), SmallGateway(gateway="gw-2").is_online())
    await _take(station, gateway.is_online(False))
    await _put(station, 1)
    await _pass_time(station, 11)
    await _put(station, 2, GUEST)
    await _pass_time(station, 11)
    assert [topic.split("/")[4] for topic, _ in await station.vehicle_lists()] == ["gw-2", "gw-2"]
    assert (await _holding(station))["gw-1"] is Holding.WAITING
    await _take(station, gateway.is_online())
    await _pass_time(station, 2)
    ((topic, command),) = await station.vehicle_lists()
    assert (topic, _plates(command)) == (gateway.topics.command("residents"), ["皖A12345", "皖B77777"])
    await _take(station, gateway.is_online(False))
    await _take(station, gateway.is_online())
    await _pass_time(station, 2)
    assert await station.vehicle_lists() == []


async def test_a_new_box_and_one_that_begins_anew_get_the_list(station: Station) -> None:
    await _put(station, 1)
    await _pass_time(station, 11)
    assert await station.vehicle_lists() == []
    await _take(station, SmallGateway().is_online())
    await _pass_time(station, 2)
    ((_, first),) = await station.vehicle_lists()
    await _take(station, SmallGateway(epoch="20990101t000000-ffff").is_online())
    await _pass_time(station, 2)
    ((_, second),) = await station.vehicle_lists()
    assert (_plates(first), _plates(second)) == (["皖A12345"], ["皖A12345"])


async def test_passes_that_ran_out_are_not_sent_and_go_after_a_month(station: Station) -> None:
    await _take(station, SmallGateway().is_online())
    await _put(station, 1, GUEST)
    station.clock.at = NOON + timedelta(days=2)
    await _put(station, 2)
    await _pass_time(station, 11)
    ((_, command),) = await station.vehicle_lists()
    assert _plates(command) == ["皖A12345"]
    assert len(await _listed(station)) == 2
    keep = Retention(vehicles_days=30)
    assert await forget_vehicles(station.store, Retention(vehicles_days=None), at=NOON + timedelta(days=400)) == 0
    assert await forget_vehicles(station.store, keep, at=NOON + timedelta(days=31)) == 0
    assert await forget_vehicles(station.store, keep, at=NOON + timedelta(days=32)) == 1
    assert [each.listed.plate for each in await _listed(station)] == ["皖A12345"]


async def test_what_could_not_be_taken_is_told_and_sent_again(station: Station) -> None:
    gateway = SmallGateway()
    await _take(station, gateway.is_online())
    await _put(station, 1)
    await _pass_time(station, 11)
    ((_, command),) = await station.vehicle_lists()
    full = CommandResponse(
        id=command.id, name="residents", outcome=Outcome.FAILED, at=NOON, detail="cannot write: free space"
    )
    await _take(station, Incoming(topic=gateway.topics.response("residents"), payload=full.to_json(), received_at=NOON))
    _, (holder,) = await holders(station.store, at=station.clock.now())
    assert (holder.holding, holder.detail) == (Holding.FAILED, "cannot write: free space")
    await send_to_the_rest(station.store, at=station.clock.now())
    await _pass_time(station, 1)
    ((_, again),) = await station.vehicle_lists()
    assert (again.id != command.id, _plates(again)) == (True, ["皖A12345"])
    station.clock.advance(8 * 24 * 3600)
    assert await _holding(station) == {"gw-1": Holding.FAILED}
    await _take(station, gateway.is_online(False))
    await _take(station, gateway.is_online())
    await _pass_time(station, 1)
    assert len(await station.vehicle_lists()) == 1


async def test_a_list_of_its_own_stays_until_the_next_change(station: Station) -> None:
    gateway = SmallGateway()
    await _take(station, gateway.is_online())
    await _put(station, 1)
    await _pass_time(station, 11)
    await station.vehicle_lists()
    own = (Resident(plate="沪C99999"),)
    await send_vehicles(station.store, SITE, own, gateways=["gw-1"], at=station.clock.now())
    assert [_plates(command) for _, command in await station.vehicle_lists()] == [["沪C99999"]]
    assert await _holding(station) == {"gw-1": Holding.OWN}
    await _take(station, SmallGateway(epoch="20990101t000000-ffff").is_online())
    await _pass_time(station, 2)
    assert [_plates(command) for _, command in await station.vehicle_lists()] == [["沪C99999"]]
    await _put(station, 2, GUEST)
    await _pass_time(station, 11)
    assert [_plates(command) for _, command in await station.vehicle_lists()] == [["皖A12345", "皖B77777"]]
    async with station.store.read() as uow:
        kept = [each for each in await uow.gateways.commands(gateway="gw-1") if each.request is not None]
    assert len(kept) == 1, "of lists only the newest is kept"


async def test_the_first_change_takes_over_what_gateways_were_sent(station: Station) -> None:
    await _take(station, SmallGateway().is_online(), SmallGateway(gateway="gw-2").is_online())
    both = (Resident(plate="皖A12345"), Resident(plate="皖B77777", uses=2, cameras=("gate",)))
    await send_vehicles(station.store, SITE, both, gateways=["gw-1", "gw-2"], at=NOON)
    wanted = commands.Wanted(
        gateway="gw-2", name="residents", by=ZHAO, residents=(*both[:1], Resident(plate="沪C99999"))
    )
    await commands.ask(station.store, SITE, wanted, at=NOON + timedelta(seconds=1))
    assert {each.listed.plate for each in await _listed(station)} == {"皖A12345", "皖B77777", "沪C99999"}
    assert await _holding(station) == {"gw-1": Holding.WAITING, "gw-2": Holding.WAITING}
    await send_vehicles(station.store, SITE, both, gateways=["gw-2"], at=NOON + timedelta(seconds=2))
    assert {each.listed.resident.plate for each in await _listed(station)} == {"皖A12345", "皖B77777"}
    assert await _holding(station) == {"gw-1": Holding.SENT, "gw-2": Holding.SENT}
    await station.vehicle_lists()
    await _pass_time(station, 20)
    assert await station.vehicle_lists() == []
    await _put(station, 1, Listed(plate="粤B9D666"))
    await _pass_time(station, 11)
    assert [sorted(_plates(command)) for _, command in await station.vehicle_lists()] == [
        ["皖A12345", "皖B77777", "粤B9D666"]
    ] * 2


async def test_putting_again_is_once_and_a_note_is_nothing_to_gateways(station: Station) -> None:
    await _take(station, SmallGateway().is_online())
    await _put(station, 1)
    await _put(station, 1, after_s=20)
    state, _ = await holders(station.store, at=NOON)
    assert state.version == 1
    await _put(station, 1, replace(CAR, note="3号楼503"))
    assert (await holders(station.store, at=NOON))[0].version == 1
    (vehicle,) = await _listed(station)
    assert (vehicle.listed.note, vehicle.registered_at, vehicle.registered_by) == ("3号楼503", NOON, "u-zhao")
    await registering.remove(station.store, _id(1), ZHAO, at=NOON)
    with pytest.raises(NotFoundError):
        await registering.remove(station.store, _id(1), ZHAO, at=NOON)
    await _put(station, 1)
    assert (await holders(station.store, at=NOON))[0].version == 3


async def test_a_list_that_no_broker_would_hand_on_is_refused_before_anything_is_kept(station: Station) -> None:
    size = Listed(plate="皖A00000").size
    fits = MOST_BYTES // size
    full = await _bring(station, *(f"皖A{number:05}" for number in range(fits)))
    assert full.comparison.count(before=False, after=True) == fits
    with pytest.raises(InvalidError, match="gateways can be sent 999,000: nothing was changed"):
        await _put(station, 1)
    with pytest.raises(InvalidError, match="nothing was changed"):
        await _bring(station, *(f"皖B{number:05}" for number in range(fits + 1)))
    assert len(await _listed(station)) == fits
    await _take(station, SmallGateway().is_online())
    await _pass_time(station, 11)
    async with station.store.read() as uow:
        (message,) = await uow.outbox.pending(10)
    assert len(message.payload) < 1_000_000


async def test_a_table_is_taken_wholly_if_the_list_is_what_was_looked_at(station: Station) -> None:
    await _put(station, 1)
    await _put(station, 2, GUEST)
    report = await _bring(station, "皖A12345", "粤B9D666")
    assert [report.comparison.count(before=b, after=a) for b, a in ((False, True), (True, True), (True, False))] == [
        1,
        0,
        1,
    ]
    assert {each.listed for each in await _listed(station)} == {CAR, Listed(plate="粤B9D666")}, "notes stay"
    with pytest.raises(ConflictError, match="look again"):
        await _bring(station, "皖A12345", seen=report.version - 1)
    again = await _bring(station, "皖A12345", "粤B9D666", seen=report.version)
    assert (again.comparison.changes, again.version) == ((), report.version)
    added = await _bring(station, "沪C99999", complete=False)
    assert len(added.comparison.others) == 2
    assert len(await _listed(station)) == 3


async def test_who_keeps_the_list_and_who_takes_back_what_is_theirs(station: Station) -> None:
    await _put(station, 1)
    with pytest.raises(ForbiddenError):
        await registering.remove(station.store, _id(1), LI, at=NOON)
    of_a_grid = replace(ZHAO, places=frozenset({"grid-07"}))
    assert not registering.may_keep_list(of_a_grid)
    assert not registering.may_keep_list(LI)
    assert registering.may_keep_list(ZHAO)


async def test_the_list_is_searched_page_by_page(station: Station) -> None:
    for number in range(7):
        await _put(station, number, Listed(plate=f"皖A{number:05}", note=f"{number}号楼%"), after_s=number % 2)
    names: list[str] = []
    before: tuple[datetime, str] | None = None
    while True:
        page = await registering.find(station.store, None, Page(limit=3, before=before))
        assert page.total == 7
        names += [each.id for each in page.vehicles]
        if len(page.vehicles) < 3:
            break
        before = page.vehicles[-1].registered_at, page.vehicles[-1].id
    assert names == [_id(number) for number in (6, 5, 4, 3, 2, 1, 0)]
    for text, plates in {"a·0000 3": ["皖A00003"], "5号楼%": ["皖A00005"], "_": []}.items():
        found = await registering.find(station.store, text, Page(limit=3))
        assert ([each.listed.plate for each in found.vehicles], found.total) == (plates, len(plates))
    over = await registering.find(station.store, None, Page(limit=3), over_at=NOON)
    assert over.total == 0
