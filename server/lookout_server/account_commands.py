"""``lookout-server audit``: the log of who did what."""

import json
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly
from lookout_server.errors import ServerError

audit = typer.Typer(no_args_is_help=True, help="Who did what, in a chain of hashes.")


@audit.command("show")
@told_plainly
def show(
    last: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 50,
    config: Config = None,
) -> None:
    """Print the newest entries, a JSON object a line, oldest first."""
    for kept in do(bootstrap.audit_entries(configured(config, level="warning"), last)):
        typer.echo(json.dumps(kept, ensure_ascii=False))


@audit.command("verify")
@told_plainly
def verify(
    noted: Annotated[
        str | None, typer.Option(help="NUMBER:HASH as an earlier check printed it; has to be in the log still.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Follow the whole log: exit 1 when an entry was changed, left out or put in. Write down what it prints."""
    verdict = do(bootstrap.verify_audit(configured(config, level="warning"), noted))
    if as_json:
        typer.echo(json.dumps(verdict))
    if verdict["broken"] is not None:
        raise ServerError(f"the audit log does not hold at entry {verdict['broken']}: compare it with a backup")
    if not as_json:
        typer.echo(f"{verdict['entries']} entries hold; note {verdict['entries']}:{verdict['head']}")
