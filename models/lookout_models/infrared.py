"""Pictures as a camera shows them at night, by its own infrared lamp."""

from collections.abc import Callable

import cv2
import numpy as np

from lookout_edge.domain.frame import Image

#: Of blue, green and red: ITU-R BT.601's luma, and what the near infrared is nearest to. Flames and lamps, which are
#: brightest there, are bright in red.
_LUMA, _RED = np.array([0.114, 0.587, 0.299]), np.array([0.05, 0.15, 0.85])


def infrared_camera(random: np.random.Generator) -> Callable[[Image], Image]:
    """A camera at night: pictures (H × W × 3 BGR) come out grey, lit from about their middle, noisy, of the same size.

    It is the same camera for all its pictures, with other noise in each. It knows nothing of what reflects infrared:
    leaves stay dark, and smoke as thick as it was.
    """
    x, y = random.uniform(-0.4, 0.4, 2)
    brightness, falls = random.uniform(0.85, 1.5), random.uniform(0.1, 0.7)
    share, gamma, noise = random.random(), random.uniform(0.8, 1.3), random.uniform(1, 8)
    weights = ((1 - share) * _LUMA + share * _RED).astype(np.float32)

    def show(picture: Image) -> Image:
        height, width = picture.shape[:2]
        across, down = np.linspace(-1, 1, width) - x, np.linspace(-1, 1, height)[:, None] - y
        grey = np.clip(picture.astype(np.float32) @ weights, 0, 255)
        lit = 255 * (grey / 255) ** gamma * (brightness - falls * np.hypot(across, down))
        noisy = lit + random.normal(0, noise, grey.shape)
        return np.asarray(cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2BGR), np.uint8)

    return show


def by_infrared(picture: Image, random: np.random.Generator) -> Image:
    """One picture of some ``infrared_camera``."""
    return infrared_camera(random)(picture)
