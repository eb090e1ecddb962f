"""Real crops whose file names are their texts: reading them, dividing them, and making more of them."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lookout_edge.adapters.onnx.plate_text import is_plate
from lookout_models.errors import UsageError
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.distortion import Severity, relight
from lookout_models.training.plates.drawing import Picture, Reals


@dataclass(frozen=True, slots=True)
class RealCrop:
    """A photographed plate, BGR, with what stands on it."""

    image: Picture
    text: str


def load_crops(folder: Path) -> list[RealCrop]:
    """All ``TEXT.jpg`` of ``folder`` in name order; UsageError when there are none or a name is no plate."""
    files = sorted(folder.glob("*.jpg"))
    if not files:
        raise UsageError(f"{folder} holds no .jpg crops; give a folder of rectified plates named by their text")
    return [_load(file) for file in files]


def _load(file: Path) -> RealCrop:
    image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise UsageError(f"{file} is no readable picture; remove it")
    if not is_plate(file.stem):
        raise UsageError(f"{file.name} is not named after a plate; rename it to the text it shows")
    return RealCrop(np.asarray(image, np.uint8), file.stem)


def fold_of(text: str, folds: int) -> int:
    """Which of ``folds`` parts a plate belongs to: by its text's SHA-1, so that no file order or seed moves it."""
    return int(hashlib.sha1(text.encode()).hexdigest(), 16) % folds


def vary(random: Random, crops: Sequence[RealCrop], times: int, strength: float) -> Iterator[RealCrop]:
    """Each of ``crops`` so many times: half of them spliced with another one, shifted, tilted, relit, blurred."""
    severity = Severity(strength, strength, strength)
    for crop in crops:
        for _ in range(times):
            shown = _spliced(random, crop, pick(random, crops)) if random.random() < 0.5 else crop
            yield RealCrop(_varied(random, shown.image, severity), shown.text)


#: Left edge of the gap before character 2, 3 … 6 of an ordinary plate, as a share of its width.
_GAPS = (0.30, 0.465, 0.595, 0.725, 0.855)


def _spliced(random: Random, left: RealCrop, right: RealCrop) -> RealCrop:
    """The first characters of one plate and the last of another, the second one's light fitted to the first's.

    Only level plates of the same size fit; others come back as they are. The seam falls between two characters.
    """
    if left.image.shape != right.image.shape or len(left.text) != 7 or len(right.text) != 7:
        return left
    place = whole(random, 0, len(_GAPS))
    seam = round(left.image.shape[1] * _GAPS[place])
    one, other = left.image.astype(np.float32), right.image.astype(np.float32)
    if not (_is_gap(one, seam) and _is_gap(other, seam)):
        return left
    fitted = (other - other.mean((0, 1))) * (one.std() / max(other.std(), 1)) + one.mean((0, 1))
    image = np.concatenate([one[:, :seam], fitted[:, seam:]], axis=1)
    return RealCrop(np.clip(image, 0, 255).astype(np.uint8), left.text[: place + 2] + right.text[place + 2 :])


def _is_gap(image: Reals, seam: int) -> bool:
    """Whether the column at ``seam`` crosses no ink: it is flat compared with its neighbourhood."""
    inner = image[5:-5].mean(axis=2)
    column = inner[:, seam - 1 : seam + 1].std()
    around = inner[:, max(0, seam - 12) : seam + 12].std()
    return bool(column < 0.3 * around)


def _varied(random: Random, image: Picture, severity: Severity) -> Picture:
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    moved = corners + random.normal(0, (0.012, 0.045), (4, 2)) * severity.geometry
    margins = random.uniform(-0.045, 0.05, (2, 2)) * severity.geometry
    moved = (moved * (1 - margins.sum(axis=0)) + margins[0]).astype(np.float32)
    big = np.array((width * 2, height * 2), np.float32)
    matrix = cv2.getPerspectiveTransform(corners * np.array((width, height), np.float32), moved * big)
    warped = cv2.warpPerspective(
        image, matrix, (width * 2, height * 2), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    if random.random() < 0.5:
        warped = cv2.resize(warped, (width, height), interpolation=cv2.INTER_AREA)
    return relight(random, np.asarray(warped, np.uint8), severity)
