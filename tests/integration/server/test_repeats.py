"""The same thing again within a day of closing opens its case again; grades by policy."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from lookout_contract.cases import CaseState
from lookout_contract.events import EventData, Plate, PlateStatus, Scenario, Severity
from lookout_server.domain import moving
from lookout_server.domain.alarm import alarm_id
from lookout_server.domain.case import SYSTEM, Case, Details, Request
from lookout_server.domain.moves import Action
from lookout_server.domain.policy import GradeRule, Policy, PolicyInForce
from lookout_server.domain.territory import Role, Site
from lookout_server.services.handling import Order, carry_out, keep_move
from lookout_server.services.reporting import report_alarm
from lookout_server.testing import NOON, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
LI = anywhere(person("li", Role.OPERATOR))
ROUTE = "/site/kangle/gateway/gw-1"


async def _case(station: Station, case_id: str) -> Case:
    async with station.store.read() as uow:
        return (await uow.cases.get([case_id]))[case_id]


async def _close(station: Station, case_id: str) -> None:
    """By the shortest way that the table has: as if somebody had been there."""
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id], lock=True))[case_id]
        verifying = replace(case, state=CaseState.VERIFYING, handler="u-wang")
        request = Request(action=Action.CLOSE, actor=SYSTEM, at=station.clock.now(), version=case.version)
        request = replace(request, actor=replace(SYSTEM, person=LI.person), details=Details())
        after, entry = moving.move(verifying, request, SITE.policy)
        await keep_move(uow, SITE, case, after, entry)
        await uow.commit()


async def _reported(station: Station, gateway: SmallGateway, occurrence: str, site: Site = SITE) -> str:
    gateway.at = station.clock.now()
    await station.intake.take([gateway.sends(occurrence)])
    found, _ = await report_alarm(station.store, site, alarm_id(ROUTE, occurrence), LI, at=station.clock.now())
    return found


async def test_the_same_thing_again_opens_the_case_that_was_closed(station: Station) -> None:
    gateway = SmallGateway(scenario=Scenario.GARBAGE)
    first = await _reported(station, gateway, "o-1")
    station.clock.advance(3600)
    await _close(station, first)
    station.clock.advance(3600)
    gateway.severity = Severity.RED
    assert await _reported(station, gateway, "o-2") == first
    case = await _case(station, first)
    assert (case.state, case.handler, case.severity) == (CaseState.CONFIRMED, None, Severity.RED)
    assert case.alarms == (alarm_id(ROUTE, "o-1"), alarm_id(ROUTE, "o-2"))
    assert case.due_at is not None
    async with station.store.read() as uow:
        line = next(each for each in await uow.cases.history(first) if each.action is Action.REOPEN)
        assert (await uow.alarms.get(case.alarms))[case.alarms[1]].case_id == first
    assert (line.actor, line.note, line.data) == (None, "repeat", {"alarms": [case.alarms[1]]})
    order = Order(
        case_id=first,
        action=Action.SUPERVISE,
        access=anywhere(person("zhao", Role.SUPERVISOR)),
        version=case.version,
        at=station.clock.now(),
        details=Details(reason="又来了"),
    )
    await carry_out(station.store, SITE, order)


@SQLITE
@pytest.mark.parametrize("what", ["another camera", "another kind", "a day later", "switched off", "care"])
async def test_something_else_is_a_case_of_its_own(station: Station, what: str) -> None:
    site = replace(SITE, in_force=PolicyInForce(Policy(reopens_within=None))) if what == "switched off" else SITE
    gateway = SmallGateway(scenario=Scenario.CARE if what == "care" else Scenario.GARBAGE)
    cleared = anywhere(person("li", Role.OPERATOR, Role.CARE))

    async def report(occurrence: str) -> str:
        gateway.at = station.clock.now()
        await station.intake.take([gateway.sends(occurrence)])
        found = await report_alarm(station.store, site, alarm_id(ROUTE, occurrence), cleared, at=station.clock.now())
        return found[0]

    first = await report("o-1")
    station.clock.advance(3600)
    await _close(station, first)
    station.clock.advance(86_401 if what == "a day later" else 3600)
    if what == "another camera":
        gateway.camera = "corridor"
    if what == "another kind":
        gateway.scenario = Scenario.CORRIDOR_EBIKE
    assert await report("o-2") != first
    assert (await _case(station, first)).state is CaseState.CLOSED


@SQLITE
async def test_a_vehicle_is_the_same_by_its_plate(station: Station) -> None:
    gateway = SmallGateway()

    async def report(occurrence: str, plate: str) -> str:
        gateway.at = station.clock.now()
        data: EventData = gateway.data(occurrence)
        read = Plate(text=plate, confidence=0.9, status=PlateStatus.UNKNOWN)
        data = data.model_copy(update={"attributes": data.attributes.model_copy(update={"plate": read})})
        await station.intake.take([gateway.delivers(gateway.event(data))])
        found, _ = await report_alarm(station.store, SITE, alarm_id(ROUTE, occurrence), LI, at=station.clock.now())
        return found

    first = await report("o-1", "皖A12345")
    station.clock.advance(3600)
    await _close(station, first)
    station.clock.advance(3600)
    assert await report("o-2", "皖A99999") != first
    assert await report("o-3", "皖A12345") == first


def _graded(*rules: GradeRule) -> Site:
    return replace(SITE, in_force=PolicyInForce(replace(SITE.policy, grades=rules)))


@SQLITE
async def test_cases_are_as_grave_as_the_policy_says(station: Station) -> None:
    night = GradeRule(scenario=Scenario.CORRIDOR_EBIKE, at_least=Severity.RED, during=(time(22), time(6)))
    often = GradeRule(scenario=Scenario.CORRIDOR_EBIKE, at_least=Severity.YELLOW, repeats=3)
    site = _graded(night, often)
    gateway = SmallGateway(scenario=Scenario.CORRIDOR_EBIKE, severity=Severity.BLUE)
    grades: list[Severity] = []
    for number, minutes in enumerate((0, 5, 10, 12 * 60), 1):
        # Each at a camera of its own in people's eyes: no case is near, so that each alarm makes one.
        station.clock.at = NOON + timedelta(minutes=minutes)
        case_id = await _reported(station, gateway, f"o-{number}", site)
        grades.append((await _case(station, case_id)).severity)
        async with station.store.write() as uow:
            case = (await uow.cases.get([case_id], lock=True))[case_id]
            order = Request(
                action=Action.VOID,
                actor=replace(SYSTEM, person=LI.person),
                at=station.clock.now(),
                version=case.version,
                details=Details(reason="x"),
            )
            await keep_move(uow, SITE, case, *moving.move(case, order, SITE.policy))
            await uow.commit()
    assert grades == [Severity.BLUE, Severity.BLUE, Severity.YELLOW, Severity.RED]
    assert SITE.policy.graded(Scenario.FIRE_SMOKE, Severity.RED, NOON, 1) is Severity.RED
