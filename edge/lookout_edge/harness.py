"""The bench put together: drawn footage, the gateway's own pipeline on it, and whole gateways in real time.

Beside ``bootstrap`` the one file that names concrete adapters: those that only measuring needs.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from lookout_edge import bootstrap
from lookout_edge.adapters.housekeeping import Housekeeping
from lookout_edge.adapters.video.drawn import FOOTAGE, decode_only, draw_clip
from lookout_edge.bench import Clip, Cost, Crowd, Report, TimedDetector, TimedPlateReader, TrackLog, Watch, measure
from lookout_edge.config import ModelsConfig
from lookout_edge.domain.track import Track
from lookout_edge.errors import SourceError
from lookout_edge.looking import EVERY_LOOK, LookSettings
from lookout_edge.peers import measure_peers

#: Cameras that are tried at once, one after the other, as far as the caller wants to go.
_CROWDS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64)
#: How often a quiet clip is played before its scene is an old acquaintance, and how often it then counts.
_SETTLED, _COUNTED = 2, 3
#: Seconds that a crowd runs before it counts, and seconds that count.
_WARM_UP_S, _COUNTED_S = 3.0, 6.0
#: A port where no broker answers: events stay in the spool.
_NO_BROKER = 9


def measure_all(
    clip: Path | None, folder: Path, *, seconds: float, cameras: int, main: bool, repeats: int, timezone: ZoneInfo
) -> Report:
    """Measure ``clip``, or what is drawn into ``folder``; at most ``cameras`` at once in real time (0: leave it out).

    Of ``repeats`` runs the least counts; main streams take long enough to be measured once.

    Raises SourceError for a clip with less than two pictures.
    """
    clips = {clip.name: clip} if clip is not None else _drawn(folder, seconds, main)
    models = bootstrap.load_models(ModelsConfig())
    models.detector.detect(np.zeros((416, 416, 3), np.uint8))  # the first look pays for memory that is then kept
    # As in the gateway: when rubbish is collected is a part of what a camera costs.
    keeper = Housekeeping()
    keeper.start()
    with closing(keeper):
        costs, mine = _measure_clips(clips, models, repeats, timezone)
    busy = clips[_busy(clips)]
    plain = bootstrap.load_models(ModelsConfig(precision="full"))
    reference = _watch(busy, plain, EVERY_LOOK, timezone, False).tracks
    peers = measure_peers(busy, costs[_busy(clips)].video_s, folder)
    return Report(
        detector=models.detector.name,
        costs=costs,
        tracks_reference=reference.count(),
        tracks_lost=tuple(mine.lost_from(reference)),
        crowds=tuple(_crowds(busy, folder, cameras, _scenarios(models, timezone))),
        peers=peers.cost,
        peers_failed=peers.failed,
    )


def _measure_clips(
    clips: dict[str, Path], models: bootstrap.Models, repeats: int, timezone: ZoneInfo
) -> tuple[dict[str, Cost], TrackLog]:
    """What each clip costs, and what was followed in the busy one."""
    costs: dict[str, Cost] = {}
    mine = TrackLog()
    for name, path in clips.items():
        if decode_only(path) <= 0:
            raise SourceError(f"{path} shows less than two pictures: nothing to measure", reason="undecodable")
        part = Clip(
            name=name,
            decode=partial(_decode, path),
            watch=partial(_watch, path, models, LookSettings(), timezone, name.endswith("idle")),
        )
        costs[name], watch = measure(part, time.process_time, repeats=1 if name.startswith("main") else repeats)
        mine = watch.tracks if name == _busy(clips) else mine
    return costs, mine


def _drawn(folder: Path, seconds: float, main: bool) -> dict[str, Path]:
    wanted = {name: stream for name, stream in FOOTAGE.items() if main or not name.startswith("main")}
    return {name: draw_clip(folder / f"{name}.mp4", stream, seconds=seconds) for name, stream in wanted.items()}


def _busy(clips: dict[str, Path]) -> str:
    return "sub-busy" if "sub-busy" in clips else next(iter(clips))


def _decode(path: Path, keys_only: bool) -> float:
    return decode_only(path, keys_only=keys_only)


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where counting began."""

    at: float = 0.0
    cpu_s: float = field(default_factory=time.process_time)
    looks: int = 0
    inference_s: float = 0.0


