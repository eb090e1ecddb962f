"""The estate as files: one of JSON, or a folder of CSV for spreadsheets. What is written can be read again."""

from pathlib import Path

from lookout_server.errors import ConfigError
from lookout_server.exchange.estate import TABLES, csv_text, json_text
from lookout_server.exchange.estate_files import EstateFile, Refusal, read_files
from lookout_server.services.estate import Estate


def write_estate(estate: Estate, out: Path) -> list[Path]:
    """Write ``out``: a file when it ends in ``.json``, else a folder of CSV files; the files written."""
    if out.suffix == ".json":
        out.write_text(json_text(estate), encoding="utf-8")
        return [out]
    out.mkdir(parents=True, exist_ok=True)
    written = [out / f"{table}.csv" for table in TABLES]
    for file in written:
        file.write_text(csv_text(estate, file.stem), encoding="utf-8", newline="")
    return written


def read_estate(place: Path) -> Estate:
    """Read what ``write_estate`` wrote; tables may be missing. ConfigError names every mistake, with file and line."""
    paths = [place] if place.is_file() else [file for name in TABLES if (file := place / f"{name}.csv").exists()]
    if not paths:
        raise ConfigError(f"{place} is no file and holds none of {', '.join(f'{name}.csv' for name in TABLES)}")
    try:
        sheets = read_files([EstateFile(name=str(path), content=path.read_bytes()) for path in paths])
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error}") from error
    if sheets.refused:
        raise ConfigError("\n".join(_line(refusal) for refusal in sheets.refused))
    return sheets.estate


def _line(refusal: Refusal) -> str:
    where = refusal.file if refusal.row is None else f"{refusal.file}:{refusal.row}"
    return f"{where}: {refusal.column}: {refusal.text}" if refusal.column else f"{where}: {refusal.text}"
