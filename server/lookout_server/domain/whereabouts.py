"""Where things stand and people are, as far as that is known: for the distance to a case and for nothing else."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

#: Older than this, a position says nothing any more, and is forgotten.
FRESH_FOR = timedelta(minutes=10)
#: A phone that knows no better than this knows nothing.
WORST_ACCURACY_M = 500.0
#: Mean radius of the Earth (IUGG), metres.
_EARTH_M = 6_371_008.8


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A point on the Earth, degrees WGS 84."""

    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where somebody's phone last was, because they share it. There is one a person: where they were is not kept."""

    person: str
    spot: Spot
    accuracy_m: float | None
    at: datetime


def distance_m(one: Spot, other: Spot) -> float:
    """Metres along the great circle (haversine; exact to half a percent, far better than a phone)."""
    lat_1, lat_2 = math.radians(one.lat), math.radians(other.lat)
    half_lat, half_lon = (lat_2 - lat_1) / 2, math.radians(other.lon - one.lon) / 2
    chord = math.sin(half_lat) ** 2 + math.cos(lat_1) * math.cos(lat_2) * math.sin(half_lon) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(chord)))


def away_m(position: Position | None, spot: Spot | None, at: datetime) -> float | None:
    """How far somebody is from a spot; None when either is not known well enough now."""
    if position is None or spot is None or not timedelta(0) <= at - position.at <= FRESH_FOR:
        return None
    if position.accuracy_m is not None and position.accuracy_m > WORST_ACCURACY_M:
        return None
    return distance_m(position.spot, spot)
