"""Labelled stills of e-bikes and bags in corridors and lifts, for training: the boxes come from the scene itself.

``python -m lookout_models.reel.stills OUT``, by Blender's Python, see ``make stills``. OUT/images/*.jpg, 416 wide,
OUT/labels/*.txt (YOLO: class cx cy w h), OUT/data.yaml. In every place the empty set is rendered once and then only
the part in which things stand. Prams, wheelchairs, carts, chairs and empty places have no boxes: they are there to be
told apart.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from lookout_models.reel import stage
from lookout_models.reel.actors import Person, bag, ebike, rubbish
from lookout_models.reel.clutter import bicycle, harmless
from lookout_models.reel.corridor import corridor
from lookout_models.reel.lift import cabin
from lookout_models.reel.shoot import Border, laid

Picture = NDArray[np.uint8]
SIZE = (416, 234)
CLASSES = ("ebike", "person", "garbage", "bicycle")
#: Stills of one place.
A_PLACE = 12
#: What is less visible than this share of it has no box.
_LEAST_VISIBLE = 0.3
#: Vertices of a part that are looked for; with few of them a person's box ends at the neck.
_POINTS = 160
_AWAY = (0.0, 0.0, -50.0)


class Place:
    """A set with things that may stand in it; ``floor`` is where: least and most x, then y."""

    def __init__(self, random: Random, seed: int, *, samples: int) -> None:
        self.random = random
        stage.clear()
        inside = random.random() < 0.5
        self.floor, look = _lift(random) if inside else _corridor(random)
        stage.shine(_light(random))
        stage.hang_camera(look, SIZE, samples=samples, seed=seed)
        self.eye = look.eye
        self.things = _things(random, seed)
        self.people = [Person(shirt=_cloth(random), trousers=_cloth(random, 0.3)) for _ in range(2)]
        for _, thing in self.things:
            thing.location = _AWAY

    def arrange(self) -> list[tuple[str, Sequence[Any]]]:
        """Put some of the things somewhere; what stands there, each with the parts it has."""
        random = self.random
        taken: list[tuple[float, float]] = []
        shown: list[tuple[str, Sequence[Any]]] = []
        for label, thing in random.sample(self.things, len(self.things)):
            spot = self._spot(taken, 0.75) if random.random() < _OFTEN[label] else None
            thing.location = (*spot, 0.0) if spot else _AWAY
            thing.rotation_euler = (0, 0, math.radians(self._heading()))
            if spot:
                shown.append((label, [part for part in thing.children_recursive if part.type in {"MESH", "CURVE"}]))
        for person in self.people:
            spot = self._spot(taken, 0.5) if random.random() < 0.4 else None
            walks = random.random() < 0.5
            person.pose(
                (*spot, 0.0) if spot else _AWAY,
                random.uniform(0, 360),
                random.random(),
                stride=1.0 if walks else 0.0,
                bend=0.0 if random.random() < 0.8 else random.uniform(0.2, 0.8),
                reach=random.choice((0.0, 0.0, 0.9)),
            )
            if spot:
                shown.append(("person", person.parts))
        return shown

    def _heading(self) -> float:
        along = self.random.choice((0, 180)) if self.random.random() < 0.6 else self.random.uniform(0, 360)
        return along + self.random.gauss(0, 10) + (90 if self.floor[1] - self.floor[0] < 2 else 0)

    def _spot(self, taken: list[tuple[float, float]], apart: float) -> tuple[float, float] | None:
        left, right, near, far = self.floor
        for _ in range(12):
            spot = self.random.uniform(left, right), self.random.uniform(near, far)
            if all(math.dist(spot, other) > apart for other in taken):
                taken.append(spot)
                return spot
        return None


#: How often a thing of a label stands there; the empty label is that of harmless things.
_OFTEN: Mapping[str, float] = {"ebike": 0.3, "garbage": 0.25, "bicycle": 0.2, "": 0.4}


def _things(random: Random, seed: int) -> list[tuple[str, Any]]:
    bikes = [ebike(_lacquer(random), top_box=random.random() < 0.4, basket=random.random() < 0.5) for _ in range(2)]
    for bike in bikes:
        bike.scale = tuple(random.uniform(0.9, 1.1) for _ in range(3))
    pedalled = bicycle(_lacquer(random), basket=random.random() < 0.5)
    bags = [bag(random.choice(_BAGS), seed + n, size=random.uniform(0.16, 0.34)) for n in range(2)]
    heap = rubbish(seed, pieces=40, spread=random.uniform(0.3, 0.6))
    others = harmless(random, lambda: _cloth(random), 3)
    return (
        [("ebike", bike) for bike in bikes]
        + [("bicycle", pedalled)]
        + [("garbage", thing) for thing in (*bags, heap)]
        + [("", thing) for thing in others]
    )


_BAGS: Sequence[stage.Colour] = ((0.02, 0.02, 0.022), (0.55, 0.55, 0.56), (0.35, 0.02, 0.02), (0.03, 0.10, 0.35))


def _lacquer(random: Random) -> stage.Colour:
    plain: Sequence[stage.Colour] = (
        (0.02, 0.02, 0.02),
        (0.75, 0.75, 0.75),
        (0.45, 0.02, 0.02),
        (0.03, 0.10, 0.35),
        (0.30, 0.31, 0.33),
        (0.55, 0.25, 0.32),
        (0.05, 0.25, 0.16),
        (0.65, 0.55, 0.30),
    )
    return random.choice(plain)


def _cloth(random: Random, most: float = 0.6) -> stage.Colour:
    return random.uniform(0.02, most), random.uniform(0.02, most), random.uniform(0.02, most)


def _grey(random: Random, low: float, high: float) -> stage.Colour:
    light = random.uniform(low, high)
    return light, light * random.uniform(0.9, 1.0), light * random.uniform(0.8, 1.0)


def _light(random: Random) -> stage.Light:
    return stage.Light(
        sun_strength=0, sky=(0.9, 0.95, 1.0), sky_strength=random.uniform(0.3, 0.9), exposure=random.uniform(-0.1, 0.8)
    )


def _corridor(random: Random) -> tuple[tuple[float, float, float, float], stage.Look]:
    half = random.uniform(0.9, 1.6)
    corridor(
        floor=_grey(random, 0.2, 0.65),
        skirting=random.choice((_cloth(random), _grey(random, 0.3, 0.8))),
        walls=_grey(random, 0.55, 0.85),
        half=half,
    )
    eye = (random.uniform(-1.2, 0.2), random.uniform(-0.75, 0.75) * half, random.uniform(2.1, 2.75))
    aim = (random.uniform(2.2, 4.0), random.uniform(-0.4, 0.4) * half, random.uniform(0.3, 0.8))
    return (1.0, 5.5, -half + 0.4, half - 0.4), stage.Look(eye=eye, aim=aim, view=random.uniform(60, 92))


def _lift(random: Random) -> tuple[tuple[float, float, float, float], stage.Look]:
    cabin(walls=_grey(random, 0.4, 0.8), metal=random.uniform(0, 0.7), floor=_grey(random, 0.15, 0.65))
    eye = (random.choice((-1, 1)) * random.uniform(0.45, 0.75), random.uniform(2.55, 2.74), random.uniform(2.1, 2.34))
    aim = (random.uniform(-0.15, 0.15), random.uniform(0.6, 1.1), random.uniform(0.3, 0.7))
    return (-0.45, 0.45, 0.45, 1.75), stage.Look(eye=eye, aim=aim, view=random.uniform(80, 108))


def visible_box(parts: Sequence[Any], eye: stage.Vector) -> Border | None:
    """The box around what the camera sees of ``parts``; None where too little of them is seen.

    Rays go from the camera to vertices; a vertex counts as seen where the first thing that is hit is one of ``parts``.
    """
    scene, from_ = stage.bpy.context.scene, stage.mathutils.Vector(eye)
    graph = stage.bpy.context.evaluated_depsgraph_get()
    own, seen, tried = {part.name for part in parts}, list[tuple[float, float]](), 0
    for part in parts:
        shape = part.evaluated_get(graph)
        corners = list(shape.to_mesh().vertices)
        for corner in corners[:: max(1, len(corners) // _POINTS)]:
            place = part.matrix_world @ corner.co
            x, y, depth = stage.to_screen(place)
            tried += 1
            if depth <= 0 or not (0 <= x <= 1 and 0 <= y <= 1):
                continue
            towards = place - from_
            hit, _, _, _, thing, _ = scene.ray_cast(graph, from_, towards.normalized(), distance=towards.length * 1.01)
            if not hit or thing.name in own:
                seen.append((x, y))
        shape.to_mesh_clear()
    # Half of a solid's vertices are at its back.
    if len(seen) < _LEAST_VISIBLE * tried / 2 or len(seen) < 3:
        return None
    xs, ys = [x for x, _ in seen], [y for _, y in seen]
    return min(xs), min(ys), max(xs), max(ys)


def _photographed(picture: Picture, random: np.random.Generator) -> Picture:
    """With a cheap camera's blur and noise, sometimes grey as by night."""
    made = cv2.GaussianBlur(picture, (0, 0), random.uniform(0.3, 0.9)).astype(np.float64)
    grain = random.normal(0, random.uniform(1, 7), (*picture.shape[:2], 1))
    made = 255 * (made / 255) ** random.uniform(0.8, 1.3) + grain
    if random.random() < 0.15:
        made = np.repeat(made.mean(2, keepdims=True), 3, 2)
    return np.clip(made, 0, 255).astype(np.uint8)


