"""A whole run: the detector's candidates on the training pictures, the training, the ONNX file."""

import copy
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Zoo
from lookout_models.errors import UsageError
from lookout_models.packages import cache_folder, fetch, unpack, verify
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.looks import disturbed
from lookout_models.training.data.memory import PictureMemory
from lookout_models.training.detector.averages import draw_towards
from lookout_models.training.detector.prepare import prepare
from lookout_models.training.recipe import read_recipe
from lookout_models.training.second_look.edge_training import EdgeTraining, MapMemory
from lookout_models.training.second_look.edges import EdgeHead
from lookout_models.training.second_look.export import export
from lookout_models.training.second_look.net import SecondLook, from_imagenet
from lookout_models.training.second_look.places import Extra, Place, collect_places
from lookout_models.training.second_look.recipe import Edges, SecondLookRecipe, read_second_look_recipe
from lookout_models.training.second_look.squares import Square, squares_of
from lookout_models.training.second_look.train import SecondLookTraining
from lookout_models.training.torched import seed

Find = Callable[[Picture], Sequence[tuple[int, Floats]]]
"""Candidates of a picture: place among the recipe's labels, x1 y1 x2 y2 in pixels."""

_LOG = "second-look.jsonl"
#: Bytes of decoded pictures that are kept.
_MEMORY = 4 << 30


def run(path: Path, data: Path, work: Path, threads: int = 1) -> Path:
    """Train as the recipe at ``path`` says; the ONNX file's path. Raises UsageError for a wrong recipe or missing data.

    It takes minutes, so it keeps no checkpoints: what was interrupted begins again.
    """
    recipe = read_second_look_recipe(path)
    pictures = read_recipe(path.parent / recipe.pictures)
    unknown = [label for label in recipe.labels if label not in pictures.labels]
    if unknown:
        raise UsageError(f"{path}: labels: {recipe.pictures} does not have {', '.join(unknown)}")
    torch.set_num_threads(threads)
    seed(recipe.seed)
    work.mkdir(parents=True, exist_ok=True)
    examples = prepare(pictures, data, path.parent, work)
    memory = PictureMemory(_MEMORY)
    labels = [pictures.labels.index(label) for label in recipe.labels]
    find = _find(recipe)

    def candidates(picture: Picture) -> Floats:
        return np.array([box for _, box in find(picture)], np.float32).reshape(-1, 4)

    def read(example: Example) -> Picture:
        return memory.read(example.path)

    def places(chosen: Sequence[Example], stretch: SecondLookRecipe) -> list[Place]:
        return collect_places(chosen, read, labels, candidates, Extra(stretch.others, stretch.lamps))

    train: Sequence[Example] = [example for source in examples.train.values() for example in source]
    net = from_imagenet(_base(recipe, work), len(recipe.labels))
    for number, stretch in enumerate(recipe.stretches()):
        training = SecondLookTraining(
            stretch, copy.deepcopy(net), labels, lambda place: read(place.example), work / _LOG
        )
        training.run(places(train, stretch), places(examples.validation, stretch), fitted=number > 0)
        if recipe.carried_on is not None and number > 0:
            draw_towards(training.net, net, 1 - recipe.carried_on.mix)
        net = training.net
    head = None
    if recipe.edges is not None:
        pictures = ((example, read(example)) for example in train)
        head = train_edges(recipe, recipe.edges, net, pictures, labels, find, work / _LOG)
    target = work / f"{recipe.name}.onnx"
    target.write_bytes(export(net, recipe.size, head).SerializeToString())
    return target


def train_edges(
    recipe: SecondLookRecipe,
    edges: Edges,
    net: SecondLook,
    pictures: Iterable[tuple[Example, Picture]],
    labels: Sequence[int],
    find: Find,
    log: Path,
) -> EdgeHead:
    """The head for ``net``, which stays as it is; ``labels`` are the examples' numbers of the recipe's labels."""
    random = np.random.default_rng(edges.seed)
    memory, squares = MapMemory(net, edges.precision == "bf16"), list[Square]()
    for example, picture in pictures:
        found = find(picture) if np.isin(example.boxes.classes, labels).any() else []
        for _ in range(edges.passes):
            for seen, square in squares_of(example, picture, labels, found, recipe.size, random):
                memory.add(disturbed(seen, edges.augmentation, random))
                squares.append(square)
    return EdgeTraining(edges, squares, memory.all(), len(labels), log).run()


def _base(recipe: SecondLookRecipe, work: Path) -> Path:
    archive = fetch(recipe.base, cache_folder())
    verify(archive, recipe.base)
    return unpack(archive, recipe.base, work / "base")[0]


def _find(recipe: SecondLookRecipe) -> Find:
    detector = OnnxDetector(Zoo.find().entry(recipe.detector), threshold=recipe.least_score)

    def look(picture: Picture) -> list[tuple[int, Floats]]:
        size = np.tile(np.array(picture.shape[1::-1], np.float32), 2)
        found = detector.detect(picture)
        return [
            (number, np.array(d.box.as_tuple(), np.float32) * size)
            for number, label in enumerate(recipe.labels)
            for d in [d for d in found if d.label == label][: recipe.candidates]
        ]

    return look
