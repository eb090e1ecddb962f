"""``python -m lookout_lab``: see the README beside it."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, NoReturn, cast

import typer

from lookout_lab.backlog import run_backlog
from lookout_lab.crash import run_crash
from lookout_lab.desk import Past, desk_table, run_desk
from lookout_lab.errors import LabError
from lookout_lab.load import Sizes, run_load
from lookout_lab.months import run_months
from lookout_lab.stage import DatabaseKind
from lookout_lab.verdict import Verdict

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Json = Annotated[bool, typer.Option("--json", help="One line of JSON instead of a table.")]


@app.callback()
def lab() -> None:
    """Several commands."""


@app.command()
def crash(
    seed: Annotated[int, typer.Option(help="The same seed gives the same schedule of faults.")] = 1,
    faults: Annotated[int, typer.Option(min=0)] = 100,
    database: Annotated[str, typer.Option(help="sqlite or postgresql (two replicas)")] = "sqlite",
    as_json: Json = False,
) -> None:
    """Harm every part on a seeded schedule, then compare both ends. Exit code 1 when an invariant is broken."""
    folder = Path(tempfile.mkdtemp(prefix=f"lookout-crash-{seed}-"))
    try:
        outcome = run_crash(seed, faults, _kind(database), keep=folder)
    except LabError as error:
        _give_up(f"seed {seed}: {error}", folder)
    _tell(outcome.as_json(), outcome.verdict, folder, as_json=as_json)


@app.command()
def backlog(
    events: Annotated[int, typer.Option(min=0, help="How many wait in the gateway's spool.")] = 10_000,
    database: Annotated[str, typer.Option(help="sqlite or postgresql")] = "sqlite",
    as_json: Json = False,
) -> None:
    """A gateway comes back with a backlog while fires go on. Exit code 1 when an invariant is broken."""
    folder = Path(tempfile.mkdtemp(prefix="lookout-backlog-"))
    try:
        drained = run_backlog(events, _kind(database), folder)
    except LabError as error:
        _give_up(str(error), folder)
    _tell(drained.as_json(), drained.verdict, folder, as_json=as_json)


@app.command()
def desk(
    database: Annotated[str, typer.Option(help="sqlite or postgresql")] = "postgresql",
    cases: Annotated[int, typer.Option(min=1000, help="Past cases")] = 500_000,
    alarms: Annotated[int, typer.Option(help="Past alarms, in all (PostgreSQL)")] = 5_000_000,
    rounds: Annotated[int, typer.Option(min=20, help="How often each is asked")] = 100,
    keep: Annotated[Path | None, typer.Option(help="A folder to seed into, or one seeded before to ask again")] = None,
    as_json: Json = False,
) -> None:
    """What an operator waits for: lists, searches and moves beside a long past. Exit code 1 when a goal is missed."""
    with tempfile.TemporaryDirectory(prefix="lookout-desk-", ignore_cleanup_errors=True) as folder:
        try:
            past = Past(cases=cases, alarms=alarms)
            figures = run_desk(_kind(database), keep or Path(folder), past, rounds=rounds)
        except LabError as error:
            typer.echo(str(error), err=True)
            sys.exit(2)
    typer.echo(json.dumps(figures, ensure_ascii=False) if as_json else desk_table(figures))
    sys.exit(1 if figures["missed"] else 0)


@app.command()
def months(
    events: Annotated[int, typer.Option(min=1000, help="Events in all")] = 5_000_000,
    number: Annotated[int, typer.Option("--months", min=2, help="Over how many months")] = 60,
    as_json: Json = False,
) -> None:
    """What it costs on PostgreSQL to let a month of events go, beside a table that is cut into months."""
    with tempfile.TemporaryDirectory(prefix="lookout-months-", ignore_cleanup_errors=True) as folder:
        try:
            figures = run_months(Path(folder), events, number)
        except LabError as error:
            typer.echo(str(error), err=True)
            sys.exit(2)
    typer.echo(json.dumps(figures) if as_json else table(figures))


@app.command()
def load(
    database: Annotated[str, typer.Option(help="sqlite, postgresql or both")] = "both",
    scale: Annotated[float, typer.Option(help="How much of the usual events; 0.1 for a quick look")] = 1.0,
    watchers: Annotated[int, typer.Option(min=1, help="Clients of the feed")] = 1000,
    as_json: Json = False,
) -> None:
    """Steady, burst and flat out, through broker, intake and database, beside a consumer that only commits."""
    usual = Sizes()
    sizes = Sizes(
        steady_s=usual.steady_s * scale,
        burst_s=usual.burst_s * scale,
        flat_out=max(400, int(usual.flat_out * scale)),
        watchers=watchers,
        watched_s=max(3.0, usual.watched_s * scale),
    )
    kinds: list[DatabaseKind] = ["sqlite", "postgresql"]
    for kind in kinds:
        if database not in {kind, "both"}:
            continue
        with tempfile.TemporaryDirectory(prefix="lookout-load-", ignore_cleanup_errors=True) as folder:
            try:
                figures = run_load(kind, Path(folder), sizes)
            except LabError as error:
                typer.echo(str(error), err=True)
                sys.exit(2)
        typer.echo(json.dumps(figures) if as_json else load_table(figures))
        if figures["stored"] != figures["sent"]:
            typer.echo(f"{figures['sent']} events were sent and {figures['stored']} are in the database", err=True)
            sys.exit(1)


def load_table(figures: dict[str, Any]) -> str:
    """For people."""
    columns = ("sent", "acknowledged", "events_per_s", "p50_ms", "p99_ms", "cpu_us_per_event")
    lines = [f"{figures['database']:18}" + "".join(f"{name:>18}" for name in columns)]
    for who in ("full", "bare"):
        for part, values in figures[who].items():
            lines.append(f"{f'{who} {part}':18}" + "".join(f"{values[name]:>18}" for name in columns))
    feed = figures["feed"]
    lines.append(
        f"{feed['watchers']} watchers at 20 events a second: {feed['heard']} lines heard "
        f"(of {feed['told_singly']}; those of one transaction may be one), publication to watcher "
        f"p50 {feed['p50_ms']} ms, p99 {feed['p99_ms']} ms (handed to the kernel: {feed['handed_p50_ms']} ms, "
        f"{feed['handed_p99_ms']} ms), {feed['cores']} cores of the dispatcher"
    )
    return "\n".join(
        [
            *lines,
            f"full path / bare ceiling, flat out: {figures['full_of_bare']:.0%} "
            f"({figures['full_of_bare_by_cpu']:.0%} by the CPU of both), load {figures['load_average']} at the end",
        ]
    )


def _kind(database: str) -> DatabaseKind:
    return "postgresql" if database.startswith("postgres") else "sqlite"


def _tell(figures: dict[str, Any], verdict: Verdict, folder: Path, *, as_json: bool) -> None:
    typer.echo(json.dumps(figures) if as_json else table(figures))
    if not verdict.good:
        for name, examples in verdict.broken.items():
            for example in examples[:5]:
                typer.echo(f"{name}: {example}", err=True)
        typer.echo(f"Everything is kept in {folder}", err=True)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


def _give_up(why: str, folder: Path) -> NoReturn:
    typer.echo(f"{why}\nEverything is kept in {folder}", err=True)
    sys.exit(2)


def table(figures: dict[str, Any]) -> str:
    """For people."""
    return "\n".join(f"{name:26} {_plain(value)}" for name, value in figures.items())


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "".join(f"\n    {line}" for line in cast(list[str], value))
    counts = cast(dict[str, object], value) if isinstance(value, dict) else {}
    return ", ".join(f"{kind} {count}" for kind, count in counts.items()) if isinstance(value, dict) else str(value)


if __name__ == "__main__":
    app()
