"""The command ``lookout-edge``: run, enrol, check, doctor, self-test, replay, score, bench, schema, version.

Exit codes: 0 ok, 1 failure, 2 bad usage.
"""

import json
import logging
import signal
import sys
from collections.abc import Iterable
from datetime import datetime
from importlib.metadata import version as installed_version
from itertools import chain, islice
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import structlog
import typer

from lookout_contract.schemas import asyncapi, message_schemas
from lookout_edge import bootstrap, harness
from lookout_edge.adapters.logs import configure_logs, log_uncaught_errors
from lookout_edge.adapters.video import redact
from lookout_edge.bootstrap.examination import check_calendar
from lookout_edge.camera_commands import discover, doctor, self_test
from lookout_edge.cli import (
    CLIP_START,
    ConfigOption,
    StartOption,
    VerboseOption,
    log_level,
    plain_errors,
    say_unarmed,
    start_time,
)
from lookout_edge.config import LoadedConfig, config_schema
from lookout_edge.domain.finding import Finding, Grade
from lookout_edge.errors import ConfigError, EdgeError, SourceError
from lookout_edge.recordings import DEFAULT_TIMEZONE, studio_of
from lookout_edge.replay import replay as replay_frames
from lookout_edge.rule_commands import DrawOption, PictureOption, draw_zones, proposals, score, why
from lookout_edge.shadow_commands import shadow_app

app = typer.Typer(
    help="The Lookout gateway: watches cameras and sends events.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def run(config: ConfigOption, verbose: VerboseOption = False) -> None:
    """Watch the cameras of a configuration until told to stop."""
    configure_logs(level=log_level(verbose))
    log = structlog.stdlib.get_logger()
    with plain_errors():
        # Before anything else, so that being told to stop while models load is a stop and not a death.
        # A queue and no Event: the handler runs in the middle of whatever this thread does, and an Event whose lock it
        # holds just then would be waited for for ever.
        told = SimpleQueue[int]()

        def on_signal(number: int, _stack: FrameType | None) -> None:
            told.put(number)

        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, on_signal)
        loaded = bootstrap.load(config)
        for finding in _unknown_days(loaded):
            log.warning(finding.text, fix=finding.advice)
        builder = bootstrap.GatewayBuilder(loaded)
        gateway, workers = builder.build()
        log.info("gateway starts", gateway=loaded.config.gateway, cameras=list(loaded.config.cameras))
        log_uncaught_errors()
        gateway.start(workers)
        while told.get() == signal.SIGHUP:
            _reload(builder)
        log.info("gateway stops")
        gateway.stop()


def _unknown_days(loaded: LoadedConfig) -> list[Finding]:
    """What windows for work days and holidays would take for ordinary days, though it is none."""
    found = check_calendar(loaded, datetime.now(loaded.timezone).date())
    return [finding for finding in found if finding.grade is Grade.WARN]


def _reload(builder: bootstrap.GatewayBuilder) -> None:
    """Read the configuration again; a bad one is refused and the gateway runs on as it was."""
    log = structlog.stdlib.get_logger()
    try:
        log.info("configuration read again", outcome=builder.reload())
    except EdgeError as error:
        log.error("the new configuration is refused, the old one runs on", why=redact(str(error)))
    except Exception:
        # A gateway that watches does not end over a file that it was to read again.
        log.exception("the new configuration could not be taken up; what runs goes on")


@app.command()
def enrol(
    url: Annotated[str, typer.Argument(help="The dispatcher's address, as 'lookout-server gateway enrol' showed it.")],
    code: Annotated[str, typer.Argument(help="The one-time code.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for gateway.yaml and secrets/.")] = Path(),
    replace: Annotated[bool, typer.Option("--replace", help="Even where the folder is another gateway's.")] = False,
) -> None:
    """Fetch this box's certificate or password, token and configuration; the key is made here and stays here."""
    with plain_errors():
        made = bootstrap.enrol(url, code, out, replace=replace)
        typer.echo(f"This box is gateway {made.gateway}; secrets are in {out / 'secrets'}.")
        if made.again:
            typer.echo(f"{made.config} fits as it is; restart the gateway, should it run.")
        elif made.complete:
            typer.echo(f"Put your cameras into {made.config}, then: lookout-edge run --config {made.config}")
        else:
            typer.echo(f"Take what is in {made.config} over into {out / 'gateway.yaml'}.")


@app.command()
def check(config: ConfigOption, draw: DrawOption = None, picture: PictureOption = None) -> None:
    """Load and verify a configuration and its models; say what would run, and draw its zones for a person to look."""
    with plain_errors():
        if picture is not None and draw is None:
            raise ConfigError("--picture is what zones are drawn on: say where to with --draw DIR, too.")
        loaded = bootstrap.load(config)
        hashes = bootstrap.check_weights(loaded.config.models)
        typer.echo(f"{config}: gateway {loaded.config.gateway} of site {loaded.config.site}")
        for name, sha256 in hashes.items():
            typer.echo(f"  model {name} {sha256[:12]}")
        for name, camera in loaded.config.cameras.items():
            rules = "; ".join(f"{r.scenario} in {', '.join(r.zones) or 'the whole picture'}" for r in camera.rules)
            rules += "".join(f"; close-up of {part}" for part in camera.close_ups)
            typer.echo(f"  camera {name} {redact(camera.source.url)}: {rules}")
        for finding in _unknown_days(loaded):
            typer.echo(f"note: {finding.text}; {finding.advice}", err=True)
        if draw is not None:
            for name, camera in loaded.config.cameras.items():
                typer.echo(f"  {draw_zones(name, camera, draw, picture)}")


