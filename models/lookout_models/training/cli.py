"""``lookout-models train``: one command from a recipe to an ONNX file."""

from pathlib import Path
from typing import Annotated

import typer

from lookout_models.errors import UsageError

_MISSING_TORCH = "training needs PyTorch; install it with: pip install 'lookout[train]'"


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, e.g. models/recipes/community-nano.yaml")],
    data: Annotated[Path, typer.Option(help="Folder that the recipe's folders lie in")],
    work: Annotated[Path, typer.Option(help="Checkpoints, logs and the result; an interrupted run goes on from here")],
    ask_base: Annotated[
        bool,
        typer.Option("--ask-base/--as-labelled", help="Let the base model label the pictures that it has not seen"),
    ] = True,
    threads: Annotated[int, typer.Option(min=1, help="Threads that PyTorch may use")] = 1,
) -> None:
    """Train a detector as RECIPE says; ends with WORK/NAME.onnx and the figures on the validation part."""
    # torch is an optional extra: only this command needs it, and it takes seconds to import.
    try:
        from lookout_models.training.detector.run import run
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError(_MISSING_TORCH) from error
    if not data.is_dir():
        raise UsageError(f"{data} is not a folder; give the folder that the recipe's folders lie in with --data")
    result = run(recipe, data, work, ask_base=ask_base, threads=threads)
    typer.echo(f"{result}")
