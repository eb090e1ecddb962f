"""Time that was really watched: absence counts only while somebody looks."""

from dataclasses import dataclass

#: Frame times nearer than this are one instant, seconds: seconds since 1970 are good to a quarter of a microsecond.
INSTANT_S = 1e-5
#: A single look says nothing about more than this many seconds before it.
MAX_STEP_S = 1.0


def seconds_between(since: float, at: float) -> float:
    """Seconds from ``since`` to ``at``, rounded: a sum of times and their difference do not agree to the last bit.

    A limit that falls due at ``since + limit`` is then reached in the look at that very instant.
    """
    return round(at - since, 5)


@dataclass(slots=True)
class LookClock:
    """Turns the frame times of successive looks into watched seconds.

    After an idle stretch, a stall or a failed detector only ``MAX_STEP_S`` of the gap counts, so that nothing is
    declared gone because nobody looked.
    """

    last_at: float | None = None

    def step(self, at: float) -> float:
        """Watched seconds since the last look, 0..MAX_STEP_S."""
        step = self.since(at)
        self.last_at = at
        return step

    def since(self, at: float) -> float:
        """Seconds from the last look to ``at``, 0..MAX_STEP_S; 0 before the first."""
        return 0.0 if self.last_at is None else min(MAX_STEP_S, max(0.0, at - self.last_at))
