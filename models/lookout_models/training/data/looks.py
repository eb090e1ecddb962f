"""Light, colour, blur and compression of training samples: what a cheap camera and a long night do to a picture."""

import cv2
import numpy as np

from lookout_models.training.data.geometry import Picture
from lookout_models.training.recipe import Augmentation

Random = np.random.Generator


def disturbed(picture: Picture, settings: Augmentation, random: Random) -> Picture:
    """``picture`` with each kind of change drawn by its share."""
    steps = (
        (settings.colour, _coloured),
        (settings.balance, _balanced),
        (settings.night, _night),
        (settings.grey, _grey),
        (settings.blur, _blurred),
        (settings.low_resolution, _low_resolution),
        (settings.compression, _compressed),
    )
    for share, change in steps:
        if random.random() < share:
            picture = change(picture, random)
    return picture


def _coloured(picture: Picture, random: Random) -> Picture:
    """Hue is moved little: a flame is told by it."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_BGR2HSV).astype(np.int16)
    hsv[..., 0] = (hsv[..., 0] + int(random.integers(-4, 5))) % 180
    saturation, value = random.uniform(0.6, 1.4), random.uniform(0.6, 1.4)
    hsv[..., 1] = np.clip(hsv[..., 1] * saturation, 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * value, 0, 255)
    return _bytes(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2BGR))


def _balanced(picture: Picture, random: Random) -> Picture:
    """White balance that is off, as cheap cameras have it by lamplight."""
    gains = np.exp(random.uniform(-0.3, 0.3, 3)).astype(np.float32)
    return _bytes(picture * gains)


def _night(picture: Picture, random: Random) -> Picture:
    dark = (picture.astype(np.float32) / 255) ** random.uniform(1.4, 2.4) * random.uniform(0.5, 0.9)
    noise = random.normal(0, random.uniform(0.01, 0.04), picture.shape).astype(np.float32)
    return _bytes((dark + noise) * 255)


def _grey(picture: Picture, random: Random) -> Picture:
    del random
    return _bytes(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def _blurred(picture: Picture, random: Random) -> Picture:
    if random.random() < 0.5:
        return _bytes(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.5, 1.6)))
    length = int(random.integers(3, 8))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), random.uniform(0, 180), 1)
    turned = np.asarray(cv2.warpAffine(kernel, turn, (length, length)), np.float32)
    return _bytes(cv2.filter2D(picture, -1, (turned / max(float(turned.sum()), 1e-3)).astype(np.float32)))


def _low_resolution(picture: Picture, random: Random) -> Picture:
    factor = random.uniform(0.4, 0.8)
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    return _bytes(cv2.resize(small, (picture.shape[1], picture.shape[0]), interpolation=cv2.INTER_LINEAR))


def _compressed(picture: Picture, random: Random) -> Picture:
    quality = int(random.integers(20, 70))
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return _bytes(cv2.imdecode(encoded, cv2.IMREAD_COLOR))


def _bytes(picture: object) -> Picture:
    return np.clip(np.asarray(picture), 0, 255).astype(np.uint8, copy=False)
