"""Crops, the classifier on frozen features, and its ONNX file."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.onnx.session import OnnxSession
from lookout_models.training.data.examples import Example, make_boxes

torch = pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.second_look.crops import crops_of, cut, square_around  # noqa: E402
from lookout_models.training.second_look.export import export  # noqa: E402
from lookout_models.training.second_look.fit import fit, install, separation  # noqa: E402
from lookout_models.training.second_look.net import SecondLook  # noqa: E402

FIRE, SMOKE = 0, 1


def test_a_square_keeps_the_centre() -> None:
    square = square_around(np.array([10, 20, 30, 30], np.float32), 1.5)
    assert square.tolist() == [5, 10, 35, 40]


def test_what_lies_outside_the_picture_repeats_its_border() -> None:
    picture = np.zeros((20, 20, 3), np.uint8)
    picture[0, 0] = 255
    corner = cut(picture, np.array([-10, -10, 10, 10], np.float32), 20)
    assert (corner[:11, :11] == 255).all()
    assert (corner[11:, 11:] == 0).all()


def test_crops_know_what_they_hold(tmp_path: Path) -> None:
    path = tmp_path / "fire.png"
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[10:40, 10:40] = (0, 120, 255)
    cv2.imwrite(str(path), picture)
    smoke_anywhere = make_boxes([(SMOKE, 0, 0, 1, 1)])
    example = Example(path, "web", make_boxes([(FIRE, 0.1, 0.1, 0.4, 0.4)]), smoke_anywhere)
    made = list(crops_of(example, (FIRE, SMOKE), 32, 3, np.random.default_rng(0)))
    assert made[0].truth == (1, -1)
    assert made[0].picture.shape == (32, 32, 3)
    assert all(crop.truth[SMOKE] == -1 for crop in made)
    # Places elsewhere are the warm ones, so the fire is among them; what shows it says so.
    for crop in made[1:]:
        if crop.truth[FIRE] == 0:
            assert crop.picture[..., 2].max() < 255


def test_a_fit_separates_and_leaves_the_undecided_out() -> None:
    random = np.random.default_rng(0)
    features = random.normal(size=(200, 8)).astype(np.float32)
    truth = np.stack([features[:, 0] > 0, features[:, 1] > 0], 1).astype(np.int64)
    truth[::3, 1] = -1
    weight, bias = fit(features, truth, 1e-3)
    scores = features @ weight.T + bias
    assert separation(scores[:, 0], truth[:, 0]) > 0.98
    assert separation(scores[:, 1], truth[:, 1]) > 0.98


def test_separation_counts_ties_half() -> None:
    assert separation([0.1, 0.5, 0.5, 0.9, 0.7], [0, 0, 1, 1, -1]) == pytest.approx(0.875)


@pytest.mark.parametrize("size", [64, 96])
def test_the_onnx_file_gives_what_the_net_gives(size: int) -> None:
    torch.manual_seed(0)
    net = SecondLook(2).eval()
    install(net, np.full((2, 1280), 0.05, np.float32), np.array([0.1, -0.2], np.float32))
    session = OnnxSession("made", export(net, size).SerializeToString())
    pixels = np.random.default_rng(0).normal(size=(3, 3, size, size)).astype(np.float32)
    with torch.inference_mode():
        wanted = net(torch.from_numpy(pixels)).sigmoid().numpy()
    assert session.run(pixels)["probabilities"] == pytest.approx(wanted, abs=2e-3)
