"""The schema: one for SQLite and PostgreSQL. Changing anything here needs a migration; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC on both sides. SQLite keeps no zone, so it is taken off on the way in and put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times: nobody can tell what they meant."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored; give it in UTC")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """SQLite keeps text: the same as SQLAlchemy writes, at a third of its cost, for several times an event."""
        if dialect.name != "sqlite":
            return super().bind_processor(dialect)

        def process(value: datetime | None) -> str | None:
            bare = self.process_bind_param(value, dialect)
            return None if bare is None else bare.isoformat(sep=" ", timespec="microseconds")

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """The way back."""
        if dialect.name != "sqlite":
            return super().result_processor(dialect, coltype)

        def process(value: Any) -> datetime | None:
            return None if value is None else datetime.fromisoformat(value).replace(tzinfo=UTC)

        return process


Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
#: SQLite numbers rows by itself only when the key is a plain INTEGER.
RowId = BigInteger().with_variant(Integer(), "sqlite")
Name = String(200)
Id = String(64)
#: ``/site/{63}/gateway/{63}``
SourceName = String(150)
Hash = String(64)


class JsonText(TypeDecorator[Any]):
    """JSON that pydantic writes and reads: text goes in, and comes out as the driver has it (asyncpg: read already)."""

    impl = Json
    cache_ok = True

    def bind_processor(self, dialect: Dialect) -> Any:
        """As it is."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """As it is."""


class Base(DeclarativeBase):
    """All tables share names of constraints that are the same on both databases."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: Json, list[Any]: Json}


class TerritoryRow(Base):
    """District → street → community → grid."""

    __tablename__ = "territories"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    level: Mapped[str] = mapped_column(String(20))
    parent: Mapped[str | None] = mapped_column(ForeignKey("territories.id"))


class PersonRow(Base):
    """Accounts."""

    __tablename__ = "people"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(Id, unique=True)
    name: Mapped[str] = mapped_column(Name)
    roles: Mapped[list[Any]]
    language: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str | None] = mapped_column(Text)
    skills: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    willing: Mapped[bool] = mapped_column(server_default=true())


class PersonGridRow(Base):
    """Who works where."""

    __tablename__ = "person_grids"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    grid_id: Mapped[str] = mapped_column(ForeignKey("territories.id"), primary_key=True, index=True)


class ContactRow(Base):
    """Where a person can be reached outside the application; addresses hold secrets."""

    __tablename__ = "contacts"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    address: Mapped[str] = mapped_column(Text)


class ShiftRow(Base):
    """The roster."""

    __tablename__ = "shifts"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    note: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (Index(None, "person_id", "ends_at"),)


class NoticeRow(Base):
    """What people were told."""

    __tablename__ = "notices"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str] = mapped_column(String(20))
    severity: Mapped[str] = mapped_column(String(10))
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    zh: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    __table_args__ = (Index(None, "person_id", "at"),)


class DeliveryRow(Base):
    """What became of a notice on one channel."""

    __tablename__ = "deliveries"
    notice_id: Mapped[str] = mapped_column(ForeignKey("notices.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(40), primary_key=True)
    state: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime]
    attempts: Mapped[int]
    error: Mapped[str | None] = mapped_column(Text)


class SessionRow(Base):
    """Who is signed in; the token itself is never kept."""

    __tablename__ = "sessions"
    token_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class GatewayRow(Base):
    """Gateways: their last word, and the hash of their upload token."""

    __tablename__ = "gateways"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    token_hash: Mapped[str | None] = mapped_column(Hash, unique=True)
    online: Mapped[bool]
    version: Mapped[str | None] = mapped_column(Text)
    epoch: Mapped[str | None] = mapped_column(Id)
    last_seen_at: Mapped[datetime | None]
    spool_events: Mapped[int | None] = mapped_column(BigInteger)
    spool_evidence: Mapped[int | None] = mapped_column(BigInteger)
    spool_oldest_s: Mapped[float | None]
    clock_skew_s: Mapped[float | None]
    last_sequence: Mapped[int] = mapped_column(BigInteger)
    dropped: Mapped[dict[str, Any] | None]
    clock_offset_s: Mapped[float | None]
    earlier_epoch: Mapped[str | None] = mapped_column(Id)
    rival_at: Mapped[datetime | None]


class CommandRow(Base):
    """Commands to gateways and their answers."""

    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    gateway: Mapped[str] = mapped_column(Id, index=True)
    name: Mapped[str] = mapped_column(Id)
    issued_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime | None]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    outcome: Mapped[str | None] = mapped_column(String(20))
    answered_at: Mapped[datetime | None]
    detail: Mapped[str | None] = mapped_column(Text)
    request: Mapped[str | None] = mapped_column(Text)
    asked_by: Mapped[str | None] = mapped_column(Id)
    result: Mapped[dict[str, Any] | None]


