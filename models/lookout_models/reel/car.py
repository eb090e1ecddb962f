"""Cars: a body drawn as sections along its length, wheels in their arches, glass, lamps and a number plate.

A car is built around the origin, heading along +x, on the ground; metres.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookout_models.reel.stage import Colour, Vector, ball, box, bpy, drum, group, paint, ring, solid

Reals = NDArray[np.float64]
Points = Sequence[tuple[float, float]]

#: Width and height of a number plate of GA 36, metres; the green one is 0.48 wide.
PLATE = (0.44, 0.14)


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

#: Control points a half section has, and the steps between each two of them.
_STEPS = (3, 3, 2, 3, 6, 6, 3, 2, 9, 4, 8)
_GLASS = range(sum(_STEPS[:8]), sum(_STEPS[:9]))
_TOP = range(sum(_STEPS[:9]), sum(_STEPS))
_STATION = 0.025
_ARCH = 0.065


class Car:
    """A car of ``shape`` with ``plate``, a material, on both ends."""

    def __init__(self, shape: Shape, colour: Colour, plate: Any, *, plate_width: float = PLATE[0]) -> None:
        self._shape, self._whole, materials = shape, group("car"), _materials(colour)
        xs = np.arange(shape.outline[-1][0], shape.outline[0][0] + 1e-6, _STATION)
        _body(shape, xs, materials, self._whole)
        self._wheels = [_wheel(shape, x, side, self._whole) for x in shape.axles for side in (1, -1)]
        _fittings(shape, materials, self._whole)
        _lamps(shape, materials, self._whole)
        for x, z, turn in (
            (shape.outline[0][0] + 0.018, shape.plate_height, 0),
            (shape.outline[-1][0] - 0.018, shape.rear_plate_height, 180),
        ):
            _number_plate((x, 0, z), turn, plate, plate_width, self._whole)

    @property
    def parts(self) -> list[Any]:
        """Everything of it that has an extent."""
        return [part for part in self._whole.children_recursive if part.type == "MESH"]

    def stand(self, at: Vector, heading: float, rolled: float = 0.0) -> None:
        """Stand at ``at``, facing ``heading`` degrees, after ``rolled`` metres."""
        self._whole.location, self._whole.rotation_euler = at, (0, 0, math.radians(heading))
        for wheel in self._wheels:
            wheel.rotation_euler = (0, rolled / self._shape.wheel, 0)


def _materials(colour: Colour) -> list[Any]:
    """Paint, glass, black plastic, lamp, tail lamp, gap, chrome: the numbers that faces carry."""
    body = paint(colour, rough=0.32, metal=0.25)
    coat = body.node_tree.nodes["Principled BSDF"].inputs
    coat["Coat Weight"].default_value, coat["Coat Roughness"].default_value = 1.0, 0.03
    return [
        body,
        paint((0.012, 0.015, 0.017), rough=0.04),
        paint((0.018, 0.018, 0.019), rough=0.55),
        paint((0.80, 0.84, 0.88), rough=0.08, metal=0.35, glow=0.25),
        paint((0.42, 0.01, 0.01), rough=0.12, glow=0.25),
        paint((0.01, 0.01, 0.01), rough=0.9),
        paint((0.75, 0.76, 0.78), rough=0.15, metal=1.0),
    ]


_PAINT, _GLAZED, _BLACK, _LAMP, _TAIL, _GAP, _CHROME = range(7)


def _along(points: Points, xs: Reals, soft: float = 0.10) -> Reals:
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


def _body(shape: Shape, xs: Reals, materials: Sequence[Any], parent: Any) -> None:
    tops, belts = _along(shape.outline, xs), _along(shape.belt, xs)
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
        rim = shape.wheel + _ARCH
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
    return bool(centre[1] > 0.6 * shape.half and away < shape.wheel + _ARCH)


def _kind(shape: Shape, centre: Reals, column: int) -> int:
    x, y, z = (float(value) for value in centre)
    nose, tail = shape.outline[0][0], shape.outline[-1][0]
    if column in _TOP and _between(x, shape.screen):
        return _BLACK if column == _TOP[0] else _GLAZED
    if column in _TOP and _between(x, shape.rear_screen):
        return _BLACK if column == _TOP[0] else _GLAZED
    if column in _GLASS:
        return _side(shape, x, column)
    if z < shape.under + 0.07:
        return _BLACK
    if nose - x < 0.45 and (front := _front(shape, nose - x, y, z)) is not None:
        return front
    if x - tail < 0.30 and (back := _back(shape, y, z)) is not None:
        return back
    seam = any(abs(x - gap) < 0.011 for gap in shape.gaps) and z > shape.under + 0.12
    return _GAP if seam and y > 0.8 * shape.half else _PAINT


def _between(x: float, limits: tuple[float, float]) -> bool:
    return limits[1] < x < limits[0]


def _side(shape: Shape, x: float, column: int) -> int:
    """The side windows, slanting with the screens, between belt and roof."""
    first, last = shape.side_glass
    share = (column - _GLASS[0] + 0.5) / len(_GLASS)
    begin, end = first - 0.60 * share * (first - shape.screen[1]), last + 0.22 * share
    if not end < x < begin:
        return _PAINT
    if column == _GLASS[0]:
        return _CHROME
    if column == _GLASS[-1] or abs(x - shape.pillar) < 0.045:
        return _BLACK
    return _GLAZED


def _front(shape: Shape, deep: float, y: float, z: float) -> int | None:
    low, high = shape.lamp
    if deep > 0.12:
        return None
    if low - 0.02 < z < high - 0.02 and y < 0.40:
        return _CHROME if (z - low) % 0.05 < 0.014 else _BLACK
    if shape.under + 0.08 < z < low - 0.13 and y < 0.44:
        return _BLACK
    return None


def _back(shape: Shape, y: float, z: float) -> int | None:
    low, high = shape.tail_lamp
    if low < z < high and 0.46 < y < 0.92:
        return _TAIL
    if shape.under + 0.05 < z < shape.under + 0.18:
        return _BLACK
    return None


def _wheel(shape: Shape, x: float, side: int, parent: Any) -> Any:
    """Tyre and rim with five spokes, and the dark of the arch behind them; returns what turns."""
    radius, y = shape.wheel, side * (shape.half - 0.115)
    tyre, rim, dark = (
        paint((0.022, 0.022, 0.023), rough=0.85),
        paint((0.55, 0.56, 0.58), rough=0.25, metal=0.9),
        paint((0.008, 0.008, 0.008), rough=1.0),
    )
    drum(radius + _ARCH + 0.01, 0.50, (x, side * (shape.half - 0.33), radius), dark, axis=(0, 1, 0), parent=parent)
    hub = group("wheel")
    hub.parent, hub.location = parent, (x, y, radius)
    drum(radius - 0.015, 0.17, (0, 0, 0), tyre, axis=(0, 1, 0), parent=hub, bevel=0.02)
    for inset in (-0.06, 0.0, 0.06):
        ring(radius - 0.045, 0.045, (0, inset, 0), tyre, parent=hub)
    drum(radius * 0.68, 0.02, (0, side * 0.075, 0), dark, axis=(0, 1, 0), parent=hub)
    ring(radius * 0.68, 0.018, (0, side * 0.09, 0), rim, parent=hub)
    for number in range(5):
        turn = 2 * math.pi * number / 5 + 0.3
        middle = (0.36 * radius * math.cos(turn), side * 0.088, 0.36 * radius * math.sin(turn))
        spoke = box((radius * 0.66, 0.022, 0.07), middle, rim, bevel=0.01, parent=hub)
        spoke.rotation_euler = (0, -turn, 0)
    drum(0.055, 0.04, (0, side * 0.09, 0), rim, axis=(0, 1, 0), parent=hub)
    return hub


def _lamps(shape: Shape, materials: Sequence[Any], parent: Any) -> None:
    """Headlamps that follow the nose's curve, with a dark surround, and fog lamps below."""
    nose, (low, high) = shape.outline[0][0], shape.lamp
    middle = (low + high) / 2
    for side in (1, -1):
        for material, size, out in ((_BLACK, 1.0, 0.0), (_LAMP, 0.92, 0.022)):
            made = ball(
                0.22 * size,
                (nose - 0.185 + out, side * 0.645, middle),
                materials[material],
                squash=(0.55, 1.0, 0.29),
                parent=parent,
            )
            made.rotation_euler = (0, math.radians(12), math.radians(side * 33))
        place = (nose - 0.075, side * 0.63, shape.under + 0.20)
        drum(0.055, 0.05, place, materials[_LAMP], axis=(1, side * 0.3, 0), parent=parent)


