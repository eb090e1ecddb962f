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

    def intersection(self, other: "Box") -> float:
        """Area of the common part, fraction of the frame's area."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        return width * height if width > 0 and height > 0 else 0.0

    def share_inside(self, other: "Box") -> float:
        """Share of this box's area that lies in ``other``, 0..1."""
        intersection = self.intersection(other)
        return intersection / self.area if intersection > 0 else 0.0

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        intersection = self.intersection(other)
        union = self.area + other.area - intersection
        return intersection / union if intersection > 0 and union > 0 else 0.0

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        return Box(min(self.x1, other.x1), min(self.y1, other.y1), max(self.x2, other.x2), max(self.y2, other.y2))

    def holds(self, other: "Box") -> bool:
        """Whether all of ``other`` lies in it."""
        return self.x1 <= other.x1 and self.y1 <= other.y1 and self.x2 >= other.x2 and self.y2 >= other.y2

    def grown(self, share: float, least: tuple[float, float] = (0.0, 0.0)) -> "Box":
        """With ``share`` of its size more on each side, and at least as wide and high as ``least``."""
        dx = max(share * self.width, (least[0] - self.width) / 2)
        dy = max(share * self.height, (least[1] - self.height) / 2)
        return Box(self.x1 - dx, self.y1 - dy, self.x2 + dx, self.y2 + dy)

    def clipped(self) -> "Box":
        """The part inside the frame."""
        return Box(*(min(1.0, max(0.0, v)) for v in (self.x1, self.y1, self.x2, self.y2)))

    def as_tuple(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2."""
        return self.x1, self.y1, self.x2, self.y2
