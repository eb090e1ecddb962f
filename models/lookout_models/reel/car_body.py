"""A car's body: sections along its length as one mesh, each face with the number of its material."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout_models.reel.car_shapes import Points, Shape
from lookout_models.reel.stage import solid

Reals = NDArray[np.float64]

#: The numbers of materials that faces carry.
PAINT, GLAZED, BLACK, LAMP, TAIL, GAP, CHROME = range(7)
#: How much larger than its wheel an arch is, metres.
ARCH = 0.065
#: Control points a half section has, and the steps between each two of them.
_STEPS = (3, 3, 2, 3, 6, 6, 3, 2, 9, 4, 8)
_GLASS = range(sum(_STEPS[:8]), sum(_STEPS[:9]))
_TOP = range(sum(_STEPS[:9]), sum(_STEPS))
_STATION = 0.025


def heights_along(points: Points, xs: Reals, soft: float = 0.10) -> Reals:
    """The height at ``xs``, its corners rounded over ``soft`` metres."""
    known = sorted(points)
    fine = np.arange(known[0][0] - 1, known[-1][0] + 1, 0.01)
    heights = np.interp(fine, [x for x, _ in known], [z for _, z in known])
    window = np.hanning(max(3, round(soft / 0.01) * 2 + 1))
    rounded: Reals = np.convolve(heights, window / window.sum(), "same").astype(np.float64)
    return np.asarray(np.interp(xs, fine, rounded), np.float64)


def _section(shape: Shape, low: float, belt: float, top: float) -> Reals:
    """Half a section from the middle of the floor to the middle of the roof, (y, z) each."""
    half, cabin = shape.half, min(1.0, max(0.0, (top - belt - 0.06) / 0.35))
    shoulder = min(belt, top - 0.045)
    edge = 0.86 * half + cabin * (shape.roof_half - 0.86 * half)
    control = [
        (0.0, low),
        (0.80 * half, low),
        (0.94 * half, low + 0.025),
        (0.975 * half, low + 0.10),
        (half, low + 0.38 * (shoulder - low)),
        (0.99 * half, low + 0.72 * (shoulder - low)),
        (0.965 * half, shoulder - 0.015),
        (0.93 * half, shoulder + 0.012),
        (0.90 * half, shoulder + 0.022),
        (edge, top - 0.018 - 0.045 * cabin),
        (0.72 * edge, top - 0.006 - 0.012 * cabin),
        (0.0, top),
    ]
    return _through(np.array(control), _STEPS)


def _through(control: Reals, steps: Sequence[int]) -> Reals:
    """A Catmull-Rom curve through ``control`` with so many steps between each two points."""
    padded = np.vstack([2 * control[0] - control[1], control, 2 * control[-1] - control[-2]])
    found: list[Reals] = []
    for number, count in enumerate(steps):
        a, b, c, d = padded[number : number + 4]
        for step in range(count):
            t = step / count
            found.append(
                0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t)
            )
    return np.array([*found, control[-1]])


def build_body(shape: Shape, materials: Sequence[Any], parent: Any) -> None:
    """The body under ``parent``, made of ``materials`` in the order of their numbers."""
    xs = np.arange(shape.outline[-1][0], shape.outline[0][0] + 1e-6, _STATION)
    tops, belts = heights_along(shape.outline, xs), heights_along(shape.belt, xs)
    rows = [(x, _section(shape, shape.under, belt, top)) for x, belt, top in zip(xs, belts, tops, strict=True)]
    rounded = [1 - 0.10 * u**2.5 for u in np.linspace(0, 1, 9)[1:]]
    shrink = [*rounded, *np.linspace(0.9, 0.02, 24)[1:]]
    reach = [*(0.055 * np.sin(np.linspace(0, math.pi / 2, 9)[1:])), *([0.055] * 23)]
    noses: list[list[tuple[float, Reals]]] = []
    for end, sign in ((-1, 1), (0, -1)):
        x, last = rows[end]
        centre = np.array([0.0, (last[0][1] + last[-1][1]) / 2])
        noses.append(
            [(x - sign * 0.055 + sign * r, centre + s * (last - centre)) for s, r in zip(shrink, reach, strict=True)]
        )
    rows = [(x, half) for x, half in rows if xs[0] + 0.055 < x < xs[-1] - 0.055]
    rows = [*reversed(noses[1]), *rows, *noses[0]]
    places = _bent(shape, np.array([[(x, y, z) for y, z in half] for x, half in rows]))
    _skin(shape, places, materials, parent)


def _bent(shape: Shape, places: Reals) -> Reals:
    """Nose and tail round seen from above, and the vertices beside an arch's edge laid onto it."""
    x, y, z = (places[..., axis] for axis in range(3))
    for end, depth in ((shape.outline[0][0], 0.24), (shape.outline[-1][0], 0.17)):
        near = np.clip(1 - np.abs(end - x) / 0.9, 0, 1)
        x -= math.copysign(depth, end) * near * (np.abs(y) / shape.half) ** 2.6
        y *= 1 - 0.06 * near**2
    for axle in shape.axles:
        across, up = x - axle, z - shape.wheel
        away = np.hypot(across, up)
        rim = shape.wheel + ARCH
        snap = (np.abs(away - rim) < 0.6 * _STATION) & (y > 0.6 * shape.half)
        x[snap] = axle + across[snap] * rim / away[snap]
        z[snap] = shape.wheel + up[snap] * rim / away[snap]
    return places


