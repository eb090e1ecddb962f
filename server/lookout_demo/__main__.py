"""``lookout-demo run`` and ``lookout-demo check``."""

import json
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from lookout_demo.check import drive
from lookout_demo.community import prepare
from lookout_demo.errors import DemoError
from lookout_demo.footage import Feed, extra_feeds, own_feed, reel_feeds, shipped_feeds
from lookout_demo.launch import Running, start
from lookout_demo.processes import Children
from lookout_demo.reel_check import watch

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Lookout 守望哨 on one machine, to try it.")

DataDir = Annotated[Path, typer.Option(help="Where the demo keeps its data between runs.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The console's port; 0 takes a free one.")]
Camera = Annotated[str | None, typer.Option(help="Your own camera: rtsp://…, a file, or /dev/video0.")]

Patience = Annotated[float, typer.Option(help="Seconds to wait for a detection.")]


def _say(text: str) -> None:
    typer.echo(text)


def _banner(running: Running, feeds: Sequence[Feed]) -> str:
    logins = "\n".join(
        f"    {login.role:<9} {login.username:<11} {login.password:<14} {login.name}"
        for login in running.community.logins
    )
    cameras = ", ".join(f"{feed.id} ({feed.name})" for feed in feeds)
    return f"""
  Lookout 守望哨 is running.

    Console   {running.url}
    Phone     {running.url}/worker

    role      login       password       name
{logins}

  Cameras: {cameras}
  Data and logs: {running.community.folder}
  Ctrl-C stops everything; the data stays for the next run.
"""


def _on_terminate(*_: object) -> None:
    raise KeyboardInterrupt


def _stop_on_signals() -> None:
    """SIGTERM stops like Ctrl-C does; both work as well where a shell started us in the background, deaf to SIGINT."""
    signal.signal(signal.SIGINT, _on_terminate)
    signal.signal(signal.SIGTERM, _on_terminate)


@app.command()
def run(camera: Camera = None, data: DataDir = Path(".lookout/demo"), port: Port = 0) -> None:
    """Start a dispatcher, its broker and a gateway, and keep them running until Ctrl-C."""
    _stop_on_signals()
    try:
        feeds = (own_feed(camera),) if camera else reel_feeds() + extra_feeds()
        with Children() as children:
            _say("Preparing the demo's community …")
            community = prepare(data.resolve(), feeds, port=port)
            running = start(children, community, feeds, _say)
            _say(_banner(running, feeds))
            while True:
                children.check()
                time.sleep(1)
    except DemoError as error:
        typer.echo(f"lookout-demo: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        _say("Stopped.")


@app.command()
def check(
    camera: Camera = None, timeout: Annotated[float, typer.Option(help="Seconds to wait for a detection.")] = 120
) -> None:
    """Start everything afresh, walk one real detection to a closed case, and end with a line of JSON."""
    _stop_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="lookout-check-"))
    started = time.monotonic()
    try:
        feeds = (own_feed(camera),) if camera else shipped_feeds()
        with Children() as children:
            community = prepare(folder, feeds, port=0)
            running = start(children, community, feeds, _say)
            outcome = drive(children, running, _say, started=started, timeout_s=timeout)
    except DemoError as error:
        typer.echo(f"lookout-demo: {error}", err=True)
        typer.echo(json.dumps({"case_state": None, "error": str(error).splitlines()[0]}, ensure_ascii=False))
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("Stopped.")
        raise typer.Exit(1) from None
    shutil.rmtree(folder, ignore_errors=True)
    typer.echo(json.dumps(asdict(outcome), ensure_ascii=False))
    if outcome.case_state != "closed":
        raise typer.Exit(1)


@app.command()
def reel(
    within: Annotated[float, typer.Option(help="Seconds from the start in which every scenario has to come.")] = 180,
    precision: Annotated[str, typer.Option(help="auto: the detector's int8 twin; full: the detector.")] = "auto",
) -> None:
    """Play the reel afresh: every scenario must come in time and nothing of what is harmless; ends with JSON."""
    _stop_on_signals()
    folder = Path(tempfile.mkdtemp(prefix="lookout-reel-"))
    started = time.monotonic()
    try:
        feeds = reel_feeds()
        with Children() as children:
            community = prepare(folder, feeds, port=0)
            running = start(children, community, feeds, _say, precision=precision)
            verdict = watch(children, running, feeds, _say, started=started, within_s=within)
    except DemoError as error:
        typer.echo(f"lookout-demo: {error}", err=True)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        typer.echo("Stopped.")
        raise typer.Exit(1) from None
    typer.echo(json.dumps({"passed": verdict.passed, **asdict(verdict)}, ensure_ascii=False))
    if not verdict.passed:
        typer.echo(f"lookout-demo: what it kept and said is in {folder}", err=True)
        raise typer.Exit(1)
    shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Console script."""
    app()


if __name__ == "__main__":
    main()
