"""What leaves with a transaction: the numbered feed, the outbox, and how far others have heard."""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    LargeBinary,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lookout_server.adapters.database.tables.columns import Base, Id, RowId


class FeedRow(Base):
    """The feed, numbered without gaps in the order of commits."""

    __tablename__ = "feed"
    seq: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[str] = mapped_column(String(130))
    change: Mapped[str] = mapped_column(String(40))


class CounterRow(Base):
    """Numbers given in order: ``feed``, ``case-YYYYMMDD`` for each day. ``quarantine-dropped`` only counts."""

    __tablename__ = "counters"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


class OutboxRow(Base):
    """Messages to publish; a row goes when the broker has taken it."""

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    retain: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    reply_to: Mapped[str | None] = mapped_column(Text)
    correlation: Mapped[str | None] = mapped_column(Id)
    attempts: Mapped[int]
    last_error: Mapped[str | None] = mapped_column(Text)


class WebhookRow(Base):
    """How far in the feed a receiver of webhooks has heard."""

    __tablename__ = "webhooks"
    name: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    failing_since: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    delivered: Mapped[int] = mapped_column(BigInteger)
    last_at: Mapped[datetime | None]


class WebhookSetAsideRow(Base):
    """A message that its receiver refuses, until somebody sends it again."""

    __tablename__ = "webhooks_set_aside"
    hook: Mapped[str] = mapped_column(Id, primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    error: Mapped[str] = mapped_column(Text)
