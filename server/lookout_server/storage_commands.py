"""``lookout-server backup`` and ``restore``."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly


@told_plainly
def backup(
    out: Annotated[Path, typer.Argument(help="File to write, e.g. lookout-20261122.tar.")],
    evidence: Annotated[bool, typer.Option(help="With snapshots, clips and photos.")] = True,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the file when it is there already.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Write everything into one file, while the dispatcher works: rows, evidence, certificates, accounts."""
    report = do(bootstrap.backup(configured(config, level="warning"), out, evidence=evidence, replace=replace))
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    typer.echo(f"{report.file}: {report.rows} rows, {report.evidence} evidence files, {report.bytes / 1e6:.1f} MB")
    if report.missing:
        typer.echo(f"{report.missing} evidence files are in the index and not in the store: look at its disk")


@told_plainly
def restore(
    file: Annotated[Path, typer.Argument(help="What backup wrote.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Read a backup into an empty database, SQLite or PostgreSQL, whichever it came from; nothing is overwritten."""
    report = do(bootstrap.restore(configured(config, level="warning"), file))
    if as_json:
        typer.echo(json.dumps(asdict(report)))
        return
    typer.echo(f"{report.rows} rows and {report.evidence} evidence files are back")
