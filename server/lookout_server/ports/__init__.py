"""What the services need from outside, as narrow Protocols. Adapters implement them; ``testing`` has typed fakes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, Protocol

from lookout_server.ports.accounts import (
    AccountFilter,
    AuditFilter,
    AuditLog,
    CareViews,
    Factors,
    KeptAccount,
    SecondFactor,
    Session,
)
from lookout_server.ports.arrivals import Brought, EventLog, EvidenceIndex, Ledger, ProofRepository, Quarantine
from lookout_server.ports.gateways import Enrolments, GatewayRepository
from lookout_server.ports.hotline import HotlineRepository
from lookout_server.ports.lists import ListRepository
from lookout_server.ports.outgoing import Feed, NoticeRepository, Outbox, WebhookRepository
from lookout_server.ports.people import PeopleRepository, RosterRepository
from lookout_server.ports.plans import PlanRepository
from lookout_server.ports.policies import PolicyRepository, PolicyVersion
from lookout_server.ports.records import (
    Ahead,
    AlarmFilter,
    AnswerTo,
    CameraPart,
    CaseFilter,
    DeadlineHealth,
    FeedEntry,
    FeedKind,
    Gap,
    Incoming,
    IssuedCertificate,
    LeaseRequest,
    LedgerEntry,
    LedgerStream,
    LinkedEvent,
    LinkedNote,
    ModelPackage,
    OutboxMessage,
    Page,
    Quarantined,
    QuarantinedMessage,
    QuarantineEnd,
    QuarantineState,
    SentCommand,
    StoredFile,
    StreamKey,
    StreamState,
    TakenEvent,
)
from lookout_server.ports.repositories import (
    AlarmRepository,
    CaseRepository,
    DeadlineRepository,
    SilenceRepository,
    TerritoryRepository,
)
from lookout_server.ports.requests import Answer, HeldRequest, RequestKey, RequestKeys, SavedView, SavedViews
from lookout_server.ports.rounds import DiaryFilter, RoundRepository
from lookout_server.ports.statistics import StatisticsRepository
from lookout_server.ports.vehicles import VehicleFilter, VehicleRepository
from lookout_server.ports.volunteers import VolunteerRepository
from lookout_server.ports.ways import ResidentRepository
from lookout_server.ports.whereabouts import WhereaboutsRepository

__all__ = [
    "AccountFilter",
    "Ahead",
    "AlarmFilter",
    "AlarmRepository",
    "Answer",
    "AnswerTo",
    "AuditFilter",
    "AuditLog",
    "Brought",
    "CameraPart",
    "CareViews",
    "CaseFilter",
    "CaseRepository",
    "Checks",
    "Clock",
    "DeadlineHealth",
    "DeadlineRepository",
    "DiaryFilter",
    "Enrolments",
    "EventLog",
    "EvidenceIndex",
    "EvidenceStore",
    "Factors",
    "Feed",
    "FeedEntry",
    "FeedKind",
    "Gap",
    "GatewayRepository",
    "HeldRequest",
    "HotlineRepository",
    "Incoming",
    "IssuedCertificate",
    "KeptAccount",
    "LeaseRequest",
    "Ledger",
    "LedgerEntry",
    "LedgerStream",
    "LinkedEvent",
    "LinkedNote",
    "ListRepository",
    "ModelPackage",
    "NoticeRepository",
    "Outbox",
    "OutboxMessage",
    "Page",
    "PasswordHasher",
    "PeopleRepository",
    "PlanRepository",
    "PolicyRepository",
    "PolicyVersion",
    "ProofRepository",
    "Quarantine",
    "QuarantineEnd",
    "QuarantineState",
    "Quarantined",
    "QuarantinedMessage",
    "ReadinessCheck",
    "RequestKey",
    "RequestKeys",
    "ResidentRepository",
    "RosterRepository",
    "RoundRepository",
    "SavedView",
    "SavedViews",
    "SecondFactor",
    "SentCommand",
    "Session",
    "SilenceRepository",
    "StatisticsRepository",
    "Store",
    "StoredFile",
    "StreamKey",
    "StreamState",
    "TakenEvent",
    "TerritoryRepository",
    "UnitOfWork",
    "VehicleFilter",
    "VehicleRepository",
    "VolunteerRepository",
    "WebhookRepository",
]


class Clock(Protocol):
    """The dispatcher's own clock."""

    def now(self) -> datetime:
        """The present, aware, in UTC."""
        ...


