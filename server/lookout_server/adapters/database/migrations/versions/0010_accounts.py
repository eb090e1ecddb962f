"""The audit log, looks into care cases, second factors, and where sessions were begun."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010_accounts"
down_revision: str | None = "0009_residents"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)
_REFUSED = "the audit log is only ever added to"


def upgrade() -> None:
    """Nothing was written down so far."""
    op.create_table(
        "audit",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("actor", ID, nullable=True),
        sa.Column("subject", sa.String(length=150), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("chain", ID, nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_actor"), "audit", ["actor"], unique=False)
    _protect()
    op.create_table(
        "care_views",
        sa.Column("id", ID, nullable=False),
        sa.Column("case_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("granted_by", ID, nullable=True),
        sa.Column("granted_at", TIME, nullable=True),
        sa.Column("expires_at", TIME, nullable=True),
        sa.Column("ended_by", ID, nullable=True),
        sa.Column("ended_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_care_views_case_id_cases")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_care_views_person_id_people")),
        sa.ForeignKeyConstraint(["granted_by"], ["people.id"], name=op.f("fk_care_views_granted_by_people")),
        sa.ForeignKeyConstraint(["ended_by"], ["people.id"], name=op.f("fk_care_views_ended_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_views")),
    )
    op.create_index(op.f("ix_care_views_case_id"), "care_views", ["case_id"], unique=False)
    op.create_index(op.f("ix_care_views_asked_at"), "care_views", ["asked_at"], unique=False)
    op.create_index(op.f("ix_care_views_person_id_expires_at"), "care_views", ["person_id", "expires_at"], unique=False)
    op.create_table(
        "second_factors",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("secret", ID, nullable=False),
        sa.Column("since", TIME, nullable=True),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_second_factors")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("code_hash", ID, nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "code_hash", name=op.f("pk_recovery_codes")),
    )
    op.add_column("sessions", sa.Column("address", ID, server_default="", nullable=False))
    op.add_column("sessions", sa.Column("agent", sa.String(length=200), server_default="", nullable=False))


def downgrade() -> None:
    """Two factors become one again, and the log is gone."""
    for column in ("agent", "address"):
        op.execute(f"ALTER TABLE sessions DROP COLUMN {column}")
    for table in ("recovery_codes", "second_factors", "care_views"):
        op.drop_table(table)
    op.drop_table("audit")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_is_append_only()")


def _protect() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit "
            "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        refuse = f"SELECT RAISE(ABORT, '{_REFUSED}')"
        op.execute(f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit BEGIN {refuse}; END")
