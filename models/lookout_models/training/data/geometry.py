"""Boxes and the picture geometry that training and the gateway share. Boxes are N × 4 float32 pixels, x1 y1 x2 y2."""

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Picture = NDArray[np.uint8]

#: Colour of the letterbox's bars: what the gateway pads with.
PADDING = 114


def letterboxed(picture: Picture, size: int) -> tuple[Picture, float, tuple[int, int]]:
    """``picture`` scaled to fit ``size`` × ``size``, centred on bars; the scale; the left and top bars' widths."""
    height, width = picture.shape[:2]
    scale = size / max(height, width)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_LINEAR if scale > 1 else cv2.INTER_AREA)
    left, top = (size - inner[0]) // 2, (size - inner[1]) // 2
    canvas = np.full((size, size, 3), PADDING, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = resized
    return canvas, scale, (left, top)


def pairwise_iou(first: Floats, second: Floats) -> Floats:
    """N × M intersection over union."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    far = np.minimum(first[:, None, 2:], second[None, :, 2:])
    common = np.clip(far - corner, 0, None).prod(-1)
    union = areas(first)[:, None] + areas(second)[None] - common
    return (common / np.maximum(union, 1e-9)).astype(np.float32)


def areas(boxes: Floats) -> Floats:
    """N areas in square pixels."""
    return np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(-1).astype(np.float32)
