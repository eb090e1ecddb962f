"""交接班: offering what one has in hand to the next, and taking it over."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lookout_contract.events import Severity
from lookout_server.domain import moving
from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.case import SYSTEM, Case, Details, Request
from lookout_server.domain.hand_over import (
    DESK,
    HandOver,
    HandOverState,
    answered,
    may_take,
    neighbourhood,
    neighbours,
    shares_desk,
)
from lookout_server.domain.moves import MOVES, SETTLED, Action
from lookout_server.domain.notice import NoticeKind
from lookout_server.domain.roster import Duty, Shift, ShiftKind, duty
from lookout_server.domain.territory import CONTROL_ROOM, FIELD, Person, Site
from lookout_server.domain.wording import HANDED_OVER
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import CaseFilter, Page, Store, UnitOfWork
from lookout_server.services.handling import keep_move
from lookout_server.services.notifying import About, notify

#: Nobody has more in hand.
_MOST = 200


@dataclass(frozen=True, kw_only=True)
class ShownHandOver:
    """A hand-over with the two people, and its cases as they are now: those that the asking person may know of."""

    hand_over: HandOver
    people: Mapping[str, Person]
    cases: Mapping[str, Case]


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody to hand over to."""

    person: Person
    duty: Duty
    #: When their next shift begins, if one is known and they are not on duty.
    begins_at: datetime | None
    #: Names of their places: two people may have the same name.
    places: tuple[str, ...] = ()


async def offer(store: Store, site: Site, by: Access, taker: str, note: str, *, at: datetime) -> ShownHandOver:
    """Sign over all that one has in hand to another, who has to sign as well."""
    giver = by.person
    if not (giver.roles & FIELD or giver.in_control_room):
        raise ForbiddenError("only those who go and the control room hand over")
    if taker == giver.id:
        raise InvalidError("name somebody else to hand over to")
    async with store.write() as uow:
        people = await uow.people.get([taker, giver.id])
        if taker not in people or not may_take(giver, people[taker]):
            raise InvalidError(f"{taker!r} is nobody who can take this over")
        if any(each.state(at) is HandOverState.OFFERED for each in await uow.roster.hand_overs(giver=giver.id)):
            raise ConflictError("you have handed over already, and it waits for the other's signature")
        cases = await _in_hand(uow, by, people[taker])
        made = HandOver(
            id=f"h-{secrets.token_hex(10)}", giver=giver.id, taker=taker, note=note, cases=tuple(cases), given_at=at
        )
        await uow.roster.save_hand_over(made)
        title = HANDED_OVER.fill(name=giver.name, count=len(cases))
        about = About(subject=made.id, severity=Severity.YELLOW, title=title)
        await notify(uow, site, about, NoticeKind.HAND_OVER, [taker], at=at)
        _sign(uow, Act.HAND_OVER_GIVEN, made, giver.id, at)
        await uow.commit()
    return ShownHandOver(hand_over=made, people=people, cases=cases)


async def _in_hand(uow: UnitOfWork, by: Access, taker: Person) -> dict[str, Case]:
    """What ``taker`` can be given: of who goes what they were sent to, in the control room what waits for it."""
    found: list[Case] = []
    if by.person.roles & FIELD and taker.roles & FIELD:
        own = CaseFilter(handler=by.person.id, states=MOVES[Action.HAND_OVER].sources, visible_to=by)
        found += await uow.cases.page(own, Page(limit=_MOST))
    if shares_desk(by.person, taker):
        found += await uow.cases.page(CaseFilter(states=DESK, visible_to=by), Page(limit=_MOST))
    return {case.id: case for case in found}


async def colleagues(store: Store, by: Access, *, at: datetime) -> Sequence[Colleague]:
    """Whom one may hand over to: who is on duty first, then by when they will be, those of one's own places before
    those beside them, then by name."""
    async with store.read() as uow:
        territories = await uow.territory.territories()
        reach = neighbourhood(by.person, territories)
        if by.person.in_control_room or reach.places is None:
            people = await uow.people.everyone()
        else:
            # Reading two thousand people takes a twentieth of a second, for each phone that opens the page.
            near = list(await uow.people.working_in(reach.places))
            desk = [each for role in sorted(CONTROL_ROOM) for each in await uow.people.everyone(role)]
            people = list({each.id: each for each in (*near, *desk)}.values())
        near = neighbours(by.person, people, reach)
        shifts = await uow.roster.shifts_of([each.id for each in near], at=at)
    names = {place.id: place.name for place in territories}
    found = (_colleague(each, shifts.get(each.id, []), names, at) for each in near)
    return sorted(found, key=lambda each: _soonest(each, by.person))


