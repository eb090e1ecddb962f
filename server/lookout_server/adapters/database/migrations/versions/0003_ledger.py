"""The ledger's hash chain, late events, rivals of a gateway, asked commands, enrolment."""

import hashlib
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0003_ledger"
down_revision: str | None = "0002_timers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DOUBLE: sa.Double[float] = sa.Double()
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
#: Later than this after the gateway made it, an event counts as late.
LATE = sa.text("late_s > 10")


def _ledger() -> None:
    op.create_table(
        "ledger",
        sa.Column("source", sa.String(length=150), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("link", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ending", sa.String(length=10), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("source", "epoch", "link", name=op.f("pk_ledger")),
    )
    op.create_index(op.f("ix_ledger_at"), "ledger", ["at"], unique=False)


def _enrolment() -> None:
    op.create_table(
        "enrolments",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_enrolments")),
    )
    op.create_index(op.f("ix_enrolments_gateway"), "enrolments", ["gateway"], unique=False)
    op.create_table(
        "certificates",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_certificates")),
    )
    op.create_index(op.f("ix_certificates_gateway"), "certificates", ["gateway"], unique=False)


def _columns() -> None:
    with op.batch_alter_table("gateways") as table:
        table.add_column(sa.Column("dropped", JSON, nullable=True))
        table.add_column(sa.Column("clock_offset_s", DOUBLE, nullable=True))
        table.add_column(sa.Column("earlier_epoch", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("rival_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("commands") as table:
        table.add_column(sa.Column("request", sa.Text(), nullable=True))
        table.add_column(sa.Column("asked_by", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("result", JSON, nullable=True))
    with op.batch_alter_table("outbox") as table:
        table.add_column(sa.Column("reply_to", sa.Text(), nullable=True))
        table.add_column(sa.Column("correlation", sa.String(length=64), nullable=True))


def _chained_columns() -> None:
    """Made nullable, filled, and closed: events that are stored already get their place in the chain."""
    with op.batch_alter_table("events") as table:
        table.add_column(sa.Column("link", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("chain", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("late_s", DOUBLE, nullable=True))
    with op.batch_alter_table("streams") as table:
        table.add_column(sa.Column("lost", JSON, nullable=True))
        table.add_column(sa.Column("top", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("links", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("head", sa.String(length=64), nullable=True))
    _fill()
    with op.batch_alter_table("events") as table:
        table.alter_column("link", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("chain", existing_type=sa.String(length=64), nullable=False)
        table.alter_column("late_s", existing_type=DOUBLE, nullable=False)
    with op.batch_alter_table("streams") as table:
        table.alter_column("lost", existing_type=JSON, nullable=False)
        table.alter_column("top", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("links", existing_type=sa.BigInteger(), nullable=False)
        table.alter_column("head", existing_type=sa.String(length=64), nullable=False)
    op.create_index("ix_events_late", "events", ["received_at"], unique=False, sqlite_where=LATE, postgresql_where=LATE)


def _fill() -> None:
    """The chain as ``domain/ledger.py`` makes it, as of this revision, over what was stored before."""
    connection = op.get_bind()
    streams = sa.table(
        "streams",
        *(sa.column(name, sa.Text()) for name in ("source", "epoch", "head")),
        *(sa.column(name, sa.BigInteger()) for name in ("top", "links")),
        sa.column("lost", JSON),
    )
    events = sa.table(
        "events",
        *(sa.column(name, sa.BigInteger()) for name in ("id", "sequence", "link")),
        *(sa.column(name, sa.Text()) for name in ("source", "epoch", "payload", "chain")),
        sa.column("late_s", DOUBLE),
    )
    for source, epoch in connection.execute(sa.select(streams.c.source, streams.c.epoch)).fetchall():
        head, links = _digest(f"{source}\n{epoch}"), 0
        found = sa.select(events.c.id, events.c.sequence, events.c.payload).where(
            events.c.source == source, events.c.epoch == epoch
        )
        for row in connection.execute(found.order_by(events.c.sequence)).fetchall():
            links += 1
            head = _digest(f"{head}\n{links}\nstored\n{row.sequence}\n{row.sequence}\n{_digest(row.payload)}")
            values = {"link": links, "chain": head, "late_s": 0.0}
            connection.execute(events.update().where(events.c.id == row.id).values(values))
        here = sa.and_(streams.c.source == source, streams.c.epoch == epoch)
        connection.execute(streams.update().where(here).values(lost=[], top=0, links=links, head=head))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def upgrade() -> None:
    _columns()
    _chained_columns()
    _ledger()
    _enrolment()


def downgrade() -> None:
    op.drop_table("certificates")
    op.drop_table("enrolments")
    op.drop_table("ledger")
    op.drop_index("ix_events_late", table_name="events", sqlite_where=LATE, postgresql_where=LATE)
    for name, columns in {
        "streams": ("lost", "top", "links", "head"),
        "events": ("link", "chain", "late_s"),
        "outbox": ("reply_to", "correlation"),
        "commands": ("request", "asked_by", "result"),
        "gateways": ("dropped", "clock_offset_s", "earlier_epoch", "rival_at"),
    }.items():
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
