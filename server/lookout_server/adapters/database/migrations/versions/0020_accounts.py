"""Accounts can be disabled."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0020_accounts"
down_revision: str | None = "0019_whereabouts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Nobody is, yet."""
    # A plain text: for an expression SQLite's table would be made anew, which people who are somewhere do not allow.
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("barred", sa.Boolean(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Whoever was disabled can sign in again: disable them anew after an upgrade."""
    # Not in a batch: SQLite's table would be made anew.
    op.drop_column("people", "barred")
