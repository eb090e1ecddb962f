"""The building in which a camera hangs."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0028_buildings"
down_revision: str | None = "0027_grouped_notices"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_KEY = "fk_cameras_building_territories"


def upgrade() -> None:
    """Nobody has said of any, yet."""
    with op.batch_alter_table("cameras") as table:
        table.add_column(sa.Column("building", sa.String(64), nullable=True))
        table.create_foreign_key(_KEY, "territories", ["building"], ["id"])
        table.create_index("ix_cameras_building", ["building"])


def downgrade() -> None:
    """Cameras stay in their grids; buildings are places that an earlier version does not know."""
    with op.batch_alter_table("cameras") as table:
        table.drop_index("ix_cameras_building")
        table.drop_constraint(_KEY, type_="foreignkey")
        table.drop_column("building")
    op.execute("DELETE FROM person_grids WHERE grid_id IN (SELECT id FROM territories WHERE level = 'building')")
    op.execute("DELETE FROM territories WHERE level = 'building'")
