"""Boxes in the picture. Coordinates are fractions 0..1 of the frame, origin at the top left, y downwards."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned rectangle, ``x1 <= x2`` and ``y1 <= y2``, in fractions 0..1 of the frame."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Fraction of the frame's width."""
        return max(0.0, self.x2 - self.x1)

    @property
    def height(self) -> float:
        """Fraction of the frame's height."""
        return max(0.0, self.y2 - self.y1)

    @property
    def area(self) -> float:
        """Fraction of the frame's area."""
        return self.width * self.height

    @property
    def bottom_centre(self) -> tuple[float, float]:
        """Where the thing stands: this point decides the zone."""
        return (self.x1 + self.x2) / 2, self.y2

    def gap(self, other: "Box") -> tuple[float, float]:
        """(horizontal, vertical) distance between the edges, fractions of the frame; 0 where they overlap."""
        dx = max(0.0, other.x1 - self.x2, self.x1 - other.x2)
        return dx, max(0.0, other.y1 - self.y2, self.y1 - other.y2)

    def share_inside(self, other: "Box") -> float:
        """Share of this box's area that lies in ``other``, 0..1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return width * height / self.area if width > 0 and height > 0 and self.area > 0 else 0.0

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        intersection = width * height
        union = self.area + other.area - intersection
        return intersection / union if union > 0 else 0.0

    def clipped(self) -> "Box":
        """The part inside the frame."""
        return Box(*(min(1.0, max(0.0, v)) for v in (self.x1, self.y1, self.x2, self.y2)))

    def as_tuple(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2."""
        return self.x1, self.y1, self.x2, self.y2
