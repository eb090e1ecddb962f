"""``lookout-models train``: one command from a recipe to an ONNX file."""

from pathlib import Path
from typing import Annotated

import typer

from lookout_models.errors import UsageError

_MISSING_TORCH = "training needs PyTorch; install it with: pip install 'lookout[train]'"


def train(
    recipe: Annotated[Path, typer.Argument(help="The recipe, e.g. models/recipes/plate-reader-cn.yaml")],
    data: Annotated[Path, typer.Option(help="Folder that the recipe's folders lie in")],
    work: Annotated[Path, typer.Option(help="Checkpoints, logs and the result; an interrupted run goes on from here")],
) -> None:
    """Train as RECIPE says; ends with WORK/NAME/NAME.onnx and the figures on the validation part."""
    # torch is an optional extra: only this command needs it, and it takes seconds to import.
    try:
        from lookout_models.training.plates.run import run
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError(_MISSING_TORCH) from error
    for path, what in ((recipe, "recipe"), (data, "folder of data")):
        if not path.exists():
            raise UsageError(f"there is no {what} at {path}")
    typer.echo(f"{run(recipe, data, work)}")
