"""What others cost on the same clip, where they are installed: measured in a process of their own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

#: Name of the one peer: ``track`` of ultralytics with its ByteTrack, YOLO11n at 640.
ULTRALYTICS = "ultralytics track (yolo11n, 640)"
_WEIGHTS = "yolo11n.pt"
_TIMEOUT_S = 900.0
#: Prints CPU seconds and pictures from its first answer on: imports and warming up are not what watching costs.
_TRACK = """
import json, sys, time
from ultralytics import YOLO
model = YOLO(sys.argv[2])
begun, pictures = 0.0, -1
for _ in model.track(source=sys.argv[1], imgsz=640, tracker="bytetrack.yaml", stream=True, save=False, verbose=False):
    pictures += 1
    begun = time.process_time() if pictures == 0 else begun
print(json.dumps({"cpu_s": time.process_time() - begun, "pictures": pictures}))
"""


@dataclass(frozen=True, slots=True)
class Peers:
    """What was measured, and why something was not."""

    #: Name → CPU seconds per second of video.
    cost: dict[str, float]
    #: Name → why it could not be measured; what is not installed is not named.
    failed: dict[str, str]


def measure_peers(clip: Path, video_s: float, folder: Path, *, timeout_s: float = _TIMEOUT_S) -> Peers:
    """What watching ``clip`` costs, ``video_s`` seconds from its first picture to its last.

    Weights that a peer fetches by itself land in ``folder``.
    """
    if find_spec("ultralytics") is None:
        return Peers({}, {})
    try:
        done = subprocess.run(
            [sys.executable, "-c", _TRACK, str(clip.resolve()), _WEIGHTS],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Peers({}, {ULTRALYTICS: f"it took longer than {timeout_s:g} s"})
    if done.returncode:
        return Peers({}, {ULTRALYTICS: _last_line(done.stderr) or f"it ended with code {done.returncode}"})
    try:
        answer = json.loads(_last_line(done.stdout))
        cpu_s, pictures = float(answer["cpu_s"]), int(answer["pictures"])
    except (ValueError, KeyError, TypeError):
        return Peers({}, {ULTRALYTICS: "it did not say what it had done"})
    if pictures < 1:
        return Peers({}, {ULTRALYTICS: "it showed less than two pictures"})
    return Peers({ULTRALYTICS: cpu_s / video_s}, {})


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
