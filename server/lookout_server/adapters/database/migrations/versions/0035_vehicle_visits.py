"""How often passes were used, as gateways tell it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035_vehicle_visits"
down_revision: str | None = "0034_timed_ledger"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

#: What the id of a pass for a number of visits takes in a command, which has carried it since.
ID_BYTES = 30
ID = sa.String(length=64)


def upgrade() -> None:
    """Nobody has told yet."""
    op.create_table(
        "vehicle_visits",
        sa.Column("vehicle", ID, nullable=False),
        sa.Column("gateway", ID, nullable=False),
        sa.Column("visits", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("vehicle", "gateway", name=op.f("pk_vehicle_visits")),
    )
    op.execute(f"UPDATE vehicles SET size = size + {ID_BYTES} WHERE uses IS NOT NULL")


def downgrade() -> None:
    """Gateways go on counting."""
    op.drop_table("vehicle_visits")
    op.execute(f"UPDATE vehicles SET size = size - {ID_BYTES} WHERE uses IS NOT NULL")
