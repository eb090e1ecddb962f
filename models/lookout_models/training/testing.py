"""A made-up data set that a net can learn in a minute: coloured squares on noise, labelled as ours are.

``python -m lookout_models.training.testing FOLDER`` makes the one that ``models/recipes/smoke.yaml`` trains on.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

#: BGR of class 0 and class 1.
_COLOURS = ((40, 140, 250), (200, 200, 200))


def make_pictures(folder: Path, amount: int, seed: int = 0, side: int = 96) -> None:
    """Write ``amount`` pictures to ``folder/images`` and labels to ``folder/labels``; every fourth shows nothing."""
    random = np.random.default_rng(seed)
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for number in range(amount):
        picture = random.integers(0, 90, (side, side, 3), np.uint8)
        line = "" if number % 4 == 3 else _square(picture, number % 2, random)
        cv2.imwrite(str(folder / "images" / f"made_{number:03d}.png"), picture)
        (folder / "labels" / f"made_{number:03d}.txt").write_text(line, "utf-8")


def _square(picture: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], label: int, random: np.random.Generator) -> str:
    side = picture.shape[0]
    length = int(random.integers(side // 3, side // 2))
    left, top = (int(v) for v in random.integers(0, side - length, 2))
    picture[top : top + length, left : left + length] = _COLOURS[label]
    return f"{label} {(left + length / 2) / side} {(top + length / 2) / side} {length / side} {length / side}\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python -m lookout_models.training.testing FOLDER")
    make_pictures(Path(sys.argv[1]) / "made", 40)
