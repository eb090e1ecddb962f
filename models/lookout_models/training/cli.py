"""``lookout-models train``: one command from a recipe to an ONNX file."""

import json
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from lookout_edge.adapters.zoo import Imported, Zoo
from lookout_models.dataset import read_names
from lookout_models.entries import check_name
from lookout_models.errors import UsageError
from lookout_models.training.recipe_file import read_document
from lookout_models.ultralytics_weights import Asked, Opener, exported, open_yolo, trained
from lookout_models.zoo_commands import tell

_OWN_NAME = "own-yolo"
_DETECTOR = "detector"
_KINDS = (_DETECTOR, "plates", "second-look")
_MISSING_TORCH = "training needs PyTorch; install it with: pip install 'lookout[train]'"


class TrainerName(StrEnum):
    """What trains."""

    LOOKOUT = "lookout"
    ULTRALYTICS = "ultralytics"


def train(
    recipe: Annotated[
        Path, typer.Argument(help="The recipe, e.g. models/recipes/community-nano.yaml; for ultralytics a data.yaml")
    ],
    work: Annotated[Path, typer.Option(help="Checkpoints, logs and the result; an interrupted run goes on from here")],
    data: Annotated[Path | None, typer.Option(help="Folder that the recipe's folders lie in")] = None,
    ask_base: Annotated[
        bool,
        typer.Option("--ask-base/--as-labelled", help="Let the base model label the pictures that it has not seen"),
    ] = True,
    threads: Annotated[int, typer.Option(min=1, help="Threads that PyTorch may use")] = 1,
    trainer: Annotated[TrainerName, typer.Option(help="lookout, or ultralytics (AGPL-3.0) for a YOLO data.yaml")] = (
        TrainerName.LOOKOUT
    ),
    name: Annotated[
        str | None,
        typer.Option(help="Make an entry of the zoo of this name in the end; own-yolo for ultralytics unless given"),
    ] = None,
    start: Annotated[str, typer.Option(help="ultralytics: weights to start from")] = "yolo11n.pt",
    epochs: Annotated[int, typer.Option(min=1, help="ultralytics: times that all pictures are shown")] = 100,
    size: Annotated[int, typer.Option(min=32, help="ultralytics: side of the pictures")] = 640,
    replace: Annotated[bool, typer.Option("--replace", help="Replace the entry of that name")] = False,
) -> None:
    """Train as RECIPE says; ends with an ONNX file below WORK and the figures on the validation part."""
    if trainer is TrainerName.ULTRALYTICS:
        with_ultralytics(recipe, work, OwnRun(name or _OWN_NAME, start, epochs, size, replace))
        return
    kind = _kind(recipe)
    if data is None or not data.is_dir():
        said = "no --data is given" if data is None else f"{data} is not a folder"
        raise UsageError(f"{said}; give the folder that the recipe's folders lie in, e.g. --data pictures")
    if name is not None:
        check_name(Zoo.find(), name, replace=replace)
    _make_folder(work)
    if kind == _DETECTOR:
        typer.echo(f"Training; {work / 'log.jsonl'} tells how far it is.", err=True)
    try:
        said, weights = _train(kind, recipe, data, work, HowToRun(ask_base, threads))
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise UsageError(_MISSING_TORCH) from error
    typer.echo(f"{said}{weights}")
    if name is None:
        typer.echo(f"To make an entry of the zoo of it: lookout-models import {weights} --name NAME", err=True)
        return
    # onnx is there where PyTorch's extra is.
    from lookout_models.imported import OwnModel, import_onnx

    zoo = Zoo.find()
    tell(zoo, import_onnx(zoo, OwnModel(weights, name), replace=replace))


@dataclass(frozen=True, slots=True)
class HowToRun:
    """Whether the base model labels pictures that it has not seen, and PyTorch's threads."""

    ask_base: bool
    threads: int


def _train(kind: str, recipe: Path, data: Path, work: Path, how: HowToRun) -> tuple[str, Path]:
    """Run the trainer of ``kind``: what to say of the result, and the ONNX file.

    torch is an extra that takes seconds to import: only here it is needed.
    """
    if kind == "plates":
        from lookout_models.training.plates.run import run as train_plates

        result = train_plates(recipe, data, work)
        return f"{result}\n", work / Path(result.onnx).stem / result.onnx
    if kind == "second-look":
        from lookout_models.training.second_look.run import run as train_second_look

        return "", train_second_look(recipe, data, work, how.threads)
    from lookout_models.training.detector.run import run as train_detector

    weights = train_detector(recipe, data, work, ask_base=how.ask_base, threads=how.threads)
    figures = work / "figures.json"
    return _figures(figures) if figures.exists() else "", weights


@dataclass(frozen=True, slots=True)
class OwnRun:
    """A training with Ultralytics: the new entry's name, the weights to start from, epochs, side of the pictures, and
    whether an entry of that name is replaced."""

    name: str
    start: str
    epochs: int
    size: int
    replace: bool = False


def with_ultralytics(data: Path, work: Path, settings: OwnRun, opener: Opener = open_yolo) -> None:
    """Train on a YOLO ``data.yaml``, export the best weights and import them into the zoo.

    UsageError for what can be known to fail before hours of training.
    """
    if find_spec("onnx") is None:
        raise UsageError("importing what was trained needs the package onnx; run: pip install 'lookout[models]'")
    from lookout_models.imported import OwnModel, import_onnx

    read_names(data)
    zoo = Zoo.find()
    if settings.name in zoo.names() and not isinstance(zoo.entry(settings.name).spec.source, Imported):
        raise UsageError(
            f"the zoo's '{settings.name}' is none of your own models, which alone this training replaces, also with "
            "--replace: choose another --name"
        )
    check_name(zoo, settings.name, replace=settings.replace)
    _make_folder(work)
    best = trained(Asked(settings.start, str(data.resolve()), settings.epochs, settings.size), work, opener)
    path = exported(best, best.parent, settings.size, opener)
    tell(zoo, import_onnx(zoo, OwnModel(path, settings.name, exported_from=best), replace=settings.replace))


def _kind(recipe: Path) -> str:
    """What the recipe trains: ``plates`` or ``second-look``, and ``detector`` when it does not say."""
    values = read_document(recipe)
    if not isinstance(values, dict):
        raise UsageError(f"{recipe} is not a recipe: it holds no keys; models/recipes has examples")
    kind = cast(dict[str, object], values).get("kind", _DETECTOR)
    if kind not in _KINDS:
        raise UsageError(f"{recipe}: kind: '{kind}' is none of {', '.join(_KINDS)}")
    return str(kind)


def _make_folder(work: Path) -> None:
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {work}: {error.strerror}; choose another --work") from error


def _figures(path: Path) -> str:
    """The last figures on the validation part, a line a label."""
    figures: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8"))
    return "".join(
        f"{label}: AP50 {each['ap50']:.3f}, at {each['point']['threshold']:.2f} precision "
        f"{each['point']['precision']:.3f} and recall {each['point']['recall']:.3f}\n"
        for label, each in figures.items()
    )
