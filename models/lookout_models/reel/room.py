"""The store room's clips: in ``fire-room`` a basket of waste paper smoulders and then burns; in ``steam-room`` a kettle
boils over its red plate and somebody has switched on a lamp."""

from datetime import datetime

from lookout_models.reel.flames import Gas, Source
from lookout_models.reel.story import Place, Story, ramp

_ROOM = Place(
    picture="room", camera="CAM 15", begins=datetime(2026, 5, 21, 12, 3, 30), at=(140, 0), height=300, width=400
)
#: Where it burns and steams, cells.
_BASKET, _SPOUT = (124.0, 225.0), (296.0, 167.0)


def _fire(at: float) -> list[Source]:
    smoulder, blaze = ramp(at, 2, 5), ramp(at, 5, 12)
    return [
        Source(
            at=_BASKET,
            spread=(9 + 12 * max(0.3 * smoulder, blaze), 6 + 3 * blaze),
            heat=13 * blaze**0.6,
            smoke=8.0 * smoulder + 2.0 * blaze,
            lift=2.0 * smoulder * (1 - blaze),
        )
    ]


def _steam(at: float) -> list[Source]:
    """A thin plume out of the spout, once the water boils."""
    boils = ramp(at, 3, 6)
    return [Source(at=_SPOUT, spread=(5, 3), smoke=6.0 * boils, lift=1.6 * boils)]


def _switched_on(at: float, gas: Gas) -> float:
    """Dark until 8 s, then on at once."""
    return 0.0 if at < 8 else 1.0


FIRE_ROOM = Story(
    place=_ROOM,
    sources=_fire,
    lit="room-fire",
    light=lambda _, gas: min(1.0, float(gas.heat.sum()) / 1000),
    flicker=0.08,
    smoke_colour=(0.20, 0.195, 0.19),
    burns=True,
)
STEAM_ROOM = Story(place=_ROOM, sources=_steam, lit="room-lamp", light=_switched_on, smoke_colour=(0.80, 0.79, 0.78))
