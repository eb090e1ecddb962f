"""What passes before a square leaves enough of it to be seen; rain and light change all of it a little."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_models.errors import UsageError
from lookout_models.training.data.examples import Example, make_boxes
from lookout_models.training.data.geometry import Floats, Picture
from lookout_models.training.data.paste import CutOut, clipped
from lookout_models.training.second_look.crops import Crop, cut
from lookout_models.training.second_look.hiding import hidden, person, shape
from lookout_models.training.second_look.people import people_in
from lookout_models.training.second_look.places import Place, Variation, varied_crop
from lookout_models.training.second_look.weather import lit, rained

FIRE, SMOKE = 0, 1
SIZE = 80
NO_BOXES = np.zeros((0, 4), np.float32)
SQUARE = np.full((SIZE, SIZE, 3), 100, np.uint8)
MIDDLE = np.array([25, 25, 55, 55], np.float32)


def solid(height: int, width: int) -> CutOut:
    """A white block."""
    return CutOut(np.full((height, width, 3), 255, np.uint8), np.ones((height, width), np.float32))


def drawn(number: int, box: Floats, objects: Floats, square: Picture = SQUARE) -> Picture:
    random = np.random.default_rng(number)

    def draw() -> CutOut:
        return solid(*(int(side) for side in random.integers(5, 2 * SIZE, 2)))

    return hidden(square, box, objects, draw, random)


def share(changed: Picture, box: Floats) -> float:
    x1, y1, x2, y2 = np.clip(box, 0, SIZE).astype(int)
    return float((changed[y1:y2, x1:x2] == 255).all(-1).mean())


def test_what_stands_before_a_square_leaves_enough_to_be_seen() -> None:
    # One object in the middle, one that the square's border cuts.
    objects = np.array([[25, 25, 55, 55], [-20, 60, 20, 100]], np.float32)
    amounts: list[float] = []
    for number in range(60):
        changed = drawn(number, MIDDLE, objects)
        amounts.append(share(changed, np.array([0, 0, SIZE, SIZE], np.float32)))
        assert all(share(changed, item) <= 0.36 for item in objects)
    covered = [amount for amount in amounts if amount]
    assert len(covered) > 40
    assert min(covered) >= 0.04
    assert max(covered) <= 0.6
    assert (SQUARE == 100).all()


def test_most_of_a_place_without_an_object_may_be_hidden() -> None:
    shares = [share(drawn(number, MIDDLE, NO_BOXES), MIDDLE) for number in range(60)]
    assert 0.4 < max(shares) <= 0.61


def test_what_would_hide_everything_is_left_out() -> None:
    random = np.random.default_rng(0)
    assert (hidden(SQUARE, MIDDLE, NO_BOXES, lambda: solid(500, 500), random) == SQUARE).all()


def test_a_square_over_the_pictures_border_is_hidden_like_others() -> None:
    picture = np.full((60, 60, 3), 100, np.uint8)
    square = cut(picture, np.array([-30, -30, 50, 50], np.float32), SIZE)
    outside = np.array([-60, -60, 10, 10], np.float32)
    assert any((drawn(number, outside, outside[None], square) == 255).any() for number in range(10))


@pytest.mark.parametrize(
    ("corner", "kept"), [((-4, 2), (6, 6)), ((70, 75), (5, 10)), ((90, 0), (6, 0)), ((-30, 0), (6, 0))]
)
def test_what_lies_over_the_border_is_cut_off(corner: tuple[int, int], kept: tuple[int, int]) -> None:
    part, (rows, columns) = clipped(solid(6, 10), corner, (SIZE, SIZE))
    assert part.coverage.shape == part.picture.shape[:2] == SQUARE[rows, columns].shape[:2] == kept


def things(random: np.random.Generator) -> list[CutOut]:
    noise = np.random.default_rng(0).integers(0, 255, (50, 90, 3), np.uint8)
    return [shape(noise, SIZE, random) for _ in range(20)] + [person([solid(100, 40)], SIZE, random) for _ in range(20)]


def test_shapes_and_people_are_the_same_for_the_same_seed() -> None:
    made, again, others = (things(np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert all(
        (a.picture == b.picture).all() and (a.coverage == b.coverage).all() for a, b in zip(made, again, strict=True)
    )
    assert [thing.coverage.shape for thing in made] != [thing.coverage.shape for thing in others]
    for thing in made:
        assert thing.picture.shape == (*thing.coverage.shape, 3)
        assert thing.picture.dtype == np.uint8
        assert 0 <= thing.coverage.min() < thing.coverage.max() <= 1 or thing.coverage.min() == 1
    heights = [thing.coverage.shape[0] / SIZE for thing in made[20:]]
    assert 0.44 < min(heights) < 1 < max(heights) < 2.21


@pytest.mark.parametrize("change", [rained, lit])
def test_rain_and_light_change_a_copy(change: Callable[[Picture, np.random.Generator], Picture]) -> None:
    for number in range(12):
        changed, again = (change(SQUARE, np.random.default_rng(number)) for _ in range(2))
        assert changed.shape == SQUARE.shape
        assert changed.dtype == np.uint8
        assert (changed == again).all()
        assert (changed != SQUARE).any()
    assert (SQUARE == 100).all()


def test_fog_takes_contrast_and_light_takes_nothing() -> None:
    flames = SQUARE.copy()
    flames[30:50, 30:50], flames[:10] = 250, 0
    for number in range(12):
        veiled = rained(flames, np.random.default_rng(number)).astype(int)
        assert np.median(veiled[32:48, 32:48]) - np.median(veiled[2:8]) < 250 * 0.96 + 1
        assert np.median(veiled[2:8]) >= 5
        assert (lit(flames, np.random.default_rng(number)) >= flames).all()


def somebody(path: Path, height: int) -> Example:
    picture = np.full((200, 200, 3), 200, np.uint8)
    cv2.ellipse(picture, (100, 100), (30, height // 2 - 4), 0, 0, 360, (20, 20, 120), -1)
    cv2.imwrite(str(path), picture)
    return Example(path, "web", make_boxes([]), make_boxes([]))


def test_people_come_from_pictures_without_the_labels(tmp_path: Path) -> None:
    near, far = somebody(tmp_path / "near.png", 150), somebody(tmp_path / "far.png", 80)
    burning = Example(near.path, "web", make_boxes([(FIRE, 0, 0, 0.1, 0.1)]), make_boxes([]))
    unsure = Example(near.path, "web", make_boxes([]), make_boxes([(SMOKE, 0, 0, 1, 1)]))

    def people(*examples: Example, amount: int = 9) -> list[CutOut]:
        def find(picture: Picture) -> Floats:
            height = int((picture[..., 0] < 100).any(1).sum())
            return np.array([[0.33, 0.5 - height / 400, 0.67, 0.5 + height / 400]], np.float32)

        def read(example: Example) -> Picture:
            return np.asarray(cv2.imread(str(example.path)), np.uint8)

        return people_in(examples, (FIRE, SMOKE), read, find, amount)

    # Twice the same picture is one, and who is far away is too low.
    (made,) = people(burning, near, far, unsure, near)
    assert made.coverage.shape[0] >= 100
    assert float(np.median(made.picture[made.coverage > 0.9][:, 0])) < 60
    assert len(people(near, Example(tmp_path / "near.png", "b", near.boxes, near.undecided), amount=1)) == 1
    for examples in ((), (burning, unsure), (far,)):
        with pytest.raises(UsageError, match=r"no training picture .* of at least 34 × 100"):
            people(*examples)


def test_boxes_are_told_in_pixels_of_the_square(tmp_path: Path) -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[40:70, 20:60] = 255
    box = np.array([20, 40, 60, 70], np.float32)
    place = Place(Example(tmp_path / "a.png", "web", make_boxes([]), make_boxes([])), box, (0,))
    turned = 0
    for number in range(12):
        how = Variation(sides=(1.6, 3.0))
        crop = varied_crop(place, picture, (FIRE,), 120, np.random.default_rng(number), how)
        assert isinstance(crop, Crop)
        assert 1.6 * 40 - 0.1 <= crop.square[2] - crop.square[0] <= 3.0 * 40 + 0.1
        rows, columns = (np.flatnonzero((crop.picture[..., 0] > 127).any(axis)) for axis in (1, 0))
        seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
        assert np.clip(crop.inside(box[None])[0], 0, 120) == pytest.approx(np.array(seen), abs=2.5)
        turned += crop.mirrored
    assert 0 < turned < 12
