"""How well a plate reader of the zoo reads pictures whose texts are known."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lookout_edge.adapters.onnx.plates import OnnxPlateReader
from lookout_edge.domain.frame import Image


@dataclass(frozen=True, slots=True)
class PlateAccuracy:
    """Counts over pictures of known plates."""

    pictures: int
    #: Read, and every character right.
    exact: int
    #: Read, and wrong: worse than unread.
    wrong: int
    #: Characters right in place among the texts of the right length, and all characters of all plates.
    characters_right: int
    characters: int
    #: (truth, reading or None, confidence) of what was not read exactly.
    misses: tuple[tuple[str, str | None, float], ...]

    @property
    def exact_share(self) -> float:
        """Share of the pictures read exactly, 0..1."""
        return self.exact / self.pictures if self.pictures else 0.0


def read_all(reader: OnnxPlateReader, plates: Iterable[tuple[Image, str]]) -> PlateAccuracy:
    """Read straightened plates, BGR, each with its text."""
    rows = [(truth, reader.read_plate(image)) for image, truth in plates]
    return summary([(truth, reading.text, reading.confidence) for truth, reading in rows])


def summary(rows: Sequence[tuple[str, str | None, float]]) -> PlateAccuracy:
    """The counts of (truth, reading, confidence) rows."""
    misses = tuple(row for row in rows if row[0] != row[1])
    return PlateAccuracy(
        pictures=len(rows),
        exact=len(rows) - len(misses),
        wrong=sum(read is not None for _, read, _ in misses),
        characters_right=sum(_right(truth, read) for truth, read, _ in rows),
        characters=sum(len(truth) for truth, _, _ in rows),
        misses=misses,
    )


def _right(truth: str, read: str | None) -> int:
    if read is None or len(read) != len(truth):
        return 0
    return sum(a == b for a, b in zip(truth, read, strict=True))
