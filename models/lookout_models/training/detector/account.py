"""What a detector's training says of what it made: the description of its entry, and its figures."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from lookout_edge.adapters.zoo import InputSpec, Thresholds, Trained, Zoo, ZooEntry
from lookout_edge.adapters.zoo import Source as Package
from lookout_models.accounts import Account, package_behind, table
from lookout_models.training.detector.validate import Figures
from lookout_models.training.recipe import Pretrained, Recipe, Source
from lookout_models.training.second_look.train import MEAN, STD

#: Where the validation part shows nothing of a label: low, as in coco-nano, for the tracker.
_THRESHOLD = 0.2


def account_of(recipe: Recipe, path: Path, base: ZooEntry, figures: Mapping[str, Figures]) -> Account:
    """The recipe at ``path`` was run from ``base``, and gave ``figures`` on its validation part."""
    size = recipe.phases[-1].size
    if recipe.trunk is None:
        seen, net = base.spec.input.model_copy(update={"width": size, "height": size}), "NanoDet-g"
    else:
        seen = imagenet_input(size, "letterbox")
        net = "NanoDet's head on EfficientNet-Lite"
    return Account(
        description=f"{', '.join(recipe.labels)}; {net} at {size} × {size}",
        source=Trained(recipe=path.name, base=_package(recipe, base), data=data_of(recipe.sources)),
        input=seen,
        head=base.spec.head,
        labels=recipe.labels,
        thresholds=Thresholds(default=_THRESHOLD, classes={n: f.point.threshold for n, f in figures.items()}),
        nms=base.spec.nms,
        figures=_table(figures) if figures else "",
    )


def imagenet_input(size: int, fit: Literal["letterbox", "stretch"]) -> InputSpec:
    """What a net on EfficientNet-Lite wants to see."""
    mean, std = (MEAN, MEAN, MEAN), (STD, STD, STD)
    return InputSpec(width=size, height=size, colour="rgb", mean=mean, std=std, fit=fit)


def data_of(sources: Mapping[str, Source]) -> tuple[str, ...]:
    """A recipe's pictures; it does not tell their licences."""
    return tuple(f"{name} ({source.folder}): no licence stated" for name, source in sources.items())


def _package(recipe: Recipe, base: ZooEntry) -> Package | None:
    """Where the backbone's weights began."""
    if isinstance(recipe.trunk, Pretrained):
        return recipe.trunk.package
    begun = recipe.trunk or recipe.start
    return package_behind(base if begun is None else Zoo.find().entry(begun))


def _table(figures: Mapping[str, Figures]) -> str:
    heads = ("AP50", "threshold", "precision", "recall", "false alarms in 1,000 pictures without")
    rows = {
        label: (
            f"{each.ap50:.3f}",
            f"{each.point.threshold:.2f}",
            f"{each.point.precision:.3f}",
            f"{each.point.recall:.3f}",
            f"{each.false_alarms:.0f}",
        )
        for label, each in figures.items()
    }
    return table(heads, rows)
