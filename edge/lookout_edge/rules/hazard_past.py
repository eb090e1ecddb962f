"""What the place of a fire or of smoke showed before it was first seen: whether it came, or always stood there."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from lookout_edge.domain.geometry import Box
from lookout_edge.domain.hazard import Hazard
from lookout_edge.domain.observation import Scene
from lookout_edge.domain.scenery import Scenery
from lookout_edge.rules.origins import UNSEEN_S

SMOKE = "smoke"
#: Smoke comes within so many seconds before it is first seen, or its place looked as it does now: clouds.
_COMES_S = 30.0
#: Where it looks just so, the past need not be as long: what is thin changes little in half a minute, nothing in this.
_JUST_COMES_S = 8.0
#: Share of the looks that must see smoke where it may always have been.
_LASTING = 0.95


class Waits(NamedTuple):
    """Seconds for which must last, and the share of the looks that must see, what may always have stood there."""

    #: Where smoke was suspected long before, or its place looks as it did shortly before; 0 leaves the past alone.
    scenery_s: float
    #: Where the picture of its place has not changed.
    left_out_s: float
    #: Of flames; smoke has a share of its own.
    steady_share: float


class HazardPast:
    """One camera's memory of where smoke was suspected, and of what the places of its hazards showed before."""

    def __init__(self, waits: Waits, is_clearly: Callable[[Hazard], bool]) -> None:
        """``is_clearly`` tells of a hazard whether the model is clearly sure of it."""
        self._waits, self._is_clearly = waits, is_clearly
        self._scenery = Scenery()
        #: Looks in which the place of a flame, or of smoke suspected long before, showed what it had shown before, less
        #: those in which it did not.
        self._stands: dict[tuple[int, str], int] = {}

    def keep(self, alive: Mapping[int, object]) -> None:
        """Forget the looks at all hazards but these."""
        self._stands = {key: stands for key, stands in self._stands.items() if key[0] in alive}

    def suspect(self, at: float, boxes: Sequence[Box]) -> None:
        """Remember where smoke was suspected and was no alarm."""
        for box in boxes:
            self._scenery.suspect(at, box)

    def known_share(self, at: float, hazard: Hazard) -> float:
        """Share of its box in which smoke was suspected long before; none of flames and of what rises."""
        return self._scenery.share(at, hazard.box) if self._waits.scenery_s and _lies_as_smoke(hazard) else 0.0

    def as_before_s(self, hazard: Hazard, grows: bool, scene: Scene) -> float:
        """Seconds for which must last what seems to burn where nothing has come; 0 where something has.

        Smoke: all of it looks as it did half a minute before: just so, whatever the model thinks and however large it
        gets; or just as it did a few seconds before, or nearly if it lies, where it does not grow and the model is not
        clearly sure. Flames: it is the same thing in whatever light, which does not grow and of which the model is not
        clearly sure.
        """
        if not self._waits.scenery_s:
            return 0.0
        comes, since = grows or self._is_clearly(hazard), hazard.since
        if not is_smoke_alone(hazard):
            return 0.0 if comes or not self._stood(hazard, scene) else self._waits.left_out_s
        if _looks_as(hazard, since - _COMES_S, True, scene):
            return self._waits.left_out_s
        if comes:
            return 0.0
        as_before = _looks_as(hazard, since - _JUST_COMES_S, True, scene) or (
            _lies(hazard) and _looks_as(hazard, since - _COMES_S, False, scene)
        )
        return self._waits.scenery_s if as_before else 0.0

    def drifts(self, hazard: Hazard, scene: Scene) -> bool:
        """Whether what was suspected long before lasts and moves, as smoke does: what shows what it showed a while
        before, in whatever light, in more looks than not, is a picture of it."""
        before = hazard.seen_at - UNSEEN_S
        still = _looks_as(hazard, before, True, scene) or _shows_same(hazard, before, scene)
        return not self._mostly(hazard, still) and self.lasts(hazard, self._waits.scenery_s)

    def lasts(self, hazard: Hazard, wait_s: float) -> bool:
        """Whether enough of the looks of the last ``wait_s`` saw it, and it is as old."""
        share = _LASTING if is_smoke_alone(hazard) else self._waits.steady_share
        return hazard.dwell_s >= wait_s and hazard.share_over(wait_s) >= share

    def _mostly(self, hazard: Hazard, stands: bool) -> bool:
        """Whether it stands, as now, in more looks than it does not: who passes hides a lamp in some, and a flame that
        begins has changed little in the first."""
        key = hazard.number, kind_of(hazard)
        self._stands[key] = self._stands.get(key, 0) + (1 if stands else -1)
        return self._stands[key] > 0

    def _stood(self, hazard: Hazard, scene: Scene) -> bool:
        """Whether all of it showed the same thing before it was first seen."""
        if scene.stood is None:
            return False
        return self._mostly(hazard, _shows_same(hazard, hazard.since - UNSEEN_S, scene))


def kind_of(hazard: Hazard) -> str:
    """``fire`` where flames are seen, else ``smoke``."""
    return "fire" if any(part.label == "fire" for part in hazard.parts) else SMOKE


def is_smoke_alone(hazard: Hazard) -> bool:
    """Whether no flame is seen in it."""
    return all(part.label == SMOKE for part in hazard.parts)


def _lies_as_smoke(hazard: Hazard) -> bool:
    return _lies(hazard) and is_smoke_alone(hazard)


def _lies(hazard: Hazard) -> bool:
    """Clouds and fog do; what is at least as tall as wide, in shares of the picture, rises."""
    return hazard.box.height < hazard.box.width


def _looks_as(hazard: Hazard, before: float, just: bool, scene: Scene) -> bool:
    """Whether all of it looks (just) as it did at the frame time ``before`` or earlier."""
    looks = scene.is_as_before
    return looks is not None and all(looks(part.box, before, just) for part in hazard.parts)


def _shows_same(hazard: Hazard, before: float, scene: Scene) -> bool:
    """Whether all of it shows what it showed at the frame time ``before`` or earlier, in whatever light."""
    stood = scene.stood
    return stood is not None and all(stood(part.box, before) for part in hazard.parts)
