"""Zones: polygons in the picture, in fractions 0..1 of the frame."""

from dataclasses import dataclass

Point = tuple[float, float]
"""x, y in fractions 0..1 of the frame, origin at the top left."""

#: Distance (fraction of the frame) within which a point counts as lying on the border.
_ON_BORDER = 1e-9
#: All of the picture.
_FRAME = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon of at least three points; its border belongs to it."""

    id: str
    polygon: tuple[Point, ...]

    def contains(self, point: Point) -> bool:
        """Whether ``point`` lies inside or on the border. Points outside the frame are moved to its edge first."""
        if self.polygon == _FRAME:
            return True
        x, y = min(1.0, max(0.0, point[0])), min(1.0, max(0.0, point[1]))
        inside = False
        for (ax, ay), (bx, by) in zip(self.polygon, (*self.polygon[1:], self.polygon[0]), strict=True):
            if _on_segment(x, y, (ax, ay), (bx, by)):
                return True
            if (ay > y) != (by > y) and x < ax + (y - ay) * (bx - ax) / (by - ay):
                inside = not inside
        return inside


def _on_segment(x: float, y: float, a: Point, b: Point) -> bool:
    cross = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])
    if abs(cross) > _ON_BORDER:
        return False
    return (
        min(a[0], b[0]) - _ON_BORDER <= x <= max(a[0], b[0]) + _ON_BORDER
        and min(a[1], b[1]) - _ON_BORDER <= y <= max(a[1], b[1]) + _ON_BORDER
    )


#: The zone of a rule that names none.
WHOLE_FRAME = Zone("frame", _FRAME)
