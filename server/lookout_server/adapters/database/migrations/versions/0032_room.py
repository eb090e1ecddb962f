"""Room beside alarms for what their gateways tell next."""

from collections.abc import Sequence

from alembic import op

revision: str = "0032_room"
down_revision: str | None = "0031_topics"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """Of pages that are written from now on: what is there is not moved."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE alarms SET (fillfactor = 70)")


def downgrade() -> None:
    """Full pages again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE alarms RESET (fillfactor)")
