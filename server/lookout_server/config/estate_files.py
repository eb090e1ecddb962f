"""The estate as files: one of JSON, or a folder of CSV for spreadsheets. What is written can be read again as it was.

In CSV a cell with several values has them separated by ``;``, and files begin with a byte order mark, without which
Excel takes Chinese for something else.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from lookout_contract.base import Identifier, UtcTime
from lookout_server.config.site import Latitude, Longitude, Username
from lookout_server.domain.roster import Shift, ShiftKind
from lookout_server.domain.territory import Camera, CameraKey, Level, Person, Role, Territory, person_id
from lookout_server.domain.whereabouts import Spot
from lookout_server.errors import ConfigError
from lookout_server.services.estate import Estate

_BOM = "\ufeff"
_MANY = ";"


def _parts(value: object) -> object:
    """A cell of CSV as the list it stands for."""
    return [part.strip() for part in value.split(_MANY) if part.strip()] if isinstance(value, str) else value


def _none(value: object) -> object:
    """An empty cell says nothing."""
    return None if value == "" else value


Many = BeforeValidator(_parts)
Perhaps = BeforeValidator(_none)


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TerritoryRow(_Row):
    """A district, street, community or grid."""

    id: Identifier
    name: str = Field(min_length=1, max_length=200)
    level: Level
    parent: Annotated[Identifier | None, Perhaps] = None


class CameraRow(_Row):
    """Where a camera stands."""

    gateway: Identifier
    id: Identifier
    name: str = Field(min_length=1, max_length=200)
    grid: Annotated[Identifier | None, Perhaps] = None
    lat: Annotated[Latitude | None, Perhaps] = None
    lon: Annotated[Longitude | None, Perhaps] = None

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon go together: give both, or neither")
        return self

    @property
    def spot(self) -> Spot | None:
        """For the domain."""
        return Spot(lat=self.lat, lon=self.lon) if self.lat is not None and self.lon is not None else None


class PersonRow(_Row):
    """An account, without its password."""

    username: Username
    name: str = Field(min_length=1, max_length=200)
    roles: Annotated[tuple[Role, ...], Many] = Field(min_length=1)
    grids: Annotated[tuple[Identifier, ...], Many] = ()
    skills: Annotated[tuple[str, ...], Many] = ()
    willing: bool = True
    language: str = "zh-CN"


class ShiftRow(_Row):
    """A span of somebody's roster."""

    id: Identifier
    person: Username
    kind: ShiftKind
    starts_at: UtcTime
    ends_at: UtcTime
    note: Annotated[str | None, Perhaps] = None


_TABLES: Mapping[str, type[_Row]] = {
    "territories": TerritoryRow,
    "cameras": CameraRow,
    "people": PersonRow,
    "shifts": ShiftRow,
}
_ORDER = {level: depth for depth, level in enumerate(Level)}


def write_estate(estate: Estate, out: Path) -> list[Path]:
    """Write ``out``: a file when it ends in ``.json``, else a folder of CSV files; the files written."""
    tables = _rows_of(estate)
    if out.suffix == ".json":
        out.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for name, rows in tables.items():
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(_TABLES[name].model_fields), lineterminator="\r\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
        written.append(out / f"{name}.csv")
        written[-1].write_text(_BOM + text.getvalue(), encoding="utf-8", newline="")
    return written


def read_estate(place: Path) -> Estate:
    """Read what ``write_estate`` wrote; tables may be missing. ConfigError names every mistake, with file and line."""
    problems: list[str] = []
    raw = _json_tables(place) if place.is_file() else _csv_tables(place)
    found: list[_Row] = []
    for name, rows in raw.items():
        for where, row in rows:
            try:
                found.append(_TABLES[name].model_validate(row))
            except ValidationError as error:
                first = error.errors(include_url=False)[0]
                problems.append(f"{where}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}")
    if problems:
        raise ConfigError("\n".join(problems))
    return _estate_of(found)


def _json_tables(file: Path) -> dict[str, list[tuple[str, object]]]:
    try:
        held: object = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file} cannot be read: {error}") from error
    tables = cast(dict[str, object], held) if isinstance(held, dict) else {}
    strange = sorted(set(tables) - set(_TABLES))
    if strange or not tables:
        raise ConfigError(
            f"{file} is an object with {', '.join(_TABLES)}; what is in it is {', '.join(strange) or 'not'}"
        )
    found: dict[str, list[tuple[str, object]]] = {}
    for name, rows in tables.items():
        if not isinstance(rows, list):
            raise ConfigError(f"{file}: {name} is a list")
        found[name] = [(f"{file}: {name}[{place}]", row) for place, row in enumerate(cast(list[object], rows))]
    return found


def _csv_tables(folder: Path) -> dict[str, list[tuple[str, object]]]:
    found: dict[str, list[tuple[str, object]]] = {}
    for name in _TABLES:
        file = folder / f"{name}.csv"
        if not file.exists():
            continue
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                reader = csv.DictReader(lines)
                found[name] = [(f"{file}:{reader.line_num}", _known(row)) for row in reader]
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise ConfigError(f"{file} cannot be read ({error}): save it as CSV in UTF-8") from error
    if not found:
        raise ConfigError(f"{folder} holds none of {', '.join(f'{name}.csv' for name in _TABLES)}")
    return found


def _known(row: Mapping[str | None, object]) -> dict[str, object]:
    """Cells beyond the header have no name: they are said to be wrong under one."""
    return {("beyond the last column" if name is None else name): value for name, value in row.items()}


def _cell(value: object) -> object:
    if isinstance(value, list):
        return _MANY.join(cast(list[str], value))
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else value


def _rows_of(estate: Estate) -> dict[str, list[dict[str, Any]]]:
    return {
        "territories": [
            {"id": each.id, "name": each.name, "level": each.level.value, "parent": each.parent}
            for each in estate.territories
        ],
        "cameras": [
            {
                "gateway": each.key.gateway,
                "id": each.key.id,
                "name": each.name,
                "grid": each.grid,
                "lat": each.spot.lat if each.spot else None,
                "lon": each.spot.lon if each.spot else None,
            }
            for each in estate.cameras
        ],
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


def _estate_of(rows: Sequence[_Row]) -> Estate:
    territories = [
        Territory(id=row.id, name=row.name, level=row.level, parent=row.parent)
        for row in rows
        if isinstance(row, TerritoryRow)
    ]
    return Estate(
        territories=tuple(sorted(territories, key=lambda place: _ORDER[place.level])),
        cameras=tuple(
            Camera(key=CameraKey(gateway=row.gateway, id=row.id), name=row.name, grid=row.grid, spot=row.spot)
            for row in rows
            if isinstance(row, CameraRow)
        ),
        people=tuple(_person(row) for row in rows if isinstance(row, PersonRow)),
        shifts=tuple(
            Shift(
                id=row.id,
                person=person_id(row.person),
                kind=row.kind,
                starts_at=row.starts_at,
                ends_at=row.ends_at,
                note=row.note,
            )
            for row in rows
            if isinstance(row, ShiftRow)
        ),
    )


def _person(row: PersonRow) -> Person:
    return Person(
        id=person_id(row.username),
        username=row.username,
        name=row.name,
        roles=frozenset(row.roles),
        grids=frozenset(row.grids),
        skills=frozenset(row.skills),
        willing=row.willing,
        language=row.language,
    )


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
