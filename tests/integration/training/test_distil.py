"""What the base model's answers teach, and where they teach nothing."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from torch import Tensor  # noqa: E402

from lookout_edge.adapters.zoo import Zoo  # noqa: E402
from lookout_models.training.detector.distil import Teacher  # noqa: E402
from lookout_models.training.detector.net import NanoDet, coco_teacher, from_coco  # noqa: E402

LABELS = ("fire", "person")
LOCATIONS = 84


class SeesOnePerson(NanoDet):
    """Is sure of a person at the first location, and sees nothing elsewhere."""

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        logits = torch.full((len(pixels), LOCATIONS, 80), -9.0)
        logits[:, 0, 0] = 2.0
        return logits, torch.zeros(len(pixels), LOCATIONS, 44)


def pixels() -> Tensor:
    return torch.zeros(1, 3, 64, 64)


def test_only_undecided_labels_that_the_teacher_knows_are_learnt() -> None:
    teacher = Teacher(SeesOnePerson(80), LABELS)
    logits = torch.zeros(1, LOCATIONS, 2, requires_grad=True)
    distances = torch.ones(1, LOCATIONS, 44)
    undecided = torch.zeros(1, LOCATIONS, 2)
    undecided[0, :10, 1] = 1
    (slope,) = torch.autograd.grad(teacher.compare(pixels(), logits, distances, undecided).classes, [logits])
    assert slope[0, :, 0].abs().sum() == 0
    assert slope[0, 10:].abs().sum() == 0
    # Towards a person at the first location, away from one at the others.
    assert slope[0, 0, 1] < 0
    assert (slope[0, 1:10, 1] > 0).all()


def test_boxes_are_learnt_where_the_teacher_is_sure() -> None:
    teacher = Teacher(SeesOnePerson(80), LABELS)
    logits = torch.zeros(1, LOCATIONS, 2)
    distances = torch.randn(1, LOCATIONS, 44, generator=torch.Generator().manual_seed(0)).requires_grad_()
    kept = teacher.compare(pixels(), logits, distances, torch.ones(1, LOCATIONS, 2))
    (slope,) = torch.autograd.grad(kept.boxes, [distances])
    assert slope[0, 0].abs().sum() > 0
    assert slope[0, 1:].abs().sum() == 0


def test_a_net_that_still_is_its_teacher_has_nothing_to_learn() -> None:
    entry = Zoo(Path(__file__).parents[3] / "models" / "zoo").entry("coco-nano")
    weights = entry.folder / entry.spec.weights.file
    picture = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits, distances = from_coco(weights, LABELS)(picture)
    kept = Teacher(coco_teacher(weights), LABELS).compare(picture, logits, distances, torch.ones_like(logits))
    assert float(kept.classes) < 1e-6
    assert float(kept.boxes) < 1e-6
