"""Requests that may come twice, and lists that people saved."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Hash, Id, Name


class RequestRow(Base):
    """An answer under the key of its request, for a day; without a status it is worked at."""

    __tablename__ = "requests"
    scope: Mapped[str] = mapped_column(Hash, primary_key=True)
    name: Mapped[str] = mapped_column(Name, primary_key=True)
    request: Mapped[str] = mapped_column(Hash)
    at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)


class SavedViewRow(Base):
    """A list of cases that somebody saved under a name."""

    __tablename__ = "saved_views"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    query: Mapped[dict[str, Any]]
    shared: Mapped[bool]
    at: Mapped[datetime]
