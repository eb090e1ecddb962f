"""From a recipe and a data folder to training and validation examples."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lookout_models.errors import UsageError
from lookout_models.training.data.examples import Example, collect
from lookout_models.training.data.paste import CutOut, cut_outs
from lookout_models.training.data.split import split
from lookout_models.training.detector.pseudo import read_pseudo_labels
from lookout_models.training.detector.train import Data
from lookout_models.training.recipe import Recipe, Source

PSEUDO_LABELS = "pseudo.jsonl"
_HASHES = "hashes.json"


def prepare(recipe: Recipe, data: Path, own: Path, work: Path) -> Data:
    """Read every source's labels, add the old model's (``work/pseudo.jsonl``) and split validation off.

    ``own`` is the folder that holds labels of our own for pictures that came without.
    """
    pseudo = read_pseudo_labels(work / PSEUDO_LABELS) if recipe.pseudo_size else {}
    known = _read_hashes(work / _HASHES)
    train: dict[str, list[Example]] = {}
    validation: list[Example] = []
    for name, source in recipe.sources.items():
        examples = collect(name, source, data, own, recipe.labels, pseudo)
        chosen, held_back = split(examples, source, recipe.validation.share, known)
        train[name] = [example for example in chosen for _ in range(_times(example, source, recipe.labels))]
        validation.extend(held_back)
    _write_hashes(known, work / _HASHES)
    if not any(train.values()):
        raise UsageError(
            "the recipe leaves no picture to train on; name 'sources', and lower 'share' of 'validation' below 1"
        )
    return Data(train, validation, _objects(recipe, data, own))


def _times(example: Example, source: Source, labels: Sequence[str]) -> int:
    """How often a picture counts among those of its source."""
    return max(
        (times for label, times in source.repeat.items() if len(example.boxes.of(labels.index(label)))), default=1
    )


def _objects(recipe: Recipe, data: Path, own: Path) -> list[CutOut]:
    paste = recipe.paste
    if paste is None:
        return []
    examples = collect("paste", paste.source, data, own, recipe.labels, {})
    return cut_outs(examples, recipe.labels.index(paste.label))


def _read_hashes(path: Path) -> dict[str, int]:
    """What is there to read; they are soon made anew."""
    try:
        return json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError:
        return {}


def _write_hashes(known: Mapping[str, int], path: Path) -> None:
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(json.dumps(known), "utf-8")
    partial.replace(path)
