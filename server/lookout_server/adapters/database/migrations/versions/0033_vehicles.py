"""Registered vehicles are kept here; the lists that gateways were sent last are taken over."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision: str = "0033_vehicles"
down_revision: str | None = "0032_room"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

ID = sa.String(length=64)
TIME = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
_FIELDS = ("plate", "valid_from", "valid_until", "cameras", "uses")


def upgrade() -> None:
    """A vehicle that one gateway was sent is on the list; gateways are sent nothing before somebody changes it."""
    vehicles = op.create_table(
        "vehicles",
        sa.Column("id", ID, nullable=False),
        sa.Column("plate", sa.String(12), nullable=False),
        sa.Column("valid_from", TIME, nullable=True),
        sa.Column("valid_until", TIME, nullable=True),
        sa.Column("cameras", JSON, nullable=False),
        sa.Column("uses", sa.Integer(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("registered_by", ID, nullable=True),
        sa.Column("registered_at", TIME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["registered_by"], ["people.id"], name=op.f("fk_vehicles_registered_by_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicles")),
    )
    op.create_index(op.f("ix_vehicles_plate"), "vehicles", ["plate"])
    op.create_index(op.f("ix_vehicles_valid_until"), "vehicles", ["valid_until"])
    op.create_index(op.f("ix_vehicles_registered_at_id"), "vehicles", ["registered_at", "id"])
    op.create_table(
        "vehicle_list",
        sa.Column("id", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", TIME, nullable=True),
        sa.Column("waiting_since", TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vehicle_list")),
    )
    handed = op.create_table(
        "vehicle_list_handed",
        sa.Column("gateway", ID, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("command", ID, nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("gateway", name=op.f("pk_vehicle_list_handed")),
    )
    _take_over(vehicles, handed)


def downgrade() -> None:
    """Gateways keep what they were sent; whose the vehicles are is forgotten."""
    for table in ("vehicle_list_handed", "vehicle_list", "vehicles"):
        op.drop_table(table)


def _take_over(vehicles: sa.Table, handed: sa.Table) -> None:
    lists = list(_newest_lists())
    found: dict[str, dict[str, Any]] = {}
    for _, _, issued_at, residents in lists:
        for resident in residents:
            found.setdefault(_key(resident), {"resident": resident, "at": issued_at})
    rows = [_row(place, each["resident"], each["at"]) for place, each in enumerate(found.values())]
    if rows:
        op.bulk_insert(vehicles, rows)
    whole = [
        {"gateway": gateway, "version": 0, "command": command, "at": issued_at}
        for gateway, command, issued_at, residents in lists
        if {_key(resident) for resident in residents} == found.keys()
    ]
    if whole:
        op.bulk_insert(handed, whole)


def _newest_lists() -> Iterator[tuple[str, str, datetime, list[dict[str, Any]]]]:
    """(gateway, command, when, vehicles) of what each was sent last, as far as it can be read."""
    commands = sa.table(
        "commands",
        sa.column("id", ID),
        sa.column("gateway", ID),
        sa.column("name", ID),
        sa.column("issued_at", TIME),
        sa.column("request", sa.Text()),
    )
    statement = sa.select(commands.c.gateway, commands.c.id, commands.c.issued_at, commands.c.request)
    newest = statement.where(commands.c.name == "residents").order_by(commands.c.issued_at.desc(), commands.c.id)
    seen: set[str] = set()
    for gateway, command, issued_at, request in op.get_bind().execute(newest).all():
        if gateway in seen:
            continue
        seen.add(gateway)
        try:
            residents = [dict(each) for each in json.loads(request or "{}")["residents"] if each["plate"]]
        except (ValueError, KeyError, TypeError):
            continue
        yield gateway, command, issued_at, residents


def _key(resident: dict[str, Any]) -> str:
    said = [resident.get(name) or None for name in _FIELDS[:4]]
    return json.dumps([*said, resident.get("uses")], ensure_ascii=False)


def _row(place: int, resident: dict[str, Any], at: datetime) -> dict[str, Any]:
    name = hashlib.sha256(f"taken over {place} {at}".encode()).hexdigest()[:20]
    written = {key: resident[key] for key in _FIELDS if resident.get(key) is not None}
    written.setdefault("cameras", [])
    return {
        "id": f"v-{name}",
        "plate": resident["plate"],
        "valid_from": _time(resident.get("valid_from")),
        "valid_until": _time(resident.get("valid_until")),
        "cameras": list(resident.get("cameras") or ()),
        "uses": resident.get("uses"),
        "note": "",
        "registered_by": None,
        "registered_at": at,
        "size": len(json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode()) + 1,
    }


def _time(text: str | None) -> datetime | None:
    """SQLite keeps UTC without saying so."""
    if text is None:
        return None
    at = datetime.fromisoformat(text).astimezone(UTC)
    return at.replace(tzinfo=None) if op.get_bind().dialect.name == "sqlite" else at
