"""The estate as rows of tables: what stands in a file of JSON, or in CSV for spreadsheets.

In CSV a cell with several values has them separated by ``;``, and files begin with a byte order mark, without which
Excel takes Chinese for something else.
"""

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from lookout_contract.base import Identifier, UtcTime
from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.spreadsheet import as_cell
from lookout_server.domain.territory import (
    USERNAME_PATTERN,
    Camera,
    CameraKey,
    Level,
    Person,
    Role,
    Territory,
    person_id,
)
from lookout_server.domain.whereabouts import Spot
from lookout_server.services.estate import Estate

BOM = "\ufeff"
_MANY = ";"

Username = Annotated[str, StringConstraints(pattern=USERNAME_PATTERN)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


def _parts(value: object) -> object:
    """A cell of CSV as the list it stands for."""
    return [part.strip() for part in value.split(_MANY) if part.strip()] if isinstance(value, str) else value


def _none(value: object) -> object:
    """An empty cell says nothing."""
    return None if value == "" else value


Many = BeforeValidator(_parts)
Perhaps = BeforeValidator(_none)


class Row(BaseModel, ABC):
    """A line of a table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from the other lines of its table."""


class TerritoryRow(Row):
    """A district, street, community, grid or building."""

    id: Identifier
    name: str = Field(min_length=1, max_length=200)
    level: Level
    parent: Annotated[Identifier | None, Perhaps] = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def territory(self) -> Territory:
        """For the domain."""
        return Territory(id=self.id, name=self.name, level=self.level, parent=self.parent)


class CameraRow(Row):
    """Where a camera stands."""

    gateway: Identifier
    id: Identifier
    name: str = Field(min_length=1, max_length=200)
    grid: Annotated[Identifier | None, Perhaps] = None
    building: Annotated[Identifier | None, Perhaps] = None
    lat: Annotated[Latitude | None, Perhaps] = None
    lon: Annotated[Longitude | None, Perhaps] = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together: give both, or neither")
        return self

    @property
    def key(self) -> str:
        """``GATEWAY/CAMERA``."""
        return f"{self.gateway}/{self.id}"

    @property
    def camera(self) -> Camera:
        """For the domain."""
        spot = Spot(lat=self.lat, lon=self.lon) if self.lat is not None and self.lon is not None else None
        key = CameraKey(gateway=self.gateway, id=self.id)
        return Camera(key=key, name=self.name, grid=self.grid, building=self.building, spot=spot)


class PersonRow(Row):
    """An account, without its password."""

    username: Username
    name: str = Field(min_length=1, max_length=200)
    roles: Annotated[tuple[Role, ...], Many] = Field(min_length=1)
    grids: Annotated[tuple[Identifier, ...], Many] = ()
    skills: Annotated[tuple[str, ...], Many] = ()
    willing: bool = True
    language: str = "zh-CN"

    @property
    def key(self) -> str:
        """The user name."""
        return self.username

    @property
    def person(self) -> Person:
        """For the domain."""
        return Person(
            id=person_id(self.username),
            username=self.username,
            name=self.name,
            roles=frozenset(self.roles),
            grids=frozenset(self.grids),
            skills=frozenset(self.skills),
            willing=self.willing,
            language=self.language,
        )


class ShiftRow(Row):
    """A span of somebody's roster."""

    id: Identifier
    person: Username
    kind: ShiftKind
    starts_at: UtcTime
    ends_at: UtcTime
    note: Annotated[str | None, Perhaps] = None

    @property
    def key(self) -> str:
        """Its id."""
        return self.id

    @property
    def shift(self) -> Shift:
        """For the domain."""
        return Shift(
            id=self.id,
            person=person_id(self.person),
            kind=self.kind,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            note=self.note,
        )


TABLES: Mapping[str, type[Row]] = {
    "territories": TerritoryRow,
    "cameras": CameraRow,
    "people": PersonRow,
    "shifts": ShiftRow,
}
_ORDER = {level: depth for depth, level in enumerate(Level)}


def estate_of(rows: Sequence[Row]) -> Estate:
    """What the rows stand for; wider places before those in them."""
    territories = [row.territory for row in rows if isinstance(row, TerritoryRow)]
    return Estate(
        territories=tuple(sorted(territories, key=lambda place: _ORDER[place.level])),
        cameras=tuple(row.camera for row in rows if isinstance(row, CameraRow)),
        people=tuple(row.person for row in rows if isinstance(row, PersonRow)),
        shifts=tuple(row.shift for row in rows if isinstance(row, ShiftRow)),
    )


def json_text(estate: Estate) -> str:
    """All tables in one object."""
    return json.dumps(tables_of(estate), ensure_ascii=False, indent=1) + "\n"


def csv_text(estate: Estate, table: str) -> str:
    """One table, for spreadsheets."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(TABLES[table].model_fields), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows({key: _cell(value) for key, value in row.items()} for row in tables_of(estate)[table])
    return BOM + text.getvalue()


def tables_of(estate: Estate) -> dict[str, list[dict[str, Any]]]:
    """Table → its rows, column by column."""
    return {
        "territories": [
            {"id": each.id, "name": each.name, "level": each.level.value, "parent": each.parent}
            for each in estate.territories
        ],
        "cameras": [_camera(each) for each in estate.cameras],
        "people": [
            {
                "username": each.username,
                "name": each.name,
                "roles": sorted(each.roles),
                "grids": sorted(each.grids),
                "skills": sorted(each.skills),
                "willing": each.willing,
                "language": each.language,
            }
            for each in estate.people
        ],
        "shifts": [
            {
                "id": each.id,
                "person": each.person.removeprefix("u-"),
                "kind": each.kind.value,
                "starts_at": _time(each.starts_at),
                "ends_at": _time(each.ends_at),
                "note": each.note,
            }
            for each in estate.shifts
        ],
    }


def _camera(camera: Camera) -> dict[str, Any]:
    return {
        "gateway": camera.key.gateway,
        "id": camera.key.id,
        "name": camera.name,
        "grid": camera.grid,
        "building": camera.building,
        "lat": camera.spot.lat if camera.spot else None,
        "lon": camera.spot.lon if camera.spot else None,
    }


def _cell(value: object) -> object:
    if isinstance(value, list):
        return as_cell(_MANY.join(cast(list[str], value)))
    if isinstance(value, str):
        return as_cell(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
