"""How long to wait before trying again."""

import random


class Backoff:
    """Exponential back-off with jitter, so that forty gateways do not come back in the same second.

    Each wait is drawn between half and all of ``base_s * 2**n``, never above ``ceiling_s``.
    """

    def __init__(self, *, base_s: float = 1.0, ceiling_s: float = 60.0) -> None:
        self._base_s = base_s
        self._ceiling_s = ceiling_s
        self._failures = 0

    def next(self, at_least_s: float = 0.0) -> float:
        """Seconds to wait after one more failure; drawn as from ``at_least_s`` where that is longer."""
        span = max(at_least_s, min(self._ceiling_s, self._base_s * 2.0 ** min(self._failures, 32)))
        self._failures += 1
        return span * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: the next failure starts from the bottom again."""
        self._failures = 0
