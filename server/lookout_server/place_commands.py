"""``lookout-server places``: QR codes on walls, by which residents report."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly

places = typer.Typer(no_args_is_help=True, help="Places with a QR code by which residents report (码上就办).")


@places.command("add")
@told_plainly
def place_add(
    grid: Annotated[str, typer.Argument(metavar="GRID")],
    names: Annotated[list[str], typer.Argument(metavar="NAME…", help="What people call the places.")],
    config: Config = None,
) -> None:
    """Give places of a grid a code each; one that has its code already keeps it."""
    for place in do(bootstrap.add_places(configured(config, level="warning"), grid, names)):
        typer.echo(f"{place.code}  {place.grid}  {place.name}")


@places.command("list")
@told_plainly
def place_list(as_json: AsJson = False, config: Config = None) -> None:
    """All places with a code, retired ones too."""
    found = do(bootstrap.list_places(configured(config, level="warning")))
    if as_json:
        typer.echo(json.dumps([asdict(place) for place in found], ensure_ascii=False, default=str))
        return
    for place in found:
        typer.echo(f"{place.code}  {place.grid}  {place.name}{'  (retired)' if place.retired_at else ''}")
    if not found:
        typer.echo("no places yet: lookout-server places add GRID NAME")


@places.command("retire")
@told_plainly
def place_retire(code: str, config: Config = None) -> None:
    """Let a code work no longer; what was reported by it stays."""
    place = do(bootstrap.retire_place(configured(config, level="warning"), code))
    typer.echo(f"{place.code} ({place.name}) works no longer")


@places.command("qr")
@told_plainly
def place_qr(
    out: Annotated[Path, typer.Option("--out", "-o", help="sheet.html, or a folder for an SVG file of each place.")],
    url: Annotated[str | None, typer.Option(help="Instead of listen.url: where phones reach the dispatcher.")] = None,
    grid: Annotated[str | None, typer.Option(help="Only the places of this grid.")] = None,
    config: Config = None,
) -> None:
    """Write QR codes to print: an A4 sheet, or an SVG file each."""
    count = bootstrap.write_codes(configured(config, level="warning"), out, url=url, grid=grid)
    typer.echo(f"{out}: {count} codes")
