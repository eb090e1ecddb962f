"""What becomes graver is told by the clock of its new grade, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import Phase, Scenario, Severity
from lookout_server.domain.alarm import Alarm, alarm_id
from lookout_server.domain.case import SYSTEM
from lookout_server.domain.moving import joined
from lookout_server.domain.territory import Role
from lookout_server.services.alarming import acknowledge
from lookout_server.services.timers import Timers
from lookout_server.services.timing import set_clock
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LI = anywhere(person("li", Role.OPERATOR))
EBIKE = alarm_id(f"/site/{SITE.id}/gateway/gw-1", "o-1")


async def _comes(station: Station, *, scenario: Scenario = Scenario.CORRIDOR_EBIKE) -> SmallGateway:
    gateway = SmallGateway(scenario=scenario, severity=Severity.YELLOW)
    await station.intake.take([gateway.sends("o-1")])
    return gateway


async def _rises(station: Station, gateway: SmallGateway, phase: Phase = Phase.UPDATE) -> None:
    gateway.severity, gateway.at = Severity.RED, station.clock.now()
    await station.intake.take([gateway.sends("o-1", phase)])


async def _pass(station: Station, seconds: float) -> int:
    return await Timers(station.store, site=SITE, owner="one").act(station.clock.advance(seconds))


async def _told(station: Station, who: str) -> list[str]:
    """Grades of what this person was told, oldest first."""
    async with station.store.read() as uow:
        return [notice.severity.value for notice in reversed(await uow.notices.of_person(who, 50))]


async def test_an_alarm_that_nobody_judged_begins_its_rungs_anew_once_it_is_graver(station: Station) -> None:
    gateway = await _comes(station)
    for _ in range(5):
        await _pass(station, 301)
    assert (await _told(station, "u-li"), await _told(station, "u-zhao")) == (["yellow"], ["yellow"] * 3)
    await _rises(station, gateway)
    assert await _pass(station, 61) == 1
    assert await _told(station, "u-li") == ["yellow", "red"]
    for _ in range(9):
        await _pass(station, 61)
    assert await _told(station, "u-zhao") == ["yellow"] * 3 + ["red"] * 3


async def test_a_graver_alarm_is_told_within_the_limit_of_its_grade(station: Station) -> None:
    gateway = await _comes(station, scenario=Scenario.KEY_AREA)
    await _pass(station, 10)
    await _rises(station, gateway)
    assert await _pass(station, 61) == 1
    assert await _told(station, "u-li") == ["red"]


async def test_nobody_is_told_later_because_an_alarm_became_graver(station: Station) -> None:
    gateway = await _comes(station)
    await _pass(station, 290)
    await _rises(station, gateway)
    assert await _pass(station, 11) == 1
    assert await _told(station, "u-li") == ["red"]


async def test_who_took_up_an_alarm_has_no_longer_than_its_grade_has(station: Station) -> None:
    gateway = await _comes(station)
    await acknowledge(station.store, SITE, EBIKE, LI, at=station.clock.now())
    await _rises(station, gateway)
    assert (await _alarm(station)).ack_until == NOON + timedelta(seconds=120)
    await _pass(station, 121)
    assert (await _alarm(station)).acked_by is None
    assert "red" in await _told(station, "u-zhao")


async def test_what_is_taken_up_for_less_keeps_that(station: Station) -> None:
    gateway = await _comes(station)
    await acknowledge(station.store, SITE, EBIKE, LI, at=station.clock.now())
    await _pass(station, 590)
    await _rises(station, gateway)
    assert (await _alarm(station)).ack_until == NOON + timedelta(seconds=600)


async def test_a_suspended_case_that_becomes_graver_goes_on_on_its_day(station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.CORRIDOR_EBIKE, severity=Severity.YELLOW)
    case_id = await station.reported(gateway, "o-1")
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id], lock=True))[case_id]
        day = {"due_at": NOON + timedelta(days=2), "resumes_to": CaseState.ON_SCENE, "paused_left_s": 3000}
        suspended, entry = joined(replace(case, state=CaseState.SUSPENDED, **day), at=NOON, actor=SYSTEM, data={})
        await uow.cases.update(suspended, entry, seen=case.version)
        await set_clock(uow, suspended, SITE.policy)
        await uow.commit()
    await _rises(station, gateway)
    assert await _pass(station, 2 * 86400 + 1) == 1
    async with station.store.read() as uow:
        assert (await uow.cases.get([case_id]))[case_id].state is CaseState.ON_SCENE


async def _alarm(station: Station) -> Alarm:
    async with station.store.read() as uow:
        return (await uow.alarms.get([EBIKE]))[EBIKE]
