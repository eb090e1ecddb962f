"""The stream of training samples: drawn plates, varied real crops, and what is no plate."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.plate_text import DIGITS, LETTERS, PROVINCES, SPECIAL
from lookout_models.errors import UsageError
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.crops import RealCrop, vary
from lookout_models.training.plates.distortion import Severity, photograph
from lookout_models.training.plates.drawing import DrawnPlate, Picture, draw_plate
from lookout_models.training.plates.fonts import FontBook
from lookout_models.training.plates.kinds import COLOURS
from lookout_models.training.plates.negatives import draw_negative

#: Classes of the text head in order, after the CTC blank, which is class 0.
CHARACTERS = PROVINCES + DIGITS + LETTERS + SPECIAL
#: Size of the net's input, pixels.
WIDTH, HEIGHT = 128, 40
#: Steps of the CTC sequence in each of its two bands.
BAND = 32


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture of ``HEIGHT`` × ``WIDTH`` BGR with its text ("" for no plate) and its index into ``COLOURS``."""

    image: Picture
    text: str
    colour: int
    #: Where known, the sequence's step that looks at each character; else empty.
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the stream and how far each part is distorted; what remains is drawn plates."""

    negatives: float = 0.08
    real: float = 0.0
    severity: float = 1.0
    real_severity: float = 0.5


@dataclass(frozen=True, slots=True)
class Sources:
    """What samples are made from."""

    fonts: FontBook
    #: Pieces of street scenes, BGR, around plates and as negatives.
    surrounds: Sequence[Picture]
    crops: Sequence[RealCrop] = ()


def fit(image: Picture) -> Picture:
    """The crop stretched to the net's input."""
    enlarging = image.shape[1] < WIDTH
    how = cv2.INTER_LINEAR if enlarging else cv2.INTER_AREA
    return np.asarray(cv2.resize(image, (WIDTH, HEIGHT), interpolation=how), np.uint8)


def stream(random: Random, sources: Sources, mix: Mix) -> Iterator[Sample]:
    """Endless samples, fresh every time; the same ``random`` gives the same ones."""
    varied = vary(random, sources.crops, mix.real_severity) if sources.crops else None
    while True:
        choice = random.random()
        if choice < mix.negatives:
            yield _negative(random, sources, mix)
        elif varied is not None and choice < mix.negatives + mix.real:
            crop = next(varied)
            yield Sample(fit(crop.image), crop.text, COLOURS.index("blue"))
        else:
            yield _drawn(random, sources, mix)


def _drawn(random: Random, sources: Sources, mix: Mix) -> Sample:
    strength = mix.severity * float(random.uniform(0.3, 1.1))
    severity = Severity(mix.severity, strength, strength)
    return photographed(random, draw_plate(random, sources.fonts), _surround(random, sources), severity)


def photographed(random: Random, plate: DrawnPlate, surround: Picture, severity: Severity) -> Sample:
    """A drawn plate as a training sample."""
    photo = photograph(random, plate.image, plate.centres, surround, severity)
    two_lines = float(np.ptp(plate.centres[:, 1])) > 0
    return Sample(fit(photo.image), plate.text, COLOURS.index(plate.colour), _steps(photo.points, two_lines=two_lines))


def _steps(points: NDArray[np.float32], *, two_lines: bool) -> tuple[int, ...]:
    """The step over each character: its column, in the lower band unless it stands on the upper of two lines."""
    columns = np.clip((points[:, 0] * BAND).astype(int), 0, BAND - 1)
    lower = np.arange(len(points)) >= 2 if two_lines else np.ones(len(points), bool)
    return tuple((columns + BAND * lower).tolist())


def _negative(random: Random, sources: Sources, mix: Mix) -> Sample:
    flat = draw_negative(random, sources.fonts, _surround(random, sources))
    strength = mix.severity * float(random.uniform(0.2, 1.0))
    severity = Severity(mix.severity, strength, strength)
    photo = photograph(random, flat, np.empty((0, 2), np.float32), _surround(random, sources), severity)
    return Sample(fit(photo.image), "", COLOURS.index("none"))


def _surround(random: Random, sources: Sources) -> Picture:
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
    """The text as class numbers of the text head."""
    return [CHARACTERS.index(character) + 1 for character in text]


#: Marks a step whose class is not told.
UNTOLD = -100


def step_classes(sample: Sample) -> NDArray[np.int64]:
    """The class of each of the 2 × ``BAND`` steps: a character on its own, blank where none is near, else ``UNTOLD``.

    All are untold when the places are not known or two characters share a step.
    """
    classes = np.full(2 * BAND, UNTOLD, np.int64)
    if sample.text and (not sample.steps or len(set(sample.steps)) < len(sample.steps)):
        return classes
    near = {step + offset for step in sample.steps for offset in (-1, 0, 1)}
    classes[[step for step in range(2 * BAND) if step not in near]] = 0
    classes[list(sample.steps)] = as_classes(sample.text)
    return classes