def _watch(path: Path, models: bootstrap.Models, looks: LookSettings, timezone: ZoneInfo, still: bool) -> Watch:
    """All rules on the whole picture, as ``lookout-edge replay`` runs them.

    A ``still`` clip is repeated until the scene is an old acquaintance, and counts from then on: new things are looked
    at closely and their plates are read, which is not what a quiet street costs.
    """
    detector = TimedDetector(models.detector, time.process_time)
    reader = TimedPlateReader(models.plates, time.process_time) if models.plates else None
    timed = bootstrap.Models(detector, reader, models.thresholds, tracked=models.tracked)
    rules = bootstrap.default_rules(timezone, timed)
    pipeline = bootstrap.build_pipeline("bench", rules, timed, bootstrap.NobodyKnown(), looks=looks)
    source = bootstrap.clip_source(path, "bench", looks, max_size=1920, start_at=0.0, loop=still)
    # Only kept while it counts: what comparing tracks costs is not what watching costs.
    seen: list[tuple[float, tuple[Track, ...]]] = []
    length_s = decode_only(path) if still else float("inf")
    counted_from, until = (_SETTLED * length_s, (_SETTLED + _COUNTED) * length_s) if still else (0.0, length_s)
    begun, at, looked = _Mark(), 0.0, 0
    with source.frames() as frames:
        for frame in frames:
            if at < counted_from <= frame.at:
                begun = _Mark(frame.at, time.process_time(), pipeline.looks, _spent(detector, reader))
            at = frame.at
            if at >= until:
                break
            pipeline.step(frame)
            source.ask(pipeline.demand)
            if pipeline.looks > looked:
                looked = pipeline.looks
                seen.append((at, pipeline.tracks))
    cpu_s, log = time.process_time() - begun.cpu_s, TrackLog()
    for when, tracks in seen:
        log.add(when, tracks)
    return Watch(
        video_s=at - begun.at,
        cpu_s=cpu_s,
        looks=pipeline.looks - begun.looks,
        inference_cpu_s=_spent(detector, reader) - begun.inference_s,
        tracks=log,
    )


def _spent(detector: TimedDetector, reader: TimedPlateReader | None) -> float:
    return detector.spent_s + (reader.spent_s if reader else 0.0)


def _scenarios(models: bootstrap.Models, timezone: ZoneInfo) -> list[str]:
    return [rule.scenario.value for rule in bootstrap.default_rules(timezone, models)]


def _crowds(clip: Path, folder: Path, most: int, scenarios: Sequence[str]) -> Iterator[Crowd]:
    """Gateways with ever more cameras on ``clip``, until one does not keep up."""
    for cameras in sorted({*(count for count in _CROWDS if count < most), most} - {0}):
        crowd = _crowd(clip, folder / f"gateway-{cameras}", cameras, scenarios)
        yield crowd
        if not crowd.kept_deadline:
            return


def _crowd(clip: Path, folder: Path, cameras: int, scenarios: Sequence[str]) -> Crowd:
    folder.mkdir()
    path = folder / "gateway.yaml"
    rules = "".join(f"\n      - scenario: {scenario}" for scenario in scenarios)
    lines = ["site: bench", "gateway: bench", "data_dir: data", f"mqtt: {{host: 127.0.0.1, port: {_NO_BROKER}}}"]
    lines += ["cameras:"]
    lines += [f"  c{n}:\n    source: {{url: '{clip}', loop: true}}\n    rules:{rules}" for n in range(cameras)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    gateway, workers = bootstrap.GatewayBuilder(bootstrap.load(path)).build()
    gateway.start(workers)
    try:
        time.sleep(_WARM_UP_S)
        for worker in workers:
            worker.latencies_s.clear()
        shed = sum(worker.shed for worker in workers)
        time.sleep(_COUNTED_S)
        return Crowd(
            cameras=cameras,
            latencies_s=tuple(value for worker in workers for value in tuple(worker.latencies_s)),
            shed=sum(worker.shed for worker in workers) - shed,
            rss_bytes=_rss_bytes(),
        )
    finally:
        gateway.stop()


def _rss_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
