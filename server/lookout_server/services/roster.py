"""The roster, and where people can be reached."""

from collections.abc import Sequence
from datetime import datetime

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.notice import Contact
from lookout_server.domain.roster import Shift, checked
from lookout_server.domain.territory import Role
from lookout_server.errors import ForbiddenError, NotFoundError
from lookout_server.ports import Store, UnitOfWork

_MOST_SHIFTS = 2000
_OVERSIGHT = frozenset({Role.SUPERVISOR, Role.ADMIN})


async def save_shift(store: Store, shift: Shift, by: Access) -> None:
    """Put a shift on the roster, or change it; for supervisors."""
    _require_oversight(by, "the roster is for supervisors to change")
    checked(shift)
    async with store.write() as uow:
        held = await uow.roster.shift(shift.id)
        for person in {shift.person, held.person if held else shift.person}:
            await _known(uow, person, by)
        await uow.roster.save_shifts([shift])
        await uow.commit()


async def remove_shift(store: Store, shift_id: str, by: Access) -> None:
    """Take a shift off the roster; for supervisors."""
    _require_oversight(by, "the roster is for supervisors to change")
    async with store.write() as uow:
        held = await uow.roster.shift(shift_id)
        if held is None:
            raise NotFoundError(f"there is no shift {shift_id!r}")
        await _known(uow, held.person, by)
        await uow.roster.remove_shift(shift_id)
        await uow.commit()


async def shifts(store: Store, by: Access, first: datetime, last: datetime) -> Sequence[Shift]:
    """The roster of the people whom somebody looks after, by start."""
    async with store.read() as uow:
        found = await uow.roster.shifts(first, last, _MOST_SHIFTS)
        people = await uow.people.get({shift.person for shift in found}) if by.places is not None else {}
    if by.places is None:
        return found
    return [shift for shift in found if shift.person in people and by.knows(people[shift.person])]


async def save_contact(store: Store, contact: Contact, by: Access, *, at: datetime) -> None:
    """Keep an address; people change their own, supervisors everybody's."""
    _require_own(contact.person, by)
    async with store.write() as uow:
        await _known(uow, contact.person, by)
        await uow.roster.save_contact(contact)
        # The address is a secret: the log says on which channel, not where.
        _note(uow, Act.CONTACT_SAVED, f"{contact.person}/{contact.channel}", by, at)
        await uow.commit()


async def remove_contact(store: Store, person_id: str, channel: str, by: Access, *, at: datetime) -> None:
    """Forget an address."""
    _require_own(person_id, by)
    async with store.write() as uow:
        await _known(uow, person_id, by)
        if not await uow.roster.remove_contact(person_id, channel):
            raise NotFoundError(f"{person_id} has no address on channel {channel!r}")
        _note(uow, Act.CONTACT_REMOVED, f"{person_id}/{channel}", by, at)
        await uow.commit()


async def channels_of(store: Store, person_id: str, by: Access) -> tuple[str, ...]:
    """The channels on which somebody can be reached."""
    _require_own(person_id, by)
    async with store.read() as uow:
        await _known(uow, person_id, by)
        found = await uow.roster.contacts([person_id])
    return tuple(contact.channel for contact in found.get(person_id, []))


def _note(uow: UnitOfWork, act: Act, subject: str, by: Access, at: datetime) -> None:
    uow.audit.add(Entry(at=at, act=act, actor=by.person.id, subject=subject))


def _require_oversight(by: Access, message: str) -> None:
    if not by.person.roles & _OVERSIGHT:
        raise ForbiddenError(message)


def _require_own(person_id: str, by: Access) -> None:
    if person_id != by.person.id:
        _require_oversight(by, "people change their own addresses; those of others are for supervisors")


async def _known(uow: UnitOfWork, person_id: str, by: Access) -> None:
    found = (await uow.people.get([person_id])).get(person_id)
    if found is None or not by.knows(found):
        raise NotFoundError(f"there is nobody called {person_id!r} whom you look after")
