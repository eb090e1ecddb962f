"""Commands about cameras: which there are, and what to write into the configuration for them."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from lookout_contract.events import Scenario
from lookout_edge import bootstrap
from lookout_edge.adapters.onvif.finding import Account, Device, Stream, device_of, main_and_sub, search, streams_of
from lookout_edge.bootstrap.examination import examine
from lookout_edge.cli import ConfigOption, plain_errors
from lookout_edge.domain.finding import Finding, Grade, worst
from lookout_edge.errors import ConfigError, EdgeError
from lookout_edge.following import follow_self_test, ignore

#: Where the password comes from, so that it stays out of the list of processes.
PASSWORD = "LOOKOUT_ONVIF_PASSWORD"


def discover(
    address: Annotated[str | None, typer.Argument(help="HOST or HOST:PORT; the network is asked when absent.")] = None,
    user: Annotated[str | None, typer.Option("--user", help=f"ONVIF account; its password in {PASSWORD}.")] = None,
    seconds: Annotated[float, typer.Option(min=0.5, max=60, help="How long to wait for cameras to answer.")] = 3.0,
) -> None:
    """Find ONVIF cameras, and print what to write into a configuration for each."""
    with plain_errors():
        account = Account(user=user, password=os.environ.get(PASSWORD, "")) if user is not None else None
        devices = (device_of(address),) if address is not None else search(seconds)
        if not devices:
            raise EdgeError(
                "No camera answered: check that it is on this network and that ONVIF and WS-Discovery are switched on "
                "in it, or name its address."
            )
        failures = [failure for device in devices if (failure := _tell(device, account)) is not None]
        if failures and len(failures) == len(devices):
            raise EdgeError("\n".join(failures))
        for failure in failures:
            typer.echo(failure, err=True)


def doctor(config: ConfigOption, as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Examine this box: configuration, holidays, models, disk, broker, dispatcher, clock, streams; say what to fix.

    A gateway that runs meanwhile under the same account may lose its connection to the broker for a moment; it loses
    nothing. Exit code 0 when everything works (there may be advice), 1 when something does not.
    """
    found: list[Finding] = []
    try:
        loaded = bootstrap.load(config)
    except ConfigError as error:
        loaded = error
    for finding in examine(config, loaded):
        found.append(finding)
        if not as_json:
            typer.echo(_line(finding))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False, indent=2))
    if worst(found) is Grade.FAIL:
        raise typer.Exit(1)


def _line(finding: Finding) -> str:
    line = f"{finding.grade.value:4}  {finding.subject}: {finding.text}"
    return line + (f"\n      → {finding.advice}" if finding.advice else "")


def _tell(device: Device, account: Account | None) -> str | None:
    """Print a device; what went wrong when it does not tell its streams."""
    try:
        streams = streams_of(device, account)
    except EdgeError as error:
        return str(error)
    if not streams:
        return f"{device.host}:{device.port} has no video stream."
    typer.echo("\n".join(configuration_of(device, streams)))
    return None


def configuration_of(device: Device, streams: Sequence[Stream]) -> list[str]:
    """Lines of YAML for ``cameras:``, with all streams as comments; the account is left for the user to fill in."""
    main, sub = main_and_sub(streams)
    lines = [
        f"  # {stream.profile}: {stream.encoding} {stream.width}×{stream.height}"
        + (f" at {stream.fps:g} fps" if stream.fps else "")
        for stream in streams
    ]
    lines += [f"  camera-{device.host.replace('.', '-').replace(':', '-').lower()}:", "    source:"]
    lines.append(f'      url: "{_to_fill_in(main.url)}"')
    if sub is not None:
        lines.append(f'      sub_url: "{_to_fill_in(sub.url)}"')
    return [*lines, "    rules: [{scenario: fire_smoke}]  # needs models: {detector: community-nano}"]


def _to_fill_in(url: str) -> str:
    return url.replace("://", "://USER:PASSWORD@", 1) if "@" not in url else url


def self_test(
    config: ConfigOption,
    camera: Annotated[str, typer.Argument(help="Which camera.")],
    scenario: Annotated[Scenario | None, typer.Option("--scenario", help="Which of its rules.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Play a clip to a camera's models and rules, and follow its alarm, marked as a test, to the dispatcher.

    The gateway must be running; it goes on watching. Exit code 0 when the alarm arrived, 1 when it did not.
    """
    with plain_errors():
        test = follow_self_test(bootstrap.load(config), camera, scenario, tell=ignore if as_json else typer.echo)
    if as_json:
        typer.echo(json.dumps(test, ensure_ascii=False, indent=2))
    elif test["passed"]:
        typer.echo(f"{camera}: the alarm arrived.")
    else:
        typer.echo(f"{camera}: {test['why']}", err=True)
    if not test["passed"]:
        raise typer.Exit(1)