def _write(folder: Path, name: str, picture: Picture, boxes: Sequence[tuple[str, Border]]) -> None:
    cv2.imwrite(str(folder / "images" / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 82])
    lines: list[str] = []
    for label, (left, top, right, bottom) in boxes:
        middle = f"{(left + right) / 2:.5f} {(top + bottom) / 2:.5f}"
        lines.append(f"{CLASSES.index(label)} {middle} {right - left:.5f} {bottom - top:.5f}\n")
    (folder / "labels" / f"{name}.txt").write_text("".join(lines), "utf-8")


def _read(path: Path) -> Picture:
    found = cv2.imread(str(path))
    if found is None:
        raise FileNotFoundError(f"{path} was not rendered")
    return found.astype(np.uint8, copy=False)


def shoot_place(number: int, folder: Path, *, samples: int, seed: int) -> None:
    """``A_PLACE`` stills of one place; a place whose last still is there is left alone."""
    names = [f"place{number:03d}_{still:02d}" for still in range(A_PLACE)]
    if (folder / "labels" / f"{names[-1]}.txt").exists():
        return
    place, noise = Place(Random(seed * 1000 + number), number, samples=samples), np.random.default_rng(number)
    part = folder / "part.png"
    stage.render(str(part))
    empty = _read(part)
    for name in names:
        shown = place.arrange()
        stage.bpy.context.view_layer.update()
        areas = [area for _, parts in shown if (area := stage.on_screen(parts, stage.Light(sun_strength=0)))]
        picture = empty
        if areas:
            border = _around(areas)
            stage.render(str(part), border)
            picture = laid(empty, _read(part), border)
        boxes = [(label, box) for label, parts in shown if label and (box := visible_box(parts, place.eye))]
        _write(folder, name, _photographed(picture, noise), boxes)
    part.unlink()


def _around(areas: Sequence[Border], margin: float = 0.06) -> Border:
    """All of ``areas`` with room for the shadows around them."""
    left, top = (max(0.0, min(area[axis] for area in areas) - margin) for axis in (0, 1))
    right, bottom = (min(1.0, max(area[axis] for area in areas) + margin) for axis in (2, 3))
    return left, top, right, bottom


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Render labelled stills for training.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--places", type=int, default=30, help=f"each gives {A_PLACE} stills")
    parser.add_argument("--samples", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for name in ("images", "labels"):
        (given.out / name).mkdir(parents=True, exist_ok=True)
    names = ", ".join(CLASSES)
    (given.out / "data.yaml").write_text(f"path: .\ntrain: images\nnc: {len(CLASSES)}\nnames: [{names}]\n", "utf-8")
    for number in range(given.places):
        shoot_place(number, given.out, samples=given.samples, seed=given.seed)


if __name__ == "__main__":
    main()
