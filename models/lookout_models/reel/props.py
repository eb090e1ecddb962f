"""``python -m lookout_models.reel.props WORK``: draw what the scenes show, the number plates of the gate's cars."""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from lookout_models.reel import RESIDENT, STRANGER
from lookout_models.training.plates.chance import Random
from lookout_models.training.plates.drawing import draw_plate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import KINDS, Kind

#: File name → kind of plate and its text.
PLATES = {"plate-stranger.png": ("blue", STRANGER), "plate-resident.png": ("blue", RESIDENT)}
_SEED = 7


def draw_props(folder: Path) -> None:
    """Write each of ``PLATES`` into ``folder``; UsageError naming packages where there are too few fonts."""
    kinds = {kind.name: kind for kind in KINDS}
    installed = FontBook.installed()
    # The heaviest: the characters of real plates have strokes as wide as their letters.
    fonts = FontBook(installed.han[:1], installed.latin)
    for name, (kind, text) in PLATES.items():
        drawn = draw_plate(np.random.default_rng(_SEED), fonts, _saying(text, kinds[kind]))
        large = cv2.resize(drawn.image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(folder / name), large)


def _saying(text: str, kind: Kind) -> Kind:
    def always(_: Random) -> str:
        return text

    return replace(kind, text=always)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    draw_props(target)
