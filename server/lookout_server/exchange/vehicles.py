"""The table of known vehicles, one a line, as spreadsheets save it."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from lookout_contract.commands import Resident
from lookout_server.domain.spreadsheet import table_text
from lookout_server.errors import InvalidError

#: Column → what it means; Chinese spreadsheets have Chinese ones.
_COLUMNS: Final = {
    "plate": "plate",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
    "cameras": "cameras",
    "uses": "uses",
    "车牌": "plate",
    "车牌号": "plate",
    "有效期起": "valid_from",
    "有效期止": "valid_until",
    "摄像头": "cameras",
    "次数": "uses",
}
_BETWEEN = re.compile(r"[\s·•.\-]")
_LISTED = re.compile(r"[\s,;，；、]+")


def read_vehicles(content: bytes, zone: ZoneInfo) -> tuple[Resident, ...]:
    """What stands in the table; InvalidError names the first line that cannot be read.

    Times without a zone are the site's, and a day until which a pass is good is within it.
    """
    reader = csv.DictReader(io.StringIO(table_text(content), newline=""))
    try:
        strange = [name for name in reader.fieldnames or () if name.strip() not in _COLUMNS]
        if strange or "plate" not in {_COLUMNS[name.strip()] for name in reader.fieldnames or ()}:
            said = f"it has {', '.join(map(repr, strange))}" if strange else "there is no column 'plate'"
            raise InvalidError(f"the table's columns are plate, valid_from, valid_until, cameras, uses; {said}")
        found = [_vehicle(reader.line_num, row, zone) for row in reader if any(row.values())]
    except csv.Error as error:
        raise InvalidError(f"line {reader.line_num}: this is no CSV ({error})") from error
    return tuple(dict.fromkeys(found))


def _vehicle(line: int, row: Mapping[str | None, Any], zone: ZoneInfo) -> Resident:
    if None in row:
        raise InvalidError(f"line {line}: it has more cells than there are columns")
    cells = {_COLUMNS[str(name).strip()]: (text or "").strip() for name, text in row.items()}
    try:
        return Resident.model_validate(
            {
                "plate": _BETWEEN.sub("", cells["plate"]).upper(),
                "valid_from": _time(cells.get("valid_from"), zone, whole_day=False),
                "valid_until": _time(cells.get("valid_until"), zone, whole_day=True),
                "cameras": tuple(filter(None, _LISTED.split(cells.get("cameras") or ""))),
                "uses": cells.get("uses") or None,
            }
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise InvalidError(f"line {line}, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except ValueError as error:
        raise InvalidError(f"line {line}: {error}; write times as 2026-12-31 or 2026-12-31 18:00") from error


def _time(text: str | None, zone: ZoneInfo, *, whole_day: bool) -> datetime | None:
    if not text:
        return None
    at = datetime.fromisoformat(text.replace("/", "-"))
    if whole_day and len(text) <= len("2026-12-31"):
        at += timedelta(days=1)
    return at if at.tzinfo else at.replace(tzinfo=zone)
