"""What a transaction offers about people: who they are, when they are on duty, and how they are reached."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lookout_server.domain.hand_over import HandOver
from lookout_server.domain.notice import Contact
from lookout_server.domain.roster import Shift
from lookout_server.domain.territory import Person, Role
from lookout_server.ports.accounts import AccountKeeping, Session


class PeopleRepository(AccountKeeping, Protocol):
    """Accounts and who is signed in."""

    async def get(self, ids: Collection[str]) -> dict[str, Person]:
        """Those that exist, by id."""
        ...

    async def everyone(self, role: Role | None = None) -> Sequence[Person]:
        """Everybody, by name; with a role: those who have it and are not disabled."""
        ...

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """User name → what people call them, also of those who are disabled."""
        ...

    async def working_in(self, places: Collection[str]) -> Sequence[Person]:
        """Those who work in one of these places and are not disabled, by name."""
        ...

    async def credentials(self, username: str, *, barred: bool = False) -> tuple[Person, str | None] | None:
        """The person and their password hash (None: no password yet); None when nobody may sign in by this name.

        ``barred``: also of an account that is disabled.
        """
        ...

    async def save(self, person: Person, *, password_hash: str | None = None) -> None:
        """Insert or update; without a hash an existing password stays."""
        ...

    async def add_many(self, people: Sequence[Person]) -> None:
        """Insert those who are new, without passwords; the others stay as they are."""
        ...

    async def add_session(self, session: Session) -> None:
        """Keep a session; those that have run out are swept."""
        ...

    async def session(self, token_hash: str) -> tuple[Person, datetime] | None:
        """The person and when the session ends."""
        ...

    async def sessions(self, person_id: str, at: datetime) -> Sequence[Session]:
        """Those of somebody that have not run out, newest first."""
        ...

    async def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """Let the session end then."""
        ...

    async def shorten_sessions(self, above: datetime, expires_at: datetime) -> int:
        """Let those end then that would end above that; how many."""
        ...

    async def end_sessions(self, *, token_hash: str | None = None, person_id: str | None = None) -> None:
        """Revoke one session, or all of a person's."""
        ...


class RosterRepository(Protocol):
    """Shifts, and where people can be reached."""

    async def shifts_of(self, people: Collection[str], *, at: datetime) -> dict[str, list[Shift]]:
        """Person id → their shifts that have not ended by ``at``, and the last one that has."""
        ...

    async def shifts(self, first: datetime, last: datetime, limit: int) -> Sequence[Shift]:
        """Those that overlap the span, by start."""
        ...

    async def shift(self, shift_id: str) -> Shift | None:
        """By id."""
        ...

    async def save_shifts(self, shifts: Sequence[Shift]) -> None:
        """Insert or update."""
        ...

    async def remove_shift(self, shift_id: str) -> bool:
        """False when there is none."""
        ...

    async def hand_over(self, hand_over_id: str, *, lock: bool = False) -> HandOver | None:
        """By id."""
        ...

    async def hand_overs(self, *, giver: str | None = None, of: str | None = None) -> Sequence[HandOver]:
        """By one giver, or of one person on either side, or all; the newest 200, newest first."""
        ...

    async def save_hand_over(self, hand_over: HandOver) -> None:
        """Insert or update."""
        ...

    async def contacts(self, people: Collection[str]) -> dict[str, list[Contact]]:
        """Person id → their addresses."""
        ...

    async def save_contact(self, contact: Contact) -> None:
        """Insert or replace the one on this channel."""
        ...

    async def free_channel(self, channel: str) -> None:
        """Forget this channel, whoever has it."""
        ...

    async def remove_contact(self, person_id: str, channel: str) -> bool:
        """False when there is none."""
        ...
