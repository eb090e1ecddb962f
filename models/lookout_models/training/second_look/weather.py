"""Rain, fog and light from elsewhere over a square: none of it makes a lamp a fire."""

import cv2
import numpy as np

from lookout_models.training.data.geometry import Picture

Random = np.random.Generator


def rained(picture: Picture, random: Random) -> Picture:
    """A copy of the square ``picture`` (BGR) paler, as behind fog, and with streaks of rain that lean one way."""
    size = len(picture)
    haze = cv2.convertScaleAbs(picture, alpha=random.uniform(0.65, 0.95), beta=random.uniform(5, 40))
    streaks = np.zeros((size, size), np.uint8)
    lean, length = random.uniform(-0.3, 0.3), random.uniform(0.03, 0.2) * size
    brightness, thickness = int(random.integers(25, 90)), 1 if random.random() < 0.7 else 2
    for x, y in random.uniform(-0.1 * size, size, (int(random.integers(5, 60)), 2)):
        along = length * random.uniform(0.5, 1.3)
        cv2.line(streaks, (int(x), int(y)), (int(x + along * lean), int(y + along)), brightness, thickness)
    soft = cv2.cvtColor(cv2.GaussianBlur(streaks, (3, 3), 0), cv2.COLOR_GRAY2BGR)
    return cv2.add(haze, soft).astype(np.uint8, copy=False)


def lit(picture: Picture, random: Random) -> Picture:
    """A copy of the square ``picture`` (BGR) with the light of a lamp somewhere in or beside it, perhaps warm."""
    size = len(picture)
    x, y = random.uniform(-0.5, 1.5, 2) * size
    reach = random.uniform(0.15, 1.2) * size
    rows, columns = np.ogrid[:size, :size]
    distance = ((rows - y) ** 2 + (columns - x) ** 2) / reach**2
    light = random.uniform(0.2, 0.6) * random.uniform(60, 200) / (1 + distance)
    colour = np.array([1 - 0.6 * random.random(), 1 - 0.25 * random.random(), 1.0])
    return np.clip(picture + light[..., None] * colour, 0, 255).astype(np.uint8)
