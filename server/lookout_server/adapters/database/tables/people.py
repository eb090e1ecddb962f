"""Where people are, who they are, and what they are told."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    String,
    Text,
    false,
    text,
    true,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


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
    #: Disabled: no way in, and nobody is sent.
    barred: Mapped[bool] = mapped_column(server_default=false())
    #: Names of the tours of the pages that they have seen.
    toured: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))


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


class PositionRow(Base):
    """Where people are who share it. Overwritten, and deleted after minutes."""

    __tablename__ = "positions"
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), primary_key=True)
    lat: Mapped[float]
    lon: Mapped[float]
    accuracy_m: Mapped[float | None]
    at: Mapped[datetime] = mapped_column(index=True)


class HandOverRow(Base):
    """交接班: who handed what over to whom, and the answer."""

    __tablename__ = "hand_overs"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    giver: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    taker: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    note: Mapped[str] = mapped_column(Text)
    cases: Mapped[list[Any]]
    given_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    declined: Mapped[str | None] = mapped_column(Text)


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
    #: The id of what it is about.
    about: Mapped[str | None] = mapped_column(Id)
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
    address: Mapped[str] = mapped_column(String(64), server_default="")
    agent: Mapped[str] = mapped_column(String(200), server_default="")
