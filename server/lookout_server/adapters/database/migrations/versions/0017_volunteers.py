"""Volunteers, and the ledger of their points."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0017_volunteers"
down_revision: str | None = "0016_hotline"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ID = sa.String(length=64)


def upgrade() -> None:
    """Nobody is on the list yet."""
    op.create_table(
        "volunteers",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_volunteers_grid_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_volunteers")),
    )
    op.create_index(op.f("ix_volunteers_grid"), "volunteers", ["grid"], unique=False)
    op.create_table(
        "points",
        sa.Column("id", ID, nullable=False),
        sa.Column("volunteer", ID, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_points_by_people")),
        sa.ForeignKeyConstraint(["volunteer"], ["volunteers.id"], name=op.f("fk_points_volunteer_volunteers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_points")),
    )
    op.create_index(op.f("ix_points_volunteer_at"), "points", ["volunteer", "at"], unique=False)


def downgrade() -> None:
    """Referring tables first."""
    op.drop_table("points")
    op.drop_table("volunteers")
