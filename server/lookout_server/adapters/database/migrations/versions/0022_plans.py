"""Floor plans, and where cameras stand on them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0022_plans"
down_revision: str | None = "0021_second_chances"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
DOUBLE: sa.Double[float] = sa.Double()


def upgrade() -> None:
    """There are none yet."""
    op.create_table(
        "plans",
        sa.Column("id", ID, nullable=False),
        sa.Column("place", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("by", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["people.id"], name=op.f("fk_plans_by_people")),
        sa.ForeignKeyConstraint(["place"], ["territories.id"], name=op.f("fk_plans_place_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_index(op.f("ix_plans_sha256"), "plans", ["sha256"], unique=False)
    op.create_table(
        "standings",
        sa.Column("gateway", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("plan", ID, nullable=False),
        *(sa.Column(name, DOUBLE, nullable=False) for name in ("x", "y", "heading", "angle", "reach")),
        sa.ForeignKeyConstraint(["plan"], ["plans.id"], name=op.f("fk_standings_plan_plans")),
        sa.PrimaryKeyConstraint("gateway", "id", name=op.f("pk_standings")),
    )
    op.create_index(op.f("ix_standings_plan"), "standings", ["plan"], unique=False)


def downgrade() -> None:
    """They are gone; the pictures stay in the evidence store until they expire."""
    op.drop_table("standings")
    op.drop_table("plans")
