"""What the quarantine holds is read, taken after all or discarded, once, by who may, and written down."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from lookout_contract.events import Scenario
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.audit import Act, Kept
from lookout_server.domain.ledger import Ending
from lookout_server.domain.territory import Role
from lookout_server.errors import ConflictError, ForbiddenError
from lookout_server.ports import AlarmFilter, Incoming, Page, QuarantineState
from lookout_server.services.second_chances import Chance, discard, replay
from lookout_server.testing import NOON, PASSWORD, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio


async def _alarms(station: Station) -> list[str]:
    async with station.store.read() as uow:
        return [alarm.occurrence for alarm in await uow.alarms.page(AlarmFilter(), Page(limit=10))]


async def _numbers(station: Station) -> list[int]:
    async with station.store.read() as uow:
        return [held.id for held in await uow.quarantine.page(limit=10)]


async def _audit(station: Station) -> list[Kept]:
    async with station.store.read() as uow:
        found = await uow.audit.before(None, 10)
    return [kept for kept in found if kept.entry.act in {Act.MESSAGE_TAKEN, Act.MESSAGE_DISCARDED}]


async def _refused(station: Station, message: Incoming) -> int:
    """A good message that the dispatcher was not up to then; its number in the quarantine."""
    await station.intake.refuse(message, "it made the dispatcher stumble")
    return (await _numbers(station))[0]


def _by(number: int, *roles: Role) -> Chance:
    return Chance(number=number, by=anywhere(person("root", *roles or (Role.ADMIN,))), at=NOON)


async def test_what_was_refused_is_taken_once_and_the_ledger_has_both(station: Station) -> None:
    gateway = SmallGateway()
    number = await _refused(station, gateway.sends("o-1"))
    await station.intake.take([gateway.sends("o-2")])
    results = await asyncio.gather(
        *(replay(station.store, SITE, _by(number)) for _ in range(3)), return_exceptions=True
    )
    taken = [result for result in results if not isinstance(result, BaseException)]
    assert all(isinstance(result, ConflictError) for result in results if isinstance(result, BaseException))
    assert {message.held.state for message in taken} == {QuarantineState.TAKEN}
    source = f"/site/{SITE.id}/gateway/gw-1"
    assert {message.held.alarm for message in taken} == {alarm_id(source, "o-1")}
    assert sorted(await _alarms(station)) == ["o-1", "o-2"]
    async with station.store.read() as uow:
        (stream,) = await uow.ledger.streams("gw-1")
        links = [entry.link async for entry in uow.ledger.entries(stream.stream)]
        assert await uow.quarantine.count_by_gateway() == {}
    assert [(link.first, link.ending) for link in links] == [
        (1, Ending.REFUSED),
        (2, Ending.STORED),
        (1, Ending.STORED),
    ]
    assert stream.state.numbers.upto == 2
    (kept,) = await _audit(station)
    assert (kept.entry.actor, kept.entry.subject) == ("u-root", str(number))


async def test_what_came_again_meanwhile_is_not_taken_twice(station: Station) -> None:
    gateway = SmallGateway()
    first = gateway.sends("o-1")
    number = await _refused(station, Incoming(topic=first.topic, payload=first.payload + b" ", received_at=NOON))
    await replay(station.store, SITE, _by(number))
    again = await station.intake.take([Incoming(topic=first.topic, payload=first.payload + b" ", received_at=NOON)])
    assert (again.stored, again.duplicates, again.refused) == (0, 1, 0)
    other = await _refused(station, first)
    with pytest.raises(ConflictError, match="another event is stored under this number"):
        await replay(station.store, SITE, _by(other))
    assert await _alarms(station) == ["o-1"]


async def test_what_still_cannot_be_taken_waits_on_and_says_why(station: Station) -> None:
    gateway = SmallGateway()
    await station.intake.take([gateway.says(b'{"specversion": "1.0"}')])
    status = Incoming(topic=gateway.topics.status, payload=b"{}", received_at=NOON)
    huge = gateway.says(b"x" * 70_000)
    await station.intake.take([status])
    await station.intake.take([huge])
    cut, late, bad = await _numbers(station)
    for number, why in ((bad, "Field required"), (late, "only events"), (cut, "65536 of its 70000 bytes")):
        with pytest.raises(ConflictError, match=why):
            await replay(station.store, SITE, _by(number))
    async with station.store.read() as uow:
        assert await uow.quarantine.count_by_gateway() == {"gw-1": 3}
    assert await _audit(station) == []


async def test_what_was_noticed_shows_again_when_it_goes_on_after_somebody_has_seen_to_it(station: Station) -> None:
    """A clock that is wrong again a week later, and an empty message on the very same topic, are lines of their own."""
    gateway = SmallGateway()

    async def ahead(occurrence: str) -> None:
        early = gateway.sends(occurrence)
        await station.intake.take([replace(early, received_at=NOON - timedelta(days=1))])

    async def waiting() -> list[tuple[str | None, int]]:
        async with station.store.read() as uow:
            found = await uow.quarantine.page(limit=10, state=QuarantineState.WAITING)
        return [(held.code, held.times) for held in found]

    await ahead("o-1")
    await ahead("o-2")
    await station.intake.take([replace(gateway.sends("o-3"), payload=b"")])
    assert await waiting() == [("empty", 1), ("future", 2)]
    for number in await _numbers(station):
        with pytest.raises(ConflictError, match="no message to take"):
            await replay(station.store, SITE, _by(number))
        await discard(station.store, _by(number), "seen to")
    assert await waiting() == []
    await ahead("o-4")
    assert await waiting() == [("future", 1)]


async def test_care_is_for_the_cleared(station: Station) -> None:
    number = await _refused(station, SmallGateway(scenario=Scenario.CARE).sends("o-1"))
    with pytest.raises(ForbiddenError, match="cleared for care"):
        await replay(station.store, SITE, _by(number))
    message = await replay(station.store, SITE, _by(number, Role.ADMIN, Role.CARE))
    assert message.held.state is QuarantineState.TAKEN


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_the_api_shows_the_payload_as_it_came_and_what_became_of_it(
    station: Station, web: httpx.AsyncClient
) -> None:
    token = (await web.post("/api/v1/session", json={"username": "root", "password": PASSWORD})).json()["token"]
    web.headers["Authorization"] = f"Bearer {token}"
    gateway = SmallGateway()
    event = gateway.sends("o-1")
    number = await _refused(station, event)
    await station.intake.take([gateway.says(b"\xff\x00")])
    raw = (await _numbers(station))[0]
    shown = (await web.get(f"/api/v1/quarantine/{number}")).json()
    # Pages have words of their own for the code; the sentence is for logs.
    assert (shown["code"], shown["said"]) == ("stumbled", {"detail": shown["reason"]})
    assert (await web.get(f"/api/v1/quarantine/{raw}")).json()["code"] == "not_text"
    assert (shown["payload"], shown["replayable"], shown["reason"]) == (
        event.payload.decode(),
        True,
        "it made the dispatcher stumble",
    )
    assert (await web.get(f"/api/v1/quarantine/{raw}")).json()["payload_base64"] == "/wA="
    taken = (await web.post(f"/api/v1/quarantine/{number}/replay")).json()
    assert (taken["state"], taken["ended_by"], taken["replayable"]) == ("taken", "u-root", False)
    assert (await web.get(f"/api/v1/alarms/{taken['alarm']}")).status_code == 200
    refused = await web.post(f"/api/v1/quarantine/{raw}/replay")
    assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
    body = {"reason": "a box on the test bench"}
    gone = (await web.post(f"/api/v1/quarantine/{raw}/discard", json=body)).json()
    assert (gone["state"], gone["note"]) == ("discarded", "a box on the test bench")
    assert (await web.post(f"/api/v1/quarantine/{number}/discard", json=body)).status_code == 409
    assert (await web.post(f"/api/v1/quarantine/{raw}/discard", json={"reason": " "})).status_code == 422
    waits = (await web.get("/api/v1/quarantine?state=waiting")).json()["items"]
    assert waits == []
    assert [json.loads(kept.entry.text) for kept in await _audit(station)] == [
        {"why": "a box on the test bench"},
        {"alarm": taken["alarm"]},
    ]
