"""The ways between cameras: which one a thing that moves comes to next, and how soon; which ones see the same place."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True)
class Way:
    """From one camera to the next, both as ``GATEWAY/CAMERA``."""

    start: str
    end: str
    #: Longest time between the last sight at the one and the first at the other.
    within: timedelta
    one_way: bool = False


@dataclass(frozen=True, kw_only=True)
class SiteGraph:
    """The ways of a site. Without any, each camera is for itself."""

    ways: tuple[Way, ...] = ()
    #: Pairs of cameras that see the same place.
    overlaps: frozenset[frozenset[str]] = frozenset()

    def overlap(self, one: str, other: str) -> bool:
        """Whether both see the same place."""
        return frozenset({one, other}) in self.overlaps

    def travel(self, start: str, end: str, hops: int) -> timedelta | None:
        """Longest time that a thing takes from ``start`` to ``end`` on the quickest route of at most ``hops`` ways.

        None where there is none. Cameras on the way may have overlooked it. Bellman and Ford's relaxation, by hops.
        """
        if start == end:
            return timedelta(0)
        best = {start: timedelta(0)}
        for _ in range(hops):
            reached = dict(best)
            for here, there, within in self._steps():
                if here in best and best[here] + within < reached.get(there, timedelta.max):
                    reached[there] = best[here] + within
            if reached == best:
                break
            best = reached
        return best.get(end)

    @property
    def longest(self) -> timedelta:
        """No route takes longer."""
        return sum((way.within for way in self.ways), timedelta(0))

    @property
    def cameras(self) -> frozenset[str]:
        """All that are named."""
        return frozenset({name for way in self.ways for name in (way.start, way.end)}.union(*self.overlaps))

    def _steps(self) -> list[tuple[str, str, timedelta]]:
        there = [(way.start, way.end, way.within) for way in self.ways]
        return [*there, *((way.end, way.start, way.within) for way in self.ways if not way.one_way)]
