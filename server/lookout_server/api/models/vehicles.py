"""Registered vehicles 登记车辆, tables of them, and which gateways hold the list."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from lookout_server.api.models.base import Identifier, Model, RequestModel, Text, UtcTime, shown
from lookout_server.domain.vehicles import LONGEST_NOTE, Change, Holding, Listed, ListState, Period, Vehicle
from lookout_server.exchange.vehicles import RefusedLine
from lookout_server.services.list_holders import Holder
from lookout_server.services.registering import Report

#: What an answer lists, at most.
MOST = 500
_SAID: dict[str, Any] = {
    "plate": "皖A12345",
    "valid_from": None,
    "valid_until": "2026-12-31T16:00:00.000Z",
    "cameras": ["gate"],
    "uses": 3,
    "note": "3号楼502",
}
_VEHICLE: dict[str, Any] = {
    "id": "v-3f6d0c1be2a94d7781c0",
    **_SAID,
    "visits": {"gw-east": 2},
    "registered_by": "u-wang",
    "registered_at": "2026-11-22T06:00:00.000Z",
}
_REFUSED: dict[str, Any] = {
    "row": 14,
    "column": "valid_until",
    "value": "明天",
    "code": "bad_time",
    "what": "Invalid isoformat string: '明天'; write times as 2026-12-31 or 2026-12-31 18:00",
}

Plate = Annotated[str, StringConstraints(min_length=2, max_length=20, pattern=r"^[^\x00-\x1f]+$")]
Note = Annotated[Text, Field(max_length=LONGEST_NOTE, description="Whose it is; gateways are not told.")]


class VehicleBody(RequestModel):
    """A vehicle that belongs here, or may pass for a while. How the plate is written does not matter."""

    model_config = shown(_SAID, request=True)

    plate: Plate
    valid_from: UtcTime | None = None
    valid_until: UtcTime | None = None
    cameras: Annotated[tuple[Identifier, ...], Field(max_length=100)] = ()
    uses: Annotated[int | None, Field(ge=0, le=1_000_000)] = None
    note: Note = ""

    def listed(self) -> Listed:
        """As the domain's value."""
        return Listed(**dict(self))


class LetInBody(RequestModel):
    """For how long: until midnight, for seven days, or (supervisors and admins of the whole site) as a resident's."""

    model_config = shown({"period": "tonight", "note": "3号楼502的访客"}, request=True)

    period: Period
    note: Note = ""


class VehicleModel(Model):
    """A registered vehicle."""

    model_config = shown(_VEHICLE)

    id: str
    plate: str
    valid_from: UtcTime | None
    valid_until: UtcTime | None = Field(description="Null: for good.")
    cameras: tuple[str, ...] = Field(description="Where it counts; empty: everywhere.")
    uses: int | None = Field(description="Visits for which it is good; gateways count them. Null: any number.")
    note: str
    visits: dict[str, int] = Field(
        description="Of one with `uses`: gateway → how often it was used there. Each counts for itself: it is good for "
        "`uses` visits at each, and a visit that two of them see is counted by both."
    )
    registered_by: str | None = Field(description="Null: whoever runs the machine.")
    registered_at: UtcTime

    @classmethod
    def of(cls, vehicle: Vehicle) -> "VehicleModel":
        """From the domain's value."""
        listed = vehicle.listed
        return cls(
            id=vehicle.id,
            plate=listed.plate,
            valid_from=listed.valid_from,
            valid_until=listed.valid_until,
            cameras=listed.cameras,
            uses=listed.uses,
            note=listed.note,
            visits=dict(vehicle.visits) if listed.uses is not None else {},
            registered_by=vehicle.registered_by,
            registered_at=vehicle.registered_at,
        )


class VehiclePage(Model):
    """Vehicles, the newest first. `total` counts all pages."""

    model_config = shown({"items": [_VEHICLE], "total": 1, "next_cursor": None})

    items: tuple[VehicleModel, ...]
    total: int
    next_cursor: str | None


class AlarmVehicleModel(Model):
    """The vehicle that an alarm is about, and what stands of its plate on the list, the newest first."""

    model_config = shown({"plate": "皖A12345", "registered": [_VEHICLE]})

    plate: str
    registered: tuple[VehicleModel, ...]


