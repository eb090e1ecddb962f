"""Where the characters of a number plate stand, in millimetres from the plate's upper left corner (GA 36)."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cell:
    """One character's rectangle, mm."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """A plate's size and its cells in reading order, mm; ``dot`` is the separator's centre."""

    width: float
    height: float
    cells: tuple[Cell, ...]
    dot: tuple[float, float] | None


def line(widths: Sequence[float], gaps: Sequence[float], *, left: float, top: float, height: float) -> tuple[Cell, ...]:
    """Cells of one line; ``gaps`` has one item fewer than ``widths``."""
    cells: list[Cell] = []
    x = left
    for width, gap in zip(widths, [*gaps, 0.0], strict=True):
        cells.append(Cell(x, top, width, height))
        x += width + gap
    return tuple(cells)


def one_line(dot_after: int = 2) -> Layout:
    """The ordinary car plate, 440 × 140: seven cells, the separator after the ``dot_after``-th."""
    gaps = [34.0 if index == dot_after else 12.0 for index in range(1, 7)]
    cells = line([45.0] * 7, gaps, left=15.5, top=25, height=90)
    before = cells[dot_after - 1]
    return Layout(440, 140, cells, (before.x + before.width + 17, 70))


def new_energy() -> Layout:
    """480 × 140 with eight cells; the mark between the second and third is wider than the ordinary separator."""
    cells = line([45.0, *[43.0] * 7], [9, 49, 9, 9, 9, 9, 9], left=15.5, top=25, height=90)
    return Layout(480, 140, cells, (137, 70))


def embassy(first: bool) -> Layout:
    """440 × 140: six digits with 使 before or behind, the separator after the third digit."""
    layout = one_line(dot_after=4 if first else 3)
    return Layout(440, 140, layout.cells, layout.dot)


def two_lines() -> Layout:
    """The rear plate of large vehicles, 440 × 220: province and letter above, five below."""
    top = line([80, 80], [60], left=110, top=15, height=60)
    bottom = line([65] * 5, [15] * 4, left=27.5, top=90, height=110)
    return Layout(440, 220, (*top, *bottom), (220, 45))


def motorcycle() -> Layout:
    """220 × 140 with two lines."""
    top = line([35, 35], [30], left=60, top=15, height=35)
    bottom = line([30] * 5, [9] * 4, left=17, top=63, height=60)
    return Layout(220, 140, (*top, *bottom), (110, 32))


def temporary(two: bool) -> Layout:
    """The paper slip of a car on its way to registration: eight characters on one line or on two."""
    if not two:
        return Layout(440, 140, line([42] * 8, [9, 22, 9, 9, 9, 9, 9], left=14, top=28, height=84), None)
    top = line([40, 40], [16], left=62, top=18, height=45)
    bottom = line([28] * 5 + [30], [5] * 5, left=12, top=75, height=50)
    return Layout(220, 140, (*top, *bottom), None)
