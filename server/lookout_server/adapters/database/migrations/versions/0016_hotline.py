"""Calls of the hotline 12345, each of which is a case once."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0016_hotline"
down_revision: str | None = "0015_advice"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)


def upgrade() -> None:
    """Nobody has called yet."""
    op.create_table(
        "hotline_calls",
        sa.Column("number", ID, nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_hotline_calls_case_id_cases")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_hotline_calls")),
    )


def downgrade() -> None:
    """The cases stay."""
    op.drop_table("hotline_calls")
