"""Folders of pictures."""

from pathlib import Path

import cv2
import numpy as np

from lookout_edge.domain.frame import Image
from lookout_models.errors import ModelsError, UsageError

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})


def list_pictures(folder: Path) -> list[Path]:
    """The pictures directly in ``folder``, by name. UsageError when there are none."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; give a folder with pictures")
    pictures = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not pictures:
        raise UsageError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))})")
    return pictures


def read_picture(path: Path) -> Image:
    """The picture as H × W × 3 BGR. ModelsError when it cannot be decoded."""
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ModelsError(f"cannot read {path.name}: {error.strerror}") from error
    # OpenCV reads no path with other than ASCII letters on some systems, but any bytes.
    decoded = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if decoded is None:
        raise ModelsError(f"{path.name} is not a picture that can be decoded; replace or remove it")
    return decoded.astype(np.uint8, copy=False)
