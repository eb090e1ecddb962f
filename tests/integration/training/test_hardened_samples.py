"""What comes before cameras, over the samples of a detector."""

import numpy as np
import pytest
from pydantic import ValidationError

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'lookout[train]'")

from lookout_models.training.data.augment import Sample
from lookout_models.training.data.examples import make_boxes
from lookout_models.training.data.geometry import Picture
from lookout_models.training.data.paste import CutOut
from lookout_models.training.detector.hardening import Hardened
from lookout_models.training.recipe import Hardening

SOMEBODY = CutOut(np.full((100, 40, 3), 200, np.uint8), np.ones((100, 40), np.float32))
#: A thing in the middle of a plain picture.
SAMPLE = Sample(np.full((160, 160, 3), (20, 60, 120), np.uint8), make_boxes([(0, 60, 60, 100, 100)]), make_boxes([]))


def changed(seed: int, **shares: float) -> Picture:
    settings = Hardening.model_validate(shares)
    return Hardened([SOMEBODY])(SAMPLE, settings, lambda: SAMPLE.picture, np.random.default_rng(seed))


def test_each_share_is_another_change_and_the_rest_stays_as_it_is() -> None:
    assert all((changed(seed) == SAMPLE.picture).all() for seed in range(5))
    for share in ("hidden", "rain", "light", "infrared"):
        assert sum((changed(seed, **{share: 1}) != SAMPLE.picture).any() for seed in range(10)) >= 9, share
        some = sum((changed(seed, **{share: 0.4}) != SAMPLE.picture).any() for seed in range(200))
        assert 50 < some < 110, share
    night = changed(0, infrared=1)
    assert (night == night[..., :1]).all()


def test_who_passes_leaves_the_most_of_what_is_labelled_in_sight() -> None:
    for seed in range(40):
        covered = (changed(seed, hidden=1, people=1) != SAMPLE.picture).any(-1)
        assert covered[60:100, 60:100].mean() <= 0.4


def test_shares_of_the_same_samples_do_not_exceed_all() -> None:
    assert Hardening(hidden=0.5, rain=0.2, light=0.2, infrared=0.1).wants_people
    assert not Hardening(hidden=0.5, people=0).wants_people
    with pytest.raises(ValidationError, match="must not exceed 1 together"):
        Hardening(hidden=0.5, rain=0.2, light=0.2, infrared=0.2)
