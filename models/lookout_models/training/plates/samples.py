"""The stream of training samples: drawn plates and what is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.plate_lines import side_by_side
from lookout_edge.adapters.onnx.plate_text import ALPHABET
from lookout_models.errors import UsageError
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.crops import RealCrop
from lookout_models.training.plates.distortion import Severity, photograph
from lookout_models.training.plates.drawing import DrawnPlate, Picture, draw_plate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.negatives import draw_negative

#: Size of the net's input, pixels.
WIDTH, HEIGHT = 160, 48
_NONE = COLOURS.index("none")
#: Share of the drawn plates that are laid out as what they are not, and so hold nothing to read.
_MISLAID = 0.04
_TWO_LINES_TILT = 0.5


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of ``HEIGHT`` × ``WIDTH`` BGR with its text ("" for no plate) and its index into ``COLOURS``."""

    image: Picture
    text: str
    colour: int


@dataclass(frozen=True, slots=True)
class Mix:
    """The share of what is no plate, the rest being drawn plates, and how far all is distorted."""

    negatives: float = 0.08
    severity: float = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """What samples are made from."""

    fonts: FontBook
    #: Pieces of street scenes, BGR, around plates and as negatives.
    surrounds: Sequence[Picture] = ()


def fit(image: Picture) -> Picture:
    """The crop stretched to the net's input."""
    enlarging = image.shape[1] < WIDTH
    how = cv2.INTER_LINEAR if enlarging else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=how), np.uint8)


def stream(random: Random, sources: Sources, mix: Mix) -> Iterator[Sample]:
    """Endless samples, fresh every time; the same ``random`` gives the same ones."""
    while True:
        yield (_negative if random.random() < mix.negatives else _drawn)(random, sources, mix)


def real_sample(crop: RealCrop) -> Sample:
    """A photographed ordinary plate."""
    return Sample(fit(crop.image), crop.text, COLOURS.index("blue"))


def _drawn(random: Random, sources: Sources, mix: Mix) -> Sample:
    strength = mix.severity * float(random.uniform(0.3, 1.1))
    severity = Severity(mix.severity, strength, strength)
    plate = draw_plate(random, sources.fonts)
    return photographed(random, plate, surround(random, sources), severity, mislaid=random.random() < _MISLAID)


def photographed(
    random: Random, plate: DrawnPlate, behind: Picture, severity: Severity, *, mislaid: bool = False
) -> Sample:
    """A drawn plate as a training sample, two lines side by side; ``mislaid`` does that to the other kinds of plate."""
    if plate.lines == 2:
        # Lines are parted after the plate was straightened, so little tilt is left.
        severity = replace(severity, geometry=severity.geometry * _TWO_LINES_TILT)
    photo = photograph(random, plate.image, behind, severity)
    image = side_by_side(photo, (WIDTH, HEIGHT)) if (plate.lines == 2) != mislaid else fit(photo)
    return Sample(image, "", _NONE) if mislaid else Sample(image, plate.text, COLOURS.index(plate.colour))


def _negative(random: Random, sources: Sources, mix: Mix) -> Sample:
    flat = draw_negative(random, sources.fonts, surround(random, sources))
    strength = mix.severity * float(random.uniform(0.2, 1.0))
    severity = Severity(mix.severity, strength, strength)
    photo = photograph(random, flat, surround(random, sources), severity)
    # The runtime tries both layouts on what is not clearly of one line.
    image = side_by_side(photo, (WIDTH, HEIGHT)) if random.random() < 0.3 else fit(photo)
    return Sample(image, "", _NONE)


def surround(random: Random, sources: Sources) -> Picture:
    """A piece of a street scene or of bodywork, BGR, any size."""
    if not sources.surrounds or random.random() < 0.3:
        return _plain(random)
    scene = pick(random, sources.surrounds)
    height, width = scene.shape[:2]
    wide = whole(random, min(60, width - 1), width)
    high = min(height, max(16, wide // 3))
    x, y = whole(random, 0, width - wide + 1), whole(random, 0, height - high + 1)
    return scene[y : y + high, x : x + wide]


def _plain(random: Random) -> Picture:
    """Bodywork: two colours running into each other."""
    ends = random.uniform(0, 255, (2, 2, 3)).astype(np.float32) * float(random.uniform(0.2, 1))
    return np.clip(cv2.resize(ends, (96, 32), interpolation=cv2.INTER_LINEAR), 0, 255).astype(np.uint8)


def load_surrounds(folder: Path, limit: int) -> list[Picture]:
    """Up to ``limit`` pictures of street scenes, spread evenly over the folder's names; UsageError when it has none."""
    files = sorted(folder.glob("*.jpg"))
    if not files:
        raise UsageError(f"{folder} holds no .jpg pictures; give a folder of street scenes or leave it out")
    chosen = files[:: max(1, len(files) // limit)][:limit]
    pictures = (cv2.imread(str(file), cv2.IMREAD_COLOR) for file in chosen)
    return [np.asarray(picture, np.uint8) for picture in pictures if picture is not None]


def as_input(images: Sequence[Picture]) -> NDArray[np.float32]:
    """Pictures of the net's size as N × 3 × HEIGHT × WIDTH, BGR, −1..1."""
    stacked = np.stack(images).astype(np.float32)
    return np.ascontiguousarray((stacked.transpose(0, 3, 1, 2) - 127.5) / 127.5)


def as_classes(text: str) -> list[int]:
    """The text as class numbers of the text head, whose class 0 is the CTC blank."""
    return [ALPHABET.index(character) + 1 for character in text]
