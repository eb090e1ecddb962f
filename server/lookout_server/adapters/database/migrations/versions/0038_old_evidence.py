"""An index for letting go of old evidence: each look for some more read and sorted all that there is."""

from collections.abc import Sequence

from alembic import op

revision: str = "0038_old_evidence"
down_revision: str | None = "0037_heard_at"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """In the order in which files go."""
    op.create_index(op.f("ix_evidence_uploaded_at_sha256"), "evidence", ["uploaded_at", "sha256"])


def downgrade() -> None:
    """As it was."""
    op.drop_index(op.f("ix_evidence_uploaded_at_sha256"), table_name="evidence")