class CameraRow(Base):
    """Cameras; ids are unique within a gateway."""

    __tablename__ = "cameras"
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    grid: Mapped[str | None] = mapped_column(ForeignKey("territories.id"), index=True)
    state: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime | None]
    last_alarm_at: Mapped[datetime | None]


class EventRow(Base):
    """Every event, as it came. Never changed."""

    __tablename__ = "events"
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    source: Mapped[str] = mapped_column(SourceName)
    epoch: Mapped[str] = mapped_column(Id)
    sequence: Mapped[int] = mapped_column(BigInteger)
    occurrence: Mapped[str] = mapped_column(Id)
    captured_at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(index=True)
    payload: Mapped[str] = mapped_column(Text)
    link: Mapped[int] = mapped_column(BigInteger)
    chain: Mapped[str] = mapped_column(Hash)
    late_s: Mapped[float]
    __table_args__ = (
        UniqueConstraint("source", "epoch", "sequence"),
        Index(None, "source", "occurrence"),
        Index(
            "ix_events_late",
            "received_at",
            sqlite_where=text("late_s > 10"),
            postgresql_where=text("late_s > 10"),
        ),
    )


class LedgerRow(Base):
    """Entries of the ledger without an event: numbers that were refused or lost, and why. Never changed."""

    __tablename__ = "ledger"
    source: Mapped[str] = mapped_column(SourceName, primary_key=True)
    epoch: Mapped[str] = mapped_column(Id, primary_key=True)
    link: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ending: Mapped[str] = mapped_column(String(10))
    first: Mapped[int] = mapped_column(BigInteger)
    last: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(Hash)
    chain: Mapped[str] = mapped_column(Hash)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(index=True)


class StreamRow(Base):
    """Which numbers of a (source, epoch) are settled: 1..upto and the ranges above; and its ledger's head."""

    __tablename__ = "streams"
    source: Mapped[str] = mapped_column(SourceName, primary_key=True)
    epoch: Mapped[str] = mapped_column(Id, primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)
    also: Mapped[list[Any]]
    lost: Mapped[list[Any]]
    top: Mapped[int] = mapped_column(BigInteger)
    links: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(Hash)


class AlarmRow(Base):
    """One occurrence. ``told`` holds what only pages show: objects, votes, attributes, explain."""

    __tablename__ = "alarms"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    source: Mapped[str] = mapped_column(SourceName)
    occurrence: Mapped[str] = mapped_column(Id)
    gateway: Mapped[str] = mapped_column(Id)
    camera: Mapped[str] = mapped_column(Id)
    scenario: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10))
    severity_reason: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    zone: Mapped[str | None] = mapped_column(Id)
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))
    emitted_at: Mapped[datetime]
    received_at: Mapped[datetime]
    dwell_s: Mapped[float]
    told: Mapped[Any] = mapped_column(JsonText)
    epoch: Mapped[str] = mapped_column(Id)
    sequence: Mapped[int] = mapped_column(BigInteger)
    disposition: Mapped[str] = mapped_column(String(20))
    disposition_reason: Mapped[str | None] = mapped_column(Text)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"), index=True)
    acked_by: Mapped[str | None] = mapped_column(Id)
    acked_at: Mapped[datetime | None]
    ack_until: Mapped[datetime | None]
    __table_args__ = (
        UniqueConstraint("source", "occurrence"),
        Index(None, "received_at", "id"),
        Index(None, "disposition", "received_at"),
        Index(None, "gateway", "camera"),
    )


class SilenceRow(Base):
    """What disturbs nobody for a while."""

    __tablename__ = "silences"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(ForeignKey("people.id"))
    reason: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime] = mapped_column(index=True)
    scenario: Mapped[str | None] = mapped_column(String(40))
    gateway: Mapped[str | None] = mapped_column(Id)
    camera: Mapped[str | None] = mapped_column(Id)
    grid: Mapped[str | None] = mapped_column(Id)


class WebhookRow(Base):
    """How far in the feed a receiver of webhooks has heard."""

    __tablename__ = "webhooks"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime | None]


class WebhookSetAsideRow(Base):
    """A message that its receiver refuses, until somebody sends it again."""

    __tablename__ = "webhooks_set_aside"
    hook: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text)


