"""Drawn scenes to measure the whole chain on: a plate, or a sign that is none, on a vehicle seen at an angle."""

from dataclasses import dataclass

import cv2
import numpy as np

from lookout_edge.domain.geometry import Box
from lookout_models.training.plates.chance import Random, pick, whole
from lookout_models.training.plates.distortion import Severity, relight
from lookout_models.training.plates.drawing import SCALE, Picture, Reals, draw_plate
from lookout_models.training.plates.kinds import KINDS
from lookout_models.training.plates.negatives import draw_sign
from lookout_models.training.plates.samples import Sources, surround

#: Size of a scene, pixels: what a camera shows of one vehicle and its surroundings.
_WIDTH, _HEIGHT = 640, 480
#: Width of a plate in a scene, pixels; of one below ``_NARROWEST`` millimetres less, in proportion.
_PLATE, _NARROWEST = (88, 190), 330
_SIGN = "sign"


@dataclass(frozen=True, slots=True)
class Scene:
    """A BGR picture, the kind of what hangs on the vehicle, and its text ("" on a sign)."""

    image: Picture
    kind: str
    text: str
    #: Where the vehicle is, as fractions of the picture.
    vehicle: Box


def draw_scenes(random: Random, sources: Sources, of_each_kind: int, signs: int) -> list[Scene]:
    """So many scenes of every kind of plate, then ``signs`` of signs that are no plates."""
    scenes: list[Scene] = []
    for kind in KINDS:
        for _ in range(of_each_kind):
            plate = draw_plate(random, sources.fonts, kind)
            scenes.append(_scene(random, sources, plate.image, kind.name, plate.text))
    for _ in range(signs):
        scenes.append(_scene(random, sources, draw_sign(random, sources.fonts), _SIGN, ""))
    return scenes


def _scene(random: Random, sources: Sources, hung: Picture, kind: str, text: str) -> Scene:
    behind = surround(random, sources)
    image = np.asarray(cv2.resize(behind, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8).copy()
    vehicle, centre = _vehicle(random, image)
    # A motorcycle is narrower than a car by more than its plate is.
    scale = random.uniform(*_PLATE) / max(hung.shape[1], _NARROWEST * SCALE)
    size = np.array([hung.shape[1], hung.shape[0]], np.float32) * np.float32(scale)
    corners = (np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]]) * size).astype(np.float32)
    target = (_seen_from_aside(random, corners) + np.array(centre, np.float32)).astype(np.float32)
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * np.array(hung.shape[1::-1], np.float32)
    matrix = cv2.getPerspectiveTransform(flat, target)
    # Warped at twice the size and averaged: a warp alone would skip pixels of a plate that is drawn large.
    finer = np.diag([2.0, 2.0, 1.0]) @ matrix
    large = (_WIDTH * 2, _HEIGHT * 2)
    warped = cv2.resize(cv2.warpPerspective(hung, finer, large), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)
    cover = cv2.warpPerspective(np.full(hung.shape[:2], 255, np.uint8), finer, large)
    share = cv2.resize(cover, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA)[..., None].astype(np.float32) / 255
    mixed = image + share * (warped.astype(np.float32) - image)
    shown = relight(random, mixed.astype(np.uint8), Severity(0.0, 0.6, 0.35))
    return Scene(shown, kind, text, vehicle)


def _seen_from_aside(random: Random, corners: Reals) -> Reals:
    """The corners (4, 2) around the plate's centre, turned about the upright axis by up to 40° and tilted a little."""
    yaw, roll = random.uniform(-0.7, 0.7), random.normal(0, 0.05)
    x, y = corners[:, 0].astype(np.float64), corners[:, 1].astype(np.float64)
    depth = 1 + np.sin(yaw) * x / (5 * np.ptp(x))
    x, y = x * np.cos(yaw) / depth, y / depth
    # A camera above the road sees a turned plate's far end higher.
    y = y - 0.25 * np.sin(yaw) * x
    turned = np.stack([x * np.cos(roll) - y * np.sin(roll), x * np.sin(roll) + y * np.cos(roll)], axis=1)
    return turned.astype(np.float32)


def _vehicle(random: Random, image: Picture) -> tuple[Box, tuple[float, float]]:
    """Draw the rear of a vehicle; its box, and where its plate hangs in pixels."""
    width, height = whole(random, 300, 480), whole(random, 240, 380)
    left, top = whole(random, 20, _WIDTH - width - 20), whole(random, 20, _HEIGHT - height - 20)
    paint = (random.uniform(0, 1) * np.array([255, 255, 255]) * random.uniform(0.5, 1, 3)).tolist()
    cv2.rectangle(image, (left, top), (left + width, top + height), paint, -1)
    glass = (left + width // 8, top + height // 12), (left + width * 7 // 8, top + height // 3)
    cv2.rectangle(image, *glass, (random.uniform(20, 90, 3)).tolist(), -1)
    for x in (left + width // 16, left + width * 13 // 16):
        lamp = pick(random, ((30, 30, 190), (40, 40, 120), (200, 220, 230)))
        cv2.rectangle(image, (x, top + height * 2 // 5), (x + width // 8, top + height * 3 // 5), lamp, -1)
    bumper = (left, top + height * 4 // 5), (left + width, top + height)
    cv2.rectangle(image, *bumper, (np.array(paint) * 0.5).tolist(), -1)
    box = Box(left / _WIDTH, top / _HEIGHT, (left + width) / _WIDTH, (top + height) / _HEIGHT)
    return box, (left + width * random.uniform(0.4, 0.6), top + height * random.uniform(0.55, 0.72))
