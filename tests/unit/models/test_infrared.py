"""Pictures as a camera shows them at night."""

import numpy as np

from lookout_models.infrared import by_infrared


def test_a_night_picture_is_grey_and_what_is_red_hot_is_bright() -> None:
    picture = np.full((60, 80, 3), 40, np.uint8)
    picture[20:40, 20:40] = (20, 120, 255)  # a flame
    picture[20:40, 50:70] = (160, 60, 20)  # a blue coat
    for seed in range(20):
        night = by_infrared(picture, np.random.default_rng(seed)).astype(int)
        assert night.shape == picture.shape
        assert (night[..., 0] == night[..., 1]).all()
        assert (night[..., 0] == night[..., 2]).all()
        assert night[20:40, 20:40].mean() > night[20:40, 50:70].mean() + 30


def test_no_two_nights_are_alike_and_each_can_be_had_again() -> None:
    picture = np.full((60, 80, 3), 120, np.uint8)
    one, again, other = (by_infrared(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()
    assert (picture == 120).all()
