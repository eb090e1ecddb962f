"""Accounts, sessions and the upload tokens of gateways. Only hashes of tokens are ever stored."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.moves import OVERSIGHT
from lookout_server.domain.territory import Person, Role, person_id
from lookout_server.errors import (
    AccountDisabledError,
    CodeNeededError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthenticatedError,
    WrongPasswordError,
)
from lookout_server.ports import PasswordHasher, Session, Store, UnitOfWork
from lookout_server.services import factors
from lookout_server.services.access import access

SESSION_LASTS = timedelta(hours=12)
#: A session is extended at most this often: not every request shall write.
_EXTEND_EVERY = timedelta(minutes=5)
_TOKEN_BYTES = 32


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account as somebody wants it to be. ``password`` None keeps the one it has."""

    username: str
    name: str
    roles: frozenset[Role]
    grids: frozenset[str] = frozenset()
    password: str | None = field(default=None, repr=False)
    language: str = "zh-CN"
    skills: frozenset[str] = frozenset()
    willing: bool = True

    @property
    def person(self) -> Person:
        """The account without its password."""
        return Person(
            id=person_id(self.username),
            username=self.username,
            name=self.name,
            roles=self.roles,
            grids=self.grids,
            language=self.language,
            skills=self.skills,
            willing=self.willing,
        )


async def add_person(
    store: Store, hasher: PasswordHasher, account: Account, *, by: str | None = None, at: datetime | None = None
) -> Person:
    """Add or change an account. A new password ends every session that the old one opened.

    ``by``: who does it, None at the command line; ``at`` None leaves the audit log alone, as a first import does.
    """
    if not account.roles - {Role.CARE}:
        raise InvalidError("an account needs at least one role: operator, worker, supervisor or admin")
    hashed = await hasher.hash(account.password) if account.password else None
    async with store.write() as uow:
        await require_grids(uow, account.grids)
        await uow.people.save(account.person, password_hash=hashed)
        if hashed:
            await uow.people.end_sessions(person_id=account.person.id)
        if at is not None:
            said = {"roles": ",".join(sorted(account.roles)), "grids": ",".join(sorted(account.grids))}
            details: dict[str, str | int] = {**said, "password": "changed" if hashed else "kept"}
            uow.audit.add(Entry(at=at, act=Act.ACCOUNT_SAVED, actor=by, subject=account.person.id, details=details))
        await uow.commit()
    return account.person


async def require_grids(uow: UnitOfWork, grids: frozenset[str]) -> None:
    """InvalidError that names the grids which do not exist."""
    known: Sequence[str] = [place.id for place in await uow.territory.territories()]
    unknown = sorted(grids.difference(known))
    if unknown:
        raise InvalidError(f"there is no grid {', '.join(unknown)}: known are {', '.join(known) or 'none yet'}")


async def issue_gateway_token(store: Store, gateway_id: str) -> str:
    """A new upload token, shown this once; the one before it no longer works."""
    token = new_token()
    async with store.write() as uow:
        await uow.gateways.set_token(gateway_id, hash_token(token))
        await uow.commit()
    return token


@dataclass(frozen=True, kw_only=True)
class Place:
    """From where somebody signs in: the client's address, and what it says it is."""

    address: str = ""
    agent: str = ""


NOWHERE = Place()


class TakesRefusal(Protocol):
    """Says whether the audit log gets an entry of its own for a refused sign-in, and counts it."""

    def __call__(self, person: str | None, address: str, at: datetime, /) -> bool:
        """``person``: whose name was typed, None for nobody's."""
        ...


