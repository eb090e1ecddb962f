"""Signing in, and people."""

from typing import Annotated, Any

import segno
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from lookout_server.api.models.base import Model, RequestModel, Text, UtcTime, shown
from lookout_server.domain.audit import Act, Kept
from lookout_server.domain.territory import Person, Role
from lookout_server.ports import AuditFilter, Session
from lookout_server.services.factors import Enrolment

_USER_EXAMPLE: dict[str, Any] = {
    "id": "u-li",
    "username": "li",
    "name": "李",
    "roles": ["operator"],
    "grids": [],
    "language": "zh-CN",
}


_SESSION_EXAMPLE: dict[str, Any] = {
    "id": "3f6d0c1be2a94d7781c0",
    "began_at": "2026-11-22T06:00:00.000Z",
    "expires_at": "2026-11-22T18:00:00.000Z",
    "address": "10.0.0.7",
    "agent": "Mozilla/5.0",
    "current": True,
}
_AUDIT_EXAMPLE: dict[str, Any] = {
    "seq": 12,
    "at": "2026-11-22T06:00:00.000Z",
    "act": "care.granted",
    "actor": "u-zhao",
    "subject": "c-20261122-0007",
    "details": {"to": "u-li", "minutes": 60},
    "chain": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}


class PersonModel(Model):
    """Somebody who can be sent, or who sends."""

    id: str
    name: str
    roles: tuple[Role, ...]
    grids: tuple[str, ...]

    @classmethod
    def of(cls, person: Person) -> "PersonModel":
        """From the domain's value."""
        return cls(**cls.parts(person))

    @staticmethod
    def parts(person: Person) -> dict[str, Any]:
        """What every model of a person says."""
        return {
            "id": person.id,
            "name": person.name,
            "roles": tuple(sorted(person.roles)),
            "grids": tuple(sorted(person.grids)),
        }


class UserModel(PersonModel):
    """An account."""

    model_config = shown(_USER_EXAMPLE)

    username: str
    language: str

    @classmethod
    def of(cls, person: Person) -> "UserModel":
        """From the domain's value."""
        return cls(**cls.parts(person), username=person.username, language=person.language)


class SignInWays(Model):
    """Ways beside user name and password; `oidc` is what people call the provider, null where there is none."""

    model_config = shown({"oidc": "统一身份认证"})

    oidc: str | None


class SignInBody(RequestModel):
    """User name and password."""

    model_config = shown({"username": "li", "password": "correct horse battery staple"}, request=True)

    username: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=1024, repr=False)]
    code: Annotated[
        str | None, Field(min_length=1, max_length=40, repr=False, description="Of the second factor, where it is on.")
    ] = None


class PasswordBody(RequestModel):
    """One's present password, and another one."""

    model_config = shown(
        {"password": "correct horse battery staple", "new_password": "twelve characters or more"}, request=True
    )

    password: Annotated[str, Field(min_length=1, max_length=1024, repr=False)]
    new_password: Annotated[str, Field(min_length=12, max_length=1024, repr=False)]


class SignedInModel(Model):
    """Who is signed in; ``token`` is shown this once, for clients that send `Authorization: Bearer`."""

    model_config = shown({"user": _USER_EXAMPLE, "token": "6nJ2vX0c3wq8y4r1T5u7i9o0p2a4s6d8f0g1h3j5k7l"})

    user: UserModel
    token: str


class SessionModel(Model):
    """Who is signed in."""

    model_config = shown({"user": _USER_EXAMPLE})

    user: UserModel


class OpenSession(Model):
    """A place where somebody is signed in. ``current``: the one that asks."""

    model_config = shown(_SESSION_EXAMPLE)

    id: str
    began_at: UtcTime
    expires_at: UtcTime
    address: str
    agent: str
    current: bool

    @classmethod
    def of(cls, session: Session, *, current: bool) -> "OpenSession":
        """From the port's value."""
        return cls(
            id=session.id,
            began_at=session.created_at,
            expires_at=session.expires_at,
            address=session.address,
            agent=session.agent,
            current=current,
        )


class SessionList(Model):
    """Sessions, newest first."""

    model_config = shown({"items": [_SESSION_EXAMPLE]})

    items: tuple[OpenSession, ...]


class FactorModel(Model):
    """What an authenticator needs; the address says the same as the secret, for a QR code."""

    model_config = shown(
        {
            "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "uri": "otpauth://totp/Lookout:li?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Lookout",
            "qr": ["1110", "1011"],
        }
    )

    secret: str
    uri: str
    qr: tuple[str, ...] = Field(description="The address as a QR code: rows of modules, 1 is dark; without its margin.")

    @classmethod
    def of(cls, made: Enrolment) -> "FactorModel":
        """From the service's value."""
        rows = tuple("".join(str(int(module)) for module in row) for row in segno.make(made.uri, micro=False).matrix)
        return cls(secret=made.secret, uri=made.uri, qr=rows)


class FactorState(Model):
    """Whether a code is asked for beside the password, and since when."""

    model_config = shown({"since": "2026-11-22T06:00:00.000Z"})

    since: UtcTime | None


class CodeBody(RequestModel):
    """A code of the authenticator, or a recovery code."""

    model_config = shown({"code": "287082"}, request=True)

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class RecoveryCodes(Model):
    """Each works once, when the authenticator is lost."""

    model_config = shown({"recovery_codes": ["mzxw-6ytb-oi3d-kmrv"]})

    recovery_codes: tuple[str, ...]


class AuditModel(Model):
    """An entry of the audit log; ``actor`` null is the system or somebody unknown."""

    model_config = shown(_AUDIT_EXAMPLE)

    seq: int
    at: UtcTime
    act: Act
    actor: str | None
    subject: str
    details: dict[str, str | int]
    chain: str

    @classmethod
    def of(cls, kept: Kept) -> "AuditModel":
        """From the domain's value."""
        entry = kept.entry
        return cls(
            seq=kept.seq,
            at=entry.at,
            act=entry.act,
            actor=entry.actor,
            subject=entry.subject,
            details=dict(entry.details or {}),
            chain=kept.chain,
        )


class AuditQuery(BaseModel):
    """Which entries; what is left out does not matter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    act: Act | None = None
    actor: Annotated[str | None, Field(max_length=64, description="The id of whoever did it.")] = None
    about: Annotated[
        Text | None, Field(min_length=1, max_length=100, description="Part of the id of what it was done to.")
    ] = None
    first: UtcTime | None = None
    before: UtcTime | None = None
    limit: Annotated[int, Field(ge=1, le=200, description="How many at most.")] = 50
    cursor: Annotated[int | None, Field(ge=1, le=2**53, description="`next_cursor` of the page before.")] = None

    def filter(self) -> AuditFilter:
        """As the port's value."""
        return AuditFilter(act=self.act, actor=self.actor, about=self.about, first=self.first, last=self.before)


class AuditPage(Model):
    """Entries, newest first."""

    model_config = shown({"items": [_AUDIT_EXAMPLE], "next_cursor": None})

    items: tuple[AuditModel, ...]
    next_cursor: str | None


class PeopleList(Model):
    """People, by name."""

    model_config = shown({"items": [{"id": "u-wangfang", "name": "王芳", "roles": ["worker"], "grids": ["grid-07"]}]})

    items: tuple[PersonModel, ...]
