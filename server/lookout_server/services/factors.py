"""One-time codes beside the password (TOTP, RFC 6238), and recovery codes for when the telephone is lost."""

import base64
import hmac
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime

from pyotp import random_base32
from pyotp.totp import TOTP

from lookout_server.domain.access import Access
from lookout_server.domain.audit import Act, Entry
from lookout_server.domain.ledger import digest_of
from lookout_server.domain.territory import Person
from lookout_server.errors import CodeNeededError, ConflictError, NotFoundError, UnauthenticatedError
from lookout_server.ports import SecondFactor, Store, UnitOfWork

#: Clocks of telephones may be off by one step of 30 s.
_WINDOW = (0, -1, 1)
_RECOVERY_CODES = 10
#: 80 random bits each: a fast hash of one cannot be searched.
_RECOVERY_BYTES = 10


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """What an authenticator needs: the secret (base32), and the same as an ``otpauth:`` address."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


async def lacks(store: Store, person: Person) -> bool:
    """Whether somebody who signs in with a password has no codes on. Others are the provider's to check."""
    async with store.read() as uow:
        held = await uow.factors.get(person.id)
        if held is not None and held.since is not None:
            return False
        found = await uow.people.credentials(person.username)
    return found is not None and found[1] is not None


async def start(store: Store, site_name: str, by: Access) -> Enrolment:
    """A new secret. Nothing is asked for until a code of it has been shown to work."""
    secret = random_base32()
    async with store.write() as uow:
        held = await uow.factors.get(by.person.id, lock=True)
        if held is not None and held.since is not None:
            raise ConflictError("codes are on already: turn them off first")
        await uow.factors.save(by.person.id, SecondFactor(secret=secret, since=None, step=0))
        await uow.commit()
    uri = TOTP(secret).provisioning_uri(name=by.person.username, issuer_name=f"Lookout {site_name}")
    return Enrolment(secret=secret, uri=uri)


async def confirm(store: Store, by: Access, code: str, *, at: datetime) -> tuple[str, ...]:
    """From now on codes are asked for. The recovery codes, shown this once."""
    codes = tuple(_recovery_code() for _ in range(_RECOVERY_CODES))
    async with store.write() as uow:
        held = await uow.factors.get(by.person.id, lock=True)
        if held is None or held.since is not None:
            raise ConflictError("there is nothing to confirm: start anew")
        await uow.factors.save(by.person.id, replace(held, since=at, step=_step_of(held, code, at)))
        await uow.factors.keep_codes(by.person.id, [_hashed(each) for each in codes])
        uow.audit.add(Entry(at=at, act=Act.SECOND_FACTOR_ON, actor=by.person.id, subject=by.person.id))
        await uow.commit()
    return codes


async def turn_off(store: Store, by: Access, code: str, *, at: datetime) -> None:
    """The password alone is enough again; a code proves that it is still the same person."""
    async with store.write() as uow:
        await check(uow, by.person, code, at=at)
        if not await uow.factors.remove(by.person.id):
            raise ConflictError("codes are off already")
        uow.audit.add(Entry(at=at, act=Act.SECOND_FACTOR_OFF, actor=by.person.id, subject=by.person.id))
        await uow.commit()


async def reset(store: Store, username: str, *, at: datetime, by: str | None = None) -> None:
    """Turn codes off for somebody who has lost everything. Ends their sessions. ``by`` None: at the command line."""
    async with store.write() as uow:
        found = await uow.people.credentials(username)
        if found is None or not await uow.factors.remove(found[0].id):
            raise NotFoundError(f"{username!r} has no second factor: give the name that they sign in with")
        await uow.people.end_sessions(person_id=found[0].id)
        uow.audit.add(Entry(at=at, act=Act.SECOND_FACTOR_OFF, actor=by, subject=found[0].id))
        await uow.commit()


async def check(uow: UnitOfWork, person: Person, code: str | None, *, at: datetime) -> None:
    """Use up a code, if the person has the second factor on. CodeNeededError when none was given."""
    held = await uow.factors.get(person.id, lock=True)
    if held is None or held.since is None:
        return
    if not code:
        raise CodeNeededError("a code of your authenticator is needed too, or one of your recovery codes")
    given = code.replace(" ", "").replace("-", "").lower()
    if given.isdigit():
        await uow.factors.save(person.id, replace(held, step=_step_of(held, given, at)))
    elif await uow.factors.use_code(person.id, _hashed(given)):
        uow.audit.add(Entry(at=at, act=Act.RECOVERY_CODE_USED, actor=person.id, subject=person.id))
    else:
        raise UnauthenticatedError("this is none of your recovery codes, or it was used before")


def _step_of(held: SecondFactor, code: str, at: datetime) -> int:
    """The step of time whose code this is. UnauthenticatedError when there is none, or when it was used before."""
    totp, found = TOTP(held.secret), -1
    now = totp.timecode(at)
    for step in (now + offset for offset in _WINDOW):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    if found <= held.step:
        raise UnauthenticatedError("this code is wrong, or was used before: wait for the next one")
    return found


def _recovery_code() -> str:
    text = base64.b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def _hashed(code: str) -> str:
    return digest_of(code.replace("-", ""))
