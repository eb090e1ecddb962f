"""Rounds of workers: the diary, and recurring inspections."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011_rounds"
down_revision: str | None = "0010_accounts"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody has written anything yet."""
    op.create_table(
        "diary",
        sa.Column("id", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("photos", JSON, nullable=False),
        sa.Column("place", JSON, nullable=True),
        sa.Column("case_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_diary_case_id_cases")),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_diary_grid_territories")),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_diary_person_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary")),
    )
    op.create_index(op.f("ix_diary_at_id"), "diary", ["at", "id"], unique=False)
    op.create_index(op.f("ix_diary_person_at"), "diary", ["person", "at"], unique=False)
    op.create_index(op.f("ix_diary_grid_at"), "diary", ["grid", "at"], unique=False)
    _inspections()
    op.create_table(
        "round_photos",
        sa.Column("sha256", ID, nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_round_photos_grid_territories")),
        sa.PrimaryKeyConstraint("sha256", "grid", name=op.f("pk_round_photos")),
    )


def _inspections() -> None:
    op.create_table(
        "inspections",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("checks", JSON, nullable=False),
        sa.Column("assignee", ID, nullable=True),
        sa.Column("last_done_at", TIME, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["assignee"], ["people.id"], name=op.f("fk_inspections_assignee_people")),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_inspections_grid_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspections")),
    )
    op.create_index(op.f("ix_inspections_grid"), "inspections", ["grid"], unique=False)
    op.create_table(
        "inspection_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("inspection", ID, nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("failed", JSON, nullable=False),
        sa.Column("photos", JSON, nullable=False),
        sa.Column("case_id", ID, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_inspection_reports_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["inspection"], ["inspections.id"], name=op.f("fk_inspection_reports_inspection_inspections")
        ),
        sa.ForeignKeyConstraint(["person"], ["people.id"], name=op.f("fk_inspection_reports_person_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_reports")),
    )
    op.create_index(
        op.f("ix_inspection_reports_inspection_at"), "inspection_reports", ["inspection", "at"], unique=False
    )


def downgrade() -> None:
    """Referring tables first."""
    for table in ("round_photos", "inspection_reports", "inspections", "diary"):
        op.drop_table(table)
