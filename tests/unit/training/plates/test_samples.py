"""Samples, scenes and the division of real crops."""

import re
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest

from lookout_edge.adapters.onnx.plate_text import ALPHABET, is_plate
from lookout_models.errors import UsageError
from lookout_models.training.plates.crops import RealCrop, fold_of, load_crops, vary
from lookout_models.training.plates.distortion import Severity
from lookout_models.training.plates.drawing import DrawnPlate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import COLOURS, KINDS
from lookout_models.training.plates.measuring import Outcome, exact_shares, greedy
from lookout_models.training.plates.recipe import load_recipe
from lookout_models.training.plates.samples import (
    HEIGHT,
    WIDTH,
    Mix,
    Sources,
    as_classes,
    as_input,
    photographed,
    stream,
)
from lookout_models.training.plates.scenes import draw_scenes

RECIPES = Path(__file__).parents[4] / "models" / "recipes"
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


def test_input_is_bgr_planes_from_minus_one_to_one() -> None:
    image = BLACK.copy()
    image[:, :, 2] = 255
    batch = as_input([image])
    assert batch.shape == (1, 3, HEIGHT, WIDTH)
    assert batch[0, 0].max() == -1.0
    assert batch[0, 2].min() == 1.0


def flat(lines: int) -> DrawnPlate:
    """White above, black below, or all white."""
    image = np.full((120, 240, 3), 255, np.uint8)
    image[52:] = 0 if lines == 2 else 255
    return DrawnPlate(image, "京A12345", "yellow", lines)


def test_two_lines_are_laid_side_by_side_and_what_is_mislaid_is_nothing() -> None:
    gentle, random = Severity(0.0, 0.0, 0.0), np.random.default_rng(3)
    laid = photographed(random, flat(2), BLACK, gentle)
    assert (laid.text, COLOURS[laid.colour]) == ("京A12345", "yellow")
    assert laid.image.shape == (HEIGHT, WIDTH, 3)
    # The upper line is on the left now.
    assert laid.image[10:38, 10:38].mean() > 200
    assert laid.image[10:38, 70:150].mean() < 60
    for plate in (flat(1), flat(2)):
        mislaid = photographed(random, plate, BLACK, gentle, mislaid=True)
        assert (mislaid.text, COLOURS[mislaid.colour]) == ("", "none")


def test_the_stream_holds_plates_and_what_is_none() -> None:
    try:
        sources = Sources(FontBook.installed())
    except UsageError as error:
        pytest.skip(str(error))
    samples = list(islice(stream(np.random.default_rng(4), sources, Mix(negatives=0.5)), 40))
    nothing = [sample for sample in samples if not sample.text]
    assert 10 < len(nothing) < 30
    assert {COLOURS[sample.colour] for sample in nothing} == {"none"}
    assert all(is_plate(sample.text) for sample in samples if sample.text)


def test_scenes_show_every_kind_and_signs_inside_their_vehicle() -> None:
    try:
        sources = Sources(FontBook.installed())
    except UsageError as error:
        pytest.skip(str(error))
    scenes = draw_scenes(np.random.default_rng(5), sources, of_each_kind=1, signs=2)
    assert [scene.kind for scene in scenes] == [*(kind.name for kind in KINDS), "sign", "sign"]
    assert [scene.text for scene in scenes[-2:]] == ["", ""]
    for scene in scenes:
        assert scene.image.std() > 3
        assert scene.vehicle.clipped() == scene.vehicle


def test_crops_are_varied_among_themselves() -> None:
    crops = [RealCrop(np.full((24, 94, 3), 40 * n, np.uint8), f"皖A1234{n}") for n in range(3)]
    varied = list(vary(np.random.default_rng(6), crops, times=4, strength=0.5))
    assert len(varied) == 12
    assert {crop.text[:2] for crop in varied} == {"皖A"}
    assert {crop.text for crop in varied} >= {crop.text for crop in crops}


def test_greedy_reading_removes_repeats_and_blanks() -> None:
    logits = np.zeros((1, 6, len(ALPHABET) + 1), np.float32)
    one, two = as_classes("8A")
    for step, value in enumerate([one, one, 0, one, two, 0]):
        logits[0, step, value] = 5
    assert greedy(logits) == ["88A"]


def test_exact_shares_count_each_group() -> None:
    rows = [Outcome("A", "A", 1, "x"), Outcome("A", "B", 1, "x"), Outcome("", "", 1, "y")]
    assert exact_shares(rows) == {"x": 0.5, "y": 1.0}


def test_folds_are_fixed_and_divide_everything() -> None:
    parts = [fold_of(f"皖A{number:05d}", 5) for number in range(200)]
    assert set(parts) == {0, 1, 2, 3, 4}
    assert min(parts.count(fold) for fold in range(5)) > 20
    assert parts == [fold_of(f"皖A{number:05d}", 5) for number in range(200)]


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
    shipped = (RECIPES / "plate-reader.yaml").read_text("utf-8")
    path = tmp_path / "r.yaml"
    path.write_text(re.sub(r"rate_end: \S+,", "rate_end: -1,", shipped, count=1), "utf-8")
    with pytest.raises(UsageError, match=r"r\.yaml: stages\.0\.rate_end"):
        load_recipe(path)
    path.write_text(shipped.replace("crops: plates/crops\n", ""), "utf-8")
    with pytest.raises(UsageError, match=r"'refine' needs 'crops'"):
        load_recipe(path)
