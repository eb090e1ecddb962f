"""Whether a place shows what it showed before, however the light on it has changed: by its relief, not its levels."""

import numpy as np

from lookout_edge.domain.frame import Luma

#: Fewer pixels have no relief of which anything could be told.
_LEAST_PIXELS = 24
#: Contrast (grey levels, standard deviation) below which a place is plain: a plain thing on plain ground looks like it.
_PLAIN = 12.0
#: Levels by which light may have risen or fallen on the whole of it.
_MOST_LIGHT = 20.0


def same_relief(now: Luma, before: Luma, limit: Luma, share: float) -> bool:
    """Whether two cut-outs (H × W grey levels) show the same, but for light that falls on it.

    Light is a change that is even, slopes across the place or scales its contrast: the least-squares fit of these is
    taken off, and at most ``share`` of the pixels may differ by ``limit`` (H × W) levels then. False of what is too
    small or too plain to tell.
    """
    if now.shape != before.shape or now.size < _LEAST_PIXELS:
        return False
    new, old = now.astype(np.float32), before.astype(np.float32)
    if min(float(new.std()), float(old.std())) < _PLAIN:
        return False
    change = (new - old).ravel()
    if abs(float(change.mean())) >= _MOST_LIGHT:
        return False
    height, width = now.shape
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    even = np.ones(change.size)
    causes = np.stack([even, across.ravel(), down.ravel(), (old - old.mean()).ravel()], axis=1).astype(np.float32)
    weights = np.linalg.pinv(causes.T @ causes) @ (causes.T @ change)
    differing = np.count_nonzero(np.abs(change - causes @ weights) >= limit.ravel())
    return bool(differing <= share * now.size)
