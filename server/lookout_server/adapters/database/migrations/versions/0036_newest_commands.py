"""Indexes of commands: the newest of a kind, and what nobody has answered."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0036_newest_commands"
down_revision: str | None = "0035_vehicle_visits"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_UNANSWERED = sa.text("outcome IS NULL")


def upgrade() -> None:
    """The index on gateways alone is covered by the new one."""
    op.create_index(op.f("ix_commands_gateway_name_issued_at"), "commands", ["gateway", "name", "issued_at"])
    op.create_index(
        "ix_commands_unanswered", "commands", ["expires_at"], sqlite_where=_UNANSWERED, postgresql_where=_UNANSWERED
    )
    op.drop_index(op.f("ix_commands_gateway"), table_name="commands")


def downgrade() -> None:
    """As it was."""
    op.create_index(op.f("ix_commands_gateway"), "commands", ["gateway"])
    op.drop_index("ix_commands_unanswered", table_name="commands")
    op.drop_index(op.f("ix_commands_gateway_name_issued_at"), table_name="commands")
