"""Motion gate: is it worth looking? A coarse grey thumbnail against the one of the last look."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lookout_edge.domain.frame import Luma


@dataclass(frozen=True, slots=True, kw_only=True)
class MotionSettings:
    """When a picture counts as changed."""

    #: Longer side of the thumbnail in pixels.
    thumbnail: int = 160
    #: Grey levels 0..255 by which a thumbnail pixel must differ; above the noise of night pictures.
    level: int = 20
    #: Share of thumbnail pixels that must differ, 0..1: 0.05 % is a person far away.
    share: float = 0.0005


class MotionGate:
    """Remembers the picture of the last look; says whether another differs from it."""

    def __init__(self, settings: MotionSettings | None = None) -> None:
        self._settings = settings or MotionSettings()
        self._reference: NDArray[np.int16] | None = None

    @property
    def longest(self) -> int:
        """Longer side of the pictures it wants, pixels."""
        return self._settings.thumbnail

    def changed(self, luma: Luma) -> bool:
        """Whether ``luma`` differs from the last one that was looked at; True when there is none."""
        thumbnail = luma.astype(np.int16)
        if self._reference is None or self._reference.shape != thumbnail.shape:
            return True
        differing = np.count_nonzero(np.abs(thumbnail - self._reference) >= self._settings.level)
        return bool(differing >= max(1.0, self._settings.share * thumbnail.size))

    def looked(self, luma: Luma) -> None:
        """Take ``luma`` as the one that was looked at."""
        self._reference = luma.astype(np.int16)

    def reset(self) -> None:
        """Forget the reference: time has jumped."""
        self._reference = None
