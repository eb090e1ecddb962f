"""What a camera does to a plate: angle, crop, light, dirt, blur, few pixels, compression, night."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_models.training.plates.chance import Random, whole
from lookout_models.training.plates.drawing import Picture, Reals

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Severity:
    """How badly pictures are treated; 1 is the ordinary range, 0 leaves them nearly clean."""

    geometry: float = 1.0
    light: float = 1.0
    blur: float = 1.0


def photograph(random: Random, flat: Picture, surround: Picture, severity: Severity) -> Picture:
    """``flat`` (BGR) as a camera crops it, on ``surround`` (BGR, any size). The size of the result varies."""
    width = int(56 * (210 / 56) ** random.random())
    height = round(width * random.uniform(0.24, 0.36) * (1.0 if flat.shape[1] > 2.5 * flat.shape[0] else 1.6))
    size = np.array((width, height), np.float32)
    matrix = _view(flat, _quad(random, severity.geometry) * size)
    return relight(random, _placed(flat, surround, (width, height), matrix), severity)


def relight(random: Random, picture: Picture, severity: Severity) -> Picture:
    """Other light, blur, noise and compression on a BGR crop; its size may shrink."""
    image = _light(random, picture.astype(np.float32), severity.light)
    image = _blurred(random, image, severity.blur)
    noise = random.standard_normal(image.shape, np.float32) * (random.uniform(0, 7) * severity.light)
    return _compressed(random, np.clip(image + noise, 0, 255).astype(np.uint8), severity.blur)


def _view(flat: Picture, quad: Floats) -> NDArray[np.float64]:
    """The projection that takes the corners of ``flat`` to ``quad``, both in pixels."""
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * np.array(flat.shape[1::-1], np.float32)
    return cv2.getPerspectiveTransform(corners, quad).astype(np.float64)


def _placed(flat: Picture, surround: Picture, size: tuple[int, int], matrix: NDArray[np.float64]) -> Picture:
    # Shrunk by area first: a perspective warp alone would alias small plates.
    shrink = min(1.0, 1.6 * size[0] / flat.shape[1])
    small = cv2.resize(flat, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA) if shrink < 1 else flat
    matrix = matrix @ np.diag([flat.shape[1] / small.shape[1], flat.shape[0] / small.shape[0], 1])
    canvas = cv2.resize(surround, size, interpolation=cv2.INTER_AREA)
    warped = cv2.warpPerspective(small, matrix, size, flags=cv2.INTER_LINEAR)
    cover = cv2.warpPerspective(np.full(small.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    share = cover.astype(np.float32)[..., None] * np.float32(1 / 255)
    return (canvas + share * (warped.astype(np.float32) - canvas)).astype(np.uint8)


def _quad(random: Random, strength: float) -> Floats:
    """The plate's corners in the crop, 0..1: either an upright box around a tilted plate or a nearly rectified one."""
    quad = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    if random.random() < 0.55:
        # A box around a plate seen at an angle: the ends stand at different heights, the verticals lean.
        climb, lean = random.normal(0, 0.16) * strength, random.normal(0, 0.035) * strength
        slack = abs(climb)
        quad[:, 1] = quad[:, 1] * (1 - slack) + np.where(quad[:, 0] > 0.5, max(climb, 0), max(-climb, 0))
        quad[:, 0] += np.where(quad[:, 1] > 0.5, lean, -lean)
    quad += random.normal(0, (0.012, 0.03), (4, 2)) * strength
    margins = random.uniform((-0.015, -0.04), (0.06, 0.16), (2, 2)) * strength
    scale = 1 - margins.sum(axis=0)
    return (quad * scale + margins[0]).astype(np.float32)


def _light(random: Random, image: Reals, strength: float) -> Reals:
    if random.random() < 0.35 * strength:
        image = _shadow(random, image)
    if random.random() < 0.3 * strength:
        image = _dirt(random, image)
    contrast = float(np.exp(random.normal(0, 0.3) * strength))
    gains = np.exp(random.normal(0, 0.14, 3) * strength).astype(np.float32)
    image = ((image - 110) * contrast + 110) * gains + np.float32(random.normal(0, 22) * strength)
    image = _gamma(image, float(np.exp(random.normal(0, 0.4) * strength)))
    if random.random() < 0.2 * strength:
        image = image * np.float32(random.uniform(0.12, 0.5))
    if random.random() < 0.18 * strength:
        image = _glare(random, image)
    if random.random() < 0.12 * strength:
        image = _infrared(random, image)
    elif random.random() < 0.3 * strength:
        image = _shifted_hue(random, image)
    return image.astype(np.float32)


