"""Gateways, their cameras, what they are told to do, and how they are let in."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    String,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


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
    evidence_dropped: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    clock_offset_s: Mapped[float | None]
    earlier_epoch: Mapped[str | None] = mapped_column(Id)
    rival_at: Mapped[datetime | None]
    #: What it proposes, what its shadows have come to, and how its cameras' streams are doing.
    advice: Mapped[dict[str, Any] | None]


class CommandRow(Base):
    """Commands to gateways and their answers."""

    __tablename__ = "commands"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    gateway: Mapped[str] = mapped_column(Id)
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
    __table_args__ = (
        Index(None, "gateway", "name", "issued_at"),
        Index(
            "ix_commands_unanswered",
            "expires_at",
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
    )


class CameraRow(Base):
    """Cameras; ids are unique within a gateway."""

    __tablename__ = "cameras"
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    grid: Mapped[str | None] = mapped_column(ForeignKey("territories.id"), index=True)
    building: Mapped[str | None] = mapped_column(ForeignKey("territories.id"), index=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    state: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    since: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    last_alarm_at: Mapped[datetime | None]


class CameraProofRow(Base):
    """The newest trial of each camera and scenario. ``told`` holds what only pages show."""

    __tablename__ = "camera_proofs"
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    scenario: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    occurrence: Mapped[str] = mapped_column(Id)
    started_at: Mapped[datetime]
    told_at: Mapped[datetime]
    passed: Mapped[bool | None]
    told: Mapped[dict[str, Any]]


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
