"""What gateways propose, and what their shadows have come to."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0015_advice"
down_revision: str | None = "0014_hand_overs"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Each gateway says it again with its next status."""
    with op.batch_alter_table("gateways") as table:
        table.add_column(sa.Column("advice", JSON, nullable=True))


def downgrade() -> None:
    """Nothing is lost: gateways keep what they propose."""
    with op.batch_alter_table("gateways") as table:
        table.drop_column("advice")
