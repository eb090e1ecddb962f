"""Timers on both databases: late once, by whoever comes first, and never twice."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import httpx
import pytest

from lookout_contract.status import Sight
from lookout_server.domain.case import Case, Details, HistoryEntry
from lookout_server.domain.deadline import Deadline, DeadlineKind
from lookout_server.domain.moves import Action
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.policy import DEFAULT
from lookout_server.domain.rehearsal import rehearse
from lookout_server.domain.territory import Role
from lookout_server.errors import StoreError
from lookout_server.ports import LeaseRequest
from lookout_server.services import escalating, timers
from lookout_server.services.handling import Order, void
from lookout_server.services.hearing import GONE_FOR, lose_silent
from lookout_server.services.notifying import inbox
from lookout_server.services.rehearsing import past_steps
from lookout_server.services.timers import LEASE, Timers, repair
from lookout_server.services.timing import step_key
from lookout_server.testing import NOON, PASSWORD, SITE, SmallGateway, Station, anywhere, person

pytestmark = pytest.mark.anyio

LI = person("li", Role.OPERATOR)
#: The limit of a confirmed case is two minutes.
LATE = NOON + timedelta(seconds=121)


async def _reported(station: Station, occurrence: str = "o-1") -> str:
    return await station.reported(SmallGateway(epoch=f"of-{occurrence}"), occurrence)


async def _seen(station: Station, case_id: str) -> tuple[Case, list[HistoryEntry]]:
    async with station.store.read() as uow:
        return (await uow.cases.get([case_id]))[case_id], list(await uow.cases.history(case_id))


async def _waiting(station: Station) -> int:
    async with station.store.read() as uow:
        return (await uow.deadlines.health(late_since=NOON)).waiting


def _timers(station: Station, owner: str = "one") -> Timers:
    return Timers(station.store, site=SITE, owner=owner)


async def test_a_limit_that_passes_is_told_on_once(station: Station) -> None:
    case_id = await _reported(station)
    clock = _timers(station)
    assert await clock.act(NOON + timedelta(seconds=119)) == 0
    assert await clock.act(LATE) == 1
    assert await clock.act(LATE) == 0
    case, history = await _seen(station, case_id)
    assert (case.version, case.rung) == (1, 1)
    assert [entry.action for entry in history] == [Action.REPORT, Action.ESCALATE]
    assert history[-1].data["due_at"] == "2026-11-22T04:02:00+00:00"


async def test_silence_climbs_to_the_top_and_stays_there(station: Station) -> None:
    case_id = await _reported(station)
    for minutes in range(1, 60):
        await _timers(station).act(NOON + timedelta(minutes=minutes))
    case, history = await _seen(station, case_id)
    assert case.rung == DEFAULT.escalations
    assert sum(entry.action is Action.ESCALATE for entry in history) == DEFAULT.escalations
    assert await repair(station.store, SITE) == 0


async def test_a_move_starts_the_clock_anew_and_the_last_one_stops_it(station: Station) -> None:
    case_id = await _reported(station)
    assert await _waiting(station) == 1
    why = Details(reason="访客")
    order = Order(case_id=case_id, action=Action.VOID, access=anywhere(LI), version=1, at=NOON, details=why)
    await void(station.store, SITE, order)
    assert await _waiting(station) == 0
    assert await _timers(station).act(LATE) == 0


async def test_replicas_share_the_work_and_never_do_it_twice(station: Station) -> None:
    cases = [await _reported(station, f"o-{number}") for number in range(9)]
    replicas = [_timers(station, name) for name in ("one", "two", "three")]
    acted = 0
    for _ in range(2):
        acted += sum(await asyncio.gather(*(replica.act(LATE) for replica in replicas)))
    assert acted == 9
    for case_id in cases:
        _, history = await _seen(station, case_id)
        assert [entry.action for entry in history] == [Action.REPORT, Action.ESCALATE]


async def _lease(station: Station, owner: str, at: datetime) -> list[Deadline]:
    async with station.store.write() as uow:
        leased = await uow.deadlines.lease(
            LeaseRequest(owner=owner, kinds=frozenset(DeadlineKind), at=at, until=at + LEASE, limit=10)
        )
        await uow.commit()
    return list(leased)


async def test_who_is_killed_with_a_lease_delays_it_by_seconds(station: Station) -> None:
    case_id = await _reported(station)
    assert len(await _lease(station, "killed", LATE)) == 1
    assert await _timers(station).act(LATE + timedelta(seconds=1)) == 0
    assert await _timers(station).act(LATE + LEASE) == 1
    async with station.store.write() as uow:
        # The killed one comes back and goes on where it was: its lease has gone to another.
        assert not await uow.deadlines.take(step_key(case_id), "killed")


async def test_a_move_while_a_timer_is_leased_wins(station: Station) -> None:
    case_id = await _reported(station)
    await _lease(station, "one", LATE)
    async with station.store.write() as uow:
        case = (await uow.cases.get([case_id]))[case_id]
        await timers.set_clock(uow, case, DEFAULT)
        await uow.commit()
    async with station.store.write() as uow:
        assert not await uow.deadlines.take(step_key(case_id), "one")


async def test_what_fails_is_shown_and_does_not_hold_up_the_rest(
    station: Station, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await _reported(station, "bad"), await _reported(station, "good")
    real = escalating.tell

    async def tell(*given: object) -> None:
        case = given[2]
        assert isinstance(case, Case)
        if case.id == bad:
            raise StoreError("the disk is full")
        await real(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(escalating, "tell", tell)
    station.clock.advance(121 + 61)
    assert await _timers(station).act(station.clock.now()) == 1
    assert (await _seen(station, good))[0].rung == 1
    assert (await _seen(station, bad))[0].rung == 0
    signed_in = await web.post("/api/v1/session", json={"username": "li", "password": PASSWORD})
    headers = {"Authorization": f"Bearer {signed_in.json()['token']}"}
    shown = (await web.get("/api/v1/timers", headers=headers)).json()
    (stalled,) = shown["stalled"]
    assert (stalled["subject"], stalled["attempts"], stalled["last_error"]) == (bad, 1, "the disk is full")
    assert "lookout_timers_stalled 1.0" in (await web.get("/metrics")).text
    monkeypatch.setattr(escalating, "tell", real)
    assert await _timers(station).act(station.clock.advance(16)) == 1
    assert (await _seen(station, bad))[0].rung == 1


async def test_a_mistake_of_ours_in_one_timer_lets_the_others_act_and_is_tried_ever_more_rarely(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = await _reported(station, "bad"), await _reported(station, "good")
    real, tried = escalating.tell, list[datetime]()

    async def tell(*given: object) -> None:
        case = given[2]
        assert isinstance(case, Case)
        if case.id == bad:
            tried.append(station.clock.now())
            raise ValueError("the calendar has too little working time")
        await real(*given)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(escalating, "tell", tell)
    station.clock.advance(121)
    assert await _timers(station).act(station.clock.now()) == 1
    assert (await _seen(station, good))[0].rung == 1
    for _ in range(120):
        await _timers(station).act(station.clock.advance(5))
    pauses = [(later - sooner).total_seconds() for sooner, later in pairwise(tried)]
    assert pauses == [15, 30, 60, 120, 240]
    async with station.store.read() as uow:
        late = (await uow.deadlines.health(late_since=station.clock.now())).late
    assert [deadline.last_error for deadline in late if deadline.key.subject == bad] == [
        "ValueError: the calendar has too little working time"
    ]


async def test_the_auditor_watches_what_nobody_watches(station: Station) -> None:
    case_id = await _reported(station)
    async with station.store.write() as uow:
        await uow.deadlines.cancel([step_key(case_id)])
        await uow.commit()
    assert await repair(station.store, SITE) == 1
    assert await repair(station.store, SITE) == 0
    assert await _timers(station).act(LATE) == 1


async def test_the_past_can_be_replayed(station: Station) -> None:
    await _reported(station)
    await _timers(station).act(LATE)
    past = await past_steps(station.store, NOON - timedelta(days=90))
    assert [(step.state.value, step.until) for step in past] == [("confirmed", None)]
    outcome = rehearse(past, DEFAULT, now=NOON + timedelta(minutes=5))
    assert (outcome.pages, outcome.late) == (2, {"20261122-0001"})


async def _told_of_a_lost_gateway(station: Station) -> dict[str, str]:
    """Who was told, in which words."""
    async with station.store.read() as uow:
        people = [each.id for each in await uow.people.everyone()]
    told = {each: await inbox(station.store, each, at=NOON) for each in people}
    return {
        each: notice.words.zh
        for each, notices in told.items()
        for notice in notices
        if notice.kind is NoticeKind.GATEWAY_LOST
    }


async def _goes(station: Station, gateway: SmallGateway, *, at: datetime, online: bool = False) -> None:
    await station.intake.take([replace(gateway.is_online(online=online), received_at=at)])


async def test_a_gateway_that_stays_away_is_told_of_once(station: Station) -> None:
    gateway, clock = SmallGateway(), _timers(station)
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    await _goes(station, gateway, at=NOON)
    assert await clock.act(NOON + GONE_FOR - timedelta(seconds=1)) == 0
    assert await clock.act(NOON + GONE_FOR) == 1
    told = await _told_of_a_lost_gateway(station)
    assert {"u-li", "u-zhao"} <= told.keys()
    assert "u-wang" not in told
    assert set(told.values()) == {"网关失联：gw-1（2 路摄像头），看不到画面，请检查设备、电源和网络"}
    assert await clock.act(NOON + timedelta(hours=1)) == 0


async def test_a_gateway_that_is_back_in_time_calls_nobody(station: Station) -> None:
    gateway, clock = SmallGateway(), _timers(station)
    await station.intake.take([gateway.is_online(), gateway.sees(Sight.WATCHING)])
    await _goes(station, gateway, at=NOON)
    await _goes(station, gateway, at=NOON + timedelta(seconds=30), online=True)
    assert await clock.act(NOON + timedelta(hours=1)) == 0
    # It is gone again, and has its time again.
    await _goes(station, gateway, at=NOON + timedelta(seconds=60))
    assert await clock.act(NOON + GONE_FOR) == 0
    assert await clock.act(NOON + GONE_FOR + timedelta(seconds=60)) == 1


async def test_a_gateway_that_only_fell_silent_is_told_of_too(station: Station) -> None:
    gateway, clock = SmallGateway(), _timers(station)
    await station.intake.take([replace(gateway.is_online(), received_at=NOON)])
    silent = NOON + timedelta(seconds=61)
    assert await lose_silent(station.store, before=silent, at=silent) == ["gw-1"]
    assert await clock.act(silent + GONE_FOR) == 1
    assert "u-li" in await _told_of_a_lost_gateway(station)


async def test_a_lease_of_a_clock_that_was_set_back_holds_nobody_up(station: Station) -> None:
    await _reported(station)
    next_year = NOON + timedelta(days=365)
    async with station.store.write() as uow:
        kinds = frozenset({DeadlineKind.STEP})
        request = LeaseRequest(owner="gone", kinds=kinds, at=next_year, until=next_year + LEASE, limit=5)
        assert len(await uow.deadlines.lease(request)) == 1
        await uow.commit()
    assert await _timers(station).act(LATE) == 1
