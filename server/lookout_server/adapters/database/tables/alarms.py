"""Alarms, and what keeps them quiet."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, JsonText, SourceName


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
        Index(None, "scenario", "received_at"),
        Index(None, "camera", "received_at"),
        Index(
            "ix_alarms_active",
            "gateway",
            "camera",
            "scenario",
            sqlite_where=text("state = 'active'"),
            postgresql_where=text("state = 'active'"),
        ),
        # A row that finds room on its page leaves all indexes alone; a full page's goes to another, and into all eight.
        {"postgresql_with": {"fillfactor": 70}},
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


class AlarmEvidenceRow(Base):
    """Files that an alarm names, whether they have arrived or not."""

    __tablename__ = "alarm_evidence"
    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True, index=True)
    position: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    bytes: Mapped[int] = mapped_column(BigInteger)
    mime: Mapped[str] = mapped_column(Text)
