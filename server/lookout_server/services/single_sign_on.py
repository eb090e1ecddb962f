"""Signing in by an OpenID Connect provider: the account is ours, the proof of who somebody is theirs."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lookout_server.domain.territory import Person
from lookout_server.errors import UnauthenticatedError
from lookout_server.ports import Store
from lookout_server.services.accounts import Place, TakesRefusal, begin_session, every_refusal, note_refusal


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """What a browser keeps while its owner is at the provider's. ``verifier``: of PKCE (RFC 7636)."""

    state: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


class Provider(Protocol):
    """An OpenID Connect provider."""

    @property
    def label(self) -> str:
        """What people call it."""
        ...

    async def address(self, attempt: Attempt) -> str:
        """Where to send the browser. UnavailableError when the provider does not answer."""
        ...

    async def username(self, attempt: Attempt, code: str, at: datetime) -> str:
        """Whose code this is: the name by which accounts are looked up. UnauthenticatedError when it proves nothing."""
        ...


def begin(redirect_uri: str) -> Attempt:
    """A fresh attempt."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Attempt(state=state, nonce=nonce, verifier=verifier, redirect_uri=redirect_uri)


async def finish(
    store: Store,
    provider: Provider,
    attempt: Attempt,
    code: str,
    place: Place,
    *,
    at: datetime,
    takes: TakesRefusal = every_refusal,
) -> tuple[Person, str]:
    """The person and a session token. Nobody gets an account by this: it has to be there."""
    username = await provider.username(attempt, code, at)
    async with store.read() as uow:
        found = await uow.people.credentials(username)
    if found is None:
        await note_refusal(store, None, place, at, takes)
        raise UnauthenticatedError("you have no account here: ask an administrator for one of the same name")
    return found[0], await begin_session(store, found[0], place, at=at, how="oidc")
