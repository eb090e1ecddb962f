"""Boxes in the picture. Coordinates are fractions 0..1 of the frame, origin at the top left, y downwards."""

from typing import NamedTuple


class Box(NamedTuple):
    """An axis-aligned rectangle, ``x1 <= x2`` and ``y1 <= y2``, in fractions 0..1 of the frame.

    Hundreds come and go for each picture: a named tuple takes a third of a frozen dataclass's time to make, and
    comparisons written out a third of what ``max`` and ``min`` take.
    """

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def width(self) -> float:
        """Fraction of the frame's width."""
        return self.x2 - self.x1 if self.x2 > self.x1 else 0.0

    @property
    def height(self) -> float:
        """Fraction of the frame's height."""
        return self.y2 - self.y1 if self.y2 > self.y1 else 0.0

    @property
    def area(self) -> float:
        """Fraction of the frame's area."""
        return (self.x2 - self.x1) * (self.y2 - self.y1) if self.x2 > self.x1 and self.y2 > self.y1 else 0.0

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of it."""
        return (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2

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
        ax1, ay1, ax2, ay2 = self
        bx1, by1, bx2, by2 = other
        width = (ax2 if ax2 < bx2 else bx2) - (ax1 if ax1 > bx1 else bx1)
        if width <= 0:
            return 0.0
        height = (ay2 if ay2 < by2 else by2) - (ay1 if ay1 > by1 else by1)
        return width * height if height > 0 else 0.0

    def share_inside(self, other: "Box") -> float:
        """Share of this box's area that lies in ``other``, 0..1."""
        intersection = self.intersection(other)
        return intersection / self.area if intersection > 0 else 0.0

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        # Not by way of ``intersection``: most pairs of boxes have nothing in common, and the call would cost most.
        ax1, ay1, ax2, ay2 = self
        bx1, by1, bx2, by2 = other
        width = (ax2 if ax2 < bx2 else bx2) - (ax1 if ax1 > bx1 else bx1)
        if width <= 0:
            return 0.0
        common = width * ((ay2 if ay2 < by2 else by2) - (ay1 if ay1 > by1 else by1))
        if common <= 0:
            return 0.0
        # Boxes that have something in common have an area.
        return common / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - common)

    def union(self, other: "Box") -> "Box":
        """The smallest box around both."""
        ax1, ay1, ax2, ay2 = self
        bx1, by1, bx2, by2 = other
        return Box(
            ax1 if ax1 < bx1 else bx1,
            ay1 if ay1 < by1 else by1,
            ax2 if ax2 > bx2 else bx2,
            ay2 if ay2 > by2 else by2,
        )

    def union_area(self, other: "Box") -> float:
        """Area of ``union``, fraction of the frame's area, without making it."""
        ax1, ay1, ax2, ay2 = self
        bx1, by1, bx2, by2 = other
        width = (ax2 if ax2 > bx2 else bx2) - (ax1 if ax1 < bx1 else bx1)
        height = (ay2 if ay2 > by2 else by2) - (ay1 if ay1 < by1 else by1)
        return width * height if width > 0 and height > 0 else 0.0

    def holds(self, other: "Box") -> bool:
        """Whether all of ``other`` lies in it."""
        x1, y1, x2, y2 = other
        return self.x1 <= x1 and self.y1 <= y1 and self.x2 >= x2 and self.y2 >= y2

    def grown(self, share: float, least: tuple[float, float] = (0.0, 0.0)) -> "Box":
        """With ``share`` of its size more on each side, and at least as wide and high as ``least``."""
        x1, y1, x2, y2 = self
        width, height = x2 - x1, y2 - y1
        dx, least_dx = share * width, (least[0] - width) / 2
        dy, least_dy = share * height, (least[1] - height) / 2
        dx = least_dx if least_dx > dx else dx
        dy = least_dy if least_dy > dy else dy
        return Box(x1 - dx, y1 - dy, x2 + dx, y2 + dy)

    def clipped(self) -> "Box":
        """The part inside the frame."""
        x1, y1, x2, y2 = self
        if 0.0 <= x1 <= x2 <= 1.0 and 0.0 <= y1 <= y2 <= 1.0:
            return self
        return Box(
            x1 if 0.0 < x1 < 1.0 else 0.0 if x1 <= 0.0 else 1.0,
            y1 if 0.0 < y1 < 1.0 else 0.0 if y1 <= 0.0 else 1.0,
            x2 if 0.0 < x2 < 1.0 else 0.0 if x2 <= 0.0 else 1.0,
            y2 if 0.0 < y2 < 1.0 else 0.0 if y2 <= 0.0 else 1.0,
        )

    def as_tuple(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2."""
        return self.x1, self.y1, self.x2, self.y2


WHOLE = Box(0.0, 0.0, 1.0, 1.0)
"""All of the picture."""
