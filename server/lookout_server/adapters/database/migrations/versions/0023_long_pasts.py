"""Indexes for half a million cases and five million alarms: what is rare is found without reading all of them."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0023_long_pasts"
down_revision: str | None = "0022_plans"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_ACTIVE, _DUE, _SUPERVISED = sa.text("state = 'active'"), sa.text("due_at IS NOT NULL"), sa.text("supervised")


def upgrade() -> None:
    """The index on cameras alone is covered by the newer ones."""
    op.create_index(op.f("ix_alarms_scenario_received_at"), "alarms", ["scenario", "received_at"])
    op.create_index(op.f("ix_alarms_camera_received_at"), "alarms", ["camera", "received_at"])
    op.create_index(
        "ix_alarms_active",
        "alarms",
        ["gateway", "camera", "scenario"],
        sqlite_where=_ACTIVE,
        postgresql_where=_ACTIVE,
    )
    op.drop_index(op.f("ix_alarms_gateway_camera"), table_name="alarms")
    op.create_index(op.f("ix_cases_scenario_opened_at"), "cases", ["scenario", "opened_at"])
    op.create_index(op.f("ix_cases_title"), "cases", ["title"])
    op.create_index("ix_cases_due", "cases", ["due_at"], sqlite_where=_DUE, postgresql_where=_DUE)
    op.create_index(
        "ix_cases_supervised", "cases", ["opened_at"], sqlite_where=_SUPERVISED, postgresql_where=_SUPERVISED
    )


def downgrade() -> None:
    """As it was."""
    for name in ("ix_cases_supervised", "ix_cases_due", "ix_cases_title", "ix_cases_scenario_opened_at"):
        op.drop_index(name, table_name="cases")
    op.create_index(op.f("ix_alarms_gateway_camera"), "alarms", ["gateway", "camera"])
    for name in ("ix_alarms_active", "ix_alarms_camera_received_at", "ix_alarms_scenario_received_at"):
        op.drop_index(name, table_name="alarms")
