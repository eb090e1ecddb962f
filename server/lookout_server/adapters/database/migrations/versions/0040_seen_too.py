"""Who sees what a resident told, too; and by which cases a case was joined, to count those of all of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040_seen_too"
down_revision: str | None = "0039_sealed_histories"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
MERGED = sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """Nobody has said so yet."""
    op.create_table(
        "resident_seen",
        sa.Column("id", ID, nullable=False),
        sa.Column("place", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_resident_seen_case_id_cases")),
        sa.ForeignKeyConstraint(["place"], ["report_places.code"], name=op.f("fk_resident_seen_place_report_places")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_seen")),
    )
    op.create_index(op.f("ix_resident_seen_case_id"), "resident_seen", ["case_id"], unique=False)
    op.create_index("ix_cases_merged_into", "cases", ["merged_into"], sqlite_where=MERGED, postgresql_where=MERGED)


def downgrade() -> None:
    """As it was."""
    op.drop_index("ix_cases_merged_into", table_name="cases")
    op.drop_table("resident_seen")
