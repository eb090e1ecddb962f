"""Registered vehicles, and what gateways were sent of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Id


class VehicleRow(Base):
    """Vehicles that belong here or may pass for a while. ``size``: bytes that it takes in a command."""

    __tablename__ = "vehicles"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    plate: Mapped[str] = mapped_column(String(12), index=True)
    valid_from: Mapped[datetime | None]
    valid_until: Mapped[datetime | None] = mapped_column(index=True)
    cameras: Mapped[list[Any]]
    uses: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text)
    registered_by: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    registered_at: Mapped[datetime]
    size: Mapped[int]
    __table_args__ = (Index(None, "registered_at", "id"),)


class VehicleVisitsRow(Base):
    """How often a vehicle's pass was used at a gateway, as it told. Without a foreign key: a pass may go meanwhile."""

    __tablename__ = "vehicle_visits"
    vehicle: Mapped[str] = mapped_column(Id, primary_key=True)
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    visits: Mapped[int]


class VehicleListRow(Base):
    """Where the site's list stands; one row, once somebody has changed it here."""

    __tablename__ = "vehicle_list"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int]
    changed_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]


class VehicleHandedRow(Base):
    """The list that a gateway was sent last as the site's."""

    __tablename__ = "vehicle_list_handed"
    gateway: Mapped[str] = mapped_column(Id, primary_key=True)
    version: Mapped[int]
    command: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime]
