"""What a transaction offers about accounts: who may look into what, who did what, and how people prove who they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from lookout_server.domain.audit import Act, Entry, Kept
from lookout_server.domain.care import View
from lookout_server.domain.territory import Person, Role


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are looked for: those that fit all that is given. ``about``: part of what it was done to."""

    act: Act | None = None
    actor: str | None = None
    about: str | None = None
    first: datetime | None = None
    last: datetime | None = None


class AuditLog(Protocol):
    """Entries are only ever added."""

    def add(self, entry: Entry) -> None:
        """Queue an entry; it is numbered and chained with the commit."""
        ...

    async def after(self, seq: int, limit: int) -> Sequence[Kept]:
        """Those above a number, ascending."""
        ...

    async def before(self, seq: int | None, limit: int, wanted: AuditFilter | None = None) -> Sequence[Kept]:
        """Those below a number, or the newest; descending. ``wanted`` None: all of them."""
        ...

    async def given(self) -> int:
        """The highest number that was ever given; 0 before the first."""
        ...


class CareViews(Protocol):
    """Looks into care cases."""

    async def get(self, view_id: str, *, lock: bool = False) -> View | None:
        """By id."""
        ...

    async def save(self, view: View) -> None:
        """Insert or update."""
        ...

    async def current(self, at: datetime) -> Sequence[View]:
        """Those that wait for an answer or hold, newest first."""
        ...

    async def open_to(self, person_id: str, at: datetime) -> frozenset[str]:
        """Ids of the cases that are open to somebody."""
        ...


@dataclass(frozen=True, kw_only=True)
class SecondFactor:
    """A person's one-time codes (RFC 6238). Not asked for until ``since``; ``step``: the last that was used."""

    secret: str = field(repr=False)
    since: datetime | None
    step: int


@dataclass(frozen=True, kw_only=True)
class Session:
    """Somebody signed in. ``token_hash`` says which; its beginning is its id."""

    token_hash: str = field(repr=False)
    person: str
    created_at: datetime
    expires_at: datetime
    address: str
    agent: str

    @property
    def id(self) -> str:
        """What it is called; says nothing about the token."""
        return self.token_hash[:20]


@dataclass(frozen=True, kw_only=True)
class AccountFilter:
    """Which accounts: all that is given has to fit. ``text``: part of the name or user name; ``after``: the user
    name before."""

    username: str | None = None
    text: str | None = None
    role: Role | None = None
    barred: bool | None = None
    after: str | None = None


@dataclass(frozen=True, kw_only=True)
class KeptAccount:
    """An account and the ways in that it has."""

    person: Person
    has_password: bool
    second_factor: bool


class AccountKeeping(Protocol):
    """Accounts as whoever looks after them sees them."""

    async def toured(self, person_id: str) -> frozenset[str]:
        """Names of the tours of the pages that somebody has seen."""
        ...

    async def note_tour(self, person_id: str, name: str) -> None:
        """Somebody has seen this one; again changes nothing."""
        ...

    async def accounts(self, wanted: AccountFilter, limit: int) -> Sequence[KeptAccount]:
        """By user name, also those that are disabled."""
        ...

    async def bar(self, person_id: str, barred: bool) -> None:
        """Disable an account, or let it in again."""
        ...


class Factors(Protocol):
    """Second factors and recovery codes."""

    async def get(self, person_id: str, *, lock: bool = False) -> SecondFactor | None:
        """None: the person has none."""
        ...

    async def save(self, person_id: str, factor: SecondFactor) -> None:
        """Insert or update."""
        ...

    async def remove(self, person_id: str) -> bool:
        """With the recovery codes; False when there was none."""
        ...

    async def keep_codes(self, person_id: str, hashes: Sequence[str]) -> None:
        """Replace all recovery codes."""
        ...

    async def use_code(self, person_id: str, code_hash: str) -> bool:
        """Use a recovery code up; False when there is none like it."""
        ...
