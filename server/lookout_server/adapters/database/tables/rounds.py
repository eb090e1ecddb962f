"""Rounds of workers: the diary, and inspections."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


class DiaryRow(Base):
    """民情日记. Rows are only ever added; a case may be made of one."""

    __tablename__ = "diary"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("people.id"))
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text)
    photos: Mapped[list[Any]]
    place: Mapped[dict[str, Any] | None]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    __table_args__ = (Index(None, "at", "id"), Index(None, "person", "at"), Index(None, "grid", "at"))


class InspectionRow(Base):
    """What has to be looked at every so many days."""

    __tablename__ = "inspections"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(Name)
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"), index=True)
    every_days: Mapped[int]
    due_at: Mapped[datetime]
    checks: Mapped[list[Any]]
    assignee: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    last_done_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class InspectionReportRow(Base):
    """What inspections found. Rows are only ever added."""

    __tablename__ = "inspection_reports"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    inspection: Mapped[str] = mapped_column(ForeignKey("inspections.id"))
    person: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    ok: Mapped[bool]
    words: Mapped[str] = mapped_column(Text)
    failed: Mapped[list[Any]]
    photos: Mapped[list[Any]]
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    __table_args__ = (Index(None, "inspection", "at"),)


class RoundPhotoRow(Base):
    """In which grid a picture of a diary entry or an inspection was taken: its control room may look at it."""

    __tablename__ = "round_photos"
    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"), primary_key=True)
