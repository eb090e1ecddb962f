"""``lookout-server quarantine``: messages that could not be taken, and what becomes of them."""

import json
import sys
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly
from lookout_server.errors import InvalidError, ServerError

quarantine = typer.Typer(no_args_is_help=True, help="Messages of gateways that could not be taken.")

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1)]


@quarantine.command("list")
@told_plainly
def list_(
    every: Annotated[bool, typer.Option("--all", help="Also those that were taken or discarded.")] = False,
    last: Annotated[int, typer.Option(help="How many.", min=1, max=10_000)] = 50,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """The newest, newest first, each with the reason."""
    found = do(bootstrap.list_quarantine(configured(config, level="warning"), every=every, last=last))
    if as_json:
        typer.echo(json.dumps([bootstrap.quarantined_values(held) for held in found], ensure_ascii=False))
        return
    for held in found:
        typer.echo(f"{held.id}  {held.received_at:%Y-%m-%d %H:%M:%SZ}  {held.state}  {held.topic}  x{held.times}")
        typer.echo(f"    {held.reason}")
    if not found:
        typer.echo("nothing waits in the quarantine")


@quarantine.command("show")
@told_plainly
def show(number: Number, config: Config = None) -> None:
    """Write a message's payload to standard output as it came, and what is known of it to standard error."""
    message = do(bootstrap.show_quarantined(configured(config, level="warning"), number))
    typer.echo(json.dumps(bootstrap.quarantined_values(message.held), ensure_ascii=False), err=True)
    if not message.whole:
        typer.echo(f"only its first {len(message.payload)} bytes were kept", err=True)
    sys.stdout.buffer.write(message.payload)


@quarantine.command("replay")
@told_plainly
def replay(
    numbers: Annotated[list[int] | None, typer.Argument(metavar="NUMBER…")] = None,
    every: Annotated[bool, typer.Option("--all", help="All events that wait.")] = False,
    config: Config = None,
) -> None:
    """Take messages through the intake again, for when what kept them out is no more; exit 1 when one still waits."""
    if bool(numbers) == every:
        raise InvalidError("name the messages, or write --all")
    found = do(bootstrap.replay_quarantined(configured(config, level="warning"), numbers or None))
    for number, became in found.items():
        if isinstance(became, str):
            typer.echo(f"{number}: {became}", err=True)
        else:
            typer.echo(f"{number}: taken" + (f", alarm {became.held.alarm}" if became.held.alarm else ""))
    still = sum(isinstance(became, str) for became in found.values())
    if still:
        raise ServerError(f"{still} of {len(found)} wait on")
    if not found:
        typer.echo("nothing waits that could be taken")


@quarantine.command("discard")
@told_plainly
def discard(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Kept beside it and in the audit log.")],
    config: Config = None,
) -> None:
    """Say that nothing will become of a message; it stays to be read."""
    if not reason.strip():
        raise InvalidError("say why: --reason '…'")
    do(bootstrap.discard_quarantined(configured(config, level="warning"), number, reason.strip()))
    typer.echo(f"{number}: discarded")