class HolderModel(Model):
    """How a gateway stands with the list. `current`: it holds it. `sent`: it has not answered. `waiting`: it is sent it
    in a moment, or when it is back. `failed`: it could not take it, or did not answer in time. `own`: it was sent
    another list since, which holds until this one changes.
    """

    gateway: str
    online: bool
    holding: Holding
    at: UtcTime | None = Field(description="When it answered, or was sent the list.")
    vehicles: int | None = Field(description="How many it said that it holds.")
    detail: str | None

    @classmethod
    def of(cls, holder: Holder) -> "HolderModel":
        """From the service's value."""
        return cls(**vars(holder))


class HolderList(Model):
    """Which gateways hold the list. `version` 0: it has not been changed here yet, and is what gateways were sent."""

    model_config = shown(
        {
            "version": 4,
            "changed_at": "2026-11-22T06:00:00.000Z",
            "items": [
                {
                    "gateway": "gw-east",
                    "online": True,
                    "holding": "current",
                    "at": "2026-11-22T06:00:11.000Z",
                    "vehicles": 812,
                    "detail": None,
                }
            ],
        }
    )

    version: int
    changed_at: UtcTime | None
    items: tuple[HolderModel, ...]

    @classmethod
    def of(cls, state: ListState, found: tuple[Holder, ...]) -> "HolderList":
        """From the service's values."""
        items = tuple(HolderModel.of(each) for each in found)
        return cls(version=state.version, changed_at=state.changed_at, items=items)


class SaidModel(Model):
    """What is said of a vehicle."""

    plate: str
    valid_from: UtcTime | None
    valid_until: UtcTime | None
    cameras: tuple[str, ...]
    uses: int | None
    note: str

    @classmethod
    def of(cls, listed: Listed) -> "SaidModel":
        """From the domain's value."""
        return cls(**vars(listed))


class VehicleChange(Model):
    """What becomes of a vehicle; `before` is null of a new one, `after` of one that is removed."""

    change: Literal["created", "updated", "removed"]
    before: SaidModel | None
    after: SaidModel | None

    @classmethod
    def of(cls, change: Change) -> "VehicleChange":
        """From the domain's value."""
        kind = "created" if change.before is None else "updated" if change.after is not None else "removed"
        return cls(
            change=kind,
            before=SaidModel.of(change.before.listed) if change.before else None,
            after=SaidModel.of(change.after) if change.after else None,
        )


class RefusedVehicle(Model):
    """A line of the table that cannot be taken. `row` 1 are the columns' names."""

    row: int
    column: str | None
    value: str | None
    code: str = Field(description="Stable word for what is wrong.")
    what: str = Field(description="What is wrong and what to do.")

    @classmethod
    def of(cls, refused: RefusedLine) -> "RefusedVehicle":
        """From what was read."""
        return cls(**vars(refused))


class VehicleImport(Model):
    """What a table changes, or has. Lists hold the first 500; `counts` tells of all: `created`, `updated`, `removed`,
    `same`, `others` (on the list, not in the table, and staying) and `refused`.
    """

    model_config = shown(
        {
            "done": False,
            "version": 4,
            "counts": {"created": 2, "updated": 1, "removed": 0, "same": 809, "others": 3, "refused": 1},
            "changes": [{"change": "created", "before": None, "after": _SAID}],
            "refused": [_REFUSED],
        }
    )

    done: bool
    version: int = Field(description="Of the list: to be sent along as `seen`, so that nothing else is done.")
    counts: dict[str, int]
    changes: tuple[VehicleChange, ...]
    refused: tuple[RefusedVehicle, ...] = Field(description="While there are any, nothing is done.")

    @classmethod
    def of(cls, report: Report, refused: tuple[RefusedLine, ...]) -> "VehicleImport":
        """From the service's value and what could not be read."""
        found = report.comparison
        return cls(
            done=report.done,
            version=report.version,
            counts={
                "created": found.count(before=False, after=True),
                "updated": found.count(before=True, after=True),
                "removed": found.count(before=True, after=False),
                "same": found.same,
                "others": len(found.others),
                "refused": len(refused),
            },
            changes=tuple(VehicleChange.of(each) for each in found.changes[:MOST]),
            refused=tuple(RefusedVehicle.of(each) for each in refused[:MOST]),
        )
