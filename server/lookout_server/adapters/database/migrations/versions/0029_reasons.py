"""Why messages lie in the quarantine, as codes that pages have words for."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0029_reasons"
down_revision: str | None = "0028_buildings"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """What lies there already has its sentence alone."""
    with op.batch_alter_table("quarantine") as table:
        table.add_column(sa.Column("code", sa.String(30), nullable=True))
        table.add_column(sa.Column("said", JSON, nullable=True))


def downgrade() -> None:
    """The sentences stay."""
    with op.batch_alter_table("quarantine") as table:
        table.drop_column("said")
        table.drop_column("code")
