"""One file may be several things to a case: a photo that the camera's second look equals byte for byte."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030_same_files"
down_revision: str | None = "0029_reasons"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """What is there stays as it is."""
    _key("case_id", "sha256", "kind", "stage")


def downgrade() -> None:
    """Of one file the first thing that it was is kept, as it used to be."""
    op.execute(
        sa.text(
            "DELETE FROM case_evidence WHERE EXISTS (SELECT 1 FROM case_evidence AS other"
            " WHERE other.case_id = case_evidence.case_id AND other.sha256 = case_evidence.sha256"
            " AND (other.at < case_evidence.at OR (other.at = case_evidence.at"
            " AND other.kind || other.stage < case_evidence.kind || case_evidence.stage)))"
        )
    )
    _key("case_id", "sha256")


def _key(*columns: str) -> None:
    with op.batch_alter_table("case_evidence") as table:
        table.drop_constraint("pk_case_evidence", type_="primary")
        table.create_primary_key("pk_case_evidence", list(columns))
