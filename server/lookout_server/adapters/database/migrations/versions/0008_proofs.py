"""The newest trials of each camera."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008_proofs"
down_revision: str | None = "0007_webhooks"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Nothing has been proved yet."""
    op.create_table(
        "camera_proofs",
        sa.Column("gateway", ID, nullable=False),
        sa.Column("id", ID, nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("occurrence", ID, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("told_at", TIME, nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=True),
        sa.Column("told", JSON, nullable=False),
        sa.PrimaryKeyConstraint("gateway", "id", "scenario", name=op.f("pk_camera_proofs")),
    )


def downgrade() -> None:
    """The next trial proves it again."""
    op.drop_table("camera_proofs")