def _fittings(shape: Shape, materials: Sequence[Any], parent: Any) -> None:
    """Mirrors, handles, a badge."""
    x = shape.side_glass[0] - 0.10
    belt, *belts = (float(height) for height in _along(shape.belt, np.array([x, *shape.gaps[1:]])))
    for side in (1, -1):
        place = (x, side * (shape.half + 0.09), belt + 0.09)
        ball(0.11, place, materials[_PAINT], squash=(0.6, 1, 0.72), parent=parent)
        box((0.05, 0.14, 0.03), (x + 0.01, side * shape.half, belt + 0.04), materials[_BLACK], parent=parent)
        for gap, height in zip(shape.gaps[1:], belts, strict=True):
            at = (gap + 0.16, side * shape.half * 0.985, height - 0.10)
            box((0.17, 0.04, 0.028), at, materials[_PAINT], bevel=0.01, parent=parent)
    nose = shape.outline[0][0]
    drum(0.05, 0.02, (nose - 0.002, 0, sum(shape.lamp) / 2), materials[_CHROME], axis=(1, 0, 0), parent=parent)


def _number_plate(at: Vector, turn: float, plate: Any, width: float, parent: Any) -> None:
    """A quad that shows ``plate`` upright, on a black holder."""
    half, high = width / 2, PLATE[1] / 2
    made = solid(
        [(0, -half, -high), (0, half, -high), (0, half, high), (0, -half, high)], [(0, 1, 2, 3)], plate, parent=parent
    )
    layer = made.data.uv_layers.new(name="plate")
    for loop, place in zip(layer.data, ((0, 0), (1, 0), (1, 1), (0, 1)), strict=True):
        loop.uv = place
    made.location, made.rotation_euler = at, (0, 0, math.radians(turn))
    back = box((0.02, width + 0.05, PLATE[1] + 0.05), (at[0] - math.copysign(0.013, at[0]), 0, at[2]), _holder())
    back.parent = parent


def _holder() -> Any:
    return paint((0.02, 0.02, 0.02), rough=0.5)


def plate_material(path: str) -> Any:
    """The picture of a flat plate, as enamel that shines a little."""
    made = paint((0.5, 0.5, 0.5), rough=0.45)
    nodes = made.node_tree.nodes
    shown = nodes.new("ShaderNodeTexImage")
    shown.image = bpy.data.images.load(path)
    made.node_tree.links.new(shown.outputs["Color"], nodes["Principled BSDF"].inputs["Base Color"])
    return made