def every_refusal(_person: str | None, _address: str, _at: datetime) -> bool:
    """For who is few: the command line, tests."""
    return True


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What somebody shows to be let in. ``code``: of the second factor."""

    username: str
    password: str = field(repr=False)
    code: str | None = field(default=None, repr=False)


async def sign_in(
    store: Store,
    hasher: PasswordHasher,
    given: Credentials,
    *,
    at: datetime,
    place: Place = NOWHERE,
    takes: TakesRefusal = every_refusal,
) -> tuple[Person, str]:
    """The person and a session token. UnauthenticatedError does not say which of the two was wrong.

    Once the password is right: CodeNeededError when the person has a second factor and no code was given,
    AccountDisabledError when the account is disabled, for they would try theirs again and again. ``takes``: whether the
    audit log gets an entry of a refusal.
    """
    async with store.read() as uow:
        found = await uow.people.credentials(given.username, barred=True)
    try:
        person = await _proved(store, hasher, given, found, at)
    except CodeNeededError:
        raise
    except UnauthenticatedError:
        await note_refusal(store, found[0].id if found else None, place, at, takes)
        raise
    return person, await begin_session(store, person, place, at=at, how="password")


async def _proved(
    store: Store, hasher: PasswordHasher, given: Credentials, found: tuple[Person, str | None] | None, at: datetime
) -> Person:
    """Whose name it is, if all that was given fits; errors as ``sign_in``."""
    fits = await hasher.verify(given.password, found[1] if found else None)
    if found is None or not fits:
        raise UnauthenticatedError("user name or password is wrong")
    person, _ = found
    if person.barred:
        raise AccountDisabledError("this account is disabled: ask an administrator")
    async with store.write() as uow:
        await factors.check(uow, person, given.code, at=at)
        await uow.commit()
    return person


async def begin_session(store: Store, person: Person, place: Place, *, at: datetime, how: str) -> str:
    """A session's token, for somebody who has proved who they are; shown this once."""
    token = new_token()
    session = Session(
        token_hash=hash_token(token),
        person=person.id,
        created_at=at,
        expires_at=at + SESSION_LASTS,
        address=place.address[:64],
        agent=place.agent[:200],
    )
    async with store.write() as uow:
        await uow.people.add_session(session)
        details: dict[str, str | int] = {"address": session.address, "how": how}
        uow.audit.add(Entry(at=at, act=Act.SIGNED_IN, actor=person.id, subject=session.id, details=details))
        await uow.commit()
    return token


async def note_refusal(
    store: Store, person: str | None, place: Place, at: datetime, takes: TakesRefusal = every_refusal
) -> None:
    """Write down that somebody was not let in."""
    if not takes(person, place.address[:64], at):
        return
    # What was typed for a name may be a password: only names that exist are written down.
    details: dict[str, str | int] = {"address": place.address[:64]}
    async with store.write() as uow:
        uow.audit.add(Entry(at=at, act=Act.SIGN_IN_REFUSED, actor=person, details=details))
        await uow.commit()


async def sign_out(store: Store, token: str, *, at: datetime) -> None:
    """Revoke the session; an unknown one is as good as revoked."""
    hashed = hash_token(token)
    async with store.write() as uow:
        found = await uow.people.session(hashed)
        await uow.people.end_sessions(token_hash=hashed)
        if found is not None:
            uow.audit.add(Entry(at=at, act=Act.SIGNED_OUT, actor=found[0].id, subject=hashed[:20]))
        await uow.commit()


async def sessions_of(store: Store, person_id: str, by: Access, *, at: datetime) -> Sequence[Session]:
    """Where somebody is signed in, newest first; people their own, supervisors and admins those of their places."""
    async with store.read() as uow:
        await _in_charge(uow, person_id, by)
        return await uow.people.sessions(person_id, at)


async def revoke(store: Store, person_id: str, session_id: str | None, by: Access, *, at: datetime) -> int:
    """End one session of somebody, or all; how many. NotFoundError when there is no such session."""
    async with store.write() as uow:
        await _in_charge(uow, person_id, by)
        held = await uow.people.sessions(person_id, at)
        gone = [each for each in held if session_id in {None, each.id}]
        if session_id is not None and not gone:
            raise NotFoundError(f"there is no session {session_id!r}: it may have ended by itself")
        for each in gone:
            await uow.people.end_sessions(token_hash=each.token_hash)
            uow.audit.add(Entry(at=at, act=Act.SESSIONS_REVOKED, actor=by.person.id, subject=f"{person_id}/{each.id}"))
        await uow.commit()
    return len(gone)


