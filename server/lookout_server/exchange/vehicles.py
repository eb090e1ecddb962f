"""The table of registered vehicles, one a line, as spreadsheets save it."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from lookout_contract.commands import Resident
from lookout_server.domain.spreadsheet import as_cell, from_cell, table_text
from lookout_server.domain.vehicles import Listed, Sheet, Vehicle, checked, normal_plate
from lookout_server.errors import InvalidError
from lookout_server.exchange.estate import BOM
from lookout_server.exchange.estate_files import CODES

_NAMES: Final = ("plate", "valid_from", "valid_until", "cameras", "uses", "note")
#: Column → what it means; Chinese spreadsheets have Chinese ones.
_COLUMNS: Final = {
    **{name: name for name in _NAMES},
    "车牌": "plate",
    "车牌号": "plate",
    "有效期起": "valid_from",
    "有效期止": "valid_until",
    "摄像头": "cameras",
    "次数": "uses",
    "备注": "note",
}
_LISTED = re.compile(r"[\s,;，；、]+")
_LONGEST_SHOWN = 40
_TIMES = "write times as 2026-12-31 or 2026-12-31 18:00"


@dataclass(frozen=True, kw_only=True)
class RefusedLine:
    """A line that cannot be taken. ``row``: its number, 1 being the columns' names. ``code``: a stable word."""

    row: int
    column: str | None
    value: str | None
    code: str
    what: str


class _WrongCellError(Exception):
    """A line that cannot be taken; ``args`` are those of ``RefusedLine`` behind its number."""


def read_sheet(content: bytes, zone: ZoneInfo) -> tuple[Sheet, tuple[RefusedLine, ...]]:
    """What stands in the table, and each line that cannot be read; InvalidError when it is no such table.

    Times without a zone are the site's, and a day until which a pass is good is within it.
    """
    reader = csv.DictReader(io.StringIO(table_text(content), newline=""))
    found: list[Listed] = []
    refused: list[RefusedLine] = []
    try:
        columns = _columns(reader.fieldnames or ())
        for row in reader:
            try:
                found += [_vehicle(row, zone)] if any(row.values()) else []
            except _WrongCellError as error:
                column, value, code, what = error.args
                refused.append(RefusedLine(row=reader.line_num, column=column, value=value, code=code, what=what))
    except csv.Error as error:
        raise InvalidError(f"line {reader.line_num}: this is no CSV ({error})") from error
    return Sheet(vehicles=tuple(dict.fromkeys(found)), has_notes="note" in columns), tuple(refused)


def read_vehicles(content: bytes, zone: ZoneInfo) -> Sheet:
    """What stands in the table; InvalidError names the first line that cannot be read."""
    sheet, refused = read_sheet(content, zone)
    for each in refused:
        raise InvalidError(f"line {each.row}{f', {each.column}' if each.column else ''}: {each.what}")
    return sheet


