"""The second look at two-wheelers: ImageNet's own classifier as likelihoods of two labels."""

import math

import numpy as np
import pytest

from lookout_edge.adapters.onnx.session import OnnxSession

torch = pytest.importorskip("torch", reason="reading the package's weights needs PyTorch: pip install 'lookout[train]'")

from lookout_models.builders.two_wheeler_look import CLASSES, two_wheeler_look  # noqa: E402
from lookout_models.training.second_look.net import SecondLook  # noqa: E402

SIDE = 64
MOPED, MOUNTAIN_BIKE, TENCH = 665, 671, 0


def likelihoods(net: SecondLook, pixels: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> np.ndarray:
    model = two_wheeler_look(net, SIDE).SerializeToString()
    return OnnxSession("two-wheeler-second-look", model).run(pixels)["probabilities"]


def net_that_says(**raised: float) -> SecondLook:
    """A net that gives every class of every picture 0, but for the classes named ``cN``."""
    net = SecondLook(CLASSES)
    with torch.no_grad():
        net.classifier.weight.zero_()
        net.classifier.bias.zero_()
        for name, logit in raised.items():
            net.classifier.bias[int(name[1:])] = logit
    return net


def test_the_evidence_is_that_of_the_classes_against_all_others() -> None:
    torch.manual_seed(1)
    net = SecondLook(CLASSES).eval()
    with torch.no_grad():
        # Weights as far apart as a trained net's, and as they are stored.
        net.classifier.weight.mul_(20)
        for weight in net.parameters():
            weight.copy_(weight.half().float())
    pixels = np.random.default_rng(2).uniform(-1, 1, (3, 3, SIDE, SIDE)).astype(np.float32)
    with torch.no_grad():
        shares = torch.softmax(net(torch.from_numpy(pixels)).double(), 1).numpy()
    powered = shares[:, [665, 670]].sum(1)
    any_kind = shares[:, [444, 665, 670, 671]].sum(1)
    expected = [0.7 * np.log(powered / (1 - powered)) + 3.5, 0.7 * np.log(any_kind / (1 - any_kind)) + 3.28]
    said = likelihoods(net, pixels)
    assert np.log(said / (1 - said)) == pytest.approx(np.stack(expected, 1), abs=2e-3)


def test_a_pedal_bicycle_speaks_for_a_bicycle_alone() -> None:
    nothing, moped, bicycle, fish = (
        likelihoods(net_that_says(**raised), np.zeros((1, 3, SIDE, SIDE), np.float32))[0]
        for raised in ({}, {f"c{MOPED}": 12.0}, {f"c{MOUNTAIN_BIKE}": 12.0}, {f"c{TENCH}": 12.0})
    )
    assert (moped > 0.95).all()
    assert bicycle[1] > 0.95
    assert bicycle[0] < nothing[0] < 0.5
    assert (fish < nothing).all()


def test_the_surest_no_is_still_a_number() -> None:
    said = likelihoods(net_that_says(**{f"c{TENCH}": 500.0}), np.zeros((1, 3, SIDE, SIDE), np.float32))[0]
    assert all(math.isfinite(share) and 0 <= share < 0.001 for share in said.tolist())
