"""Which way a case came in; QR codes on walls, and what residents reported by them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0009_residents"
down_revision: str | None = "0008_proofs"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """So far every case came from a camera."""
    source = sa.Column("source", sa.String(length=20), nullable=False, server_default=sa.text("'camera'"))
    op.add_column("cases", source)
    op.create_table(
        "report_places",
        sa.Column("code", ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("grid", ID, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("retired_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_report_places_grid_territories")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_report_places")),
    )
    op.create_index(op.f("ix_report_places_grid"), "report_places", ["grid"], unique=False)
    op.create_table(
        "resident_reports",
        sa.Column("id", ID, nullable=False),
        sa.Column("place", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("score_words", sa.Text(), nullable=True),
        sa.Column("rated_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_resident_reports_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["place"], ["report_places.code"], name=op.f("fk_resident_reports_place_report_places")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_reports")),
    )
    op.create_index(op.f("ix_resident_reports_case_id"), "resident_reports", ["case_id"], unique=False)
    op.create_index(op.f("ix_resident_reports_place_at"), "resident_reports", ["place", "at"], unique=False)


def downgrade() -> None:
    """Referring tables first."""
    op.drop_table("resident_reports")
    op.drop_table("report_places")
    op.execute("ALTER TABLE cases DROP COLUMN source")
