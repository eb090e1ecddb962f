"""Running models over folders of pictures, a line of JSON a picture."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.ports import Detector
from lookout_models.errors import ModelsError
from lookout_models.pictures import read_picture

Line = dict[str, Any]

_WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def predict(detector: Detector, pictures: Iterable[Path]) -> Iterator[Line]:
    """A line a picture: ``{"image", "detections": [{"label", "score", "box": [x1, y1, x2, y2] in pixels}]}``.

    A picture that cannot be read gives ``{"image", "error"}`` and the next one follows.
    """
    return _each(pictures, lambda image: {"detections": _detections(detector, image)})


def read_plates(reader: OnnxPlateReader, pictures: Iterable[Path], crops: bool) -> Iterator[Line]:
    """A line a picture: ``{"image", "plate", "score"}`` of the best reading, plate null where none is found.

    With ``crops`` each picture is itself a straightened plate.
    """

    def read(image: Image) -> Line:
        readings = [reader.read_plate(image)] if crops else list(reader.read(image, _WHOLE))
        best = readings[0] if readings else PlateReading(None, 0.0, _WHOLE)
        return {"plate": best.text, "score": round(best.confidence, 4)}

    return _each(pictures, read)


def _each(pictures: Iterable[Path], work: Callable[[Image], Line]) -> Iterator[Line]:
    for path in pictures:
        try:
            yield {"image": path.name, **work(read_picture(path))}
        except ModelsError as error:
            yield {"image": path.name, "error": str(error)}


def _detections(detector: Detector, image: Image) -> list[Line]:
    height, width = image.shape[:2]
    return [_in_pixels(detection, width, height) for detection in detector.detect(image)]


def _in_pixels(detection: Detection, width: int, height: int) -> Line:
    box = detection.box
    pixels = (box.x1 * width, box.y1 * height, box.x2 * width, box.y2 * height)
    return {
        "label": detection.label,
        "score": round(detection.score, 4),
        "box": [round(value, 2) for value in pixels],
    }
