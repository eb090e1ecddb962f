"""All states: suspension and extension, supervision, whistles, merging, risk tier, evaluation."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0005_states"
down_revision: str | None = "0004_ladder"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nothing is asked, supervised or merged yet."""
    for column in _columns():
        op.add_column("cases", column)
    op.create_table(
        "whistles",
        sa.Column("case_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("reported_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_whistles_case_id_cases")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_whistles_person_id_people")),
        sa.PrimaryKeyConstraint("case_id", "person_id", name=op.f("pk_whistles")),
    )
    op.create_index(op.f("ix_whistles_person_id"), "whistles", ["person_id"], unique=False)


def downgrade() -> None:
    """Cases in a state that the version before does not know how to leave stay in it."""
    op.drop_index(op.f("ix_whistles_person_id"), table_name="whistles")
    op.drop_table("whistles")
    for column in reversed(_columns()):
        op.execute(f"ALTER TABLE cases DROP COLUMN {column.name}")


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("first_due_at", TIME, nullable=True),
        sa.Column("paused_left_s", sa.Integer(), nullable=True),
        sa.Column("resumes_to", sa.String(length=20), nullable=True),
        sa.Column("asked", JSON, nullable=True),
        sa.Column("supervised", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("merged_into", ID, nullable=True),
        sa.Column("tier", sa.String(length=10), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
    ]
