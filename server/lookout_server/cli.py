"""What all verbs of ``lookout-server`` share: the configuration, and errors told in a sentence."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer

from lookout_contract.base import ContractError
from lookout_server.adapters.logs import configure_logging
from lookout_server.config import ServerConfig, load_server_config
from lookout_server.errors import ConfigError, InvalidError, ServerError

#: What is taken without --config where it is there; `lookout-edge` takes its own in the same way.
USUAL_CONFIG = Path("server.yaml")

Params = ParamSpec("Params")
Result = TypeVar("Result")

Config = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Left out: ./server.yaml, or without one the defaults, all in ./.lookout."),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of text.")]


def told_plainly(command: Callable[Params, Result]) -> Callable[Params, Result]:
    """Our errors, and what the system refuses (a full disk, a folder that is not ours), end the program with a
    sentence: exit code 2 for wrong configuration or usage, 1 for the rest."""

    @wraps(command)
    def run(*args: Params.args, **kwargs: Params.kwargs) -> Result:
        try:
            return command(*args, **kwargs)
        except (ConfigError, InvalidError, ContractError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(2) from error
        except (ServerError, OSError) as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(1) from error

    return run


def do(verb: Coroutine[Any, Any, Result]) -> Result:
    """Run a verb of the bootstrap to its end."""
    return asyncio.run(verb)


def chosen(path: Path | None) -> Path | None:
    """The file that was named, else the one in this folder, else None: the defaults."""
    return USUAL_CONFIG if path is None and USUAL_CONFIG.exists() else path


def configured(path: Path | None, *, level: str | None = None) -> ServerConfig:
    """The configuration, with logging set up by it."""
    config = load_server_config(chosen(path))
    configure_logging(style=config.log.format, level=level or config.log.level)
    return config
