"""三张清单."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Id, Name


class ListItemRow(Base):
    """Lines of the three lists."""

    __tablename__ = "list_items"
    id: Mapped[str] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(Name)
    words: Mapped[str] = mapped_column(Text)
    grid: Mapped[str] = mapped_column(ForeignKey("territories.id"))
    tags: Mapped[list[Any]]
    by: Mapped[str] = mapped_column(ForeignKey("people.id"))
    at: Mapped[datetime]
    met_by: Mapped[str | None] = mapped_column(ForeignKey("list_items.id"))
    ended_at: Mapped[datetime | None]
    __table_args__ = (Index(None, "grid", "at"),)
