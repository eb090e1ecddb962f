"""What tests of second looks have in common: the smallest recipe, and a picture in which something burns."""

from pathlib import Path

import numpy as np

from lookout_models.training.data.examples import Example, make_boxes
from lookout_models.training.data.geometry import Picture

RECIPES = Path(__file__).parents[3] / "models" / "recipes"
FIRE, SMOKE = 0, 1
NO_BOXES = np.zeros((0, 4), np.float32)
PACKAGE = {"registry": "pypi", "package": "a", "version": "1", "sha256": "0" * 64, "members": ["a"], "upstream": "a"}
TINY = {
    "kind": "second-look",
    "name": "tiny",
    "pictures": "smoke.yaml",
    "detector": "none",
    "base": PACKAGE,
    "size": 32,
    "steps": 3,
    "batch": 4,
}


def burning(tmp_path: Path) -> tuple[Example, Picture]:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[10:40, 10:40] = (0, 120, 255)
    smoke_anywhere = make_boxes([(SMOKE, 0, 0, 1, 1)])
    return Example(tmp_path / "fire.png", "web", make_boxes([(FIRE, 0.1, 0.1, 0.4, 0.4)]), smoke_anywhere), picture
