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
        inside = sorted(path for path in folder.iterdir() if path.is_dir())
        hint = f"; give one of its folders, e.g. {inside[0]}" if inside else ""
        raise UsageError(f"{folder} holds no pictures ({', '.join(sorted(SUFFIXES))}){hint}")
    return pictures


def given_pictures(place: Path) -> list[Path]:
    """``place`` itself where it is a picture, else the pictures in the folder. UsageError when there are none."""
    if not place.is_file():
        return list_pictures(place)
    if place.suffix.lower() in SUFFIXES:
        return [place]
    known = ", ".join(sorted(SUFFIXES))
    raise UsageError(f"{place} is neither a folder nor a picture ({known}); a video is for 'lookout-edge replay'")


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
