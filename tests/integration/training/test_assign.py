"""Which locations a true box gets."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.detector.assign import assign, overlap  # noqa: E402
from lookout_models.training.detector.decode import make_grid  # noqa: E402

GRID = make_grid(64, 64)


def test_overlap_is_intersection_over_union() -> None:
    first = torch.tensor([[0.0, 0, 10, 10]])
    second = torch.tensor([[0.0, 0, 10, 10], [5, 0, 15, 10], [20, 20, 30, 30]])
    assert overlap(first, second)[0].numpy() == pytest.approx(np.array([1, 1 / 3, 0]))


def test_each_location_serves_the_box_that_it_fits_best() -> None:
    truth = torch.tensor([[0.0, 0, 32, 64], [32, 0, 64, 64]])
    predicted = torch.where(GRID.centres[:, :1] < 32, truth[0], truth[1])
    logits = torch.zeros(len(GRID.strides), 2)
    found = assign(logits, predicted, truth, torch.tensor([0, 1]), GRID)
    assert np.unique(found.truths.numpy()).tolist() == [0, 1]
    assert len(np.unique(found.locations.numpy())) == len(found.locations)
    left = GRID.centres[found.locations, 0] < 32
    assert (found.truths == (~left).long()).all()
    assert found.overlaps.min() > 0.99


def test_a_picture_with_nothing_in_it_has_no_positive_locations() -> None:
    logits, predicted = torch.zeros(len(GRID.strides), 2), torch.zeros(len(GRID.strides), 4)
    found = assign(logits, predicted, torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), GRID)
    assert len(found.locations) == 0


def test_even_a_box_smaller_than_a_cell_gets_a_location() -> None:
    truth = torch.tensor([[30.0, 30, 32, 32]])
    predicted = GRID.centres.repeat(1, 2) + torch.tensor([-4.0, -4, 4, 4])
    found = assign(torch.zeros(len(GRID.strides), 1), predicted, truth, torch.tensor([0]), GRID)
    assert len(found.locations) >= 1
