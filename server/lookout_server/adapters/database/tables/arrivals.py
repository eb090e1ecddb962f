"""What gateways have sent: events and their ledger, files, and what could not be taken."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, JsonText, RowId, SourceName


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
    also: Mapped[str] = mapped_column(JsonText)
    lost: Mapped[str] = mapped_column(JsonText)
    top: Mapped[int] = mapped_column(BigInteger)
    links: Mapped[int] = mapped_column(BigInteger)
    head: Mapped[str] = mapped_column(Hash)


class EvidenceRow(Base):
    """Files that are in the evidence store."""

    __tablename__ = "evidence"
    __table_args__ = (Index(None, "uploaded_at", "sha256"),)
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    mime: Mapped[str] = mapped_column(String(100))
    bytes: Mapped[int] = mapped_column(BigInteger)
    uploaded_at: Mapped[datetime]
    uploader: Mapped[str] = mapped_column(String(80))


class QuarantineRow(Base):
    """Messages that could not be taken. The very same one again only counts."""

    __tablename__ = "quarantine"
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    fingerprint: Mapped[str] = mapped_column(Hash, unique=True)
    topic: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    code: Mapped[str | None] = mapped_column(String(30))
    said: Mapped[dict[str, Any] | None]
    gateway: Mapped[str | None] = mapped_column(Id, index=True)
    epoch: Mapped[str | None] = mapped_column(Id)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    size: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime]
    last_at: Mapped[datetime]
    times: Mapped[int]
    state: Mapped[str] = mapped_column(String(10))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(Id)
    note: Mapped[str | None] = mapped_column(Text)
    alarm: Mapped[str | None] = mapped_column(Id)
