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

Params = ParamSpec("Params")
Result = TypeVar("Result")

Config = Annotated[
    Path | None, typer.Option("--config", "-c", help="server.yaml; left out: the defaults, everything in ./.lookout.")
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


def configured(path: Path | None, *, level: str | None = None) -> ServerConfig:
    """The configuration, with logging set up by it."""
    config = load_server_config(path)
    configure_logging(style=config.log.format, level=level or config.log.level)
    return config
