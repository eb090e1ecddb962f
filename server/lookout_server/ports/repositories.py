"""What a transaction offers: one narrow Protocol for each kind of thing that is kept."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from lookout_contract.cases import CaseState
from lookout_contract.commands import CommandResponse
from lookout_contract.events import Scenario, Severity
from lookout_server.domain.access import Access
from lookout_server.domain.alarm import Alarm
from lookout_server.domain.case import Case, CaseEvidence, HistoryEntry, Source
from lookout_server.domain.deadline import Deadline, DeadlineKey, DeadlineKind
from lookout_server.domain.hand_over import HandOver
from lookout_server.domain.notice import Contact
from lookout_server.domain.roster import Shift
from lookout_server.domain.silence import Silence
from lookout_server.domain.territory import Camera, CameraKey, Gateway, Person, Role, Territory
from lookout_server.ports.accounts import AccountKeeping, Session
from lookout_server.ports.records import (
    AlarmFilter,
    CaseFilter,
    DeadlineHealth,
    IssuedCertificate,
    LeaseRequest,
    Page,
    SentCommand,
)


class AlarmRepository(Protocol):
    """Alarms by id and in lists."""

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Alarm]:
        """Those that exist, by id; ``lock`` holds them against other writers until the transaction ends."""
        ...

    async def save(self, alarms: Sequence[Alarm]) -> None:
        """Insert or update."""
        ...

    async def page(self, wanted: AlarmFilter, page: Page) -> Sequence[Alarm]:
        """Newest arrival first."""
        ...

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """Ids of the alarms that name this file."""
        ...

    async def active(self, camera: CameraKey, scenario: Scenario) -> int:
        """How many of this kind go on at this camera."""
        ...

    async def arrivals(
        self, cameras: Collection[CameraKey], first: datetime, last: datetime
    ) -> Sequence[tuple[CameraKey, Scenario, datetime]]:
        """Camera, scenario and arrival of what came after ``first`` and until ``last``, newest first."""
        ...

    async def open_by_severity(self, visible_to: Access | None = None) -> dict[Severity, int]:
        """How many nobody has judged; of those that somebody may see, or of all."""
        ...


class CaseRepository(Protocol):
    """Cases, their history and files."""

    async def next_number(self, day: str) -> int:
        """The next running number of that day (``20261122``), from 1; never given twice."""
        ...

    async def get(self, ids: Collection[str], *, lock: bool = False) -> dict[str, Case]:
        """Those that exist, by id; ``lock`` holds them against other writers until the transaction ends."""
        ...

    async def add(self, case: Case, entry: HistoryEntry) -> None:
        """Insert. ConflictError when one of its alarms already belongs to a live case."""
        ...

    async def add_past(self, cases: Sequence[tuple[Case, Sequence[HistoryEntry]]]) -> None:
        """Insert cases that are over, with their histories and without their alarms."""
        ...

    async def link_past(self, links: Sequence[tuple[str, str]]) -> None:
        """Link such cases (first) with their alarms (second)."""
        ...

    async def update(self, case: Case, entry: HistoryEntry, *, seen: int) -> None:
        """Write the case and append to its history. StaleVersionError when its version is no longer ``seen``."""
        ...

    async def release_alarms(self, case_id: str, *, released: bool) -> None:
        """Let the case's alarms go (it is void), or take them back."""
        ...

    async def add_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Let alarms join the case. ConflictError when one belongs to another live case."""
        ...

    async def drop_alarms(self, case_id: str, alarms: Collection[str]) -> None:
        """Let alarms leave the case."""
        ...

    async def page(self, wanted: CaseFilter, page: Page) -> Sequence[Case]:
        """Newest first."""
        ...

    async def history(self, case_id: str) -> Sequence[HistoryEntry]:
        """Oldest first."""
        ...

    async def attach(self, case_id: str, evidence: CaseEvidence) -> None:
        """Attach a file; again does nothing."""
        ...

    async def evidence(self, case_id: str) -> Sequence[CaseEvidence]:
        """Attached files, oldest first."""
        ...

    async def with_evidence(self, sha256: str) -> Sequence[str]:
        """Ids of the cases to which the file is attached."""
        ...

    async def load_of(self, people: Collection[str]) -> dict[str, int]:
        """Person id → how many cases they have in hand."""
        ...

    async def returned_by(self, case_id: str) -> frozenset[str]:
        """Ids of the people who gave this case back."""
        ...

    async def sent_for(self, case_id: str) -> frozenset[str]:
        """Ids of the people who were sent for this case and did not accept it."""
        ...

    async def without_deadline(self, limit: int) -> Sequence[Case]:
        """Cases whose step has a limit that no timer watches and that has not been told on."""
        ...

    async def opened_by(self, person: str, source: Source, since: datetime) -> Sequence[str]:
        """Ids of the cases that somebody made in one way since then, the newest first."""
        ...

    async def closed_at(self, camera: CameraKey, scenario: Scenario, since: datetime) -> Sequence[Case]:
        """Closed cases of this kind at this camera that were touched since then, newest first."""
        ...

    async def live_near(self, scenarios: Collection[Scenario], since: datetime) -> Sequence[Case]:
        """Cases of these kinds that are not settled, opened since then or with an alarm that was told of since then."""
        ...

    async def opened_since(self, since: datetime, page: Page) -> Sequence[Case]:
        """Newest first."""
        ...

    async def histories(self, ids: Collection[str]) -> dict[str, list[HistoryEntry]]:
        """Case id → its history, oldest first."""
        ...

    async def count_by_state(self, visible_to: Access | None = None) -> dict[CaseState, int]:
        """How many cases that are not settled stand where; of those that somebody may see, or of all."""
        ...


class DeadlineRepository(Protocol):
    """Timers."""

    async def set(self, deadlines: Sequence[Deadline]) -> None:
        """Start timers, or start them anew: a lease that somebody has on one is void."""
        ...

    async def cancel(self, keys: Collection[DeadlineKey]) -> None:
        """Forget timers; those that are not there are no error."""
        ...

    async def lease(self, request: LeaseRequest) -> Sequence[Deadline]:
        """Those that have passed and that nobody has leased, now leased; commit at once."""
        ...

    async def take(self, key: DeadlineKey, owner: str) -> bool:
        """Delete a timer that ``owner`` has leased; False when it was changed or taken by somebody else meanwhile."""
        ...

    async def failed(self, key: DeadlineKey, owner: str, error: str) -> None:
        """Note why acting on it did not work; it is leased again when the lease ends."""
        ...

    async def next_due(self, kinds: Collection[DeadlineKind]) -> datetime | None:
        """When the first timer of these kinds passes."""
        ...

    async def health(self, *, late_since: datetime) -> DeadlineHealth:
        """How many wait; which have passed before ``late_since`` and are there still."""
        ...


class TerritoryRepository(Protocol):
    """Places and cameras."""

    async def territories(self) -> Sequence[Territory]:
        """All of them, parents before children."""
        ...

    async def save_territory(self, territory: Territory) -> None:
        """Insert or update; its parent must be there."""
        ...

    async def cameras(self, keys: Collection[CameraKey] | None = None) -> dict[CameraKey, Camera]:
        """These cameras, or all."""
        ...

    async def save_cameras(self, cameras: Sequence[Camera]) -> None:
        """Insert or update."""
        ...


class PeopleRepository(AccountKeeping, Protocol):
    """Accounts and who is signed in."""

    async def get(self, ids: Collection[str]) -> dict[str, Person]:
        """Those that exist, by id."""
        ...

    async def everyone(self, role: Role | None = None) -> Sequence[Person]:
        """Everybody, by name; with a role: those who have it and are not disabled."""
        ...

    async def working_in(self, places: Collection[str]) -> Sequence[Person]:
        """Those who work in one of these places and are not disabled, by name."""
        ...

    async def credentials(self, username: str) -> tuple[Person, str | None] | None:
        """The person and their password hash (None: no password yet); None when nobody may sign in by this name."""
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
        """Let the session end later."""
        ...

    async def end_sessions(self, *, token_hash: str | None = None, person_id: str | None = None) -> None:
        """Revoke one session, or all of a person's."""
        ...


