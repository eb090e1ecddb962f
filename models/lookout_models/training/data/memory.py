"""Decoded pictures kept in memory: a run sees each a dozen times, and decoding costs as much as distorting."""

from pathlib import Path

from lookout_models.pictures import read_picture
from lookout_models.training.data.geometry import Picture


class PictureMemory:
    """Reads pictures and keeps as many as fit into ``limit`` bytes; those that do not fit are read every time.

    Whoever gets a picture must not change it.
    """

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._pictures: dict[Path, Picture] = {}

    def read(self, path: Path) -> Picture:
        """The picture at ``path``, BGR. Raises ModelsError when it cannot be read."""
        known = self._pictures.get(path)
        if known is not None:
            return known
        picture = read_picture(path)
        if picture.nbytes <= self._left:
            self._left -= picture.nbytes
            self._pictures[path] = picture
        return picture
