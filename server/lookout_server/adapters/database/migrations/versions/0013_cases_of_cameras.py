"""Cases are looked up by their camera when something comes again."""

from collections.abc import Sequence

from alembic import op

revision: str = "0013_cases_of_cameras"
down_revision: str | None = "0012_requests"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    """An index."""
    name = op.f("ix_cases_gateway_camera_updated_at")
    op.create_index(name, "cases", ["gateway", "camera", "updated_at"], unique=False)


def downgrade() -> None:
    """Without it."""
    op.drop_index(op.f("ix_cases_gateway_camera_updated_at"), table_name="cases")
