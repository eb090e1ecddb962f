"""Samples, their step classes and the division of real crops."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_models.errors import UsageError
from lookout_models.training.plates.crops import RealCrop, fold_of, load_crops, split
from lookout_models.training.plates.measuring import Outcome, exact_shares, greedy
from lookout_models.training.plates.recipe import load_recipe
from lookout_models.training.plates.samples import (
    BAND,
    CHARACTERS,
    HEIGHT,
    UNTOLD,
    WIDTH,
    Sample,
    as_classes,
    as_input,
    step_classes,
)

RECIPES = Path(__file__).parents[4] / "models" / "recipes"
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def test_input_is_bgr_planes_from_minus_one_to_one() -> None:
    image = BLACK.copy()
    image[:, :, 2] = 255
    batch = as_input([image])
    assert batch.shape == (1, 3, HEIGHT, WIDTH)
    assert batch[0, 0].max() == -1.0
    assert batch[0, 2].min() == 1.0


def test_steps_carry_their_character_blanks_lie_away_from_them() -> None:
    steps = (BAND + 2, BAND + 7, BAND + 11)
    classes = step_classes(Sample(BLACK, "京A1", 0, steps))
    assert classes[list(steps)].tolist() == as_classes("京A1")
    assert classes[:BAND].tolist() == [0] * BAND
    assert classes[BAND + 3] == UNTOLD
    assert classes[BAND + 9] == 0


def test_no_plate_is_blank_everywhere_and_unknown_places_tell_nothing() -> None:
    assert set(step_classes(Sample(BLACK, "", 5)).tolist()) == {0}
    assert set(step_classes(Sample(BLACK, "京A12345", 0)).tolist()) == {UNTOLD}
    assert set(step_classes(Sample(BLACK, "京A", 0, (40, 40))).tolist()) == {UNTOLD}


def test_greedy_reading_removes_repeats_and_blanks() -> None:
    logits = np.zeros((1, 6, len(CHARACTERS) + 1), np.float32)
    one, two = as_classes("8A")
    for step, value in enumerate([one, one, 0, one, two, 0]):
        logits[0, step, value] = 5
    assert greedy(logits) == ["88A"]


def test_exact_shares_count_each_group() -> None:
    rows = [Outcome("A", "A", 1, "x"), Outcome("A", "B", 1, "x"), Outcome("", "", 1, "y")]
    assert exact_shares(rows) == {"x": 0.5, "y": 1.0}


def test_folds_are_fixed_and_divide_everything() -> None:
    crops = [RealCrop(BLACK, f"皖A{number:05d}") for number in range(200)]
    parts = [split(crops, folds=5, held_out=fold)[1] for fold in range(5)]
    assert sum(len(part) for part in parts) == 200
    assert min(len(part) for part in parts) > 20
    assert fold_of("皖A00000", 5) == fold_of("皖A00000", 5)
    train, held = split(crops, folds=5, held_out=-1)
    assert (len(train), len(held)) == (200, 0)


def test_crops_are_named_by_their_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no \.jpg crops"):
        load_crops(tmp_path)
    _, packed = cv2.imencode(".jpg", BLACK)
    packed.tofile(tmp_path / "皖A12345.jpg")
    assert [crop.text for crop in load_crops(tmp_path)] == ["皖A12345"]
    packed.tofile(tmp_path / "holiday.jpg")
    with pytest.raises(UsageError, match=r"holiday\.jpg is not named after a plate"):
        load_crops(tmp_path)


@pytest.mark.parametrize("path", sorted(RECIPES.glob("plate-*.yaml")), ids=lambda path: path.name)
def test_shipped_recipes_are_valid(path: Path) -> None:
    assert load_recipe(path).name == path.stem


def test_a_wrong_recipe_names_the_file_and_the_key(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("kind: plates\nname: x\nstages: [{samples: 1, rate: 1, rate_end: -1}]\n", "utf-8")
    with pytest.raises(UsageError, match=r"r\.yaml: stages\.0\.rate_end"):
        load_recipe(path)
