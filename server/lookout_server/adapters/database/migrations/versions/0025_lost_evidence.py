"""How much evidence a gateway gave up before anybody had it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0025_lost_evidence"
down_revision: str | None = "0024_tours"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """None that is known of."""
    with op.batch_alter_table("gateways") as table:
        table.add_column(sa.Column("evidence_dropped", sa.BigInteger(), nullable=False, server_default=sa.text("0")))


def downgrade() -> None:
    """Its next status says it again, to whoever asks then."""
    with op.batch_alter_table("gateways") as table:
        table.drop_column("evidence_dropped")
