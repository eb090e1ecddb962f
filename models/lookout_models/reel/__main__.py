"""``python -m lookout_models.reel WORK OUT [NAME …]``: film what was rendered into WORK, and write what happens."""

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from lookout_models.reel.camera_look import CameraLook, Picture, write_clip
from lookout_models.reel.stories import STORIES
from lookout_models.reel.story import FPS, SECONDS, SIZE, film

SEED = 3
_BY_DAY, _BY_NIGHT = datetime(2026, 5, 20, 9, 15, 3), datetime(2026, 5, 20, 23, 40, 12)


def main() -> None:
    """Each clip, ``NAME.truth.json`` (as ``lookout-edge score`` reads it) and, of fires, ``NAME.boxes.json``."""
    parser = argparse.ArgumentParser(prog="lookout_models.reel", description="Film what was rendered.")
    parser.add_argument("work", type=Path, help="where the renderer put its pictures")
    parser.add_argument("out", type=Path, help="where the clips go")
    parser.add_argument("names", nargs="*", help="clips; all that were rendered when none is named")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rendered = [path.parent.name for path in sorted(given.work.glob("*/what.json"))]
    for name in given.names or [*STORIES, *rendered]:
        if name in STORIES:
            _film_story(name, given.work, given.out)
        else:
            _film(given.work / name, given.out)


def _film_story(name: str, work: Path, out: Path) -> None:
    boxes = film(name, STORIES[name], work, out, seed=SEED)
    seen = [number for number, box in enumerate(boxes) if box is not None]
    truth = [{"scenario": "fire_smoke", "start_s": seen[0] / FPS, "end_s": SECONDS}] if seen else []
    (out / f"{name}.truth.json").write_text(json.dumps(truth) + "\n", "utf-8")
    rounded = [box and [round(value, 4) for value in box] for box in boxes]
    (out / f"{name}.boxes.json").write_text(json.dumps(rounded) + "\n", "utf-8")


def _film(folder: Path, out: Path) -> None:
    """The frames of one scene; what happens in it is told by ``what.json`` beside them."""
    told = json.loads((folder / "what.json").read_text("utf-8"))
    look = CameraLook(
        name=told["camera"],
        begins=_BY_NIGHT if told["infrared"] else _BY_DAY,
        fps=FPS,
        seed=SEED,
        infrared=told["infrared"],
    )

    def pictures() -> Iterator[Picture]:
        for number, path in enumerate(sorted(folder.glob("[0-9]*.png"))):
            yield look.taken(number, np.asarray(cv2.imread(str(path)), np.uint8))

    write_clip(out / f"{folder.name}.mp4", pictures(), SIZE, fps=FPS)
    (out / f"{folder.name}.truth.json").write_text(json.dumps(told["truth"]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
