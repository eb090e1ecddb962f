"""Who and what plays: people, bins, bags, e-bikes, prams. Each is built around the origin, heading along +x."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from lookout_models.reel.stage import Colour, Vector, ball, box, bpy, drum, group, paint, ring, solid, tube

SKIN: Colour = (0.62, 0.40, 0.29)
HAIR: Colour = (0.015, 0.013, 0.012)
RUBBER: Colour = (0.02, 0.02, 0.02)
STEEL: Colour = (0.55, 0.56, 0.58)


@dataclass
class Person:
    """Somebody whose limbs are set anew for each frame. Heights are those of a person 1.72 m tall."""

    shirt: Colour
    trousers: Colour
    hair: Colour = HAIR
    parts: list[Any] = field(default_factory=list[Any])

    def __post_init__(self) -> None:
        self._paints = [paint(c, rough=r) for c, r in ((self.trousers, 0.9), (self.shirt, 0.85), (SKIN, 0.6))]
        self._paints += [paint(self.hair, rough=0.5), paint((0.03, 0.03, 0.035), rough=0.6)]

    def pose(
        self, at: Vector, heading: float, phase: float, *, stride: float = 1.0, bend: float = 0.0, reach: float = 0.0
    ) -> None:
        """Stand at ``at`` (its feet), facing ``heading`` degrees; ``phase`` turns once a double step.

        ``stride`` 0 stands still; ``bend`` leans forward by radians; ``reach`` lifts the right arm forward by radians.
        """
        for part in self.parts:
            bpy.data.objects.remove(part, do_unlink=True)
        joints, bones, sizes = _skeleton(phase, stride, bend, reach)
        mesh = bpy.data.meshes.new("person")
        mesh.from_pydata(joints, bones, [])
        made = bpy.data.objects.new("person", mesh)
        bpy.context.collection.objects.link(made)
        change = made.modifiers.new("skin", "SKIN")
        change.use_smooth_shade = True
        mesh.skin_vertices[0].data[0].use_root = True
        for vertex, radius in zip(mesh.skin_vertices[0].data, sizes, strict=True):
            vertex.radius = radius
        smoother = made.modifiers.new("round", "SUBSURF")
        smoother.levels = smoother.render_levels = 2
        solid_mesh = bpy.data.meshes.new_from_object(made.evaluated_get(bpy.context.evaluated_depsgraph_get()))
        bpy.data.objects.remove(made, do_unlink=True)
        body = bpy.data.objects.new("person", solid_mesh)
        bpy.context.collection.objects.link(body)
        for material in self._paints:
            solid_mesh.materials.append(material)
        _dress(solid_mesh, joints)
        body.location = at
        body.rotation_euler = (0, 0, math.radians(heading))
        self.parts = [body]


def _skeleton(
    phase: float, stride: float, bend: float, reach: float
) -> tuple[list[Vector], list[tuple[int, int]], list[tuple[float, float]]]:
    turn = 2 * math.pi * phase
    swing = 0.42 * stride
    lean, hip = math.sin(bend), 0.90 - 0.12 * abs(bend)
    joints: list[Vector] = [(0, 0, hip)]
    bones: list[tuple[int, int]] = []
    sizes: list[tuple[float, float]] = [(0.135, 0.115)]

    def add(to: int, place: Vector, size: tuple[float, float]) -> int:
        joints.append(place)
        bones.append((to, len(joints) - 1))
        sizes.append(size)
        return len(joints) - 1

    chest = add(0, (0.30 * lean, 0, hip + 0.30 * math.cos(bend)), (0.155, 0.11))
    neck_base = add(chest, (0.50 * lean, 0, hip + 0.50 * math.cos(bend)), (0.13, 0.09))
    neck = add(neck_base, (0.58 * lean, 0, hip + 0.585 * math.cos(bend)), (0.055, 0.055))
    skull = add(neck, (0.66 * lean + 0.02, 0, hip + 0.68 * math.cos(bend)), (0.095, 0.085))
    add(skull, (0.72 * lean + 0.015, 0, hip + 0.79 * math.cos(bend)), (0.085, 0.08))
    shoulder = joints[neck_base]
    for side in (1, -1):
        leg = side * math.sin(turn) * swing
        knee_bend = stride * 0.55 * max(0.0, math.sin(turn * 1.0 + (0.9 if side > 0 else math.pi + 0.9)))
        top = add(0, (0, side * 0.10, hip - 0.06), (0.092, 0.085))
        knee = (0.42 * math.sin(leg), side * 0.105, hip - 0.06 - 0.41 * math.cos(leg))
        at = add(top, knee, (0.062, 0.062))
        shin = leg - knee_bend
        ankle = (knee[0] + 0.40 * math.sin(shin), side * 0.105, max(0.05, knee[2] - 0.40 * math.cos(shin)))
        at = add(at, ankle, (0.043, 0.043))
        add(at, (ankle[0] + 0.15, side * 0.115, max(0.03, ankle[2] - 0.045)), (0.045, 0.03))
        arm = -side * math.sin(turn) * swing * 0.9 if side > 0 or not reach else reach
        at = add(neck_base, (shoulder[0], side * 0.19, shoulder[2] - 0.03), (0.062, 0.06))
        elbow = (shoulder[0] + 0.28 * math.sin(arm), side * 0.225, shoulder[2] - 0.05 - 0.28 * math.cos(arm))
        at = add(at, elbow, (0.046, 0.046))
        fore = arm + 0.25
        wrist = (elbow[0] + 0.25 * math.sin(fore), side * 0.225, elbow[2] - 0.25 * math.cos(fore))
        at = add(at, wrist, (0.036, 0.036))
        add(at, (wrist[0] + 0.09 * math.sin(fore), side * 0.225, wrist[2] - 0.09 * math.cos(fore)), (0.04, 0.025))
    return joints, bones, sizes


def right_hand(phase: float, stride: float, bend: float, reach: float) -> Vector:
    """The right hand in the person's own frame."""
    return _skeleton(phase, stride, bend, reach)[0][-1]


