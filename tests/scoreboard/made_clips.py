"""Clips made of still pictures that somebody seems to film: panned, zoomed, noisy, brighter and darker.

    python -m scoreboard.made_clips OUT_DIR --each 8 [--far 6 | --night]   (from tests/; pictures are in ../shared/data)

What is shown is labelled, so a clip comes with its truth, and a detector that tells the labels can stand in for a real
one. The stills are those that training never sees (the ``test`` folders). With ``--far`` each is shown on a small part
of a sharp picture of calm weather, as what happens far from a camera; with ``--night`` as cameras show it by their
infrared lamps.
"""

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import pi, sin
from pathlib import Path

import cv2
import numpy as np

from lookout_edge.domain.detection import Detection
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_models.infrared import infrared_camera

DATA = Path(__file__).parents[3] / "shared" / "data"
SIZE = (480, 360)
FPS = 5
#: A sharp picture, and where in it what is far is shown, from its top left.
SHARP = (1440, 1080)
PLACES = ((0.05, 0.1), (0.33, 0.3), (0.6, 0.55), (0.1, 0.6), (0.62, 0.08), (0.4, 0.62))
#: Width of the border in which what is far melts into the picture, pixels.
_SEAM = 12
FIRE = ("fire", "smoke")
GARBAGE = ("garbage", "garbage_bin", "overflow")
LIFT = ("motorcycle", "person")


@dataclass(frozen=True)
class Still:
    """A picture and what is on it, boxes in fractions of it."""

    path: Path
    things: tuple[tuple[str, Box], ...]

    @property
    def image(self) -> Image:
        """BGR, read from the disk."""
        return np.asarray(cv2.imread(str(self.path)), np.uint8)


@dataclass(frozen=True)
class Shot:
    """A still, shown for some seconds; ``scenario`` names what happens in it, if anything does."""

    still: Still
    seconds: float
    scenario: str | None = None
    #: Share of the picture that is left out on its way from the one side to the other.
    pan: float = 0.06
    #: Share by which it is zoomed in.
    zoom: float = 0.06


def stills(folder: Path, names: Sequence[str], *, wanted: Sequence[str] = (), prefix: str = "") -> list[Still]:
    """Those of ``folder`` (images/, labels/) that show one of ``wanted``, or nothing at all when none is wanted."""
    found: list[Still] = []
    for path in sorted((folder / "images").glob(f"{prefix}*")):
        things = tuple(_labels(folder / "labels" / f"{path.stem}.txt", names))
        fits = any(label in wanted for label, _ in things) if wanted else not things
        found += [Still(path, things)] if fits else []
    return found


def _labels(path: Path, names: Sequence[str]) -> Iterator[tuple[str, Box]]:
    for line in path.read_text().splitlines() if path.is_file() else ():
        number, x, y, width, height = (float(part) for part in line.split())
        box = Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        yield names[int(number)], box


def frames(shots: Sequence[Shot], seed: int = 1) -> Iterator[tuple[float, Image, list[Detection]]]:
    """(seconds from the start, BGR picture, what a perfect detector finds in it) for every frame."""
    noise = np.random.default_rng(seed)
    number = 0
    for shot in shots:
        count, still = round(shot.seconds * FPS), shot.still.image
        for index in range(count):
            window = _window(shot, index / max(1, count - 1))
            picture = _cut(still, window).astype(np.float32)
            picture = picture * (1 + 0.08 * sin(2 * pi * number / (7.0 * FPS)))
            picture = picture + noise.normal(0, 4, picture.shape[:2])[:, :, None]
            seen = [Detection(label, 0.6, _moved(box, window)) for label, box in shot.still.things]
            yield number / FPS, np.clip(picture, 0, 255).astype(np.uint8), [s for s in seen if s.box.area > 1e-4]
            number += 1


def _window(shot: Shot, progress: float) -> Box:
    """The part of the still that is shown, fractions of it."""
    size = 1 - shot.pan - shot.zoom * progress
    left = (1 - size) * progress
    return Box(left, left, left + size, left + size)


def _cut(image: Image, window: Box) -> Image:
    height, width = image.shape[:2]
    x1, y1, x2, y2 = (round(v) for v in (window.x1 * width, window.y1 * height, window.x2 * width, window.y2 * height))
    return np.asarray(cv2.resize(image[y1:y2, x1:x2], SIZE, interpolation=cv2.INTER_LINEAR), np.uint8)


def _moved(box: Box, window: Box) -> Box:
    inside = Box(
        (box.x1 - window.x1) / window.width,
        (box.y1 - window.y1) / window.height,
        (box.x2 - window.x1) / window.width,
        (box.y2 - window.y1) / window.height,
    )
    return inside.clipped()


