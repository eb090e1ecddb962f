"""What all commands share: their options, and errors as one sentence with an exit code."""

import logging
import os
from collections.abc import Generator
from contextlib import contextmanager
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
