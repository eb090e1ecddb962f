"""How long may something that moves go without a look, so that it is surely known again?"""

from dataclasses import dataclass

from lookout_edge.domain.kalman import BoxFilter


@dataclass(frozen=True, slots=True, kw_only=True)
class ForesightSettings:
    """Times in seconds; lengths in the thing's own widths and heights."""

    #: Times that it may go without a look, longest first.
    waits_s: tuple[float, ...] = (0.6, 0.4)
    #: Farthest that it may get meanwhile: what goes farther is met by others on its way, or turns.
    most_way: float = 1.6
    #: Most standard deviation of where it will be then: 0.3 off both ways leaves an overlap (IoU) of 0.32.
    most_spread: float = 0.3


def foreseen_s(motion: BoxFilter, settings: ForesightSettings) -> float:
    """Seconds from the last sight for which it is foreseeable where it will be; 0 when it needs each picture."""
    speed = motion.speed
    for wait_s in settings.waits_s:
        if speed * wait_s <= settings.most_way and motion.spread(wait_s) <= settings.most_spread:
            return wait_s
    return 0.0
