"""Label files in the YOLO layout: a line ``class cx cy w h`` a box, in fractions of the picture."""

import math
from pathlib import Path

from lookout_models.errors import UsageError

Row = tuple[int, float, float, float, float]

#: What rounding may put a fraction beyond the picture by.
_ROUNDING = 0.01


def read_labels(path: Path, classes: int, named_in: str) -> list[Row]:
    """The boxes in ``path``; ``named_in`` is what gives the class numbers 0 to ``classes`` - 1 their names.

    Raises UsageError with file and line for what is no box of a class that has a name.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read the labels {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no text file of lines 'class cx cy w h'; replace it") from error
    numbered = ((f"{path}, line {number}", line.strip()) for number, line in enumerate(lines, start=1))
    return [_row(line, classes, named_in, where) for where, line in numbered if line]


def _row(line: str, classes: int, named_in: str, where: str) -> Row:
    try:
        number, x, y, width, height = (float(value) for value in line.split())
    except ValueError as error:
        raise UsageError(f"{where}: '{line}' is not 'class cx cy w h'") from error
    if number not in range(classes):
        raise UsageError(f"{where}: class {line.split()[0]} has no name in {named_in}, which names {classes}")
    if not all(math.isfinite(value) and 0 <= value <= 1 + _ROUNDING for value in (x, y, width, height)):
        raise UsageError(f"{where}: '{line}' is no box in fractions of the picture, each from 0 to 1")
    if not (width and height):
        raise UsageError(f"{where}: '{line}' is a box without width or height; remove the line")
    return int(number), x, y, width, height