def _dress(mesh: Any, joints: Sequence[Vector]) -> None:
    """Trousers, shirt, skin, hair and shoes by where a face is."""
    hip, head, neck = joints[0], joints[4], joints[3]
    hands = [j for number, j in enumerate(joints) if number in {12, 20}]
    for face in mesh.polygons:
        c = face.center
        if any((c[0] - h[0]) ** 2 + (c[1] - h[1]) ** 2 + (c[2] - h[2]) ** 2 < 0.11**2 for h in hands):
            face.material_index = 2
        elif c[2] > neck[2] - 0.01 and (c[0] - head[0]) ** 2 + c[1] ** 2 < 0.2**2:
            hair = c[2] > head[2] + 0.03 or c[0] < head[0] - 0.045
            face.material_index = 3 if hair else 2
        elif c[2] > hip[2] - 0.05 or abs(c[1]) > 0.185:
            face.material_index = 1
        elif c[2] < 0.09:
            face.material_index = 4
        else:
            face.material_index = 0


def bag(colour: Colour, seed: int, *, size: float = 0.3) -> Any:
    """A tied rubbish bag standing on the ground; returns the group that moves it."""
    whole, skin = group("bag"), paint(colour, rough=0.25)
    ball(size, (0, 0, size * 0.72), skin, squash=(1.05, 0.98, 0.78), lumps=size * 0.75, seed=seed, parent=whole)
    for turn in (0.4, 1.9, 3.5, 5.1):
        x, y = math.cos(turn + seed), math.sin(turn + seed)
        tube(
            [
                (0, 0, size * 1.35),
                (x * size * 0.12, y * size * 0.12, size * 1.6),
                (x * size * 0.42, y * size * 0.42, size * 1.72),
            ],
            size * 0.07,
            skin,
            parent=whole,
        )
    return whole


_LITTER: Sequence[Colour] = (
    (0.85, 0.85, 0.83),
    (0.80, 0.82, 0.85),
    (0.75, 0.10, 0.08),
    (0.08, 0.22, 0.62),
    (0.85, 0.70, 0.08),
    (0.10, 0.45, 0.15),
    (0.45, 0.32, 0.18),
    (0.90, 0.90, 0.92),
    (0.35, 0.12, 0.45),
    (0.85, 0.45, 0.10),
    (0.03, 0.03, 0.03),
    (0.7, 0.75, 0.8),
)


