"""Accounts, sessions and the upload tokens of gateways. Only hashes of tokens are ever stored."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lookout_server.domain.access import Access
from lookout_server.domain.territory import Person, Role, person_id
from lookout_server.errors import InvalidError, UnauthenticatedError
from lookout_server.ports import PasswordHasher, Store, UnitOfWork
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
    password: str | None = None
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


async def add_person(store: Store, hasher: PasswordHasher, account: Account) -> Person:
    """Add or change an account. A new password ends every session that the old one opened."""
    if not account.roles:
        raise InvalidError("an account needs at least one role: operator, worker, supervisor or admin")
    hashed = await hasher.hash(account.password) if account.password else None
    async with store.write() as uow:
        await require_grids(uow, account.grids)
        await uow.people.save(account.person, password_hash=hashed)
        if hashed:
            await uow.people.end_sessions(person_id=account.person.id)
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


async def sign_in(
    store: Store, hasher: PasswordHasher, username: str, password: str, *, at: datetime
) -> tuple[Person, str]:
    """The person and a session token. UnauthenticatedError does not say which of the two was wrong."""
    async with store.read() as uow:
        found = await uow.people.credentials(username)
    fits = await hasher.verify(password, found[1] if found else None)
    if found is None or not fits:
        raise UnauthenticatedError("user name or password is wrong")
    token = new_token()
    async with store.write() as uow:
        await uow.people.add_session(hash_token(token), found[0].id, at=at, expires_at=at + SESSION_LASTS)
        await uow.commit()
    return found[0], token


async def sign_out(store: Store, token: str) -> None:
    """Revoke the session; an unknown one is as good as revoked."""
    async with store.write() as uow:
        await uow.people.end_sessions(token_hash=hash_token(token))
        await uow.commit()


async def whose_session(store: Store, token: str, *, at: datetime) -> Person:
    """Who is signed in by this token. UnauthenticatedError when nobody is, or no longer."""
    hashed = hash_token(token)
    async with store.read() as uow:
        found = await uow.people.session(hashed)
    if found is None or found[1] <= at:
        raise UnauthenticatedError("you are not signed in, or not any more: sign in again")
    person, expires_at = found
    if at + SESSION_LASTS - expires_at > _EXTEND_EVERY:
        async with store.write() as uow:
            await uow.people.extend_session(hashed, at + SESSION_LASTS)
            await uow.commit()
    return person


async def whose_access(store: Store, token: str, *, at: datetime) -> Access:
    """What whoever is signed in by this token may see. UnauthenticatedError when nobody is, or no longer."""
    person = await whose_session(store, token, at=at)
    async with store.read() as uow:
        return await access(uow, person)


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
