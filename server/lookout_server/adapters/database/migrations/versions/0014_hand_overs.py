"""交接班: who handed what over to whom."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0014_hand_overs"
down_revision: str | None = "0013_cases_of_cameras"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Nobody has handed anything over yet."""
    op.create_table(
        "hand_overs",
        sa.Column("id", ID, nullable=False),
        sa.Column("giver", ID, nullable=False),
        sa.Column("taker", ID, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("cases", JSON, nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.Column("answered_at", TIME, nullable=True),
        sa.Column("declined", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["giver"], ["people.id"], name=op.f("fk_hand_overs_giver_people")),
        sa.ForeignKeyConstraint(["taker"], ["people.id"], name=op.f("fk_hand_overs_taker_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hand_overs")),
    )
    for column in ("giver", "taker", "given_at"):
        op.create_index(op.f(f"ix_hand_overs_{column}"), "hand_overs", [column], unique=False)


def downgrade() -> None:
    """Without them."""
    op.drop_table("hand_overs")