def _gamma(image: Reals, exponent: float) -> Reals:
    table = (255 * (np.arange(256) / 255) ** exponent).astype(np.float32)
    return table[np.clip(image, 0, 255).astype(np.uint8)]


def _grid(height: int, width: int) -> tuple[Floats, Floats]:
    """Row and column numbers as a column and a row."""
    return np.arange(height, dtype=np.float32)[:, None], np.arange(width, dtype=np.float32)[None]


def _shadow(random: Random, image: Reals) -> Reals:
    """A straight edge of shade at any angle, or a soft gradient."""
    height, width = image.shape[:2]
    ys, xs = _grid(height, width)
    angle = random.uniform(0, 2 * np.pi)
    x, y = random.random() * width, random.random() * height
    along = (np.cos(angle) * ((xs - x) / width) + np.sin(angle) * ((ys - y) / height)).astype(np.float32)
    edge = 1 / (1 + np.exp(-along * float(np.exp(random.uniform(0.7, 4)))))
    return (image * (1 - random.uniform(0.2, 0.75) * edge[..., None])).astype(np.float32)


def _dirt(random: Random, image: Reals) -> Reals:
    """Mud as smooth noise above a level, brownish or white, partly covering."""
    height, width = image.shape[:2]
    coarse = random.random((whole(random, 3, 10), whole(random, 5, 24))).astype(np.float32)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    share = np.clip((field - np.float32(random.uniform(0.6, 0.9))) * 5, 0, 1) * np.float32(random.uniform(0.2, 0.8))
    colour = np.array([70, 90, 110], np.float32) * float(random.uniform(0.4, 1.8))
    return (image + share[..., None] * (colour - image)).astype(np.float32)


def _glare(random: Random, image: Reals) -> Reals:
    height, width = image.shape[:2]
    ys, xs = _grid(height, width)
    x, y, size = random.random() * width, random.random() * height, random.uniform(0.08, 0.5) * width
    spot = np.exp(-((xs - x) ** 2 + ((ys - y) * 1.6) ** 2) / (2 * size**2))
    return (image + random.uniform(40, 190) * spot[..., None]).astype(np.float32)


def _infrared(random: Random, image: Reals) -> Reals:
    """Grey; paints reflect infrared otherwise than light, so the weights of the channels are random."""
    weights = random.dirichlet((1.2, 1.2, 1.2))
    return np.repeat((image @ weights)[..., None], 3, axis=2).astype(np.float32)


def _shifted_hue(random: Random, image: Reals) -> Reals:
    """A camera's white balance gone wrong: turned hue, other saturation."""
    hsv = cv2.cvtColor(np.clip(image, 0, 255).astype(np.uint8), cv2.COLOR_BGR2HSV)
    hue = (hsv[..., 0].astype(np.int32) + round(random.normal(0, 9))) % 180
    saturation = np.clip(hsv[..., 1] * random.uniform(0.25, 1.3), 0, 255)
    hsv = np.dstack([hue, saturation, hsv[..., 2]]).astype(np.uint8)
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR).astype(np.float32)


def _blurred(random: Random, image: Reals, strength: float) -> Reals:
    width = image.shape[1]
    if random.random() < 0.55 * strength:
        sigma = random.uniform(0.3, 1.0) * strength * max(1.0, width / 94)
        image = cv2.GaussianBlur(image, (0, 0), sigma).astype(np.float32)
    if random.random() < 0.25 * strength:
        image = _moved(random, image, random.uniform(2, 6) * strength * max(1.0, width / 110))
    if random.random() < 0.25 * strength:
        soft = cv2.GaussianBlur(image, (0, 0), 1.2)
        image = (image + random.uniform(0.3, 1.4) * (image - soft)).astype(np.float32)
    return image


def _moved(random: Random, image: Reals, length: float) -> Reals:
    """Motion blur along a random direction, mostly sideways."""
    size = max(3, round(length)) | 1
    kernel = np.zeros((size, size), np.float32)
    angle = random.normal(0, 0.5) if random.random() < 0.7 else random.uniform(0, np.pi)
    centre, reach = size // 2, (size // 2) * np.array([np.cos(angle), np.sin(angle)])
    start, end = np.round(centre - reach).astype(int), np.round(centre + reach).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0, 1)
    return cv2.filter2D(image, -1, kernel / kernel.sum()).astype(np.float32)


def _compressed(random: Random, image: Picture, strength: float) -> Picture:
    """Few pixels, then the blocks of a codec; a stream's blocks are like those of a poor JPEG."""
    if random.random() < 0.35 * strength:
        factor = random.uniform(0.45, 0.9)
        size = (max(40, round(image.shape[1] * factor)), max(11, round(image.shape[0] * factor)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    if random.random() < 0.7:
        quality = int(random.uniform(28, 95))
        _, packed = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return image
