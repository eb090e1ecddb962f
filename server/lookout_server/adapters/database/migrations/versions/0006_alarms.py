"""Alarms that somebody has taken up; silences and maintenance windows."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006_alarms"
down_revision: str | None = "0005_states"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Nobody has taken anything up yet."""
    op.add_column("alarms", sa.Column("acked_by", ID, nullable=True))
    op.add_column("alarms", sa.Column("acked_at", TIME, nullable=True))
    op.add_column("alarms", sa.Column("ack_until", TIME, nullable=True))
    op.create_table(
        "silences",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("owner", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=True),
        sa.Column("gateway", ID, nullable=True),
        sa.Column("camera", ID, nullable=True),
        sa.Column("grid", ID, nullable=True),
        sa.ForeignKeyConstraint(["owner"], ["people.id"], name=op.f("fk_silences_owner_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )
    op.create_index(op.f("ix_silences_ends_at"), "silences", ["ends_at"], unique=False)


def downgrade() -> None:
    """What was quiet is loud again."""
    op.drop_index(op.f("ix_silences_ends_at"), table_name="silences")
    op.drop_table("silences")
    for column in ("ack_until", "acked_at", "acked_by"):
        op.execute(f"ALTER TABLE alarms DROP COLUMN {column}")
