"""Volunteers, and the ledger of their points."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Id, Name


class VolunteerRow(Base):
    """People who help, without an account."""

    __tablename__ = "volunteers"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"), index=True)
    skills: Mapped[list[Any]]
    active: Mapped[bool]


class PointsRow(Base):
    """道德银行. Rows are only ever added: a mistake is put right by another line."""

    __tablename__ = "points"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    volunteer: Mapped[str] = mapped_column(ForeignKey("volunteers.id"))
    points: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    __table_args__ = (Index(None, "volunteer", "at"),)