def rubbish(seed: int, *, pieces: int = 46, spread: float = 0.55) -> Any:
    """A heap: a torn sack, small bags, cups, boxes and paper around it."""
    random, whole = Random(seed), group("rubbish")
    paints = [paint(colour, rough=0.45) for colour in _LITTER]
    for number in range(pieces):
        away, turn = spread * math.sqrt(random.random()), random.uniform(0, 2 * math.pi)
        height = max(0.03, 0.34 * (1 - away / spread) * random.random())
        at, skin = (away * math.cos(turn), 0.7 * away * math.sin(turn), height), random.choice(paints)
        kind = random.random()
        if kind < 0.6:
            size = random.uniform(0.05, 0.13)
            squash = (1, random.uniform(0.6, 1), random.uniform(0.4, 0.9))
            ball(size, at, skin, squash=squash, lumps=size * 1.1, seed=seed + number, parent=whole)
        elif kind < 0.85:
            size = (random.uniform(0.06, 0.22), random.uniform(0.05, 0.16), random.uniform(0.01, 0.09))
            box(size, at, skin, turn=random.uniform(0, 180), parent=whole)
        else:
            axis = (random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(0, 0.6))
            drum(0.035, 0.16, at, skin, axis=axis, parent=whole)
    return whole


def bin_with_wheels(colour: Colour, at: Vector, *, turn: float = 0.0) -> Any:
    """A 240-litre bin on two wheels."""
    whole, plastic = group("bin"), paint(colour, rough=0.45, stain=0.12, grain=6)
    dark = paint(RUBBER, rough=0.7)
    low, high, top = (0.22, 0.24), (0.29, 0.32), 0.98
    corners = [
        (sx * x, sy * y, z)
        for z, (x, y) in ((0.08, low), (top, high))
        for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    faces = [(0, 3, 2, 1), (4, 5, 6, 7), *((n, (n + 1) % 4, 4 + (n + 1) % 4, 4 + n) for n in range(4))]
    solid(corners, faces, plastic, bevel=0.02, parent=whole)
    box((0.66, 0.70, 0.06), (0.02, 0, top + 0.05), plastic, bevel=0.025, parent=whole)
    box((0.05, 0.5, 0.05), (-0.36, 0, top), plastic, bevel=0.015, parent=whole)
    box((0.012, 0.30, 0.30), (0.285, 0, 0.62), paint((0.85, 0.87, 0.85)), parent=whole)
    for side in (1, -1):
        drum(0.1, 0.06, (-0.25, side * 0.24, 0.1), dark, axis=(0, 1, 0), parent=whole)
    whole.location, whole.rotation_euler = at, (0, 0, math.radians(turn))
    return whole


def _slab(
    outline: Sequence[tuple[float, float]], half: float, material: Any, parent: Any, *, bevel: float, taper: float = 1.0
) -> Any:
    """An outline in (x, z) made ``half`` wide to both sides; ``taper`` narrows what is high."""
    low = min(z for _, z in outline)
    span = max(z for _, z in outline) - low or 1.0
    count = len(outline)
    corners = [(x, side * half * (1 - (1 - taper) * (z - low) / span), z) for side in (-1, 1) for x, z in outline]
    faces: list[Sequence[int]] = [tuple(range(count)), tuple(range(2 * count - 1, count - 1, -1))]
    faces += [(n, count + n, count + (n + 1) % count, (n + 1) % count) for n in range(count)]
    return solid(corners, faces, material, bevel=bevel, parent=parent)


def ebike(colour: Colour, *, top_box: bool = True, basket: bool = True) -> Any:
    """An electric scooter of the Chinese kind, 1.65 m long, on its stand, front at +x."""
    whole = group("ebike")
    shell, dark = paint(colour, rough=0.25), paint(RUBBER, rough=0.6)
    metal = paint(STEEL, rough=0.3, metal=0.9)
    _wheels(whole, shell, dark, metal)
    for outline, half, bevel in _PANELS:
        _slab(outline, half, shell, whole, bevel=bevel)
    _slab(_SEAT, 0.145, paint((0.05, 0.035, 0.03), rough=0.7), whole, bevel=0.04)
    _handlebar(whole, shell, dark, metal)
    _lamps_and_plate(whole)
    for side in (1, -1):
        tube([(-0.75, side * 0.13, 0.86), (-1.06, side * 0.13, 0.89)], 0.012, metal, parent=whole, round_off=False)
    if top_box:
        box((0.30, 0.34, 0.28), (-0.92, 0, 1.03), paint((0.06, 0.06, 0.065), rough=0.5), bevel=0.04, parent=whole)
    if basket:
        wire = paint((0.12, 0.12, 0.13), rough=0.6, metal=0.5)
        box((0.20, 0.26, 0.18), (0.68, 0, 0.80), wire, bevel=0.01, parent=whole)
    tube([(-0.05, 0.10, 0.22), (-0.02, 0.20, 0.02)], 0.013, metal, parent=whole, round_off=False)
    return whole


#: Outlines in (x, z) of an e-bike's front, floor and rear, with half their width and their bevel.
_PANELS = (
    (
        ((0.62, 0.42), (0.55, 0.80), (0.46, 0.98), (0.40, 0.94), (0.42, 0.70), (0.40, 0.34), (0.44, 0.28)),
        0.15,
        0.04,
    ),
    (((0.46, 0.26), (0.42, 0.34), (-0.20, 0.35), (-0.26, 0.26), (-0.2, 0.20), (0.40, 0.20)), 0.13, 0.03),
    (
        (
            (-0.14, 0.32),
            (-0.16, 0.66),
            (-0.30, 0.74),
            (-0.78, 0.78),
            (-0.92, 0.68),
            (-0.70, 0.52),
            (-0.42, 0.46),
            (-0.32, 0.30),
        ),
        0.14,
        0.05,
    ),
)
_SEAT = ((-0.12, 0.70), (-0.16, 0.79), (-0.46, 0.81), (-0.86, 0.88), (-0.90, 0.80), (-0.44, 0.73))


def _wheels(whole: Any, shell: Any, dark: Any, metal: Any) -> None:
    """Two wheels under their guards, fork and swing arm."""
    for x in (-0.62, 0.66):
        ring(0.205, 0.052, (x, 0, 0.255), dark, parent=whole)
        drum(0.16, 0.05, (x, 0, 0.255), metal, axis=(0, 1, 0), parent=whole)
        _slab(_arc(x, 0.255, 0.285, 25, 155), 0.065, shell, whole, bevel=0.02)
    for side in (1, -1):
        tube([(0.66, side * 0.075, 0.255), (0.56, side * 0.06, 0.62), (0.50, 0.0, 0.80)], 0.02, metal, parent=whole)
        tube([(-0.62, side * 0.09, 0.255), (-0.50, side * 0.10, 0.62)], 0.024, metal, parent=whole, round_off=False)


def _handlebar(whole: Any, shell: Any, dark: Any, metal: Any) -> None:
    """Stem, bar, grips and mirrors."""
    tube([(0.52, 0, 0.72), (0.40, 0, 1.05)], 0.024, metal, parent=whole, round_off=False)
    tube([(0.34, 0.33, 1.08), (0.41, 0.10, 1.06), (0.41, -0.10, 1.06), (0.34, -0.33, 1.08)], 0.017, metal, parent=whole)
    for side in (1, -1):
        drum(0.022, 0.13, (0.335, side * 0.31, 1.08), dark, axis=(0.2, side, 0.05), parent=whole)
        tube([(0.39, side * 0.20, 1.07), (0.41, side * 0.25, 1.24)], 0.007, dark, parent=whole, round_off=False)
        ball(0.06, (0.41, side * 0.26, 1.27), dark, squash=(0.35, 1.1, 0.7), parent=whole)
    box((0.14, 0.20, 0.13), (0.45, 0, 1.02), shell, bevel=0.04, parent=whole)


def _lamps_and_plate(whole: Any) -> None:
    white, red = paint((0.95, 0.95, 0.9), rough=0.1, glow=0.5), paint((0.6, 0.02, 0.02), rough=0.2, glow=0.3)
    ball(0.062, (0.53, 0, 0.93), white, squash=(0.6, 1.1, 1), parent=whole)
    box((0.04, 0.16, 0.06), (-0.93, 0, 0.70), red, bevel=0.015, parent=whole)
    box((0.02, 0.19, 0.13), (-0.96, 0, 0.55), paint((0.9, 0.9, 0.92), rough=0.4), bevel=0.005, parent=whole)


def _arc(x: float, z: float, radius: float, first: float, last: float) -> list[tuple[float, float]]:
    steps = [math.radians(first + (last - first) * n / 8) for n in range(9)]
    outer = [(x + radius * math.cos(a), z + radius * math.sin(a)) for a in steps]
    return outer + [(x + (radius - 0.03) * math.cos(a), z + (radius - 0.03) * math.sin(a)) for a in reversed(steps)]


def pram(colour: Colour) -> Any:
    """A pram, handle at -x."""
    whole = group("pram")
    cloth, metal, dark = paint(colour, rough=0.9), paint(STEEL, rough=0.3, metal=0.9), paint(RUBBER, rough=0.6)
    ball(0.34, (0.05, 0, 0.72), cloth, squash=(1.15, 0.72, 0.55), parent=whole)
    ball(0.30, (0.26, 0, 0.86), cloth, squash=(0.75, 0.82, 0.9), parent=whole)
    for side in (1, -1):
        tube(
            [(-0.55, side * 0.22, 1.05), (-0.28, side * 0.22, 0.72), (0.36, side * 0.22, 0.15)],
            0.014,
            metal,
            parent=whole,
        )
        tube([(0.25, side * 0.22, 0.68), (-0.32, side * 0.22, 0.15)], 0.014, metal, parent=whole)
        for x, radius in ((-0.34, 0.13), (0.38, 0.10)):
            ring(radius, 0.02, (x, side * 0.24, radius + 0.02), dark, parent=whole)
            drum(0.03, 0.05, (x, side * 0.24, radius + 0.02), metal, axis=(0, 1, 0), parent=whole)
    tube([(-0.55, 0.22, 1.05), (-0.55, -0.22, 1.05)], 0.018, dark, parent=whole, round_off=False)
    box((0.5, 0.36, 0.06), (0, 0, 0.28), paint((0.08, 0.08, 0.09)), bevel=0.02, parent=whole)
    return whole


def wheelchair(colour: Colour) -> Any:
    """A wheelchair, its handles at -x."""
    whole = group("wheelchair")
    cloth, metal, dark = paint(colour, rough=0.9), paint(STEEL, rough=0.3, metal=0.9), paint(RUBBER, rough=0.6)
    box((0.44, 0.42, 0.05), (0.05, 0, 0.50), cloth, bevel=0.02, parent=whole)
    back = box((0.04, 0.42, 0.46), (-0.20, 0, 0.76), cloth, bevel=0.015, parent=whole)
    back.rotation_euler = (0, math.radians(-8), 0)
    for side in (1, -1):
        y = side * 0.27
        ring(0.29, 0.018, (-0.14, side * 0.31, 0.305), dark, parent=whole)
        ring(0.25, 0.009, (-0.14, side * 0.345, 0.305), metal, parent=whole)
        for number in range(8):
            turn = math.pi * number / 8
            x, z = 0.28 * math.cos(turn), 0.28 * math.sin(turn)
            tube(
                [(-0.14 - x, y + side * 0.04, 0.305 - z), (-0.14 + x, y + side * 0.04, 0.305 + z)],
                0.003,
                metal,
                parent=whole,
                round_off=False,
            )
        ring(0.075, 0.016, (0.36, side * 0.22, 0.09), dark, parent=whole)
        tube([(-0.36, y, 0.93), (-0.22, y, 0.93), (-0.20, y, 0.50), (-0.16, y, 0.30)], 0.012, metal, parent=whole)
        tube(
            [(-0.20, y, 0.48), (0.26, y, 0.48), (0.34, y, 0.30), (0.44, side * 0.14, 0.10)], 0.012, metal, parent=whole
        )
        tube([(-0.20, y, 0.70), (0.18, y, 0.70), (0.24, y, 0.50)], 0.012, metal, parent=whole)
        box((0.26, 0.05, 0.03), (0.0, y, 0.72), dark, bevel=0.01, parent=whole)
        tube([(-0.46, y, 0.93), (-0.34, y, 0.93)], 0.018, dark, parent=whole, round_off=False)
        box((0.16, 0.13, 0.02), (0.48, side * 0.10, 0.10), dark, parent=whole)
    return whole
