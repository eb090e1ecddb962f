"""When a camera's state was heard, so that one which was overtaken is known."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0037_heard_at"
down_revision: str | None = "0036_newest_commands"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Nobody knows of what was heard before."""
    op.add_column("cameras", sa.Column("heard_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Whoever speaks last is believed again."""
    with op.batch_alter_table("cameras") as cameras:
        cameras.drop_column("heard_at")
