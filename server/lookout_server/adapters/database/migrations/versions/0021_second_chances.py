"""What became of a message in quarantine: taken after all, or discarded, when, by whom and why."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0021_second_chances"
down_revision: str | None = "0020_accounts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_STATE = sa.Column("state", sa.String(length=10), nullable=False, server_default="waiting")


def upgrade() -> None:
    """Whatever lies there waits."""
    with op.batch_alter_table("quarantine") as table:
        table.add_column(_STATE)
        table.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("ended_by", sa.String(length=64), nullable=True))
        table.add_column(sa.Column("note", sa.Text(), nullable=True))
        table.add_column(sa.Column("alarm", sa.String(length=64), nullable=True))
    with op.batch_alter_table("quarantine") as table:
        table.alter_column("state", server_default=None)


def downgrade() -> None:
    """What became of them is forgotten."""
    with op.batch_alter_table("quarantine") as table:
        for name in ("state", "ended_at", "ended_by", "note", "alarm"):
            table.drop_column(name)