@app.command()
def replay(
    clip: Annotated[Path, typer.Argument(help="A recorded clip.")],
    out: Annotated[str, typer.Option("--out", "-o", help="File for the events, one JSON object a line; - is stdout.")],
    config: Annotated[Path | None, typer.Option("--config", "-c", help="Take zones and rules from here.")] = None,
    camera: Annotated[str | None, typer.Option("--camera", help="Which camera of the configuration.")] = None,
    start: StartOption = CLIP_START,
    verbose: VerboseOption = False,
) -> None:
    """Run a clip through the pipeline faster than real time. Twice gives the same bytes.

    Without --config: one camera, the whole picture as its zone, every scenario with its defaults. With it: zones, masks
    and rules of a camera, but not what its gateway has learned since; every plate is a stranger's. A clip that breaks
    off is told, with the second, and exit code 1; the events up to there are written.
    """
    configure_logs(level=log_level(verbose))
    with plain_errors():
        start_at = start_time(start)
        if not clip.exists():
            raise SourceError(f"{clip}: there is no such clip; give the path of a video file.", reason="missing")
        if out != "-" and Path(out).exists() and Path(out).samefile(clip):
            raise ConfigError(f"--out {out} is the clip itself: name another file for the events.")
        studio = studio_of(config, camera)
        say_unarmed(studio.unarmed(start_at), studio.calendar.local(start_at))
        pipeline, source = studio.pipeline(), studio.source(clip, start_at)
        with source.frames() as frames:
            # A clip that cannot be read must not leave an empty file behind: that would read "nothing happened".
            first = list(islice(frames, 1))
            _write_lines(out, replay_frames(chain(first, frames), pipeline, start_at=start_at, ask=source.ask))
        if source.broken is not None:
            raise source.broken


@app.command()
def bench(
    clip: Annotated[Path | None, typer.Option("--clip", help="Measure this clip instead of drawn ones.")] = None,
    seconds: Annotated[float, typer.Option(min=2, max=600, help="Length of the drawn clips.")] = 30.0,
    cameras: Annotated[int, typer.Option(min=0, max=64, help="Most cameras to try at once in real time.")] = 16,
    main_stream: Annotated[bool, typer.Option("--main/--no-main", help="Measure a 1080p main stream too.")] = True,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Runs of a sub stream's clip; the least counts.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the CPU seconds that a second of video costs, beside those of decoding alone in the same run."""
    configure_logs(level=logging.ERROR)
    with plain_errors(), TemporaryDirectory(prefix="lookout-bench-") as folder:
        if clip is not None and not clip.is_file():
            raise SourceError(f"{clip}: there is no such clip; give the path of a video file.", reason="missing")
        report = harness.measure_all(
            clip.resolve() if clip else None,
            Path(folder),
            seconds=seconds,
            cameras=cameras,
            main=main_stream,
            repeats=repeats,
            timezone=ZoneInfo(DEFAULT_TIMEZONE),
        )
    typer.echo(report.as_json() if as_json else report.as_table())


@app.command()
def schema(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the schemas.")],
    check_only: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when a file is stale.")] = False,
) -> None:
    """Write the JSON Schemas of configuration and messages, and the AsyncAPI document."""
    texts = {
        name: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for name, content in _schema_documents().items()
    }
    with plain_errors():
        try:
            stale = [name for name, text in texts.items() if not _holds(out / name, text)]
            if check_only and stale:
                raise EdgeError(
                    f"{', '.join(stale)} in {out} do not fit the code; run: lookout-edge schema --out {out}"
                )
            for name in stale:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (out / name).write_text(texts[name], encoding="utf-8")
        except OSError as error:
            raise EdgeError(f"{out} cannot be written: {error.strerror}.") from error


def _schema_documents() -> dict[str, dict[str, Any]]:
    return {
        "gateway-config.schema.json": config_schema(),
        "asyncapi.json": asyncapi(installed_version("lookout")),
        **{f"contract/{name}.schema.json": content for name, content in message_schemas().items()},
    }


def _holds(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes() == text.encode()


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(installed_version("lookout"))


def _write_lines(out: str, lines: Iterable[str]) -> None:
    if out == "-":
        for line in lines:
            typer.echo(line)
        return
    try:
        with Path(out).open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in lines)
            said_nothing = file.tell() == 0
    except OSError as error:
        raise EdgeError(f"{out} cannot be written: {error.strerror}.") from error
    if said_nothing:
        typer.echo("no events: is the clip longer than the rule's dwell, and what moves in its zones?", err=True)


app.command()(score)
app.command()(discover)
app.command()(doctor)
app.command("self-test")(self_test)
app.command()(why)
app.command()(proposals)
app.add_typer(shadow_app, name="shadow")


def main() -> None:
    """Entry point of ``lookout-edge``."""
    app(prog_name="lookout-edge")


if __name__ == "__main__":
    sys.exit(main())
