"""The roster, and where people can be reached."""

from datetime import timedelta

from lookout_server.domain.notice import Contact
from lookout_server.domain.roster import Shift
from lookout_server.domain.territory import Person, Role
from lookout_server.errors import ForbiddenError, InvalidError, NotFoundError
from lookout_server.ports import Store, UnitOfWork

_LONGEST = timedelta(days=92)
_OVERSIGHT = frozenset({Role.SUPERVISOR, Role.ADMIN})


async def save_shift(store: Store, shift: Shift, by: Person) -> None:
    """Put a shift on the roster, or change it; for supervisors."""
    _require_oversight(by, "the roster is for supervisors to change")
    if not timedelta(0) < shift.ends_at - shift.starts_at <= _LONGEST:
        raise InvalidError("a shift ends after it starts, and within three months")
    async with store.write() as uow:
        await _known(uow, shift.person)
        await uow.roster.save_shift(shift)
        await uow.commit()


async def remove_shift(store: Store, shift_id: str, by: Person) -> None:
    """Take a shift off the roster; for supervisors."""
    _require_oversight(by, "the roster is for supervisors to change")
    async with store.write() as uow:
        if not await uow.roster.remove_shift(shift_id):
            raise NotFoundError(f"there is no shift {shift_id!r}")
        await uow.commit()


async def save_contact(store: Store, contact: Contact, by: Person) -> None:
    """Keep an address; people change their own, supervisors everybody's."""
    _require_own(contact.person, by)
    async with store.write() as uow:
        await _known(uow, contact.person)
        await uow.roster.save_contact(contact)
        await uow.commit()


async def remove_contact(store: Store, person_id: str, channel: str, by: Person) -> None:
    """Forget an address."""
    _require_own(person_id, by)
    async with store.write() as uow:
        if not await uow.roster.remove_contact(person_id, channel):
            raise NotFoundError(f"{person_id} has no address on channel {channel!r}")
        await uow.commit()


async def channels_of(store: Store, person_id: str, by: Person) -> tuple[str, ...]:
    """The channels on which somebody can be reached."""
    _require_own(person_id, by)
    async with store.read() as uow:
        await _known(uow, person_id)
        found = await uow.roster.contacts([person_id])
    return tuple(contact.channel for contact in found.get(person_id, []))


def _require_oversight(person: Person, message: str) -> None:
    if not person.roles & _OVERSIGHT:
        raise ForbiddenError(message)


def _require_own(person_id: str, by: Person) -> None:
    if person_id != by.id:
        _require_oversight(by, "people change their own addresses; those of others are for supervisors")


async def _known(uow: UnitOfWork, person_id: str) -> None:
    if person_id not in await uow.people.get([person_id]):
        raise NotFoundError(f"there is nobody called {person_id!r}")
