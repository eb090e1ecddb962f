"""Who has been shown around."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0024_tours"
down_revision: str | None = "0023_long_pasts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Nobody has, yet."""
    # A plain text: for an expression SQLite's table would be made anew, which people who are somewhere do not allow.
    with op.batch_alter_table("people") as table:
        table.add_column(sa.Column("toured", JSON, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Everybody is asked once more."""
    # Not in a batch: SQLite's table would be made anew.
    op.drop_column("people", "toured")