class PasswordHasher(Protocol):
    """Slow hashes of passwords; off the event loop."""

    async def hash(self, password: str) -> str:
        """A salted hash, in a format that names its own parameters."""
        ...

    async def verify(self, password: str, hashed: str | None) -> bool:
        """Whether it fits. None (no such person) takes as long and is False."""
        ...


class EvidenceStore(Protocol):
    """Content-addressed files."""

    async def put(self, sha256: str, mime: str, body: AsyncIterator[bytes], *, max_bytes: int) -> StoredFile:
        """Store durably. Raises WrongHashError, TooLargeError, WrongTypeError (magic bytes) or StoreError."""
        ...

    async def size(self, sha256: str) -> int | None:
        """Bytes held, or None when there is no such file."""
        ...

    def read(self, sha256: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes ``start`` up to, not including, ``end``. Raises NotFoundError when there is no such file."""
        ...

    async def delete(self, sha256: str) -> None:
        """Forget a file; one that is not there is no error."""
        ...


class UnitOfWork(Protocol):
    """One transaction. Leaving it without ``commit`` undoes everything."""

    @property
    def events(self) -> EventLog: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def alarms(self) -> AlarmRepository: ...
    @property
    def cases(self) -> CaseRepository: ...
    @property
    def deadlines(self) -> DeadlineRepository: ...
    @property
    def territory(self) -> TerritoryRepository: ...
    @property
    def people(self) -> PeopleRepository: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def care(self) -> CareViews: ...
    @property
    def factors(self) -> Factors: ...
    @property
    def requests(self) -> RequestKeys: ...
    @property
    def saved_views(self) -> SavedViews: ...
    @property
    def silences(self) -> SilenceRepository: ...
    @property
    def webhooks(self) -> WebhookRepository: ...
    @property
    def hotline(self) -> HotlineRepository: ...
    @property
    def vehicles(self) -> VehicleRepository: ...
    @property
    def volunteers(self) -> VolunteerRepository: ...
    @property
    def lists(self) -> ListRepository: ...
    @property
    def plans(self) -> PlanRepository: ...
    @property
    def policies(self) -> PolicyRepository: ...

    @property
    def whereabouts(self) -> WhereaboutsRepository: ...
    @property
    def rounds(self) -> RoundRepository: ...
    @property
    def statistics(self) -> StatisticsRepository: ...
    @property
    def residents(self) -> ResidentRepository: ...
    @property
    def roster(self) -> RosterRepository: ...
    @property
    def notices(self) -> NoticeRepository: ...
    @property
    def gateways(self) -> GatewayRepository: ...
    @property
    def enrolments(self) -> Enrolments: ...
    @property
    def evidence(self) -> EvidenceIndex: ...
    @property
    def proofs(self) -> ProofRepository: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def feed(self) -> Feed: ...
    @property
    def outbox(self) -> Outbox: ...

    def look_again(self) -> None:
        """Forget what was looked up ahead; its locks stay."""
        ...

    async def commit(self, *, more: bool = False) -> None:
        """Make it durable. Raises StoreError when the database refuses.

        ``more``: another transaction follows at once, most likely. Nothing may be asked of this one any more.
        """
        ...


class Store(Protocol):
    """Opens transactions. Errors of the database come out as StoreError."""

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """For reading; never commits."""
        ...

    @property
    def is_far(self) -> bool:
        """Whether the database is a network away, so that ``write`` gains something by what it is going to be asked."""
        ...

    def write(self, ahead: Ahead | None = None) -> AbstractAsyncContextManager[UnitOfWork]:
        """For writing; on SQLite the one writer at a time.

        ``ahead``: look up at once what ``events.lock``, ``alarms.get`` with a lock and ``cases.live_near`` are going to
        be asked, before the first lock is waited for: if somebody else had a stream meanwhile, alarms that he made are
        missing, and ``look_again`` has to be called. Where that ``is_all`` the store may go by what it wrote last, and
        looks when it commits: AssumedError, from there or from whatever else it is asked, means that it was wrong.
        """
        ...

    def alone(self, work: str) -> AbstractAsyncContextManager[bool]:
        """Whether no other dispatcher does this work now; while the context lasts, none begins."""
        ...

    async def ping(self) -> None:
        """StoreError when the database does not answer."""
        ...


class ReadinessCheck(Protocol):
    """Something the dispatcher cannot work without."""

    async def __call__(self) -> str | None:
        """None when fine, else one sentence that says what to do."""
        ...


#: What keeps the dispatcher from taking in what gateways tell.
Blocked = Literal["broker", "database"]

#: Name of what ``/readyz`` looks at → its check.
Checks = Mapping[str, ReadinessCheck]
