"""Pictures as JPEG files."""

import cv2

from lookout_edge.domain.frame import Image
from lookout_edge.errors import EdgeError

MIME = "image/jpeg"


def encode_jpeg(image: Image, *, max_size: int = 1280, quality: int = 85) -> bytes:
    """A BGR picture as JPEG, scaled down to ``max_size`` pixels on its longer side. EdgeError if it has no pixels."""
    height, width = image.shape[:2]
    scale = max_size / max(height, width, 1)
    try:
        if scale < 1:
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(image.dtype, copy=False)
        _, encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    except cv2.error as error:
        raise EdgeError(f"A picture of {width} x {height} pixels could not be written as JPEG: {error.err}") from error
    return encoded.tobytes()
