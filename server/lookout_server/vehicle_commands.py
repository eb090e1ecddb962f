"""``lookout-server vehicles``: which vehicles belong here, or may pass for a while."""

from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import Config, configured, do, told_plainly

vehicles = typer.Typer(no_args_is_help=True, help="Known vehicles (登记车辆): residents' and dated passes.")


@vehicles.callback()
def _vehicles() -> None:
    """Several commands."""


@vehicles.command("send")
@told_plainly
def send(
    file: Annotated[Path, typer.Argument(help="CSV: plate, valid_from, valid_until, cameras, uses (or 车牌 …).")],
    gateways: Annotated[list[str] | None, typer.Option("--gateway", help="May be repeated; left out: all.")] = None,
    config: Config = None,
) -> None:
    """Replace the list of known vehicles of gateways; what each answers stands on its page and in the API."""
    count, sent = do(
        bootstrap.send_vehicle_list(configured(config, level="warning"), file.read_bytes(), gateways or ())
    )
    for gateway, command in sent.items():
        typer.echo(f"{gateway}: {count} vehicles are on their way ({command})")
