"""What all commands share: their options, and errors as one sentence with an exit code."""

import logging
import os
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from lookout_edge.adapters.page.words import Language, Words, language_of
from lookout_edge.adapters.video import redact
from lookout_edge.errors import ConfigError, EdgeError, SourceError


def _config_here() -> Path:
    # Relative, as it would be written: faults are told as gateway.yaml:12.
    return Path("gateway.yaml")


ConfigOption = Annotated[
    Path,
    typer.Option(
        "--config",
        "-c",
        help="The gateway's configuration file (YAML).",
        default_factory=_config_here,
        show_default="./gateway.yaml",
    ),
]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="More log lines.")]
LangOption = Annotated[
    Language | None, typer.Option("--lang", help="Language of the answer; by default the terminal's, else Chinese.")
]

StartOption = Annotated[
    str, typer.Option("--start", help="Time of the clip's first instant, ISO 8601: rules have their hours.")
]
#: The same where nobody says.
CLIP_START = "1970-01-01T00:00:00Z"
#: Years of frame time that all zones can tell.
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


def start_time(text: str) -> float:
    """``--start`` in seconds since the Unix epoch; ConfigError says how to write it."""
    try:
        start = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(f"--start {text!r} is no time: write it like 2026-05-04T21:00:00+08:00.") from error
    if start.tzinfo is None:
        example = text if len(text) > len("2026-05-04") else f"{start.date()}T{start:%H:%M:%S}"
        raise ConfigError(f"--start {text!r} has no time zone: add one, e.g. {example}+08:00.")
    if not _FIRST_YEAR <= start.year <= _LAST_YEAR:
        raise ConfigError(f"--start {text!r} is out of reach: write a time from {_FIRST_YEAR} to {_LAST_YEAR}.")
    return start.timestamp()


def say_unarmed(scenarios: Iterable[str], begins: datetime) -> None:
    """Say of which scenarios a clip cannot be an alarm when it ``begins``, on the site's clock."""
    for scenario in scenarios:
        when = f"{begins:%a %Y-%m-%d %H:%M} at the site"
        typer.echo(
            f"note: {scenario} is not armed when the clip begins ({when}); give another time by --start", err=True
        )


def words_of(lang: Language | None) -> Words:
    """The words of ``lang``, or of the terminal's locale for messages: by POSIX the first of these that is set."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return Words.of(lang or language_of(locale))


def log_level(verbose: bool) -> int:
    """The level that ``--verbose`` asks for."""
    return logging.DEBUG if verbose else logging.INFO


@contextmanager
def plain_errors() -> Generator[None]:
    """Turn the gateway's own errors into their sentence and an exit code: 2 for what the user gave, 1 for the rest."""
    try:
        yield
    except ConfigError as error:
        typer.echo(redact(str(error)), err=True)
        raise typer.Exit(2) from error
    except SourceError as error:
        typer.echo(redact(str(error)), err=True)
        raise typer.Exit(2 if error.reason == "missing" else 1) from error
    except EdgeError as error:
        typer.echo(redact(str(error)), err=True)
        raise typer.Exit(1) from error
