"""Somebody before a camera, and what a rule makes of them."""

from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.observation import Observation, Scene, Standing
from lookout_edge.domain.schedule import SiteCalendar
from lookout_edge.domain.track import Track
from lookout_edge.rules.base import Rule, RuleContext
from lookout_edge.testing import track

CONTEXT = RuleContext(SiteCalendar(ZoneInfo("Asia/Shanghai")))
#: 2026-05-04 00:00 in Shanghai.
MIDNIGHT = 1777824000.0
UPRIGHT = Box(0.40, 0.30, 0.48, 0.80)
See = Callable[[float], Sequence[Track]]


def hour(clock: float) -> float:
    return MIDNIGHT + clock * 3600


def watch(watched: Rule, see: See, start: float, seconds: float, step: float = 0.5) -> list[tuple[float, Observation]]:
    found: list[tuple[float, Observation]] = []
    for index in range(round(seconds / step) + 1):
        at = start + index * step
        found += [(at, o) for o in watched.observe(at, see(at), Scene("yard"))]
    return found


def active(seen: list[tuple[float, Observation]]) -> list[tuple[float, str | None]]:
    return [(at, o.attributes.stage) for at, o in seen if o.standing is Standing.ACTIVE]


def somebody(at: float) -> Sequence[Track]:
    return (track(1, at, label="person", box=UPRIGHT),)
