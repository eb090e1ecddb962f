"""Tables of the estate as they come, each with where it stands: what can be read of them, and what cannot and why."""

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from lookout_server.domain.spreadsheet import from_cell
from lookout_server.exchange.estate import TABLES, Row, estate_of
from lookout_server.services.estate import Estate

#: What pydantic says of a value → our code for it, as far as it has one.
CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown_column",
    "string_pattern_mismatch": "bad_id",
    "string_too_long": "too_long",
    "string_too_short": "empty",
    "too_short": "empty",
    "enum": "bad_choice",
    "literal_error": "bad_choice",
    "bool_parsing": "bad_yes_no",
    "bool_type": "bad_yes_no",
    "float_parsing": "bad_number",
    "greater_than_equal": "bad_number",
    "less_than_equal": "bad_number",
    "finite_number": "bad_number",
    "value_error": "bad_pair",
}
_LONGEST_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class EstateFile:
    """A file as it was sent. ``name`` says what kind it is."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A line, or a whole file, that cannot be taken.

    ``row``: line of a CSV file, or place in a list of JSON, both from 1; None: the file itself. ``code``: stable word.
    ``text``: what is wrong and what to do, for people who read English.
    """

    file: str
    row: int | None
    code: str
    text: str
    column: str | None = None
    value: str | None = None


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A row that can be read, and where it stands."""

    table: str
    file: str
    row: int
    held: Row


@dataclass(frozen=True, kw_only=True)
class Sheets:
    """What some files hold."""

    rows: tuple[Placed, ...] = ()
    refused: tuple[Refusal, ...] = ()
    #: Tables that were among them, also when they are empty.
    tables: frozenset[str] = frozenset()

    @property
    def estate(self) -> Estate:
        """What the readable rows stand for."""
        return estate_of([placed.held for placed in self.rows])

    def where(self, table: str, key: str) -> Placed | None:
        """The row of this name."""
        return next((each for each in self.rows if each.table == table and each.held.key == key), None)


def read_files(files: Sequence[EstateFile]) -> Sheets:
    """Read files of JSON (``.json``) and CSV; a table of CSV is known by its name, else by its columns."""
    rows: list[Placed] = []
    refused: list[Refusal] = []
    tables: set[str] = set()
    for file in files:
        sheets = _json(file) if file.name.lower().endswith(".json") else _csv(file)
        rows += sheets.rows
        refused += sheets.refused
        tables |= sheets.tables
    refused += _twice(rows)
    return Sheets(rows=tuple(rows), refused=tuple(refused), tables=frozenset(tables))


def _json(file: EstateFile) -> Sheets:
    try:
        held: object = json.loads(_text(file.content))
    except ValueError as error:
        return _unreadable(file, "no_json", f"this is no JSON ({error}): export one to see how it is written")
    tables = cast(dict[str, object], held) if isinstance(held, dict) else {}
    strange = sorted(set(tables) - set(TABLES))
    if strange or not tables:
        said = f"what is in it is {', '.join(strange)}" if strange else "this is not"
        return _unreadable(file, "unknown_table", f"a file is an object with {', '.join(TABLES)}; {said}")
    sheets: list[Sheets] = []
    for table, rows in tables.items():
        if not isinstance(rows, list):
            return _unreadable(file, "unknown_table", f"{table} is a list")
        sheets.append(_read(file.name, table, list(enumerate(cast(list[object], rows), start=1))))
    return _joined(sheets)


def _csv(file: EstateFile) -> Sheets:
    try:
        text = _text(file.content)
        reader = csv.DictReader(io.StringIO(text, newline=""))
        columns = frozenset(name.strip() for name in reader.fieldnames or ())
        lines = [(reader.line_num, _known(row)) for row in reader]
    except (ValueError, csv.Error) as error:
        return _unreadable(file, "no_text", f"this cannot be read ({error}): save it as CSV in UTF-8")
    table = _table_of(file.name, columns)
    if table is None:
        wanted = "; ".join(f"{name}: {', '.join(row.model_fields)}" for name, row in TABLES.items())
        return _unreadable(file, "unknown_table", f"these columns are of no table; there are {wanted}")
    return _read(file.name, table, lines)


def _table_of(name: str, columns: frozenset[str]) -> str | None:
    stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0].lower()
    if stem in TABLES:
        return stem
    for table, row in TABLES.items():
        needed = {each for each, field in row.model_fields.items() if field.is_required()}
        if needed <= columns <= set(row.model_fields):
            return table
    return None


def _read(file: str, table: str, lines: Sequence[tuple[int, object]]) -> Sheets:
    rows: list[Placed] = []
    refused: list[Refusal] = []
    for number, line in lines:
        try:
            rows.append(Placed(table=table, file=file, row=number, held=TABLES[table].model_validate(line)))
        except ValidationError as error:
            # The first that is wrong of a column explains the rest.
            first = {each["loc"][:1]: each for each in reversed(error.errors(include_url=False))}
            refused += [_refusal(file, number, each) for each in reversed(first.values())]
    return Sheets(rows=tuple(rows), refused=tuple(refused), tables=frozenset({table}))


def _refusal(file: str, row: int, error: ErrorDetails) -> Refusal:
    given = error["input"]
    code = CODES.get(error["type"], "bad_time" if "time" in error["type"] else "bad_value")
    return Refusal(
        file=file,
        row=row,
        code=code,
        column=".".join(str(part) for part in error["loc"]) or None,
        value=None if isinstance(given, dict | list | tuple) else str(given)[:_LONGEST_SHOWN],
        text=error["msg"],
    )


def _twice(rows: Sequence[Placed]) -> Iterator[Refusal]:
    first: dict[tuple[str, str], Placed] = {}
    for placed in rows:
        before = first.setdefault((placed.table, placed.held.key), placed)
        if before is not placed:
            text = f"{placed.held.key} stands in row {before.row} already: keep one of them"
            yield Refusal(file=placed.file, row=placed.row, code="twice", value=placed.held.key, text=text)


def _known(row: Mapping[str | None, object]) -> dict[str, object]:
    """Cells beyond the header have no name: they are said to be wrong under one."""
    plain = {name: from_cell(value) if isinstance(value, str) else value for name, value in row.items()}
    return {("beyond the last column" if name is None else name.strip()): value for name, value in plain.items()}


def _text(content: bytes) -> str:
    """Excel in China saves GB 18030 unless it is told otherwise."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ValueError("it is neither UTF-8 nor GB 18030")


def _unreadable(file: EstateFile, code: str, text: str) -> Sheets:
    return Sheets(refused=(Refusal(file=file.name, row=None, code=code, text=text),))


def _joined(sheets: Sequence[Sheets]) -> Sheets:
    return Sheets(
        rows=tuple(row for each in sheets for row in each.rows),
        refused=tuple(refusal for each in sheets for refusal in each.refused),
        tables=frozenset(table for each in sheets for table in each.tables),
    )
