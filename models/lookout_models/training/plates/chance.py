"""Draws from a generator, typed."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Random = np.random.Generator
T = TypeVar("T")


def whole(random: Random, low: int, high: int) -> int:
    """A whole number from ``low`` up to but not including ``high``."""
    return low + int(random.random() * (high - low))


def pick(random: Random, items: Sequence[T]) -> T:
    """One of ``items``, each alike."""
    return items[whole(random, 0, len(items))]
