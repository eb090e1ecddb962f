"""Floor plans."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


class PlanRow(Base):
    """Plans; the pictures are in the evidence store."""

    __tablename__ = "plans"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    place: Mapped[str] = mapped_column(ForeignKey("territories.id"))
    name: Mapped[str] = mapped_column(Name)
    sha256: Mapped[str] = mapped_column(Hash, index=True)
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]


class StandingRow(Base):
    """Where a camera stands, and where it looks."""

    __tablename__ = "standings"
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    plan: Mapped[str] = mapped_column(ForeignKey("plans.id"), index=True)
    x: Mapped[float]
    y: Mapped[float]
    heading: Mapped[float]
    angle: Mapped[float]
    reach: Mapped[float]