class AlarmEvidenceRow(Base):
    """Files that an alarm names, whether they have arrived or not."""

    __tablename__ = "alarm_evidence"
    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True, index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str] = mapped_column(Text)


class CaseRow(Base):
    """Cases as they stand."""

    __tablename__ = "cases"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    number: Mapped[str] = mapped_column(Id, unique=True)
    title: Mapped[str] = mapped_column(Text)
    scenario: Mapped[str | None] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    entries: Mapped[int]
    gateway: Mapped[str | None] = mapped_column(Id)
    camera: Mapped[str | None] = mapped_column(Id)
    grid: Mapped[str | None] = mapped_column(ForeignKey("territories.id"), index=True)
    opened_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    handler: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    reworks: Mapped[int]
    rung: Mapped[int] = mapped_column(server_default=text("0"))
    first_due_at: Mapped[datetime | None]
    paused_left_s: Mapped[int | None]
    resumes_to: Mapped[str | None] = mapped_column(String(20))
    asked: Mapped[dict[str, Any] | None]
    supervised: Mapped[bool] = mapped_column(server_default=false())
    merged_into: Mapped[str | None] = mapped_column(Id)
    tier: Mapped[str | None] = mapped_column(String(10))
    score: Mapped[int | None]
    __table_args__ = (
        Index(None, "opened_at", "id"),
        Index(None, "state", "opened_at"),
        Index(None, "handler", "state"),
    )


class CaseAlarmRow(Base):
    """Which alarms a case is about. An alarm belongs to one live case at most; a void case has released it."""

    __tablename__ = "case_alarms"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id"), primary_key=True)
    position: Mapped[int]
    released: Mapped[bool]
    __table_args__ = (
        Index(
            "uq_case_alarms_live",
            "alarm_id",
            unique=True,
            sqlite_where=text("NOT released"),
            postgresql_where=text("NOT released"),
        ),
    )


class CaseHistoryRow(Base):
    """What happened to a case. Rows are only ever added."""

    __tablename__ = "case_history"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    action: Mapped[str] = mapped_column(String(20))
    from_state: Mapped[str | None] = mapped_column(String(20))
    to_state: Mapped[str] = mapped_column(String(20))
    note: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]]


class WhistleRow(Base):
    """Departments called to a case, and when they came."""

    __tablename__ = "whistles"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    due_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]


class DeadlineRow(Base):
    """Timers. Whoever acts on one leases it first, and deletes it in the transaction that acts."""

    __tablename__ = "deadlines"
    subject: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    part: Mapped[str] = mapped_column(Id, primary_key=True)
    due_at: Mapped[datetime] = mapped_column(index=True)
    owner: Mapped[str | None] = mapped_column(Id)
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)


class CaseEvidenceRow(Base):
    """Files attached to a case by people, or by the camera's second look."""

    __tablename__ = "case_evidence"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(20))
    mime: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(10))


class EvidenceRow(Base):
    """Files that are in the evidence store."""

    __tablename__ = "evidence"
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    mime: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    uploaded_at: Mapped[datetime]
    uploader: Mapped[str] = mapped_column(String(80))


class FeedRow(Base):
    """The feed, numbered without gaps in the order of commits."""

    __tablename__ = "feed"
    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(130))
    change: Mapped[str] = mapped_column(String(40))


class CounterRow(Base):
    """Numbers given in order: ``feed``, ``case-YYYYMMDD`` for each day. ``quarantine-dropped`` only counts."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """Messages to publish; a row goes when the broker has taken it."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    retain: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    reply_to: Mapped[str | None] = mapped_column(Text)
    correlation: Mapped[str | None] = mapped_column(Id)
    attempts: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)


class QuarantineRow(Base):
    """Messages that could not be taken. The very same one again only counts."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    fingerprint: Mapped[str] = mapped_column(Hash, unique=True)
    topic: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    gateway: Mapped[str | None] = mapped_column(Id, index=True)
    epoch: Mapped[str | None] = mapped_column(Id)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    size: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]


class EnrolmentRow(Base):
    """One-time codes with which a box fetches its bundle; the code itself is never kept."""

    __tablename__ = "enrolments"
    code_hash: Mapped[str] = mapped_column(Hash, primary_key=True)
    gateway: Mapped[str] = mapped_column(Id, index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class CertificateRow(Base):
    """Certificates that our authority gave to gateways. ``serial``: lower-case hexadecimal."""

    __tablename__ = "certificates"
    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    gateway: Mapped[str] = mapped_column(Id, index=True)
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