def _colleague(person: Person, shifts: Sequence[Shift], names: Mapping[str, str], at: datetime) -> Colleague:
    stands = duty(shifts, at)
    coming = [
        each.starts_at for each in shifts if each.starts_at > at and each.kind in {ShiftKind.DUTY, ShiftKind.SURGE}
    ]
    begins_at = None if stands is Duty.ON else min(coming, default=None)
    places = tuple(names.get(place, place) for place in sorted(person.grids))
    return Colleague(person=person, duty=stands, begins_at=begins_at, places=places)


def _soonest(each: Colleague, giver: Person) -> tuple[bool, bool, float, bool, str]:
    begins, beside = each.begins_at, each.person.grids.isdisjoint(giver.grids)
    return each.duty is not Duty.ON, begins is None, begins.timestamp() if begins else 0.0, beside, each.person.name


async def answer(
    store: Store, site: Site, by: Access, hand_over_id: str, *, at: datetime, declined: str | None = None
) -> ShownHandOver:
    """Sign as the taker: what the giver has in hand still is the taker's from now on. Or decline, and say why."""
    async with store.write() as uow:
        held = await uow.roster.hand_over(hand_over_id, lock=True)
        if held is None or by.person.id not in {held.giver, held.taker}:
            raise NotFoundError(f"there is no hand-over {hand_over_id!r} of yours")
        signed = answered(held, by.person.id, at, declined=declined)
        await uow.roster.save_hand_over(signed)
        people = await uow.people.get([held.giver, held.taker])
        if declined is None:
            await _pass_on(uow, site, signed, people[held.taker], at)
        _sign(uow, Act.HAND_OVER_TAKEN if declined is None else Act.HAND_OVER_DECLINED, signed, by.person.id, at)
        await uow.commit()
        cases = await _cases_of(uow, by, [signed])
    return ShownHandOver(hand_over=signed, people=people, cases=cases)


async def hand_overs(store: Store, by: Access) -> Sequence[ShownHandOver]:
    """One's own, given and taken, newest first; for the control room those of the people of its places."""
    async with store.read() as uow:
        own = None if by.person.in_control_room else by.person.id
        found = await uow.roster.hand_overs(of=own)
        people = await uow.people.get({name for each in found for name in (each.giver, each.taker)})
        cases = await _cases_of(uow, by, found)
    return [
        ShownHandOver(hand_over=each, people=people, cases=cases)
        for each in found
        if own is not None or by.knows(people[each.giver]) or by.knows(people[each.taker])
    ]


async def _cases_of(uow: UnitOfWork, by: Access, found: Sequence[HandOver]) -> dict[str, Case]:
    """The cases of these, but for those of care that are not for the asking person to know of."""
    held = await uow.cases.get({name for each in found for name in each.cases})
    return {name: case for name, case in held.items() if by.admits(case.scenario) or by.sees(case)}


async def _pass_on(uow: UnitOfWork, site: Site, signed: HandOver, taker: Person, at: datetime) -> None:
    cases = await uow.cases.get(signed.cases, lock=True)
    for case in (cases[name] for name in sorted(cases)):
        # What waits for the control room keeps its worker. What was given back, dispatched anew or settled meanwhile
        # is nobody's to hand over.
        if case.handler != signed.giver or case.state in SETTLED or case.state not in MOVES[Action.HAND_OVER].sources:
            continue
        details = Details(worker=taker, why={"hand_over": signed.id, "from": signed.giver})
        request = Request(action=Action.HAND_OVER, actor=SYSTEM, at=at, version=case.version, details=details)
        after, entry = moving.move(case, request, site.policy)
        await keep_move(uow, site, case, after, entry)


def _sign(uow: UnitOfWork, act: Act, signed: HandOver, person: str, at: datetime) -> None:
    details: dict[str, str | int] = {"sha256": signed.digest, "cases": len(signed.cases)}
    uow.audit.add(Entry(at=at, act=act, actor=person, subject=signed.id, details=details))
