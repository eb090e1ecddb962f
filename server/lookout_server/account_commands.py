"""``lookout-server audit``: the log of who did what; ``lookout-server device``: what stands around the gateways."""

import json
from dataclasses import asdict
from typing import Annotated

import typer

from lookout_server import bootstrap
from lookout_server.cli import AsJson, Config, configured, do, told_plainly
from lookout_server.errors import ServerError

audit = typer.Typer(no_args_is_help=True, help="Who did what, in a chain of hashes.")
devices = typer.Typer(
    no_args_is_help=True, help="What stands around a gateway and uses the broker: cameras with events, buttons, sirens."
)

Gateway = Annotated[str, typer.Argument(metavar="GATEWAY")]
Name = Annotated[str, typer.Argument(metavar="NAME")]


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
    """Follow the whole log, and the histories of settled cases that it seals: exit 1 when something was changed, left
    out or put in. Write down what it prints."""
    verdict = do(bootstrap.verify_audit(configured(config, level="warning"), noted))
    if as_json:
        typer.echo(json.dumps(verdict))
    if verdict["broken"] is not None:
        raise ServerError(f"the audit log does not hold at entry {verdict['broken']}: compare it with a backup")
    if altered := verdict["altered"]:
        raise ServerError(f"histories were changed after their cases were settled: {altered}; compare with a backup")
    if not as_json:
        count = verdict["entries"]
        holds = "1 entry holds" if count == 1 else f"{count} entries hold"
        typer.echo(f"{holds}; note {count}:{verdict['head']}")


@devices.command("add")
@told_plainly
def device_add(
    gateway: Gateway,
    name: Name,
    of_gateway: Annotated[
        bool, typer.Option("--for-gateway", help="For the gateway's own connection to its devices.")
    ] = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Give an account that exists a new password.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Make a broker account that keeps to its own topics; with --for-gateway one that uses those of all its devices.

    The first part of the topic is what is written into the camera as prefix; the password is shown once.
    """
    settings = configured(config, level="warning")
    access = asdict(do(bootstrap.add_device(settings, gateway, name, of_gateway=of_gateway, rotate=rotate)))
    typer.echo(json.dumps(access) if as_json else "\n".join(f"{key}: {value}" for key, value in access.items()))


@devices.command("remove")
@told_plainly
def device_remove(gateway: Gateway, name: Name, config: Config = None) -> None:
    """Take the account away."""
    bootstrap.remove_device(configured(config, level="warning"), gateway, name)
    typer.echo(f"device {name} of {gateway} is let in no more")
