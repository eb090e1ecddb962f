"""Precision-recall curves as a picture."""

from pathlib import Path
from typing import Any, cast

import matplotlib
from matplotlib.figure import Figure

from lookout_models.average_precision import Result
from lookout_models.errors import UsageError


def plot_curves(model: str, result: Result, path: Path) -> None:
    """Write a PNG: a curve a class at IoU 0.5, a dot at its best threshold. UsageError when it cannot be written."""
    matplotlib.use("Agg")
    figure = Figure(figsize=(7, 6), layout="constrained")
    # matplotlib's types leave most arguments unknown.
    axes = cast(Any, figure).add_subplot(xlim=(0, 1), ylim=(0, 1.02), xlabel="recall", ylabel="precision", title=model)
    for name, found in result.classes.items():
        (line,) = axes.plot(found.curve.recalls, found.curve.precisions, label=f"{name} AP50 {found.ap50:.3f}")
        best = found.curve.best()
        if best is not None:
            axes.plot([best.recall], [best.precision], "o", color=line.get_color())
            axes.annotate(f"{best.threshold:.2f}", (best.recall, best.precision), fontsize="small")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left", fontsize="small")
    try:
        cast(Any, figure).savefig(path, format="png", dpi=110)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error
