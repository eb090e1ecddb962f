"""Where cameras hang, and where people are who share it."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0019_whereabouts"
down_revision: str | None = "0018_lists"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """Nobody has said where anything is yet."""
    for name in ("lat", "lon"):
        op.add_column("cameras", sa.Column(name, DOUBLE, nullable=True))
    op.create_table(
        "positions",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("lat", DOUBLE, nullable=False),
        sa.Column("lon", DOUBLE, nullable=False),
        sa.Column("accuracy_m", DOUBLE, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_positions_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_positions")),
    )
    op.create_index(op.f("ix_positions_at"), "positions", ["at"], unique=False)


def downgrade() -> None:
    """It is forgotten."""
    op.drop_table("positions")
    for name in ("lon", "lat"):
        op.drop_column("cameras", name)
