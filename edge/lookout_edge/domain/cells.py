"""Places where something often looks like fire and is not: learned, kept for a while, forgotten again."""

from dataclasses import dataclass, field

from lookout_edge.domain.geometry import Box

#: Cells across and down the picture.
COLUMNS, ROWS = 16, 9
_Cell = tuple[int, int]
_Place = tuple[str, _Cell]


@dataclass(slots=True)
class _Mark:
    at: float
    #: Area of the largest thing that was taken for nothing here, fraction of the frame.
    area: float


@dataclass(slots=True)
class LearnedCells:
    """Where lamps, brake lights and steam were taken for fire. Bounded by the grid; every mark expires."""

    #: Occasions after which a cell is known.
    marks_needed: int = 3
    #: Least time between two occasions, seconds of frame time.
    apart_s: float = 60.0
    #: A mark is forgotten after so long.
    keep_s: float = 86_400.0
    #: Something larger than this multiple of what was learned is new.
    grown: float = 1.5
    _marks: dict[_Place, list[_Mark]] = field(default_factory=dict[_Place, list[_Mark]])

    def learn(self, at: float, label: str, box: Box) -> None:
        """What was taken for ``label`` here came to nothing at frame time ``at``. Steam says nothing about flames."""
        place = label, _cell_of(box)
        marks = self._valid(at, place)
        if marks and at - marks[-1].at < self.apart_s:
            marks[-1].area = max(marks[-1].area, box.area)
            return
        marks.append(_Mark(at, box.area))
        self._marks[place] = marks[-self.marks_needed :]

    def knows(self, at: float, label: str, box: Box) -> bool:
        """Whether what is taken for ``label``, of this size at this place, has often been nothing."""
        marks = self._valid(at, (label, _cell_of(box)))
        return len(marks) >= self.marks_needed and box.area <= self.grown * max(mark.area for mark in marks)

    def _valid(self, at: float, place: _Place) -> list[_Mark]:
        return [mark for mark in self._marks.get(place, []) if 0 <= at - mark.at <= self.keep_s]


def _cell_of(box: Box) -> _Cell:
    x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
    return min(COLUMNS - 1, max(0, int(x * COLUMNS))), min(ROWS - 1, max(0, int(y * ROWS)))
