"""What a camera costs: CPU seconds per second of video, beside the floor that decoding alone sets in the same run."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from lookout_edge.domain.detection import Detection, PlateReading
from lookout_edge.domain.frame import Image
from lookout_edge.domain.geometry import Box
from lookout_edge.domain.labels import label_group
from lookout_edge.domain.track import Track
from lookout_edge.ports import Detector, PlateReader

CpuClock = Callable[[], float]
"""Seconds of CPU time used so far."""

#: A track of the reference counts when it was seen so often: less is a flicker.
_SIGHTS = 5
#: A track is found when for this share of its sights something of its kind was followed in its place.
_FOUND_SHARE = 0.5
_FOUND_IOU = 0.3
#: Boxes are compared with the nearest in time, not further off than this many seconds.
_NEAR_S = 0.5
#: From a frame to its event, seconds: a camera beyond it has slipped.
DEADLINE_S = 1.0


class TimedDetector:
    """A detector that adds up the CPU time it takes."""

    def __init__(self, detector: Detector, cpu_s: CpuClock) -> None:
        self._detector, self._cpu_s = detector, cpu_s
        self.name, self.sha256, self.labels = detector.name, detector.sha256, detector.labels
        self.takes_regions = detector.takes_regions
        #: CPU seconds spent in it.
        self.spent_s = 0.0

    def detect(self, image: Image, region: Box | None = None) -> Sequence[Detection]:
        """See ``Detector``."""
        begun = self._cpu_s()
        found = self._detector.detect(image, region)
        self.spent_s += self._cpu_s() - begun
        return found


class TimedPlateReader:
    """A plate reader that adds up the CPU time it takes."""

    def __init__(self, reader: PlateReader, cpu_s: CpuClock) -> None:
        self._reader, self._cpu_s = reader, cpu_s
        self.models = reader.models
        #: CPU seconds spent in it.
        self.spent_s = 0.0

    def read(self, image: Image, region: Box) -> Sequence[PlateReading]:
        """See ``PlateReader``."""
        begun = self._cpu_s()
        found = self._reader.read(image, region)
        self.spent_s += self._cpu_s() - begun
        return found


@dataclass(slots=True)
class TrackLog:
    """Which track was where, for comparing two ways to watch one clip."""

    #: Track → (frame time, box) of each sight.
    sights: dict[int, list[tuple[float, Box]]] = field(default_factory=dict[int, list[tuple[float, Box]]])
    groups: dict[int, str] = field(default_factory=dict[int, str])

    def add(self, at: float, tracks: Sequence[Track]) -> None:
        """Take in the tracks of one look."""
        for track in tracks:
            if track.last_at >= at:
                self.sights.setdefault(track.id, []).append((at, track.box))
                self.groups[track.id] = label_group(track.label)

    def lost_from(self, reference: "TrackLog") -> list[str]:
        """A line for every track of ``reference`` that is not found here."""
        lost: list[str] = []
        for number, sights in reference.sights.items():
            if len(sights) < _SIGHTS:
                continue
            group = reference.groups[number]
            mine = [self.sights[n] for n, of in self.groups.items() if of == group]
            found = sum(any(_near(at, box, track) for track in mine) for at, box in sights)
            if found < _FOUND_SHARE * len(sights):
                lost.append(
                    f"{group} from {sights[0][0]:.1f} to {sights[-1][0]:.1f} s: {found} of {len(sights)} sights"
                )
        return lost

    def count(self) -> int:
        """Tracks that were seen often enough to count."""
        return sum(len(sights) >= _SIGHTS for sights in self.sights.values())


def _near(at: float, box: Box, track: Sequence[tuple[float, Box]]) -> bool:
    time, nearest = min(track, key=lambda sight: abs(sight[0] - at))
    return abs(time - at) <= _NEAR_S and nearest.iou(box) >= _FOUND_IOU


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What watching a clip once cost and brought, after it had settled."""

    video_s: float
    cpu_s: float
    looks: int
    inference_cpu_s: float
    tracks: TrackLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one clip cost, in CPU seconds per second of video."""

    name: str
    video_s: float
    #: Decoding every picture and doing nothing with it.
    floor: float
    #: Decoding the key frames alone.
    floor_key: float
    #: Everything, as the gateway does it with all rules on.
    watch: float
    inference: float
    looks_per_s: float

    @property
    def over_floor(self) -> float:
        """Everything relative to decoding."""
        return self.watch / max(self.floor, 1e-9)

    @property
    def overhead_over_floor(self) -> float:
        """All but inference, relative to decoding."""
        return (self.watch - self.inference) / max(self.floor, 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """How one clip is measured. Each call does the whole clip once."""

    name: str
    #: Decode it; seconds of video. ``True`` decodes key frames alone.
    decode: Callable[[bool], float]
    watch: Callable[[], Watch]


def measure(clip: Clip, cpu_s: CpuClock, *, repeats: int) -> tuple[Cost, Watch]:
    """Cost of a clip, and what its cheapest watch brought. The least of ``repeats`` runs counts: others disturb.

    They take turns, for the others come and go: on a shared machine Python, which goes through much memory, costs up to
    a quarter more for minutes while decoding, which does not, costs the same.
    """
    video_s = clip.decode(False)
    floors, keys, watches = zip(
        *((_spent(clip, False, cpu_s), _spent(clip, True, cpu_s), clip.watch()) for _ in range(repeats)), strict=True
    )
    watch = min(watches, key=lambda run: run.cpu_s / run.video_s)
    cost = Cost(
        name=clip.name,
        video_s=video_s,
        floor=min(floors) / video_s,
        floor_key=min(keys) / video_s,
        watch=watch.cpu_s / watch.video_s,
        inference=watch.inference_cpu_s / watch.video_s,
        looks_per_s=watch.looks / watch.video_s,
    )
    return cost, watch


def _spent(clip: Clip, keys_only: bool, cpu_s: CpuClock) -> float:
    begun = cpu_s()
    clip.decode(keys_only)
    return cpu_s() - begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Some cameras watched at once, in real time."""

    cameras: int
    #: From each looked-at frame's own time to the moment when its events were stored, seconds.
    latencies_s: tuple[float, ...]
    #: Looks that did not come to pass in time.
    shed: int
    rss_bytes: int

    @property
    def kept_deadline(self) -> bool:
        """Whether no look was shed and nearly all were done in time."""
        return bool(self.latencies_s) and not self.shed and percentile(self.latencies_s, 99) <= DEADLINE_S


