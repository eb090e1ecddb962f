"""What a camera costs: CPU seconds per second of video, beside the floor that decoding alone sets in the same run."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lookout_edge.errors import SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A clip to measure."""

    #: ``idle``, ``busy`` or the clip's name.
    name: str
    #: Decode it and do nothing with it; seconds of video.
    decode: Callable[[], float]
    #: Watch it as the gateway does; how many looks the detector took.
    watch: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one clip cost. CPU seconds count all threads of the process."""

    name: str
    video_s: float
    decode_cpu_s: float
    watch_cpu_s: float
    looks: int

    @property
    def decode_share(self) -> float:
        """CPU seconds per second of video for decoding alone."""
        return self.decode_cpu_s / self.video_s

    @property
    def watch_share(self) -> float:
        """CPU seconds per second of video for everything: one core watches the inverse of this in cameras."""
        return self.watch_cpu_s / self.video_s


def measure(parts: Sequence[Part], cpu_s: Callable[[], float]) -> tuple[Cost, ...]:
    """Measure every part. ``cpu_s`` says how much CPU time this process has used. SourceError for an empty clip."""
    return tuple(_cost(part, cpu_s) for part in parts)


def _cost(part: Part, cpu_s: Callable[[], float]) -> Cost:
    begun = cpu_s()
    video_s = part.decode()
    decoded = cpu_s()
    if video_s <= 0:
        raise SourceError(f"{part.name} shows less than two pictures: nothing to measure", reason="undecodable")
    looks = part.watch()
    return Cost(
        name=part.name, video_s=video_s, decode_cpu_s=decoded - begun, watch_cpu_s=cpu_s() - decoded, looks=looks
    )


def as_table(costs: Sequence[Cost]) -> str:
    """For people."""
    lines = [f"{'':<16} {'video s':>8} {'decode only':>12} {'watching':>9} {'ratio':>6} {'looks':>6}"]
    for cost in costs:
        lines.append(
            f"{cost.name:<16} {cost.video_s:>8.1f} {cost.decode_share:>12.4f} {cost.watch_share:>9.4f} "
            f"{_ratio(cost):>6.1f} {cost.looks:>6}"
        )
    return "\n".join([*lines, "decode only, watching: CPU seconds per second of video; ratio: watching / decode only"])


def as_json(costs: Sequence[Cost]) -> str:
    """For programs: one JSON object, an entry a clip."""
    return json.dumps(
        {
            cost.name: {
                "video_s": round(cost.video_s, 3),
                "decode_cpu_per_s": round(cost.decode_share, 5),
                "watch_cpu_per_s": round(cost.watch_share, 5),
                "ratio": round(_ratio(cost), 3),
                "looks": cost.looks,
            }
            for cost in costs
        }
    )


def _ratio(cost: Cost) -> float:
    return cost.watch_cpu_s / max(cost.decode_cpu_s, 1e-9)
