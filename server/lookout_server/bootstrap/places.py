"""The verbs about QR codes on walls."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from lookout_server.adapters.clock import SystemClock
from lookout_server.bootstrap.access import open_database
from lookout_server.config import ServerConfig
from lookout_server.domain.resident import ReportPlace
from lookout_server.domain.territory import Territory
from lookout_server.errors import ConfigError, InvalidError
from lookout_server.services import residents
from lookout_server.services.place_sheet import place_svg, sheet


async def add_places(config: ServerConfig, grid: str, names: Sequence[str]) -> list[ReportPlace]:
    """A code for each name."""
    async with open_database(config) as database:
        now = SystemClock().now()
        return [await residents.add_place(database, grid, name, None, at=now) for name in names]


async def list_places(config: ServerConfig) -> Sequence[ReportPlace]:
    """All of them."""
    async with open_database(config) as database, database.read() as work:
        return await work.residents.places()


async def retire_place(config: ServerConfig, code: str) -> ReportPlace:
    """Its code works no longer."""
    async with open_database(config) as database:
        return await residents.retire_place(database, code, None, at=SystemClock().now())


async def printable(config: ServerConfig, *, grid: str | None) -> Sequence[tuple[ReportPlace, Territory | None]]:
    """The places whose codes are in use; InvalidError when there are none."""
    async with open_database(config) as database, database.read() as work:
        found = [each for each in await residents.places(work, None) if each[0].retired_at is None]
    chosen = [each for each in found if grid is None or each[0].grid == grid]
    if not chosen:
        raise InvalidError("there are no such places yet: lookout-server places add GRID NAME")
    return chosen


def write_codes(config: ServerConfig, out: Path, *, url: str | None, grid: str | None) -> int:
    """A sheet, where ``out`` ends in .html, else a folder of SVG files; how many codes."""
    base = url or config.listen.url
    if base is None:
        raise ConfigError("a QR code needs the address by which phones reach the dispatcher: --url, or listen.url")
    chosen = asyncio.run(printable(config, grid=grid))
    if out.suffix in {".html", ".htm"}:
        out.write_text(sheet(chosen, base, config.site.name), encoding="utf-8")
        return len(chosen)
    out.mkdir(parents=True, exist_ok=True)
    for place, _ in chosen:
        (out / f"{place.grid}-{place.code}.svg").write_text(place_svg(place, base), encoding="utf-8")
    return len(chosen)