def _skin(shape: Shape, places: Reals, materials: Sequence[Any], parent: Any) -> None:
    """Both halves as one mesh; faces within an arch are left out."""
    rows, columns = places.shape[:2]
    mirrored = places.copy()
    mirrored[..., 1] *= -1
    vertices = [tuple(v) for v in np.concatenate([places.reshape(-1, 3), mirrored.reshape(-1, 3)])]
    faces: list[tuple[int, ...]] = []
    kinds: list[int] = []
    for half in (0, rows * columns):
        for row in range(rows - 1):
            for column in range(columns - 1):
                one = half + row * columns + column
                centre = places[row : row + 2, column : column + 2].reshape(4, 3).mean(0)
                if _within_arch(shape, centre):
                    continue
                ring_ = (one, one + columns, one + columns + 1, one + 1)
                faces.append(ring_ if not half else ring_[::-1])
                kinds.append(_kind(shape, centre, column))
    made = solid(vertices, faces, materials[0], parent=parent)
    for material in materials[1:]:
        made.data.materials.append(material)
    for face, kind in zip(made.data.polygons, kinds, strict=True):
        face.material_index, face.use_smooth = kind, True


def _within_arch(shape: Shape, centre: Reals) -> bool:
    away = min(math.hypot(centre[0] - axle, centre[2] - shape.wheel) for axle in shape.axles)
    return bool(centre[1] > 0.6 * shape.half and away < shape.wheel + ARCH)


def _kind(shape: Shape, centre: Reals, column: int) -> int:
    x, y, z = (float(value) for value in centre)
    tail = shape.outline[-1][0]
    if column in _TOP and _between(x, shape.screen):
        return BLACK if column == _TOP[0] else GLAZED
    if column in _TOP and _between(x, shape.rear_screen):
        return BLACK if column == _TOP[0] else GLAZED
    if column in _GLASS:
        return _side(shape, x, column)
    if z < shape.under + 0.07:
        return BLACK
    if x - tail < 0.30 and (back := _back(shape, y, z)) is not None:
        return back
    seam = any(abs(x - gap) < 0.011 for gap in shape.gaps) and z > shape.under + 0.12
    return GAP if seam and y > 0.8 * shape.half else PAINT


def _between(x: float, limits: tuple[float, float]) -> bool:
    return limits[1] < x < limits[0]


def _side(shape: Shape, x: float, column: int) -> int:
    """The side windows, slanting with the screens, between belt and roof."""
    first, last = shape.side_glass
    share = (column - _GLASS[0] + 0.5) / len(_GLASS)
    begin, end = first - 0.60 * share * (first - shape.screen[1]), last + 0.22 * share
    if not end < x < begin:
        return PAINT
    if column == _GLASS[0]:
        return CHROME
    if column == _GLASS[-1] or abs(x - shape.pillar) < 0.045:
        return BLACK
    return GLAZED


def _back(shape: Shape, y: float, z: float) -> int | None:
    low, high = shape.tail_lamp
    if low < z < high and 0.46 < y < 0.92:
        return TAIL
    if shape.under + 0.05 < z < shape.under + 0.18:
        return BLACK
    return None