def percentile(values: Sequence[float], percent: int) -> float:
    """The ``percent``-th percentile of at least one value."""
    if percent == 50 or len(values) < 2:
        return median(values)
    return quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of the bench."""

    detector: str
    costs: Mapping[str, Cost]
    tracks_reference: int
    tracks_lost: tuple[str, ...]
    crowds: tuple[Crowd, ...] = ()
    #: Name of a peer → CPU seconds per second of the same busy clip.
    peers: Mapping[str, float] = field(default_factory=dict[str, float])
    #: Name of a peer that is installed → why it could not be measured.
    peers_failed: Mapping[str, str] = field(default_factory=dict[str, str])

    def as_json(self) -> str:
        """For programs: one JSON object."""
        costs = self.costs
        idle, busy, main = costs.get("sub-idle"), costs.get("sub-busy"), costs.get("main-idle")
        figures: dict[str, object] = {
            "idle_cpu": idle and round(idle.watch, 5),
            "busy_cpu": busy and round(busy.watch, 5),
            "main_idle_cpu": main and round(main.watch, 5),
            "floor_sub": busy and round(busy.floor, 5),
            "floor_sub_idle": idle and round(idle.floor, 5),
            "floor_main": main and round(main.floor, 5),
            "floor_main_key": main and round(main.floor_key, 5),
            "inference_cpu": busy and round(busy.inference, 5),
            "idle_over_floor": idle and round(idle.over_floor, 3),
            "busy_over_floor": busy and round(busy.over_floor, 3),
            "overhead_over_floor": busy and round(busy.overhead_over_floor, 3),
            "main_idle_over_floor": main and round(main.over_floor, 3),
            "peers": {name: round(cost, 4) for name, cost in self.peers.items()},
            "peers_failed": dict(self.peers_failed),
        }
        return json.dumps({**figures, **self._live(), **self._tracks(), "clips": self._clips()})

    def _live(self) -> dict[str, object]:
        if not self.crowds:
            return {"latency_ms": None, "rss_mb_per_camera": None, "cameras_at_deadline": None}
        first, last = self.crowds[0], self.crowds[-1]
        more = last.cameras - first.cameras
        kept = [crowd.cameras for crowd in self.crowds if crowd.kept_deadline]
        return {
            "latency_ms": {f"p{p}": round(percentile(first.latencies_s, p) * 1000, 1) for p in (50, 99)},
            "latency_ms_all": {f"p{p}": round(percentile(last.latencies_s, p) * 1000, 1) for p in (50, 99)},
            "rss_mb_per_camera": round((last.rss_bytes - first.rss_bytes) / more / 1e6, 2) if more else None,
            "cameras_at_deadline": max(kept, default=0),
            "cameras_tried": last.cameras,
        }

    def _tracks(self) -> dict[str, object]:
        return {
            "detector": self.detector,
            "tracks_reference": self.tracks_reference,
            "tracks_lost": len(self.tracks_lost),
            "tracks_lost_which": list(self.tracks_lost),
        }

    def _clips(self) -> dict[str, dict[str, float]]:
        return {
            cost.name: {
                "video_s": round(cost.video_s, 3),
                "floor": round(cost.floor, 5),
                "floor_key": round(cost.floor_key, 5),
                "watch": round(cost.watch, 5),
                "inference": round(cost.inference, 5),
                "over_floor": round(cost.over_floor, 3),
                "looks_per_s": round(cost.looks_per_s, 3),
            }
            for cost in self.costs.values()
        }

    def as_table(self) -> str:
        """For people."""
        lines = [
            f"{'CPU s per second of video':<26} {'decode':>8} {'key fr.':>8} {'all':>8} {'infer.':>8} "
            f"{'all/dec.':>8} {'rest/dec.':>9} {'looks/s':>8}"
        ]
        for cost in self.costs.values():
            lines.append(
                f"{cost.name:<26} {cost.floor:>8.4f} {cost.floor_key:>8.4f} {cost.watch:>8.4f} {cost.inference:>8.4f} "
                f"{cost.over_floor:>8.2f} {cost.overhead_over_floor:>9.2f} {cost.looks_per_s:>8.2f}"
            )
        lines.append(
            f"{self.detector}: {len(self.tracks_lost)} of {self.tracks_reference} tracks lost that looking at every "
            "picture 5 times a second with full precision finds"
        )
        lines += [f"  lost: {line}" for line in self.tracks_lost]
        lines += [f"{name}: {cost:.3f} on the busy clip" for name, cost in self.peers.items()]
        lines += [f"{name}: not measured: {why}" for name, why in self.peers_failed.items()]
        for crowd in self.crowds:
            times = ", ".join(f"p{p} {percentile(crowd.latencies_s, p) * 1000:.0f} ms" for p in (50, 99))
            lines.append(
                f"{crowd.cameras} cameras at once: frame to event {times}, {crowd.shed} looks shed, "
                f"{crowd.rss_bytes / 1e6:.0f} MB"
            )
        return "\n".join(lines)
