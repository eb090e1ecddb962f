"""Lines of cases' histories are not changed: the database refuses it, as it does for the audit log."""

from collections.abc import Sequence

from alembic import op

revision: str = "0039_sealed_histories"
down_revision: str | None = "0038_old_evidence"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

_REFUSED = "the history of a case is only ever added to"


def upgrade() -> None:
    """What is settled from now on is sealed in the audit log."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION case_history_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
        )
        op.execute(
            "CREATE TRIGGER case_history_append_only BEFORE UPDATE OR DELETE ON case_history "
            "FOR EACH ROW EXECUTE FUNCTION case_history_is_append_only()"
        )
        return
    for verb in ("UPDATE", "DELETE"):
        refuse = f"SELECT RAISE(ABORT, '{_REFUSED}')"
        op.execute(f"CREATE TRIGGER case_history_no_{verb.lower()} BEFORE {verb} ON case_history BEGIN {refuse}; END")


def downgrade() -> None:
    """As it was."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER case_history_append_only ON case_history")
        op.execute("DROP FUNCTION case_history_is_append_only()")
        return
    for verb in ("update", "delete"):
        op.execute(f"DROP TRIGGER case_history_no_{verb}")
