"""How far receivers of webhooks have heard, and what was set aside for them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007_webhooks"
down_revision: str | None = "0006_alarms"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody has heard anything yet."""
    op.create_table(
        "webhooks",
        sa.Column("name", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", TIME, nullable=True),
        sa.Column("failing_since", TIME, nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("delivered", sa.BigInteger(), nullable=False),
        sa.Column("last_at", TIME, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_webhooks")),
    )
    op.create_table(
        "webhooks_set_aside",
        sa.Column("hook", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("hook", "seq", name=op.f("pk_webhooks_set_aside")),
    )


def downgrade() -> None:
    """Receivers begin at the end of the feed again."""
    op.drop_table("webhooks_set_aside")
    op.drop_table("webhooks")