def sheet_text(vehicles: Iterable[Vehicle], zone: ZoneInfo) -> str:
    """The list for spreadsheets, which can be read in again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_NAMES)
    for listed in (vehicle.listed for vehicle in vehicles):
        writer.writerow(
            [
                listed.plate,
                _written(listed.valid_from, zone, whole_day=False),
                _written(listed.valid_until, zone, whole_day=True),
                ";".join(listed.cameras),
                "" if listed.uses is None else listed.uses,
                as_cell(listed.note),
            ]
        )
    return BOM + text.getvalue()


def _columns(names: Sequence[str]) -> set[str]:
    strange = [name for name in names if name.strip() not in _COLUMNS]
    known = {_COLUMNS[name.strip()] for name in names if name.strip() in _COLUMNS}
    if strange or "plate" not in known:
        said = f"it has {', '.join(map(repr, strange))}" if strange else "there is no column 'plate'"
        raise InvalidError(f"the table's columns are {', '.join(_NAMES)}; {said}")
    return known


def _vehicle(row: Mapping[str | None, Any], zone: ZoneInfo) -> Listed:
    if None in row:
        raise _WrongCellError(None, None, "unknown_column", "it has more cells than there are columns")
    cells = {_COLUMNS[str(name).strip()]: (text or "").strip() for name, text in row.items()}
    times = {
        name: _time(name, cells.get(name), zone, whole_day=name == "valid_until")
        for name in ("valid_from", "valid_until")
    }
    try:
        read = Resident.model_validate(
            {
                "plate": normal_plate(cells["plate"]),
                **times,
                "cameras": tuple(filter(None, _LISTED.split(cells.get("cameras") or ""))),
                "uses": cells.get("uses") or None,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        column = str(first["loc"][0])
        code = CODES.get(first["type"], "bad_number" if column == "uses" else "bad_value")
        raise _WrongCellError(column, _shown(cells.get(column)), code, first["msg"]) from error
    return _checked(read, from_cell(cells.get("note") or ""))


def _checked(read: Resident, note: str) -> Listed:
    try:
        return checked(Listed(**read.model_dump(exclude={"id"}), note=note))
    except InvalidError as error:
        ends = read.valid_until is not None and read.valid_from is not None and read.valid_until <= read.valid_from
        column, code = ("valid_until", "bad_span") if ends else ("note", "too_long")
        raise _WrongCellError(column, None if ends else _shown(note), code, str(error)) from error


def _time(column: str, text: str | None, zone: ZoneInfo, *, whole_day: bool) -> datetime | None:
    if not text:
        return None
    try:
        at = _read_time(text.replace("/", "-"))
        if whole_day and len(text) <= len("2026-12-31"):
            at += timedelta(days=1)
    except (ValueError, OverflowError) as error:
        raise _WrongCellError(column, _shown(text), "bad_time", f"{error}; {_TIMES}") from error
    return at if at.tzinfo else at.replace(tzinfo=zone)


def _read_time(text: str) -> datetime:
    """Spreadsheets in China write days as 2026/1/5 and times as 2026/1/5 9:30."""
    day, _, rest = text.partition(" ")
    parts = day.split("-")
    if len(parts) == 3 and all(part.isdigit() for part in parts):
        day = f"{parts[0]:0>4}-{parts[1]:0>2}-{parts[2]:0>2}"
        rest = f"0{rest}" if re.match(r"\d:", rest) else rest
    return datetime.fromisoformat(f"{day} {rest}" if rest else day)


def _written(at: datetime | None, zone: ZoneInfo, *, whole_day: bool) -> str:
    if at is None:
        return ""
    local = at.astimezone(zone)
    if local.time() == time():
        return str(local.date() - timedelta(days=1) if whole_day else local.date())
    # Seconds only where there are some: they are nobody's but a program's.
    whole_minute = local.replace(second=0, microsecond=0) == local
    return local.strftime("%Y-%m-%d %H:%M") if whole_minute else local.isoformat(sep=" ")


def _shown(text: str | None) -> str | None:
    return text[:_LONGEST_SHOWN] if text else None


def lines_of(vehicles: Sequence[Vehicle], zone: ZoneInfo) -> Iterator[str]:
    """The list for people at a terminal."""
    for vehicle in vehicles:
        listed = vehicle.listed
        until = _written(listed.valid_until, zone, whole_day=True)
        parts = (
            listed.plate,
            f"until {until}" if until else "",
            " ".join(listed.cameras),
            _used(vehicle),
            listed.note,
        )
        yield "  ".join(part for part in parts if part)


def _used(vehicle: Vehicle) -> str:
    uses = vehicle.listed.uses
    if uses is None:
        return ""
    if len(vehicle.visits) > 1:
        return f"used {', '.join(f'{count} of {uses} at {gateway}' for gateway, count in vehicle.visits.items())}"
    return f"used {sum(vehicle.visits.values())} of {uses}"
