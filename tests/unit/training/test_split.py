"""The validation set shares no scene with training."""

from pathlib import Path

import cv2
import numpy as np

from lookout_models.pictures import read_picture
from lookout_models.training.data.examples import Example, make_boxes
from lookout_models.training.data.split import difference_hash, look_alikes, scene_of, split
from lookout_models.training.recipe import Source

NOTHING = make_boxes([])


def photo(path: Path, seed: int, brightness: int = 0) -> Example:
    coarse = np.random.default_rng(seed).integers(0, 200, (6, 6, 3), np.uint8)
    picture = cv2.resize(coarse, (120, 90), interpolation=cv2.INTER_CUBIC).astype(np.int16) + brightness
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return Example(path, "web", NOTHING, NOTHING)


def test_brighter_copies_share_a_group_and_other_pictures_do_not(tmp_path: Path) -> None:
    made = [photo(tmp_path / f"{n}.png", seed, light) for n, (seed, light) in enumerate([(1, 0), (1, 25), (2, 0)])]
    groups = look_alikes([difference_hash(read_picture(e.path)) for e in made])
    assert groups[0] == groups[1] != groups[2]


def test_groups_join_over_a_chain_of_neighbours() -> None:
    near, far = 0, 2**64 - 1
    middle = 2**8 - 1
    further = 2**16 - 1
    groups = look_alikes([near, further, far, middle])
    assert groups[0] == groups[1] == groups[3] != groups[2]


def test_look_alikes_are_never_divided(tmp_path: Path) -> None:
    made = [photo(tmp_path / f"{seed}_{copy}.png", seed, 10 * copy) for seed in range(30) for copy in range(2)]
    train, validation = split(made, Source(folder="web"), 0.3, {})
    assert 0 < len(validation) < len(made)
    sides = [{e.path.name.split("_")[0] for e in side} for side in (train, validation)]
    assert not sides[0] & sides[1]


def test_scenes_are_split_by_name(tmp_path: Path) -> None:
    made = [Example(tmp_path / f"pbl5_{scene}_{n}.jpg", "video", NOTHING, NOTHING) for scene in "abc" for n in range(2)]
    train, validation = split(made, Source(folder="v", group="scene", validation_scenes=("b",)), 0.5, {})
    assert {scene_of(e.path.name) for e in validation} == {"b"}
    assert len(train) == 4
