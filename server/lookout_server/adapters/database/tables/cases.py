"""Cases, their history and their limits of time."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id


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
    source: Mapped[str] = mapped_column(String(20), server_default=text("'camera'"))
    topic: Mapped[str | None] = mapped_column(String(40))
    scene: Mapped[str | None] = mapped_column(Text)
    __table_args__ = (
        Index(None, "opened_at", "id"),
        Index(None, "state", "opened_at"),
        Index(None, "handler", "state"),
        Index(None, "gateway", "camera", "updated_at"),
        Index(None, "scenario", "opened_at"),
        Index(None, "title"),
        Index(
            "ix_cases_merged_into",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
        Index(
            "ix_cases_due",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
        Index(
            "ix_cases_supervised",
            "opened_at",
            sqlite_where=text("supervised"),
            postgresql_where=text("supervised"),
        ),
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
    """Files attached to a case by people, or by the camera's second look; one file may be both."""

    __tablename__ = "case_evidence"
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True, index=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    mime: Mapped[str] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime]
    stage: Mapped[str] = mapped_column(String(10), primary_key=True)
