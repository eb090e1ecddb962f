"""Letting a box in: a code that works once is exchanged for certificate or password, token and addresses."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from lookout_server.domain.audit import Act, Entry
from lookout_server.errors import ConflictError, ForbiddenError, InvalidError
from lookout_server.ports import IssuedCertificate, Store
from lookout_server.services.accounts import hash_token, new_token

#: 80 random bits; with the throttle in front, nobody guesses one.
_SECRET_CHARACTERS = 16
_GROUP = 4
_CODE = re.compile(r"[A-Z2-7]{16}(?:[A-Z2-7]{16})?")


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where a box finds us. ``mqtt_host`` None: by the host of the address at which it asked."""

    site: str
    timezone: str
    mqtt_host: str | None
    mqtt_port: int
    dispatcher_url: str | None


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """What a box is given, once. Either a certificate or a password; neither where the broker is somebody else's."""

    gateway: str
    addresses: Addresses
    token: str
    certificate: IssuedCertificate | None = None
    password: str | None = None


class Door(Protocol):
    """The way to the broker, as the configuration has it."""

    @property
    def addresses(self) -> Addresses:
        """What boxes are told."""
        ...

    @property
    def pin(self) -> str | None:
        """SHA-256 of the authority that signs, hexadecimal; None where boxes get passwords."""
        ...

    def certify(self, gateway: str, request: str, now: datetime) -> IssuedCertificate:
        """Sign a box's key; InvalidError when the request is none."""
        ...

    def new_password(self, gateway: str) -> str | None:
        """Make the broker account; None where that is not ours to do."""
        ...

    def shut_out(self, gateway: str, revoked: list[str], now: datetime) -> None:
        """Take the account away and publish which certificates count no longer."""
        ...


async def offer(
    store: Store, door: Door, gateway: str, *, at: datetime, lasts: timedelta, by: str | None = None
) -> str:
    """A code for that gateway, shown this once. Its second half names our authority, so that the box knows us.

    ``by``: who asks for it; None at the command line.
    """
    secret = base64.b32encode(secrets.token_bytes(10)).decode()
    async with store.write() as uow:
        await uow.enrolments.offer(_hash(secret), gateway, at=at, expires_at=at + lasts)
        uow.audit.add(Entry(at=at, act=Act.GATEWAY_INVITED, actor=by, subject=gateway))
        await uow.commit()
    return _grouped(secret + pin_of(door.pin))


async def enrol(
    store: Store, door: Door, code: str, request: str | None, *, at: datetime, known_as: str | None = None
) -> Bundle:
    """Use the code up. ForbiddenError when it is unknown, used or expired.

    InvalidError and ConflictError leave it as it is; the latter: the box is another gateway (``known_as``) already.
    """
    plain = _plain(code)
    if door.pin is not None and request is None:
        raise InvalidError("this site gives certificates: send a certificate request with the code")
    token = new_token()
    certificate = None
    async with store.write() as uow:
        gateway = await uow.enrolments.redeem(_hash(plain[:_SECRET_CHARACTERS]), at)
        if gateway is None:
            raise ForbiddenError(
                "the code is unknown, used or expired: have a new one made by 'lookout-server gateway enrol'"
            )
        if known_as not in {None, gateway}:
            raise ConflictError(
                f"the code is for gateway {gateway}, and this box is {known_as} already: the code still works"
            )
        if door.pin is not None and request is not None:
            certificate = door.certify(gateway, request, at)
            await uow.enrolments.certified(gateway, certificate, at)
        await uow.gateways.set_token(gateway, hash_token(token))
        revoked = list(await uow.enrolments.revoked())
        await uow.commit()
    door.shut_out(gateway, revoked, at)
    password = None if certificate is not None else door.new_password(gateway)
    return Bundle(gateway=gateway, addresses=door.addresses, token=token, certificate=certificate, password=password)


async def revoke(store: Store, door: Door, gateway: str, *, at: datetime, by: str | None = None) -> int:
    """Shut a gateway out: certificates, password, upload token and codes. How many certificates that were."""
    async with store.write() as uow:
        count = await uow.enrolments.revoke(gateway, at)
        await uow.gateways.end_token(gateway)
        uow.audit.add(Entry(at=at, act=Act.GATEWAY_SHUT_OUT, actor=by, subject=gateway))
        # Before it is said to be done: whoever hears of an error does it again, and the box is out all the same.
        door.shut_out(gateway, list(await uow.enrolments.revoked()), at)
        await uow.commit()
    return count


def pin_of(fingerprint: str | None) -> str:
    """The part of a code that names the authority: the first 80 bits of its fingerprint."""
    return "" if fingerprint is None else base64.b32encode(bytes.fromhex(fingerprint)[:10]).decode()


def _plain(code: str) -> str:
    plain = re.sub(r"[\s-]", "", code).upper()
    if not _CODE.fullmatch(plain):
        raise InvalidError("this is no enrolment code: copy all groups of letters and digits that were shown")
    return plain


def _hash(secret: str) -> str:
    return hashlib.sha256(f"enrol\n{secret}".encode()).hexdigest()


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))
