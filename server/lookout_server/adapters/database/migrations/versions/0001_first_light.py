"""First light: territory, people, gateways, intake, alarms, cases, evidence, feed and outbox."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


DOUBLE: sa.Double[float] = sa.Double()
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def _counters() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=150), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sa.UniqueConstraint("source", "epoch", "sequence", name=op.f("uq_events_source_epoch_sequence")),
    )
    op.create_index(op.f("ix_events_received_at"), "events", ["received_at"], unique=False)
    op.create_index(op.f("ix_events_source_occurrence"), "events", ["source", "occurrence"], unique=False)


def _evidence() -> None:
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("mime", sa.String(length=100), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uploader", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence")),
    )


def _feed() -> None:
    op.create_table(
        "feed",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject", sa.String(length=130), nullable=False),
        sa.Column("change", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_feed")),
    )


def _gateways() -> None:
    op.create_table(
        "gateways",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("epoch", sa.String(length=64), nullable=True),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spool_events", sa.BigInteger(), nullable=True),
        sa.Column("spool_evidence", sa.BigInteger(), nullable=True),
        sa.Column("spool_oldest_s", DOUBLE, nullable=True),
        sa.Column("clock_skew_s", DOUBLE, nullable=True),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateways")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_gateways_token_hash")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("retain", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "roles",
            JSON,
            nullable=False,
        ),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("username", name=op.f("uq_people_username")),
    )


def _quarantine() -> None:
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=True),
        sa.Column("epoch", sa.String(length=64), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_quarantine_fingerprint")),
    )
    op.create_index(op.f("ix_quarantine_gateway"), "quarantine", ["gateway"], unique=False)


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("source", sa.String(length=150), nullable=False),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("upto", sa.BigInteger(), nullable=False),
        sa.Column(
            "also",
            JSON,
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("source", "epoch", name=op.f("pk_streams")),
    )


def _territories() -> None:
    op.create_table(
        "territories",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("parent", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["territories.id"], name=op.f("fk_territories_parent_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territories")),
    )


def _cameras() -> None:
    op.create_table(
        "cameras",
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("grid", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_alarm_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_cameras_grid_territories")),
        sa.PrimaryKeyConstraint("gateway", "id", name=op.f("pk_cameras")),
    )
    op.create_index(op.f("ix_cameras_grid"), "cameras", ["grid"], unique=False)


def _cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=True),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=True),
        sa.Column("camera", sa.String(length=64), nullable=True),
        sa.Column("grid", sa.String(length=64), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("handler", sa.String(length=64), nullable=True),
        sa.Column("reworks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["grid"], ["territories.id"], name=op.f("fk_cases_grid_territories")),
        sa.ForeignKeyConstraint(["handler"], ["people.id"], name=op.f("fk_cases_handler_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
    )
    op.create_index(op.f("ix_cases_grid"), "cases", ["grid"], unique=False)
    op.create_index(op.f("ix_cases_handler_state"), "cases", ["handler", "state"], unique=False)
    op.create_index(op.f("ix_cases_opened_at_id"), "cases", ["opened_at", "id"], unique=False)
    op.create_index(op.f("ix_cases_state_opened_at"), "cases", ["state", "opened_at"], unique=False)


def _person_grids() -> None:
    op.create_table(
        "person_grids",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("grid_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["grid_id"], ["territories.id"], name=op.f("fk_person_grids_grid_id_territories")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_grids_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "grid_id", name=op.f("pk_person_grids")),
    )
    op.create_index(op.f("ix_person_grids_grid_id"), "person_grids", ["grid_id"], unique=False)


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sessions_person_id_people")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_expires_at"), "sessions", ["expires_at"], unique=False)
    op.create_index(op.f("ix_sessions_person_id"), "sessions", ["person_id"], unique=False)


def _alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=150), nullable=False),
        sa.Column("occurrence", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.String(length=64), nullable=False),
        sa.Column("scenario", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("severity_reason", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=20), nullable=True),
        sa.Column("emitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dwell_s", DOUBLE, nullable=False),
        sa.Column(
            "told",
            JSON,
            nullable=False,
        ),
        sa.Column("epoch", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("disposition", sa.String(length=20), nullable=False),
        sa.Column("disposition_reason", sa.Text(), nullable=True),
        sa.Column("case_id", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_alarms_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("source", "occurrence", name=op.f("uq_alarms_source_occurrence")),
    )
    op.create_index(op.f("ix_alarms_case_id"), "alarms", ["case_id"], unique=False)
    op.create_index(op.f("ix_alarms_disposition_received_at"), "alarms", ["disposition", "received_at"], unique=False)
    op.create_index(op.f("ix_alarms_gateway_camera"), "alarms", ["gateway", "camera"], unique=False)
    op.create_index(op.f("ix_alarms_received_at_id"), "alarms", ["received_at", "id"], unique=False)


def _case_evidence() -> None:
    op.create_table(
        "case_evidence",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_evidence_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "sha256", name=op.f("pk_case_evidence")),
    )
    op.create_index(op.f("ix_case_evidence_sha256"), "case_evidence", ["sha256"], unique=False)


def _case_history() -> None:
    op.create_table(
        "case_history",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=20), nullable=False),
        sa.Column("from_state", sa.String(length=20), nullable=True),
        sa.Column("to_state", sa.String(length=20), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column(
            "data",
            JSON,
            nullable=False,
        ),
        sa.ForeignKeyConstraint(["actor"], ["people.id"], name=op.f("fk_case_history_actor_people")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_history_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "seq", name=op.f("pk_case_history")),
    )


def _commands() -> None:
    op.create_table(
        "commands",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("case_id", sa.String(length=64), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_commands_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commands")),
    )
    op.create_index(op.f("ix_commands_gateway"), "commands", ["gateway"], unique=False)
    op.create_index(op.f("ix_commands_issued_at"), "commands", ["issued_at"], unique=False)


def _alarm_evidence() -> None:
    op.create_table(
        "alarm_evidence",
        sa.Column("alarm_id", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("mime", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_alarm_evidence_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("alarm_id", "sha256", name=op.f("pk_alarm_evidence")),
    )
    op.create_index(op.f("ix_alarm_evidence_sha256"), "alarm_evidence", ["sha256"], unique=False)


def _case_alarms() -> None:
    op.create_table(
        "case_alarms",
        sa.Column("case_id", sa.String(length=64), nullable=False),
        sa.Column("alarm_id", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_case_alarms_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_alarms_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", "alarm_id", name=op.f("pk_case_alarms")),
    )
    op.create_index(
        "uq_case_alarms_live",
        "case_alarms",
        ["alarm_id"],
        unique=True,
        sqlite_where=sa.text("NOT released"),
        postgresql_where=sa.text("NOT released"),
    )


def upgrade() -> None:
    """Create everything, referred tables first."""
    _counters()
    _events()
    _evidence()
    _feed()
    _gateways()
    _outbox()
    _people()
    _quarantine()
    _streams()
    _territories()
    _cameras()
    _cases()
    _person_grids()
    _sessions()
    _alarms()
    _case_evidence()
    _case_history()
    _commands()
    _alarm_evidence()
    _case_alarms()


def downgrade() -> None:
    """Drop everything, referring tables first."""
    for table in (
        "case_alarms",
        "alarm_evidence",
        "commands",
        "case_history",
        "case_evidence",
        "alarms",
        "sessions",
        "person_grids",
        "cases",
        "cameras",
        "territories",
        "streams",
        "quarantine",
        "people",
        "outbox",
        "gateways",
        "feed",
        "evidence",
        "events",
        "counters",
    ):
        op.drop_table(table)
