"""Evaluations as a table for people and as JSON for programs."""

import json
from dataclasses import asdict

from lookout_models.evaluate import Evaluation

#: What models are evaluated from: low enough for the whole precision-recall curve.
EVALUATION_THRESHOLD = 0.01
_NOT_FOUND = f"{'none':>6}  (not one of them was found, at no threshold)"


def as_table(model: str, evaluation: Evaluation) -> str:
    """A line a class, with the threshold of the best F1 and what it gives, then the means."""
    result = evaluation.result
    width = max([len(name) for name in result.classes] + [len("all")])
    lines = [
        f"{model} on {evaluation.pictures} pictures of {evaluation.folder}",
        f"{'class':<{width}}  boxes   AP50  AP50-95   best at  precision  recall",
    ]
    for name, found in result.classes.items():
        best = found.curve.best()
        at = f"{best.threshold:>6.3f}     {best.precision:>6.3f}  {best.recall:>6.3f}" if best else _NOT_FOUND
        lines.append(f"{name:<{width}} {found.boxes:>6} {found.ap50:>6.3f}   {found.ap50_95:>6.3f}    {at}")
    boxes = sum(c.boxes for c in result.classes.values())
    lines.append(f"{'all':<{width}} {boxes:>6} {result.map50:>6.3f}   {result.map50_95:>6.3f}   (mAP50, mAP50-95)")
    if evaluation.unknown_classes:
        lines.append(f"not counted, the model has no such label: {', '.join(evaluation.unknown_classes)}")
    if evaluation.absent_classes:
        lines.append(f"not counted, the labels hold no box of it: {', '.join(evaluation.absent_classes)}")
    if strays := evaluation.without_picture:
        lines.append(f"label files without a picture, left out: {len(strays)} (first: {strays[0]})")
    return "\n".join(lines)


def as_json(model: str, evaluation: Evaluation) -> str:
    """One object with the same figures."""
    result = evaluation.result
    best = [c.curve.best() for c in result.classes.values()]
    document = {
        "model": model,
        "pictures": evaluation.pictures,
        "folder": str(evaluation.folder),
        "classes": {
            name: {"boxes": c.boxes, "ap50": c.ap50, "ap50_95": c.ap50_95, "best": asdict(at) if at else None}
            for (name, c), at in zip(result.classes.items(), best, strict=True)
        },
        "map50": result.map50,
        "map50_95": result.map50_95,
        "unknown_classes": list(evaluation.unknown_classes),
        "absent_classes": list(evaluation.absent_classes),
        "without_picture": list(evaluation.without_picture),
    }
    return json.dumps(document, ensure_ascii=False)
