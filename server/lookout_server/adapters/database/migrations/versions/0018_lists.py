"""三张清单: needs, resources and services."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0018_lists"
down_revision: str | None = "0017_volunteers"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing is on them yet."""
    op.create_table(
        "list_items",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("met_by", ID, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_list_items_by_people")),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_list_items_grid_territories")),
        sa.ForeignKeyConstraint(["met_by"], ["list_items.id"], name=op.f("fk_list_items_met_by_list_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_list_items")),
    )
    op.create_index(op.f("ix_list_items_grid_at"), "list_items", ["grid", "at"], unique=False)


def downgrade() -> None:
    """What was on them is gone."""
    op.drop_table("list_items")
