"""``lookout-server vehicles``: which vehicles belong here, or may pass for a while."""

import json
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import Config, configured, do, told_plainly

vehicles = typer.Typer(no_args_is_help=True, help="Registered vehicles (登记车辆): residents' and dated passes.")


@vehicles.callback()
def _vehicles() -> None:
    """Several commands."""


@vehicles.command("send")
@told_plainly
def send(
    file: Annotated[Path, typer.Argument(help="CSV: plate, valid_from, valid_until, cameras, uses, note (or 车牌 …).")],
    gateways: Annotated[
        list[str] | None,
        typer.Option("--gateway", help="Only for this gateway, until the site's list changes; may be repeated."),
    ] = None,
    config: Config = None,
) -> None:
    """Replace the list of registered vehicles, which goes to all gateways; the page 登记车辆 shows who holds it."""
    settings, table = configured(config, level="warning"), file.read_bytes()
    if gateways:
        count, sent = do(bootstrap.send_vehicle_list(settings, table, gateways))
        for gateway, command in sent.items():
            typer.echo(f"{gateway}: {count} vehicles are on their way ({command})")
        return
    found = do(bootstrap.replace_vehicle_list(settings, table)).comparison
    new, changed = found.count(before=False, after=True), found.count(before=True, after=True)
    removed = found.count(before=True, after=False)
    typer.echo(f"{found.same + new + changed} vehicles: {new} new, {changed} changed, {removed} removed")
    typer.echo("gateways that do not hold it are sent it within a minute, those that are away when they are back")


@vehicles.command("list")
@told_plainly
def list_vehicles(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False, config: Config = None
) -> None:
    """Print the list, in the order of its registration."""
    settings = configured(config, level="warning")
    found = do(bootstrap.vehicle_list(settings))
    if as_json:
        typer.echo(json.dumps(bootstrap.vehicle_values(found), ensure_ascii=False, indent=2))
        return
    for line in bootstrap.vehicle_lines(settings, found):
        typer.echo(line)
    if not found:
        typer.echo("no vehicle is registered: lookout-server vehicles send LIST.csv")


@vehicles.command("export")
@told_plainly
def export(
    file: Annotated[Path, typer.Argument(help="CSV; one that is there is replaced.")], config: Config = None
) -> None:
    """Write the list as a table that can be read in again; the audit log notes it."""
    count, text = do(bootstrap.export_vehicles(configured(config, level="warning")))
    file.write_text(text, encoding="utf-8", newline="")
    typer.echo(f"{count} vehicles are in {file}")
