"""``lookout-models train``: one command from a recipe to an ONNX file."""

from pathlib import Path
from typing import Annotated, Any, cast

import typer
import yaml

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
    """Train as RECIPE says; ends with an ONNX file below WORK and the figures on the validation part."""
    kind = _kind(recipe)
    if not data.is_dir():
        raise UsageError(f"{data} is not a folder; give the folder that the recipe's folders lie in with --data")
    # torch is an optional extra: only this command needs it, and it takes seconds to import.
    try:
        if kind == "plates":
            from lookout_models.training.plates.run import run as train_plates

            result: object = train_plates(recipe, data, work)
        elif kind == "second-look":
            from lookout_models.training.second_look.run import run as train_second_look

            result = train_second_look(recipe, data, work, threads)
        else:
            from lookout_models.training.detector.run import run as train_detector

            result = train_detector(recipe, data, work, ask_base=ask_base, threads=threads)
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError(_MISSING_TORCH) from error
    typer.echo(f"{result}")


def _kind(recipe: Path) -> str:
    """What the recipe trains: ``plates`` or ``second-look``, and ``detector`` when it does not say."""
    try:
        values: object = yaml.safe_load(recipe.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"there is no recipe at {recipe}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{recipe} is not a YAML file: {error}") from error
    if not isinstance(values, dict):
        raise UsageError(f"{recipe} is not a recipe: it holds no keys; models/recipes has examples")
    return str(cast(dict[str, Any], values).get("kind", "detector"))
