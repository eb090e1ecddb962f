"""``lookout-server estate``: places, cameras, people and the roster as files."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly

estate = typer.Typer(no_args_is_help=True, help="Places, cameras, people and the roster, as JSON or as CSV.")


@estate.command("export")
@told_plainly
def export(
    out: Annotated[Path, typer.Argument(help="A file that ends in .json, or a folder for CSV files.")],
    config: Config = None,
) -> None:
    """Write all of it; passwords and addresses are not among it."""
    for file in do(bootstrap.export_estate(configured(config, level="warning"), out)):
        typer.echo(str(file))


@estate.command("import")
@told_plainly
def import_(
    place: Annotated[Path, typer.Argument(help="A .json file, or a folder with territories.csv, cameras.csv, …")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Bring it in: what is new is added, what differs is changed, nothing is removed; all of it or nothing."""
    changes = do(bootstrap.bring_in_estate(configured(config, level="warning"), place, dry_run=dry_run))
    if as_json:
        typer.echo(json.dumps([asdict(change) for change in changes], ensure_ascii=False))
        return
    for change in changes:
        what = f" ({'; '.join(change.what)})" if change.what else ""
        typer.echo(f"{'would be ' if dry_run else ''}{change.change}: {change.kind} {change.id}{what}")
    if not changes:
        typer.echo("nothing to change")
