"""``python -m lookout_models.reel WORK OUT``: film what was rendered into WORK, and write what happens in each clip."""

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np

from lookout_models.reel.camera_look import CameraLook, Picture, write_clip
from lookout_models.reel.yard import FPS, SECONDS, SIZE, STORIES, film

SEED = 3
_BEGINS = datetime(2026, 5, 20, 9, 15, 3)
#: The cameras of the scenes whose every frame is rendered; scenes of one place have one.
_CAMERAS = {"bag": "CAM 03", "ebike": "CAM 11", "pram": "CAM 11"}


def main() -> None:
    """Each clip, ``NAME.truth.json`` (as ``lookout-edge score`` reads it) and, of fires, ``NAME.boxes.json``."""
    work, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    for name in STORIES:
        boxes = film(name, work, out, seed=SEED)
        seen = [number for number, box in enumerate(boxes) if box is not None]
        truth = [{"scenario": "fire_smoke", "start_s": seen[0] / FPS, "end_s": SECONDS}] if seen else []
        (out / f"{name}.truth.json").write_text(json.dumps(truth) + "\n", "utf-8")
        rounded = [box and [round(value, 4) for value in box] for box in boxes]
        (out / f"{name}.boxes.json").write_text(json.dumps(rounded) + "\n", "utf-8")
    for folder in sorted(path.parent for path in work.glob("*/what.json")):
        _film(folder, out)


def _film(folder: Path, out: Path) -> None:
    """The frames of one scene; what happens in it is told by ``what.json`` beside them."""
    look = CameraLook(name=_CAMERAS[folder.name.split("-")[0]], begins=_BEGINS, fps=FPS, seed=SEED)

    def pictures() -> Iterator[Picture]:
        for number, path in enumerate(sorted(folder.glob("[0-9]*.png"))):
            yield look.taken(number, np.asarray(cv2.imread(str(path)), np.uint8))

    write_clip(out / f"{folder.name}.mp4", pictures(), SIZE, fps=FPS)
    (out / f"{folder.name}.truth.json").write_text((folder / "what.json").read_text("utf-8"), "utf-8")


if __name__ == "__main__":
    main()
