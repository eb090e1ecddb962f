"""Ways in that are no camera: QR codes on walls, and what residents reported by them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


class ReportPlaceRow(Base):
    """Places with a QR code."""

    __tablename__ = "report_places"
    code: Mapped[str] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(Name)
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"), index=True)
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class ResidentReportRow(Base):
    """What residents reported. Nothing says who they are; the tracking code itself is never kept."""

    __tablename__ = "resident_reports"
    id: Mapped[str] = mapped_column(Hash, primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("report_places.code"))
    kind: Mapped[str] = mapped_column(String(20))
    words: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    score: Mapped[int | None]
    score_words: Mapped[str | None] = mapped_column(Text)
    rated_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "place", "at"),)


class SeenTooRow(Base):
    """Who sees what a resident told, too: a hash of a browser's random token, which is never kept, and nothing else."""

    __tablename__ = "resident_seen"
    id: Mapped[str] = mapped_column(Hash, primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("report_places.code"))
    kind: Mapped[str] = mapped_column(String(20))
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"), index=True)
    at: Mapped[datetime]


class HotlineCallRow(Base):
    """Calls of 12345 by the hotline's own numbers. Who called is not kept."""

    __tablename__ = "hotline_calls"
    number: Mapped[str] = mapped_column(Id, primary_key=True)
    received_at: Mapped[datetime]
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
