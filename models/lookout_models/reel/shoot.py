"""Renders a scene frame by frame: the whole set once, then only what moves, over it. Goes on where it was stopped.

Run by Blender's Python, see `make reel`; frames are DIR/NAME/00000.png.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from lookout_models.reel import ROOM, YARD, stage
from lookout_models.reel.acting import Scene
from lookout_models.reel.room_set import render_room
from lookout_models.reel.scenes import scenes
from lookout_models.reel.yard_set import render_yard

#: Left, top, right, bottom as fractions of the picture.
Border = tuple[float, float, float, float]
SIZE = (640, 360)
FPS = 8
_MARGIN = 0.012
_FEATHER = 4


def shoot(scene: Scene, folder: Path, *, samples: int, seed: int, only: Sequence[float] = ()) -> None:
    """All frames of ``scene``, or those at the seconds ``only``; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    stage.clear()
    stage.shine(scene.light)
    act = scene.build(seed, folder.parent)
    stage.hang_camera(scene.look, SIZE, samples=samples, seed=seed)
    whole, before = None, list[_Seen]()
    times = only or [number / FPS for number in range(round(scene.seconds * FPS))]
    for number, at in enumerate(times):
        target = folder / f"{number:05d}.png"
        seen = _look_at(act(at), scene)
        if not target.exists():
            if whole is None or only:
                stage.render(str(target))
            else:
                border = _changed(before, seen)
                if border is not None:
                    part = folder / "part.png"
                    stage.render(str(part), border)
                    whole = laid(whole, cv2.imread(str(part)), border)
                cv2.imwrite(str(target), whole)
        whole, before = cv2.imread(str(target)), seen


class _Seen(NamedTuple):
    """One thing that may move: equal poses mean that it has not, ``area`` is where it and its shadow are."""

    pose: tuple[float, ...]
    area: Border | None


def _look_at(moving: Sequence[Any], scene: Scene) -> list[_Seen]:
    stage.bpy.context.view_layer.update()
    found: list[_Seen] = []
    for thing in moving:
        pose = tuple(round(v, 4) for row in thing.matrix_world for v in row)
        if thing.name.startswith("person"):
            # A body is made anew for each frame: its vertices tell whether it has moved.
            pose += tuple(round(v, 4) for vertex in list(thing.data.vertices)[::97] for v in vertex.co)
        out_of_sight = thing.matrix_world.translation.z < -20
        found.append(_Seen(pose, None if out_of_sight else stage.on_screen([thing], scene.light)))
    return found


def _changed(before: Sequence[_Seen], after: Sequence[_Seen]) -> Border | None:
    """The part of the picture in which anything has moved, with a margin; None when nothing has."""
    areas = [area for a, b in zip(before, after, strict=True) if a.pose != b.pose for area in (a.area, b.area) if area]
    if not areas:
        return None
    left, top = (min(area[axis] for area in areas) for axis in (0, 1))
    right, bottom = (max(area[axis] for area in areas) for axis in (2, 3))
    return max(0.0, left - _MARGIN), max(0.0, top - _MARGIN), min(1.0, right + _MARGIN), min(1.0, bottom + _MARGIN)


def laid(whole: Any, part: Any, border: Border) -> Any:
    """``part`` into ``whole``, softly at the edges."""
    (high, wide), (height, width) = whole.shape[:2], part.shape[:2]
    x = min(round(border[0] * wide), wide - width)
    y = min(round(border[1] * high), high - height)
    mask = np.ones((height, width), np.float32)
    for step in range(_FEATHER):
        share = (step + 1) / (_FEATHER + 1)
        if y > 0:
            mask[step] = np.minimum(mask[step], share)
        if y + height < high:
            mask[height - 1 - step] = np.minimum(mask[height - 1 - step], share)
        if x > 0:
            mask[:, step] = np.minimum(mask[:, step], share)
        if x + width < wide:
            mask[:, width - 1 - step] = np.minimum(mask[:, width - 1 - step], share)
    made = whole.astype(np.float32)
    under = made[y : y + height, x : x + width]
    made[y : y + height, x : x + width] = under + mask[..., None] * (part.astype(np.float32) - under)
    return np.clip(made + 0.5, 0, 255).astype(np.uint8)


def _told(scene: Scene) -> dict[str, Any]:
    """What the camera has to know of the scene, and what happens in it."""
    start, end = scene.event or (0.0, 0.0)
    events = [{"scenario": scene.scenario, "start_s": start, "end_s": end}] if scene.event else []
    known = {"events": events, "judged": [scene.scenario], "residents": list(scene.residents)}
    truth = known if scene.residents else events
    return {"camera": scene.camera, "infrared": scene.infrared, "truth": truth}


def main() -> None:
    """See the module."""
    known = scenes()
    every = [*known, *YARD, *ROOM]
    parser = argparse.ArgumentParser(description="Render scenes of the reel.")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(every)}; all when none is named")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=5)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--at", type=float, nargs="*", default=[], help="only these seconds, each rendered whole")
    given = parser.parse_args()
    if unknown := set(given.names) - set(every):
        parser.error(f"there is no scene {', '.join(sorted(unknown))}: choose of {', '.join(every)}")
    given.work.mkdir(parents=True, exist_ok=True)
    for clips, render in ((YARD, render_yard), (ROOM, render_room)):
        if not given.names or set(given.names) & set(clips):
            render(given.work)
    for name in given.names or known:
        if name in known:
            shoot(known[name], given.work / name, samples=given.samples, seed=given.seed, only=given.at)
            (given.work / name / "what.json").write_text(json.dumps(_told(known[name])) + "\n", "utf-8")


if __name__ == "__main__":
    main()
