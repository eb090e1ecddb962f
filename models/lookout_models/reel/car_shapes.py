"""The lines of two bodies, from which a car is built around the origin, heading along +x, on the ground; metres."""

from collections.abc import Sequence
from dataclasses import dataclass

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The lines of a body. Lists of (x, z) run from nose to tail."""

    outline: Points
    belt: Points
    half: float
    roof_half: float
    under: float
    axles: tuple[float, float]
    wheel: float
    #: Where the windscreen begins and ends, and the rear window, along x.
    screen: tuple[float, float]
    rear_screen: tuple[float, float]
    #: Side glass from and to, its pillar, and the doors' gaps.
    side_glass: tuple[float, float]
    pillar: float
    gaps: Sequence[float]
    lamp: tuple[float, float] = (0.62, 0.76)
    tail_lamp: tuple[float, float] = (0.78, 0.93)
    plate_height: float = 0.42
    rear_plate_height: float = 0.80


SALOON = Shape(
    outline=(
        (2.30, 0.71),
        (2.12, 0.77),
        (1.85, 0.83),
        (1.2, 0.93),
        (0.98, 0.97),
        (0.15, 1.385),
        (-0.1, 1.44),
        (-0.5, 1.46),
        (-0.95, 1.43),
        (-1.2, 1.37),
        (-1.8, 1.09),
        (-2.0, 1.06),
        (-2.33, 1.0),
    ),
    belt=((2.3, 0.66), (1.0, 0.88), (-1.9, 0.98), (-2.33, 0.93)),
    half=0.89,
    roof_half=0.60,
    under=0.20,
    axles=(1.38, -1.32),
    wheel=0.32,
    screen=(0.96, 0.16),
    rear_screen=(-1.17, -1.76),
    side_glass=(0.80, -1.40),
    pillar=-0.36,
    gaps=(0.93, -0.36, -1.22),
)
OFF_ROADER = Shape(
    outline=(
        (2.28, 0.88),
        (2.1, 0.96),
        (1.3, 1.08),
        (1.05, 1.12),
        (0.32, 1.59),
        (0.0, 1.67),
        (-0.7, 1.71),
        (-1.5, 1.67),
        (-1.85, 1.60),
        (-2.15, 1.20),
        (-2.25, 1.12),
    ),
    belt=((2.28, 0.82), (1.0, 1.03), (-1.9, 1.13), (-2.25, 1.08)),
    half=0.93,
    roof_half=0.64,
    under=0.26,
    axles=(1.36, -1.32),
    wheel=0.37,
    screen=(1.03, 0.34),
    rear_screen=(-1.88, -2.13),
    side_glass=(0.86, -1.80),
    pillar=-0.32,
    gaps=(0.98, -0.32, -1.25),
    lamp=(0.74, 0.88),
    tail_lamp=(0.92, 1.08),
    plate_height=0.50,
    rear_plate_height=0.86,
)
