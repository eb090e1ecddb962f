"""Watch a gateway for a while beside cameras that misbehave: memory, threads and open files have to stay flat.

``python tests/soak.py --minutes 30``; prints one JSON object and ends with 1 when something grows. RTSP cameras with a
main and a sub stream each are paused, cut, killed, restarted, flood and send garbage in turn, while the gateway runs as
its users run it.
"""

import argparse
import json
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import numpy as np

from lookout_edge.adapters.broker_testing import free_port
from lookout_edge.adapters.video.rtsp_testing import Habits, RtspCamera
from lookout_edge.adapters.video.testing import ClipShape, make_clip
from lookout_edge.domain.frame import Image

#: The first minutes fill rings and caches; growth counts from then on.
_WARM_UP_SHARE = 0.3
#: Seconds that memory takes for that, whatever the run's length (282 MB after two minutes, 304 after ten, 303 after
#: 28), and for which it has to be watched afterwards to be judged.
_SETTLES_S, _JUDGED_S = 600.0, 290.0
#: Megabytes an hour, threads and files that a run may grow by without failing: more than noise, less than a leak.
_MOST_MB_AN_HOUR, _MOST_THREADS, _MOST_FILES = 60.0, 3, 6
_EVERY_S = 2.0
_TROUBLE_EVERY_S = 12.0


@dataclass
class Sample:
    """What the gateway takes at one moment."""

    at_s: float
    rss_mb: float
    threads: int
    files: int
    #: Packets and pictures that the cameras hold, as the gateway reports it.
    held_mb: float


@dataclass
class Trouble:
    """Does something bad to one camera, and makes it good again."""

    cameras: list[RtspCamera]
    dice: random.Random = field(default_factory=lambda: random.Random(7))
    counts: dict[str, int] = field(default_factory=dict[str, int])
    victim: RtspCamera | None = None

    def next(self) -> None:
        """End the last trouble and make another."""
        if self.victim is not None:
            self.victim.habits.paused = self.victim.habits.flood = self.victim.habits.garbage = False
            if not self.victim.is_up:
                self.victim.start()
        self.victim = self.dice.choice(self.cameras)
        kind = self.dice.choice(["none", "pause", "cut", "kill", "flood", "garbage", "mid-group"])
        self.counts[kind] = self.counts.get(kind, 0) + 1
        match kind:
            case "pause":
                self.victim.habits.paused = True
            case "cut":
                self.victim.cut()
            case "kill":
                self.victim.kill()
            case "flood":
                self.victim.habits.flood = True
            case "garbage":
                self.victim.habits.garbage = True
            case "mid-group":
                self.victim.habits.skip_frames = self.dice.randrange(20)
                self.victim.cut()
            case _:
                pass


