"""Finding, straightening and reading number plates with two models of the zoo."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_edge.adapters.onnx.heads.ctc import GrammarDecoder, PlateText
from lookout_edge.adapters.onnx.heads.plate_ssd import PlateCandidates, PlateSsdDecoder
from lookout_edge.adapters.onnx.letterbox import InputMaker
from lookout_edge.adapters.onnx.nms import non_maximum_suppression
from lookout_edge.adapters.onnx.plate_lines import side_by_side
from lookout_edge.adapters.onnx.plate_text import LOOKALIKES, PATTERNS
from lookout_edge.adapters.onnx.session import DEFAULT_PROVIDERS, OnnxSession
from lookout_edge.adapters.zoo import ZooEntry
from lookout_edge.adapters.zoo_heads import CtcHead, PlateSsdHead
from lookout_edge.domain.detection import PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import WHOLE, Box
from lookout_edge.errors import ModelError

Floats = NDArray[np.float32]

#: The region is widened by this share of its size: plates sit at the edge of a vehicle's box.
_REGION_MARGIN = 0.1
_NO_PLATE = "none"
#: Multiples of the reader's input that a plate is straightened at.
_FINEST = 4
_ONE_CLASS = 0
#: A plate that is less than so many times as wide as high may have two lines: one line is 3.1 times as wide, two lines
#: are 1.6 to 2 times, and a slanting view narrows both.
_MAYBE_TWO_LINES = 2.6
#: Outputs of a reader with a second head.
_TEXT, _COLOUR = "text", "colour"


class PlateFinder:
    """Finds the four corners of plates in a picture."""

    def __init__(self, entry: ZooEntry, providers: Sequence[str] = DEFAULT_PROVIDERS, threads: int = 1) -> None:
        spec = entry.spec
        if not isinstance(spec.head, PlateSsdHead) or spec.nms is None:
            raise ModelError(f"model '{entry.name}' does not find number plates; choose another one as plate detector")
        self._threshold = spec.thresholds.default
        self._iou = spec.nms.iou
        self._maker = InputMaker(spec.input)
        size = (spec.input.width, spec.input.height)
        self._decoder = PlateSsdDecoder(size, spec.head.strides, spec.head.prior_sizes, spec.head.variances)
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)

    def find(self, image: Image) -> PlateCandidates:
        """Plates in a BGR picture, best first, in fractions of it."""
        batch, placement = self._maker.make(image)
        outputs = self._session.run(batch)
        found = self._decoder.decode(outputs["loc"][0], outputs["conf"][0, :, 1], outputs["landms"][0], self._threshold)
        one_class = np.full(len(found.scores), _ONE_CLASS, np.intp)
        kept = non_maximum_suppression(found.boxes, found.scores, one_class, self._iou)
        return PlateCandidates(
            placement.to_fractions(found.boxes[kept]), found.scores[kept], placement.to_fractions(found.corners[kept])
        )


@dataclass(frozen=True, slots=True)
class PlateLook:
    """What a straightened picture shows to one reader."""

    #: The best text however unsure; None when there is no plate.
    text: PlateText | None
    #: One of the model's colours, None from a model that tells none.
    colour: str | None

    @property
    def likelihood(self) -> float:
        """How probable it is that all of the text is right, 0..1."""
        return prod(self.text.character_confidences) if self.text else 0.0


class PlateTextReader:
    """Reads straightened pictures of single plates."""

    def __init__(self, entry: ZooEntry, providers: Sequence[str] = DEFAULT_PROVIDERS, threads: int = 1) -> None:
        spec = entry.spec
        if not isinstance(spec.head, CtcHead):
            raise ModelError(f"model '{entry.name}' does not read number plates; choose another one as plate reader")
        self.size = (spec.input.width, spec.input.height)
        self.margin = spec.head.margin
        self.threshold = spec.thresholds.default
        self._colours = spec.head.colours
        self._maker = InputMaker(spec.input)
        self._decoder = GrammarDecoder(spec.head.alphabet, PATTERNS, LOOKALIKES)
        self._session = OnnxSession(entry.name, entry.weights(), providers, threads)

    def read(self, plate: Image) -> PlateLook:
        """What a BGR picture shows that should hold one plate and little else."""
        batch, _ = self._maker.make(plate)
        outputs = self._session.run(batch)
        colour = self._colour(outputs[_COLOUR][0]) if self._colours else None
        steps = outputs[_TEXT] if self._colours else next(iter(outputs.values()))
        return PlateLook(None if colour == _NO_PLATE else self._decoder.decode(steps[0]), colour)

    def _colour(self, probabilities: Floats) -> str:
        return self._colours[int(probabilities.argmax())]


class OnnxPlateReader:
    """A :class:`lookout_edge.ports.PlateReader`; one instance serves all cameras and threads.

    A reading with a character less probable than ``min_character`` (None: the reader's threshold) is a guess and comes
    back without its text. What may have two lines is read as one line and as two, and the surer reading counts.
    """

    def __init__(
        self,
        finder: ZooEntry,
        reader: ZooEntry,
        providers: Sequence[str] = DEFAULT_PROVIDERS,
        threads: int = 1,
        min_character: float | None = None,
    ) -> None:
        self._finder = PlateFinder(finder, providers, threads)
        self._reader = PlateTextReader(reader, providers, threads)
        self._models = {entry.name: entry.sha256 for entry in (finder, reader)}
        self._threshold = self._reader.threshold if min_character is None else min_character

    @property
    def models(self) -> dict[str, str]:
        """Zoo name → SHA-256 of the weights."""
        return dict(self._models)

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """Plates inside ``region`` of a BGR picture, best reading first; boxes as fractions of the whole picture."""
        height, width = image.shape[:2]
        left, top, right, bottom = _pixels(_widened(region), width, height)
        if right - left < 2 or bottom - top < 2:
            return []
        crop = image[top:bottom, left:right]
        found = self._finder.find(crop)
        origin = np.array([left, top] * 2, np.float32)
        scale = np.array([right - left, bottom - top] * 2, np.float32)
        whole = np.array([width, height] * 2, np.float32)
        boxes = np.clip((found.boxes * scale + origin) / whole, 0.0, 1.0)
        corners = (found.corners * np.tile(scale[:2], 4)).reshape(-1, 4, 2)
        readings = [
            self._reading(crop, plate, Box(*(float(v) for v in box))) for plate, box in zip(corners, boxes, strict=True)
        ]
        return sorted(readings, key=lambda r: (r.text is not None, r.confidence), reverse=True)

    def read_plate(self, plate: Image) -> PlateReading:
        """The reading of a picture that is itself a straightened plate."""
        height, width = plate.shape[:2]
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
        return self._reading(plate, corners, WHOLE)

    def _reading(self, image: Image, corners: Floats, box: Box) -> PlateReading:
        looks = [self._reader.read(straighten(image, corners, self._reader.size, self._reader.margin))]
        if _proportion(corners) < _MAYBE_TWO_LINES:
            width, height = self._reader.size
            both = straighten(image, corners, (width, 2 * height), self._reader.margin)
            looks.append(self._reader.read(side_by_side(both, self._reader.size)))
        best = max(looks, key=lambda look: look.likelihood)
        if best.text is None:
            return PlateReading(None, 0.0, box, best.colour)
        sure = min(best.text.character_confidences) >= self._threshold
        return PlateReading(best.text.text if sure else None, best.text.confidence, box, best.colour)


def _proportion(corners: Floats) -> float:
    """How many times as wide as high the plate with these ``corners`` (4, 2) is, its sides averaged."""
    top, right, bottom, left = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float((top + bottom) / max(left + right, 1e-6))


def straighten(image: Image, corners: Floats, size: tuple[int, int], margin: tuple[float, float]) -> Image:
    """The plate with these ``corners`` (4, 2) in pixels, from the front, with room around it, at (width, height)."""
    width, height = size
    x, y = width * margin[0], height * margin[1]
    target = np.array([[x, y], [width - x, y], [width - x, height - y], [x, height - y]], np.float32)
    # A near plate is straightened at a multiple of the size and shrunk by area: a warp alone would skip pixels.
    finer = int(np.clip(np.ptp(corners[:, 0]) / width, 1, _FINEST))
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target * np.float32(finer))
    large = (width * finer, height * finer)
    straight = cv2.warpPerspective(image, matrix, large, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return cv2.resize(straight, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _widened(region: Box) -> Box:
    x, y = region.width * _REGION_MARGIN, region.height * _REGION_MARGIN
    return Box(region.x1 - x, region.y1 - y, region.x2 + x, region.y2 + y).clipped()


def _pixels(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    return int(box.x1 * width), int(box.y1 * height), -int(-box.x2 * width // 1), -int(-box.y2 * height // 1)
