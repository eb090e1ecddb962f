"""What cases are about and where, apart from their titles: so that everybody reads it in their own language."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031_topics"
down_revision: str | None = "0030_same_files"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

#: How titles of what people told began until now.
_BEGAN = {
    "火情、冒烟": "report.fire",
    "电动车进楼、飞线充电": "report.ebike",
    "垃圾乱堆乱放": "report.garbage",
    "通道被占、消防通道堵塞": "report.blocked",
    "设施损坏（路灯、电梯、井盖等）": "report.facility",
    "治安隐患": "report.safety",
    "其他": "report.other",
    "一键报警：遇到危险": "danger.danger",
    "一键报警：火情": "danger.fire",
    "一键报警：有人受伤或发病": "danger.medical",
}


def upgrade() -> None:
    """What people told is taken out of its title; what a rule found is known by its scenario and its camera."""
    op.add_column("cases", sa.Column("topic", sa.String(40), nullable=True))
    op.add_column("cases", sa.Column("scene", sa.Text(), nullable=True))
    taken = sa.text(
        "UPDATE cases SET topic = :topic, scene = substr(title, :after)"
        " WHERE source <> 'camera' AND substr(title, 1, :length) = :began"
    )
    for words, topic in _BEGAN.items():
        for began in (f"{words} · ", f"12345 · {words} · "):
            op.get_bind().execute(
                taken, {"topic": topic, "began": began, "length": len(began), "after": len(began) + 1}
            )


def downgrade() -> None:
    """The titles stay."""
    op.drop_column("cases", "scene")
    op.drop_column("cases", "topic")
