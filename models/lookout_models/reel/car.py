"""Cars: a body drawn as sections along its length, wheels in their arches, glass, lamps and a number plate.

A car is built around the origin, heading along +x, on the ground; metres.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lookout_models.reel.car_body import ARCH, BLACK, CHROME, LAMP, PAINT, build_body, heights_along
from lookout_models.reel.car_shapes import Shape
from lookout_models.reel.stage import Colour, Vector, ball, box, bpy, drum, group, paint, ring, solid

#: Width and height of a number plate of GA 36, metres; the green one is 0.48 wide.
PLATE = (0.44, 0.14)


class Car:
    """A car of ``shape`` with ``plate``, a material, on both ends."""

    def __init__(self, shape: Shape, colour: Colour, plate: Any, *, plate_width: float = PLATE[0]) -> None:
        self._shape, self._whole, materials = shape, group("car"), _materials(colour)
        build_body(shape, materials, self._whole)
        self._wheels = [_wheel(shape, x, side, self._whole) for x in shape.axles for side in (1, -1)]
        _fittings(shape, materials, self._whole)
        _lamps(shape, materials, self._whole)
        _grille(shape, materials, self._whole)
        for x, z, turn in (
            (shape.outline[0][0] + 0.032, shape.plate_height, 0),
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


def _wheel(shape: Shape, x: float, side: int, parent: Any) -> Any:
    """Tyre and rim with five spokes, and the dark of the arch behind them; returns what turns."""
    radius, y = shape.wheel, side * (shape.half - 0.115)
    tyre, rim, dark = (
        paint((0.022, 0.022, 0.023), rough=0.85),
        paint((0.55, 0.56, 0.58), rough=0.25, metal=0.9),
        paint((0.008, 0.008, 0.008), rough=1.0),
    )
    drum(radius + ARCH + 0.01, 0.50, (x, side * (shape.half - 0.33), radius), dark, axis=(0, 1, 0), parent=parent)
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
        for material, size, out in ((BLACK, 1.0, 0.0), (LAMP, 0.92, 0.022)):
            made = ball(
                0.22 * size,
                (nose - 0.185 + out, side * 0.645, middle),
                materials[material],
                squash=(0.55, 1.0, 0.29),
                parent=parent,
            )
            made.rotation_euler = (0, math.radians(12), math.radians(side * 33))
        place = (nose - 0.075, side * 0.63, shape.under + 0.20)
        drum(0.055, 0.05, place, materials[LAMP], axis=(1, side * 0.3, 0), parent=parent)


def _grille(shape: Shape, materials: Sequence[Any], parent: Any) -> None:
    """The grille between the headlamps with its bars and badge, and the intake below, behind the number plate."""
    nose, (low, high) = shape.outline[0][0], shape.lamp
    middle = (low + high) / 2
    box((0.10, 0.84, high - low), (nose - 0.038, 0, middle), materials[BLACK], bevel=0.035, parent=parent)
    for number in range(3):
        bar = (nose + 0.014, 0, low + (high - low) * (0.24 + 0.26 * number))
        box((0.012, 0.74, 0.014), bar, materials[CHROME], bevel=0.004, parent=parent)
    drum(0.05, 0.024, (nose + 0.016, 0, middle), materials[CHROME], axis=(1, 0, 0), parent=parent)
    bottom, top = shape.under + 0.09, low - 0.10
    box((0.10, 0.96, top - bottom), (nose - 0.040, 0, (top + bottom) / 2), materials[BLACK], bevel=0.04, parent=parent)


def _fittings(shape: Shape, materials: Sequence[Any], parent: Any) -> None:
    """Mirrors and handles."""
    x = shape.side_glass[0] - 0.10
    belt, *belts = (float(height) for height in heights_along(shape.belt, np.array([x, *shape.gaps[1:]])))
    for side in (1, -1):
        place = (x, side * (shape.half + 0.09), belt + 0.09)
        ball(0.11, place, materials[PAINT], squash=(0.6, 1, 0.72), parent=parent)
        box((0.05, 0.14, 0.03), (x + 0.01, side * shape.half, belt + 0.04), materials[BLACK], parent=parent)
        for gap, height in zip(shape.gaps[1:], belts, strict=True):
            at = (gap + 0.16, side * shape.half * 0.985, height - 0.10)
            box((0.17, 0.04, 0.028), at, materials[PAINT], bevel=0.01, parent=parent)


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