def from_afar(
    shown: Iterator[tuple[float, Image, list[Detection]]], around: Image, times: int, seed: int
) -> Iterator[tuple[float, Image]]:
    """(seconds, picture) of ``SHARP`` size: what is ``shown``, so many times smaller, somewhere on ``around``."""
    noise, (width, height) = np.random.default_rng(seed), (SHARP[0] // times, SHARP[1] // times)
    still = np.asarray(cv2.resize(around, SHARP, interpolation=cv2.INTER_CUBIC), np.float32)
    x, y = PLACES[seed % len(PLACES)]
    left, top = min(SHARP[0] - width, round(x * SHARP[0])), min(SHARP[1] - height, round(y * SHARP[1]))
    opacity = np.zeros((height, width), np.float32)
    opacity[_SEAM:-_SEAM, _SEAM:-_SEAM] = 1
    opacity = np.asarray(cv2.GaussianBlur(opacity, (0, 0), _SEAM / 2), np.float32)[:, :, None]
    for at, picture, _ in shown:
        whole = still + noise.normal(0, 3, (SHARP[1], SHARP[0], 1)).astype(np.float32)
        part = whole[top : top + height, left : left + width]
        small = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.float32)
        part += (small - part) * opacity
        yield at, np.clip(whole, 0, 255).astype(np.uint8)


def truths(shots: Sequence[Shot]) -> list[dict[str, str | float]]:
    """The clip's truth as its file holds it."""
    at, found = 0.0, list[dict[str, str | float]]()
    for shot in shots:
        if shot.scenario:
            found.append({"scenario": shot.scenario, "start_s": at, "end_s": at + shot.seconds})
        at += shot.seconds
    return found


#: What the labels of a kind of clip would name; the pictures of bins show many an e-bike that nobody has marked.
LABELLED = {"garbage": ("fire_smoke", "garbage")}


def write_clip(
    path: Path, shots: Sequence[Shot], seed: int = 1, far: tuple[Still, int] | None = None, *, night: bool = False
) -> None:
    """The clip (MPEG-4) and, beside it, its truth; ``far`` is what is around it, and how many times smaller it is."""
    shown = frames(shots, seed)
    camera = infrared_camera(np.random.default_rng(seed)) if night else None
    seen = ((at, picture if camera is None else camera(picture)) for at, picture, _ in shown)
    if far is not None:
        seen = from_afar(shown, far[0].image, far[1], seed)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, SIZE if far is None else SHARP)
    for _, picture in seen:
        writer.write(picture)
    writer.release()
    events = truths(shots)
    judged = LABELLED.get(path.name.split("-")[0])
    labels = events if judged is None else {"events": events, "judged": judged}
    path.with_suffix(".truth.json").write_text(json.dumps(labels), encoding="utf-8")


def scripts(data: Path, each: int) -> dict[str, list[Shot]]:
    """Name → shots: events of every kind after a calm scene, and clips in which nothing happens."""
    calm = stills(data / "fire" / "test", FIRE, prefix="neg_")
    fires = [s for s in stills(data / "fire" / "test", FIRE, wanted=FIRE) if _large(s, FIRE, 0.01)]
    waste = ("garbage", "overflow")
    heaps = [s for s in stills(data / "garbage" / "test", GARBAGE, wanted=waste) if _large(s, waste, 0.02)]
    bins = [s for s in stills(data / "garbage" / "test", GARBAGE, wanted=("garbage_bin",)) if not _large(s, waste, 0)]
    lifts = stills(data / "ebike" / "elevator_test", LIFT, wanted=("motorcycle",))
    made: dict[str, list[Shot]] = {}
    for number in range(each):
        before = Shot(_nth(calm, number), 6)
        made[f"fire-{number:02}"] = [before, Shot(_nth(fires, number), 18, "fire_smoke")]
        made[f"garbage-{number:02}"] = [Shot(_nth(bins, number), 6), Shot(_nth(heaps, number), 20, "garbage")]
        made[f"lift-{number:02}"] = [before, Shot(_nth(lifts, number), 15, "corridor_ebike", pan=0.02, zoom=0.02)]
        made[f"calm-{number:02}"] = [Shot(_nth(calm, 3 * number + k), 12) for k in range(3)]
    return made


def _nth(items: Sequence[Still], number: int) -> Still:
    """Spread over the whole list, so that few clips are no neighbours."""
    return items[number * 7 % len(items)]


def _large(still: Still, labels: Sequence[str], area: float) -> bool:
    return any(label in labels and box.area > area for label, box in still.things)


def main() -> None:
    """Write a folder of clips, with the real footage as clips in which nothing (or, for house6, a fire) happens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--each", type=int, default=8)
    parser.add_argument("--far", type=int, help="show all so many times smaller, on a part of a sharp picture")
    parser.add_argument("--night", action="store_true", help="show all by the infrared lamp of a camera")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    calm = stills(DATA / "fire" / "test", FIRE, prefix="neg_")
    for number, (name, shots) in enumerate(scripts(DATA, given.each).items()):
        far = None if given.far is None else (_nth(calm, number + 5), given.far)
        write_clip(given.out / f"{name}.mp4", shots, number, far, night=given.night)
    if given.far is not None or given.night:
        return
    for name, truth in (
        ("car-detection", []),
        ("one-by-one-person-detection", []),
        ("house6", [{"scenario": "fire_smoke", "start_s": 0, "end_s": 29.9}]),
    ):
        clip = given.out / f"real-{name}.mp4"
        shutil.copyfile(DATA / "video" / f"{name}.mp4", clip)
        clip.with_suffix(".truth.json").write_text(json.dumps(truth), encoding="utf-8")


if __name__ == "__main__":
    main()
