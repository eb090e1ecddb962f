"""三张清单: what people need, what is there to give, and what is offered as a service; and which fit each other."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lookout_server.domain.territory import Territory, path_up


class ListKind(StrEnum):
    """Which of the three lists."""

    NEED = "need"
    RESOURCE = "resource"
    SERVICE = "service"


@dataclass(frozen=True, kw_only=True)
class Item:
    """A line of a list. ``tags`` are what it is about: what a need and an offer have in common fits."""

    id: str
    kind: ListKind
    title: str
    words: str
    grid: str
    tags: frozenset[str]
    by: str
    at: datetime
    #: Of a need: the offer that meets it.
    met_by: str | None = None
    #: It is over, or no longer there to give.
    ended_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Match:
    """An offer for a need: what they have in common, and how many steps up the territory they meet (0: same grid)."""

    offer: Item
    tags: frozenset[str]
    steps: int


def matches(need: Item, offers: Iterable[Item], places: Mapping[str, Territory]) -> tuple[Match, ...]:
    """Offers that have something in common with a need: the most in common first, then the nearest."""
    up = [place.id for place in path_up(need.grid, places)]
    found: list[Match] = []
    for offer in offers:
        common = need.tags & offer.tags
        if not common or offer.kind is ListKind.NEED or offer.ended_at is not None:
            continue
        above = [place.id for place in path_up(offer.grid, places)]
        steps = next((index for index, place in enumerate(up) if place in above), len(up))
        found.append(Match(offer=offer, tags=common, steps=steps))
    return tuple(sorted(found, key=lambda match: (-len(match.tags), match.steps, match.offer.title, match.offer.id)))
