"""A whole run: the detector's candidates on the training pictures, the training, the ONNX file."""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
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
from lookout_models.training.detector.train import Data
from lookout_models.training.recipe import read_recipe
from lookout_models.training.second_look.edge_training import EdgeTraining, MapMemory
from lookout_models.training.second_look.edges import EdgeHead
from lookout_models.training.second_look.export import export
from lookout_models.training.second_look.net import SecondLook, from_imagenet
from lookout_models.training.second_look.places import Extra, Place, collect_places
from lookout_models.training.second_look.recipe import Edges, SecondLookRecipe, read_second_look_recipe
from lookout_models.training.second_look.squares import Cutting, Square, squares_of
from lookout_models.training.second_look.stored import from_entry
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
    task = _Task(recipe, examples, labels, _find(recipe), lambda example: memory.read(example.path), work)
    net = _trained(task) if recipe.trunk is None else from_entry(Zoo.find().entry(recipe.trunk))
    head = None
    if recipe.edges is not None:
        head = train_edges(recipe, recipe.edges, net, task.train, labels, task.find, work / _LOG)
    target = work / f"{recipe.name}.onnx"
    target.write_bytes(export(net, recipe.size, head, judges=recipe.trunk is None).SerializeToString())
    return target


@dataclass(frozen=True, slots=True)
class _Task:
    """A recipe with what it is run on; ``labels`` are the examples' numbers of its labels."""

    recipe: SecondLookRecipe
    examples: Data
    labels: Sequence[int]
    find: Find
    read: Callable[[Example], Picture]
    work: Path

    @property
    def train(self) -> Iterator[tuple[Example, Picture]]:
        """Everything that is not held back for validation."""
        return ((example, self.read(example)) for source in self.examples.train.values() for example in source)

    def places(self, chosen: Sequence[Example], stretch: SecondLookRecipe) -> list[Place]:
        """Where ``stretch`` of the training looks in the pictures ``chosen``."""
        extra = Extra(stretch.others, stretch.lamps)
        return collect_places(chosen, self.read, self.labels, self._candidates, extra)

    def _candidates(self, picture: Picture) -> Floats:
        return np.array([box for _, box in self.find(picture)], np.float32).reshape(-1, 4)


def _trained(task: _Task) -> SecondLook:
    """The net after all stretches of the recipe."""
    recipe, labels = task.recipe, task.labels
    train = [example for source in task.examples.train.values() for example in source]
    net = from_imagenet(_base(recipe, task.work), len(labels))
    for number, stretch in enumerate(recipe.stretches()):
        training = SecondLookTraining(
            stretch, copy.deepcopy(net), labels, lambda place: task.read(place.example), task.work / _LOG
        )
        fitted = number > 0
        training.run(task.places(train, stretch), task.places(task.examples.validation, stretch), fitted=fitted)
        if recipe.carried_on is not None and fitted:
            draw_towards(training.net, net, 1 - recipe.carried_on.mix)
        net = training.net
    return net


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
    how = Cutting(recipe.size, edges.side, edges.background > 0)
    memory, squares = MapMemory(net, edges.precision == "bf16"), list[Square]()
    for example, picture in pictures:
        wanted = edges.background > 0 or np.isin(example.boxes.classes, labels).any()
        found = find(picture) if wanted else []
        for _ in range(edges.passes):
            for seen, square in squares_of(example, picture, labels, found, how, random):
                memory.add(disturbed(seen, edges.augmentation, random))
                squares.append(square)
    return EdgeTraining(edges, squares, memory.all(), len(labels), log).run()


def _base(recipe: SecondLookRecipe, work: Path) -> Path:
    assert recipe.base is not None
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
