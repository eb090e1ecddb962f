"""What a notice is about, so that the same thing is not told again at once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027_grouped_notices"
down_revision: str | None = "0026_policies"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Of earlier notices nobody asks."""
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("about", sa.String(64), nullable=True))


def downgrade() -> None:
    """Not in a batch: SQLite's table would be made anew."""
    op.drop_column("notices", "about")
