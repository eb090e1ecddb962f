"""A decoded picture with the time it was taken."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""H × W × 3, BGR, uint8."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of one camera. ``image`` is shared, never written to."""

    camera: str
    #: Frame time in seconds since the Unix epoch (UTC), from the stream, not from the clock of this box.
    at: float
    image: Image = field(repr=False)
    #: Stream time minus this box's clock when the frame arrived, in seconds; None when it was not measured.
    skew_s: float | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        shape: tuple[Any, ...] = self.image.shape
        return int(shape[1]), int(shape[0])

    @property
    def captured_at(self) -> datetime:
        """``at`` as an aware datetime in UTC."""
        return datetime.fromtimestamp(self.at, UTC)
