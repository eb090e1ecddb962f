"""What a second look's training says of what it made."""

from collections.abc import Mapping
from pathlib import Path

from lookout_edge.adapters.zoo import Thresholds, Trained, Zoo
from lookout_edge.adapters.zoo_heads import ClassifierHead
from lookout_models.accounts import Account, package_behind, table
from lookout_models.training.detector.account import imagenet_input
from lookout_models.training.second_look.recipe import SecondLookRecipe

#: A second look's probabilities are weighed, not cut.
_THRESHOLD = 0.5


def account_of(recipe: SecondLookRecipe, path: Path, data: tuple[str, ...], figures: Mapping[str, float]) -> Account:
    """``figures`` are the AUROC of each label; empty where nothing was measured."""
    trunk = recipe.trunk
    return Account(
        description=f"Second look at what {recipe.detector} takes for {', '.join(recipe.labels)}; "
        f"EfficientNet-Lite0 at {recipe.size} × {recipe.size}",
        source=Trained(
            recipe=path.name,
            base=recipe.base if trunk is None else package_behind(Zoo.find().entry(trunk)),
            data=data,
        ),
        input=imagenet_input(recipe.size, "stretch"),
        head=ClassifierHead(kind="classifier", judges=trunk is None, redraws=recipe.edges is not None),
        labels=recipe.labels,
        thresholds=Thresholds(default=_THRESHOLD),
        figures=table(["AUROC"], {label: [f"{value:.4f}"] for label, value in figures.items()}) if figures else "",
    )
