"""Renders a scene frame by frame: the whole set once, then only what moves, over it. Goes on where it was stopped.

Run by Blender's Python, see `make reel`; frames are DIR/NAME/00000.png.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from lookout_models.reel import stage
from lookout_models.reel.scenes import Scene, scenes

SIZE = (640, 360)
FPS = 8
_MARGIN = 0.012
_FEATHER = 4


def shoot(scene: Scene, folder: Path, *, samples: int, seed: int, only: Sequence[float] = ()) -> None:
    """All frames of ``scene``, or those at the seconds ``only``; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    stage.clear()
    stage.shine(scene.light)
    act = scene.build(seed)
    stage.hang_camera(scene.look, SIZE, samples=samples, seed=seed)
    whole, before, last_pose = None, None, None
    times = only or [number / FPS for number in range(round(scene.seconds * FPS))]
    for number, at in enumerate(times):
        target = folder / f"{number:05d}.png"
        moving = act(at)
        pose = _pose(moving)
        area = _area(moving, scene)
        if not target.exists():
            if whole is None or only:
                stage.render(str(target))
            elif pose == last_pose:
                cv2.imwrite(str(target), whole)
            else:
                part = folder / "part.png"
                border = _united(area, before)
                if border is not None:
                    stage.render(str(part), border)
                    whole = _laid(whole, cv2.imread(str(part)), border)
                cv2.imwrite(str(target), whole)
        whole, before, last_pose = cv2.imread(str(target)), area, pose


def _pose(moving: Sequence[Any]) -> list[tuple[float, ...]]:
    """Equal only when nothing has moved. Bodies that are made anew are told by their vertices."""
    stage.bpy.context.view_layer.update()
    found: list[tuple[float, ...]] = []
    for thing in moving:
        found.append(tuple(round(v, 4) for row in thing.matrix_world for v in row))
        if thing.name.startswith("person"):
            found.append(tuple(round(v, 4) for vertex in list(thing.data.vertices)[::97] for v in vertex.co))
    return found


def _area(moving: Sequence[Any], scene: Scene) -> tuple[float, float, float, float] | None:
    """The part of the picture in which ``moving`` and its shadow are."""
    seen = stage.on_screen([thing for thing in moving if thing.matrix_world.translation.z > -20], scene.light)
    if seen is None:
        return None
    left, top, right, bottom = seen
    return max(0.0, left - _MARGIN), max(0.0, top - _MARGIN), min(1.0, right + _MARGIN), min(1.0, bottom + _MARGIN)


def _united(
    one: tuple[float, float, float, float] | None, other: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float] | None:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _laid(whole: Any, part: Any, border: tuple[float, float, float, float]) -> Any:
    """``part`` into ``whole``, softly at the edges."""
    height, width = part.shape[:2]
    x = min(round(border[0] * SIZE[0]), SIZE[0] - width)
    y = min(round(border[1] * SIZE[1]), SIZE[1] - height)
    mask = np.ones((height, width), np.float32)
    for step in range(_FEATHER):
        share = (step + 1) / (_FEATHER + 1)
        if y > 0:
            mask[step] = np.minimum(mask[step], share)
        if y + height < SIZE[1]:
            mask[height - 1 - step] = np.minimum(mask[height - 1 - step], share)
        if x > 0:
            mask[:, step] = np.minimum(mask[:, step], share)
        if x + width < SIZE[0]:
            mask[:, width - 1 - step] = np.minimum(mask[:, width - 1 - step], share)
    made = whole.astype(np.float32)
    under = made[y : y + height, x : x + width]
    made[y : y + height, x : x + width] = under + mask[..., None] * (part.astype(np.float32) - under)
    return np.clip(made + 0.5, 0, 255).astype(np.uint8)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description="Render scenes of the reel.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--at", type=float, nargs="*", default=[], help="only these seconds, each rendered whole")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    known = scenes()
    for name in given.names or known:
        folder, scene = given.work / name, known[name]
        shoot(scene, folder, samples=given.samples, seed=given.seed, only=given.at)
        what = [{"scenario": scene.scenario, "start_s": scene.event[0], "end_s": scene.seconds}] if scene.event else []
        (folder / "what.json").write_text(json.dumps(what) + "\n", "utf-8")


if __name__ == "__main__":
    main()