def street(number: int, width: int, height: int) -> Image:
    """A textured wall; something crosses it a third of the time."""
    across = np.arange(width, dtype=np.int32)[None, :]
    down = np.arange(height, dtype=np.int32)[:, None]
    pattern = 90 + (across * 40 // width * 7 + down * 30 // height * 11) % 64
    image = np.repeat(pattern[:, :, None], 3, axis=2).astype(np.uint8)
    if number % 300 < 100:
        left = (number % 100) * (width - width // 8) // 100
        image[height // 2 : height * 3 // 4, left : left + width // 8] = (30, 40, 200)
    return image


def held_mb(port: int) -> float:
    """What the gateway's metrics say of the memory of all cameras; 0 while it does not answer."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            text = response.read().decode()
    except OSError:
        return 0.0
    return sum(float(value) for value in re.findall(r"^lookout_camera_memory_bytes\S* (\S+)$", text, re.M)) / 1e6


def config_of(folder: Path, cameras: list[RtspCamera], port: int) -> Path:
    """A gateway's configuration with all cameras, and no broker: events gather in the spool."""
    entries = "".join(
        f"""
  camera-{number}:
    source: {{url: "{camera.url("main")}", sub_url: "{camera.url("sub")}", read_timeout_s: 4}}
    rules: [{{scenario: unfamiliar_vehicle, dwell_s: 5}}, {{scenario: corridor_ebike}}]"""
        for number, camera in enumerate(cameras)
    )
    path = folder / "gateway.yaml"
    path.write_text(
        f"site: soak\ngateway: gw-1\ndata_dir: data\nmqtt: {{port: 9}}\nmodels: {{plates: false}}\n"
        f"http: {{port: {port}}}\ncameras:{entries}\n",
        encoding="utf-8",
    )
    return path


def sample(process: int, begun: float, port: int) -> Sample:
    """What ``process`` takes now."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line
    )
    return Sample(
        at_s=time.monotonic() - begun,
        rss_mb=int(status["VmRSS"].split()[0]) / 1024,
        threads=int(status["Threads"]),
        files=len(list(Path(f"/proc/{process}/fd").iterdir())),
        held_mb=held_mb(port),
    )


def slope_an_hour(samples: list[Sample], key: str) -> float:
    """Growth an hour by a straight line through the samples."""
    times = np.array([each.at_s / 3600 for each in samples])
    values = np.array([float(getattr(each, key)) for each in samples])
    return float(np.polyfit(times, values, 1)[0])


def judge(samples: list[Sample], troubles: dict[str, int], minutes: float) -> dict[str, object]:
    """What came of it, and what grew."""
    kept = samples[int(len(samples) * _WARM_UP_SHARE) :]
    third = max(1, len(kept) // 3)
    settled = [each for each in samples if each.at_s >= max(_SETTLES_S, kept[0].at_s)]
    is_long = bool(settled) and settled[-1].at_s - settled[0].at_s >= _JUDGED_S
    growth_mb = slope_an_hour(settled, "rss_mb") if is_long else 0.0
    threads = max(s.threads for s in kept[-third:]) - max(s.threads for s in kept[:third])
    files = max(s.files for s in kept[-third:]) - max(s.files for s in kept[:third])
    grew = [
        name
        for name, is_more in (
            ("memory", growth_mb > _MOST_MB_AN_HOUR),
            ("threads", threads > _MOST_THREADS),
            ("files", files > _MOST_FILES),
        )
        if is_more
    ]
    return {
        "minutes": minutes,
        "rss_mb": {"warm": round(kept[0].rss_mb, 1), "end": round(kept[-1].rss_mb, 1)},
        "rss_mb_an_hour": round(growth_mb, 1) if is_long else None,
        "each_minute": [
            {"rss_mb": round(each.rss_mb), "held_mb": round(each.held_mb, 1)}
            for each in samples[:: max(1, int(60 / _EVERY_S))]
        ],
        "threads": {"warm": kept[0].threads, "end": kept[-1].threads, "most": max(s.threads for s in samples)},
        "files": {"warm": kept[0].files, "end": kept[-1].files},
        "troubles": troubles,
        "grew": grew,
    }


def soak(minutes: float, count: int, folder: Path) -> dict[str, object]:
    """Run it."""
    main = make_clip(folder / "main.ts", ClipShape(frames=375, fps=25, gop=50, size=(1280, 720), draw=street))
    sub = make_clip(folder / "sub.ts", ClipShape(frames=150, fps=10, gop=20, size=(320, 180), draw=street))
    cameras = [RtspCamera({"main": main, "sub": sub}, habits=Habits(since=time.monotonic())) for _ in range(count)]
    for camera in cameras:
        camera.start()
    port = free_port()
    config = config_of(folder, cameras, port)
    trouble, samples = Trouble(cameras), list[Sample]()
    begun = time.monotonic()
    with (folder / "gateway.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lookout_edge", "run", "--config", str(config)], stdout=log, stderr=log
        )
        try:
            next_trouble = begun + 30.0
            while time.monotonic() - begun < minutes * 60 and process.poll() is None:
                time.sleep(_EVERY_S)
                samples.append(sample(process.pid, begun, port))
                if time.monotonic() >= next_trouble:
                    trouble.next()
                    next_trouble += _TROUBLE_EVERY_S
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
        finally:
            process.kill()
            for camera in cameras:
                camera.kill()
    if code != 0:
        raise SystemExit(f"the gateway ended with {code}: {(folder / 'gateway.log').read_text()[-2000:]}")
    log_lines = (folder / "gateway.log").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in log_lines if line.startswith("{")]
    seen = {
        "watched_again": sum(entry["event"] == "camera" and entry.get("state") == "watching" for entry in entries),
        "occurrences": len({entry["occurrence"] for entry in entries if entry["event"] == "event"}),
        "faults": sum(entry["event"] == "camera fault" for entry in entries),
        "log_lines": len(log_lines),
    }
    result = judge(samples, trouble.counts, minutes)
    return {**result, "seen": seen, "proves": bool(seen["watched_again"])}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--cameras", type=int, default=4)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lookout-soak-") as folder:
        result = soak(asked.minutes, asked.cameras, Path(folder))
    sys.stdout.write(json.dumps(result) + "\n")
    if result["rss_mb_an_hour"] is None:
        sys.stderr.write("Memory settles within ten minutes: a run of 15 or more shows whether it grows.\n")
    if not result["proves"]:
        sys.stderr.write("No camera was ever watched: this run shows nothing about growth.\n")
    raise SystemExit(1 if result["grew"] or not result["proves"] else 0)


if __name__ == "__main__":
    main()
