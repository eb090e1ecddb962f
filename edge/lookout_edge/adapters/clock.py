"""The box's own clock."""

import time


class SystemClock:
    """Wall-clock time of this machine."""

    def now(self) -> float:
        """Seconds since the Unix epoch, UTC."""
        return time.time()
