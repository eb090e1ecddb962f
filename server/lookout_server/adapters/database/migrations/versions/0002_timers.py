"""Timers as rows, and how far a late step has been told on."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0002_timers"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Cases that are open get their timers from the auditor."""
    op.create_table(
        "deadlines",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("part", sa.String(length=64), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=True),
        sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "kind", "part", name=op.f("pk_deadlines")),
    )
    op.create_index(op.f("ix_deadlines_due_at"), "deadlines", ["due_at"], unique=False)
    op.add_column("cases", sa.Column("rung", sa.Integer(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Timers go; what is late stays so by its due_at."""
    # Not by Alembic's batch mode: it makes the table anew, which SQLite refuses while others refer to its rows.
    op.execute("ALTER TABLE cases DROP COLUMN rung")
    op.drop_index(op.f("ix_deadlines_due_at"), table_name="deadlines")
    op.drop_table("deadlines")
