"""热线 12345: calls that the hotline hands on, entered one by one or as the table that it exports."""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lookout_server.domain.resident import KINDS, ReportKind
from lookout_server.domain.spreadsheet import table_text
from lookout_server.domain.territory import Territory
from lookout_server.errors import InvalidError

#: What a column may be called.
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "number": ("number", "工单号", "工单编号"),
    "received_at": ("received_at", "受理时间", "来电时间"),
    "kind": ("kind", "类型", "诉求类型"),
    "grid": ("grid", "网格"),
    "words": ("words", "内容", "诉求内容"),
}
_REQUIRED = ("number", "received_at", "grid", "words")
_LONGEST_WORDS = 2000


@dataclass(frozen=True, kw_only=True)
class Call:
    """What somebody told the hotline. Who called is the hotline's to know: nothing of it is kept here."""

    #: 工单号, unique at the hotline: the same again is the same call.
    number: str
    received_at: datetime
    kind: ReportKind
    grid: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of an imported table: the call in it, or what is wrong with it."""

    line: int
    number: str
    call: Call | None
    wrong: str | None = None


def read_calls(content: bytes, places: Mapping[str, Territory], timezone: str) -> list[Line]:
    """The lines of a CSV table, UTF-8 or GB 18030. InvalidError when it is none, or lacks a column."""
    rows = csv.reader(io.StringIO(table_text(content)))
    try:
        head = [cell.strip() for cell in next(rows, list[str]())]
        columns = {name: head.index(each) for name, names in _COLUMNS.items() for each in names if each in head}
        lacking = [_COLUMNS[name][1] for name in _REQUIRED if name not in columns]
        if lacking:
            raise InvalidError(f"the table lacks {', '.join(lacking)}: its first line names the columns")
        return list(_lines(rows, columns, places, ZoneInfo(timezone)))
    except csv.Error as error:
        raise InvalidError(f"this is no CSV table: {error}") from error


def _lines(
    rows: Iterator[list[str]], columns: Mapping[str, int], places: Mapping[str, Territory], zone: ZoneInfo
) -> Iterator[Line]:
    seen: set[str] = set()
    for offset, row in enumerate(rows, start=2):
        if not any(cell.strip() for cell in row):
            continue
        cells = {name: row[at].strip() if at < len(row) else "" for name, at in columns.items()}
        number = cells["number"]
        try:
            call = _call(cells, places, zone)
            if number in seen:
                raise InvalidError(f"{number} is in the table twice")
            yield Line(line=offset, number=number, call=call)
        except InvalidError as error:
            yield Line(line=offset, number=number, call=None, wrong=str(error))
        seen.add(number)


def _call(cells: Mapping[str, str], places: Mapping[str, Territory], zone: ZoneInfo) -> Call:
    number, words = cells["number"], cells["words"]
    if not 0 < len(number) <= 64 or "\x00" in number:
        raise InvalidError("the number is missing, or longer than 64 characters")
    if not 0 < len(words) <= _LONGEST_WORDS or "\x00" in words:
        raise InvalidError(f"the words are missing, or more than {_LONGEST_WORDS} characters")
    return Call(
        number=number,
        received_at=_time(cells["received_at"], zone),
        kind=_kind(cells.get("kind", "")),
        grid=_grid(cells["grid"], places),
        words=words,
    )


def _time(text: str, zone: ZoneInfo) -> datetime:
    try:
        told = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError as error:
        raise InvalidError(f"{text!r} is no time: write 2026-11-22 14:05, by the site's clock") from error
    return told if told.tzinfo else told.replace(tzinfo=zone)


def _kind(text: str) -> ReportKind:
    """By its code or its Chinese name; what is left out is something else."""
    found = [kind for kind, row in KINDS.items() if text in {kind.value, row.words.zh}]
    if text and not found:
        known = "、".join(row.words.zh for row in KINDS.values())
        raise InvalidError(f"{text!r} is no kind: {known}, or their codes {', '.join(KINDS)}")
    return found[0] if found else ReportKind.OTHER


def _grid(text: str, places: Mapping[str, Territory]) -> str:
    """By its id or its name, when only one place has it."""
    if text in places:
        return text
    found = [place.id for place in places.values() if place.name == text]
    if len(found) != 1:
        raise InvalidError(f"{text!r} is {'several grids' if found else 'no grid'}: write its id")
    return found[0]
