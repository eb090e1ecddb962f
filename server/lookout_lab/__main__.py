"""``python -m lookout_lab``: see the package's README section in ``server/README.md``."""

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Literal, cast

import typer

from lookout_lab.crash import Outcome, run_crash
from lookout_lab.errors import LabError

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
    kind: Literal["sqlite", "postgresql"] = "postgresql" if database.startswith("postgres") else "sqlite"
    folder = Path(tempfile.mkdtemp(prefix=f"lookout-crash-{seed}-"))
    try:
        outcome = run_crash(seed, faults, kind, keep=folder)
    except LabError as error:
        typer.echo(f"seed {seed}: {error}\nEverything is kept in {folder}", err=True)
        sys.exit(2)
    typer.echo(json.dumps(outcome.as_json()) if as_json else table(outcome))
    if not outcome.verdict.good:
        for name, examples in outcome.verdict.broken.items():
            for example in examples[:5]:
                typer.echo(f"{name}: {example}", err=True)
        typer.echo(f"Everything is kept in {folder}", err=True)
        sys.exit(1)
    shutil.rmtree(folder, ignore_errors=True)


def table(outcome: Outcome) -> str:
    """For people."""
    return "\n".join(f"{name:18} {_plain(value)}" for name, value in outcome.as_json().items())


def _plain(value: object) -> str:
    counts = cast(dict[str, int], value) if isinstance(value, dict) else {}
    return ", ".join(f"{kind} {count}" for kind, count in counts.items()) if isinstance(value, dict) else str(value)


if __name__ == "__main__":
    app()
