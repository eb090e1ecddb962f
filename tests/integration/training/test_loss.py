"""What the loss asks for, and where it asks for nothing."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.data.augment import Sample  # noqa: E402
from lookout_models.training.data.examples import Boxes, make_boxes  # noqa: E402
from lookout_models.training.detector.decode import boxes_of, make_grid, suppressed  # noqa: E402
from lookout_models.training.detector.loss import decided, detection_loss  # noqa: E402
from lookout_models.training.torched import descend  # noqa: E402

SIZE = 64
GRID = make_grid(SIZE, SIZE)
LOCATIONS = len(GRID.strides)
NOTHING = make_boxes([])


def sample(boxes: Boxes = NOTHING, undecided: Boxes = NOTHING) -> Sample:
    return Sample(np.zeros((SIZE, SIZE, 3), np.uint8), boxes, undecided)


def test_learning_on_one_picture_finds_its_box() -> None:
    torch.manual_seed(0)
    target = sample(make_boxes([(1, 10, 12, 40, 52)]))
    logits = torch.full((1, LOCATIONS, 2), -3.0, requires_grad=True)
    distances = torch.zeros(1, LOCATIONS, 44, requires_grad=True)
    optimiser = torch.optim.Adam([logits, distances], 0.2)
    for _ in range(60):
        descend(detection_loss(logits, distances, [target], GRID).total, optimiser, [logits, distances], 10.0)
    scores, boxes = logits.detach().sigmoid().numpy()[0], boxes_of(distances.detach(), GRID).numpy()[0]
    found = suppressed(scores, boxes, 0.3)
    assert found.classes[0] == 1
    assert found.boxes[0] == pytest.approx([10, 12, 40, 52], abs=2)


def test_an_undecided_class_costs_nothing_in_its_place() -> None:
    logits = torch.zeros(1, LOCATIONS, 2, requires_grad=True)
    distances = torch.zeros(1, LOCATIONS, 44)
    everywhere = sample(undecided=make_boxes([(0, 0, 0, SIZE, SIZE)]))
    (slope,) = torch.autograd.grad(detection_loss(logits, distances, [everywhere], GRID).quality, [logits])
    assert slope[..., 0].abs().sum() == 0
    assert slope[..., 1].abs().min() > 0


def test_undecided_places_end_at_their_borders() -> None:
    weight = decided([sample(undecided=make_boxes([(1, 0, 0, 32, SIZE)]))], (1, LOCATIONS, 2), GRID)
    left = GRID.centres[:, 0] <= 32
    assert (weight[0, left, 1] == 0).all()
    assert (weight[0, ~left, 1] == 1).all()
    assert (weight[0, :, 0] == 1).all()


def test_a_true_box_counts_even_in_an_undecided_place() -> None:
    logits = torch.zeros(1, LOCATIONS, 1, requires_grad=True)
    distances = torch.zeros(1, LOCATIONS, 44)
    there = make_boxes([(0, 8, 8, 56, 56)])
    both = sample(there, make_boxes([(0, 0, 0, SIZE, SIZE)]))
    (slope,) = torch.autograd.grad(detection_loss(logits, distances, [both], GRID).quality, [logits])
    assert slope.abs().sum() > 0