@dataclass(frozen=True, kw_only=True)
class NewPassword:
    """What somebody has to prove, and what they want. ``token``: of the session that they go on with."""

    present: str = field(repr=False)
    wanted: str = field(repr=False)
    token: str = field(repr=False)


async def change_password(
    store: Store, hasher: PasswordHasher, given: NewPassword, by: Access, *, at: datetime
) -> None:
    """Give oneself another password; ends one's other sessions.

    WrongPasswordError when the present one is not it, ConflictError for whom another provider lets in.
    """
    person = by.person
    async with store.read() as uow:
        found = await uow.people.credentials(person.username)
    if found is None or found[1] is None:
        raise ConflictError("you sign in by another provider, which keeps your password: change it there")
    if not await hasher.verify(given.present, found[1]):
        raise WrongPasswordError("this is not your present password: nothing was changed")
    if given.wanted == given.present:
        raise InvalidError("this is the password that you have: choose another one")
    hashed = await hasher.hash(given.wanted)
    kept = hash_token(given.token)
    async with store.write() as uow:
        await uow.people.save(found[0], password_hash=hashed)
        for session in await uow.people.sessions(person.id, at):
            if session.token_hash != kept:
                await uow.people.end_sessions(token_hash=session.token_hash)
        uow.audit.add(Entry(at=at, act=Act.PASSWORD_CHANGED, actor=person.id, subject=person.id))
        await uow.commit()


async def _in_charge(uow: UnitOfWork, person_id: str, by: Access) -> None:
    if person_id == by.person.id:
        return
    if not by.person.roles & OVERSIGHT:
        raise ForbiddenError("people look after their own sessions; those of others are for supervisors and admins")
    found = (await uow.people.get([person_id])).get(person_id)
    if found is None or not by.knows(found):
        raise NotFoundError(f"there is nobody called {person_id!r} whom you look after")


async def whose_session(store: Store, token: str, *, at: datetime) -> Person:
    """Who is signed in by this token. UnauthenticatedError when nobody is, or no longer."""
    return (await whose_access(store, token, at=at)).person


async def whose_access(store: Store, token: str, *, at: datetime) -> Access:
    """What whoever is signed in by this token may see. UnauthenticatedError when nobody is, or no longer."""
    hashed = hash_token(token)
    async with store.read() as uow:
        found = await uow.people.session(hashed)
        if found is None or found[1] <= at:
            raise UnauthenticatedError("you are not signed in, or not any more: sign in again")
        person, expires_at = found
        seen = await access(uow, person, at)
    # Either way: it was begun while the clock was ahead, and would last until then.
    if abs(at + SESSION_LASTS - expires_at) > _EXTEND_EVERY:
        async with store.write() as uow:
            await uow.people.extend_session(hashed, at + SESSION_LASTS)
            await uow.commit()
    return seen


async def shorten_sessions(store: Store, *, at: datetime) -> int:
    """Sessions that were begun while the clock was ahead end as others do, from now on; how many there were."""
    async with store.write() as uow:
        shortened = await uow.people.shorten_sessions(at + SESSION_LASTS + _EXTEND_EVERY, at + SESSION_LASTS)
        await uow.commit()
    return shortened


async def whose_upload_token(store: Store, token: str) -> str | None:
    """The gateway that holds this token, or None."""
    async with store.read() as uow:
        return await uow.gateways.by_token(hash_token(token))


def new_token() -> str:
    """256 random bits, for a session or an upload token."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Tokens are long and random, so a fast hash is enough to make a stolen database useless."""
    return hashlib.sha256(token.encode()).hexdigest()