class SilenceRepository(Protocol):
    """Silences and maintenance windows."""

    async def current(self, at: datetime) -> Sequence[Silence]:
        """Those that have not ended; some may not have begun."""
        ...

    async def get(self, silence_id: str) -> Silence | None:
        """By id."""
        ...

    async def save(self, silence: Silence) -> None:
        """Insert or update."""
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

    async def remove_contact(self, person_id: str, channel: str) -> bool:
        """False when there is none."""
        ...


class GatewayRepository(Protocol):
    """Gateways, their upload tokens and the commands sent to them."""

    async def get(self, ids: Collection[str] | None = None) -> dict[str, Gateway]:
        """These gateways, or all."""
        ...

    async def save(self, gateways: Sequence[Gateway]) -> None:
        """Insert or update."""
        ...

    async def set_token(self, gateway_id: str, token_hash: str) -> None:
        """Issue or replace the upload token; makes the gateway registered."""
        ...

    async def end_token(self, gateway_id: str) -> None:
        """Its upload token works no longer."""
        ...

    async def by_token(self, token_hash: str) -> str | None:
        """The id of the gateway that holds this token."""
        ...

    async def add_command(self, command: SentCommand) -> None:
        """Remember a command; the same id again does nothing."""
        ...

    async def answer(self, gateway_id: str, response: CommandResponse, at: datetime) -> SentCommand | None:
        """Keep the first answer; None when the command is unknown or was answered before."""
        ...

    async def command(self, command_id: str) -> SentCommand | None:
        """One command."""
        ...

    async def commands(
        self, *, unanswered_since: datetime | None = None, gateway: str | None = None, limit: int | None = None
    ) -> Sequence[SentCommand]:
        """All commands, newest first, or those that expired before the given time without an answer."""
        ...

    async def forget_commands(self, before: datetime) -> int:
        """Delete those answered, or expired without an answer, before this time; how many there were."""
        ...


class Enrolments(Protocol):
    """One-time codes for boxes, and the certificates that they got."""

    async def offer(self, code_hash: str, gateway: str, *, at: datetime, expires_at: datetime) -> None:
        """Keep a code by its hash; an earlier one of that gateway works no longer."""
        ...

    async def redeem(self, code_hash: str, at: datetime) -> str | None:
        """Use a code up and return its gateway; None when it is unknown, used or expired."""
        ...

    async def certified(self, gateway: str, certificate: IssuedCertificate, at: datetime) -> None:
        """Remember a certificate; those that the gateway had are revoked."""
        ...

    async def revoke(self, gateway: str, at: datetime) -> int:
        """Revoke the gateway's certificates and codes; how many certificates that were."""
        ...

    async def revoked(self) -> Collection[str]:
        """Serial numbers of all revoked certificates."""
        ...

    async def expiries(self) -> dict[str, datetime]:
        """Gateway id → when its valid certificate ends."""
        ...
