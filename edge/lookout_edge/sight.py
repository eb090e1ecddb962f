"""Can the camera see? Black, frozen, covered, defocused and moved pictures, told from the small picture of brightness.

What the camera usually shows is learned while it sees: how much fine detail there is, how much contrast, and where its
edges are. A finding must last before it counts, so that a lorry before the lens or a switched light is no blindness.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lookout_contract.events import Attributes, Severity, Votes
from lookout_edge.domain.condition import Condition
from lookout_edge.domain.frame import Luma
from lookout_edge.domain.geometry import WHOLE
from lookout_edge.domain.observation import Observation, Standing
from lookout_edge.domain.stillness import Stillness
from lookout_edge.domain.zone import WHOLE_FRAME

Floats = NDArray[np.float32]


class Blindness(StrEnum):
    """Why a picture shows nothing, or not what it should."""

    BLACK = "black"
    FROZEN = "frozen"
    COVERED = "covered"
    DEFOCUSED = "defocused"
    MOVED = "moved"


#: Why there is no picture at all, or none that could be looked at: codes of sources, and of who looks.
LOST_SIGHT = (
    "missing",
    "no_device",
    "unreachable",
    "refused",
    "timeout",
    "auth",
    "undecodable",
    "stalled",
    "changed",
    "ended",
    "fault",
    "detector_timeout",
    "detector_failed",
)
#: Stages of the alarm that a camera is blind.
BLIND_STAGES = (*(each.value for each in Blindness), *LOST_SIGHT)
_SHOWS_NOTHING = frozenset({Blindness.BLACK, Blindness.FROZEN, Blindness.COVERED})


def observed(blindness: Blindness, since: float) -> Observation:
    """The blindness as something that an occurrence can be made of."""
    return _blind(0, blindness.value, since)


def lost_sight(reason: str, since: float, lasted_s: float) -> Observation:
    """No picture at all, or none that could be looked at, as something that an occurrence can be made of.

    ``reason`` is the camera state's code; times are seconds since 1970 UTC.
    """
    return _blind(1, reason, since, Condition(name="blind_for", value=round(lasted_s, 1), met=True, unit="s"))


def _blind(key: int, reason: str, since: float, *more: Condition) -> Observation:
    return Observation(
        key=key,
        zone=WHOLE_FRAME.id,
        group="camera",
        box=WHOLE,
        standing=Standing.ACTIVE,
        since=since,
        severity=Severity.YELLOW,
        severity_reason=f"blind_{reason}",
        conditions=(Condition(name="sight", value=reason, met=True), *more),
        objects=(),
        votes=Votes(yes=0, of=0),
        attributes=Attributes(stage=reason),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SightSettings:
    """Levels are 0..255, times seconds of frame time."""

    #: Seconds from one judgement to the next.
    every_s: float = 1.0
    #: Seconds of sight before its own picture is known well enough to compare with.
    learn_s: float = 20.0
    #: How long a finding must last, and how long sight must be back.
    lasts_s: float = 8.0
    returns_s: float = 3.0
    #: Not a single pixel has changed for so long: a camera has noise.
    frozen_s: float = 60.0
    #: One picture is encoded anew again and again: for so long pictures that were there before have been coming back,
    hung_s: float = 240.0
    #: at least so many of them and with no longer pause in between;
    least_returns: int = 8
    returns_pause_s: float = 100.0
    #: or not a single pixel has changed in this share of what the picture shows, while a clock may go on in the rest.
    stands_share: float = 0.7
    #: A picture darker than this everywhere is black.
    black: float = 12.0
    #: Contrast (standard deviation) below this share of the usual: something covers the lens.
    covered_share: float = 0.3
    #: Fine detail below this share of the usual while the contrast is there: out of focus.
    defocused_share: float = 0.35
    #: Likeness of the edges to the usual ones below which the camera looks elsewhere.
    moved_likeness: float = 0.3
    #: Share by which the usual picture follows each judgement.
    follow: float = 0.03


#: Where brightness begins in most streams, and a level that nothing reaches where there is no light at all.
_STUDIO_BLACK, _GLOWS = 16, 60


class SightWatch:
    """Judges one camera's pictures about once a second. Reads no clock."""

    def __init__(self, settings: SightSettings | None = None) -> None:
        self._settings = settings or SightSettings()
        self._judged_at: float | None = None
        self._changed_at: float | None = None
        self._last: Luma | None = None
        self._stillness = Stillness(self._settings.returns_pause_s)
        self._edges: Floats | None = None
        self._contrast = self._detail = 0.0
        self._learned_s = 0.0
        #: Whether what shows nothing is looked at all the same.
        self._deserves_a_look = False
        self._suspect: tuple[Blindness | None, float] = (None, float("-inf"))
        #: What keeps it from seeing; None while it sees.
        self.blindness: Blindness | None = None
        #: Frame time since which that is so.
        self.since: float | None = None

    def observe(self, at: float, luma: Luma) -> Blindness | None:
        """Take in a small picture (a copy of one's own); why nothing can be seen, or None."""
        # Every picture counts here, not only the judged ones: in a scene that repeats itself those may all be alike.
        if self._last is None or self._last.shape != luma.shape or not np.array_equal(self._last, luma):
            self._changed_at = at
        self._last = luma
        self._stillness.observe(at, luma)
        if self._judged_at is not None and 0 <= at - self._judged_at < self._settings.every_s:
            return self.blindness
        step = 0.0 if self._judged_at is None else min(2 * self._settings.every_s, max(0.0, at - self._judged_at))
        self._judged_at = at
        self._settle(at, self._finding(at, luma, step))
        return self.blindness

    @property
    def is_doubtful(self) -> bool:
        """Whether the last picture shows so little that finding nothing in it means nothing.

        Not where something glows in the dark: that may be a small flame, and the clock that cameras write is looked at
        in vain. Nor where one picture is encoded anew: that it is over is not seen at once.
        """
        return self._suspect[0] in _SHOWS_NOTHING and not self._deserves_a_look

    def reset(self) -> None:
        """Time has jumped: what is usual stays, what was suspected does not."""
        self._judged_at = self._changed_at = self._last = None
        self._suspect = (None, float("-inf"))
        self._stillness.reset()

    def _finding(self, at: float, luma: Luma, step: float) -> Blindness | None:
        settings = self._settings
        self._deserves_a_look = False
        if not luma.size or min(luma.shape) < 3:
            return None
        if _is_black(luma, settings.black):
            self._deserves_a_look = int(luma.max()) >= _GLOWS
            return Blindness.BLACK
        if self._changed_at is not None and at - self._changed_at >= settings.frozen_s:
            return Blindness.FROZEN
        if self._is_hung(at):
            self._deserves_a_look = True
            return Blindness.FROZEN
        picture = luma.astype(np.float32)
        edges = np.abs(np.diff(picture, axis=1))[:-1] + np.abs(np.diff(picture, axis=0))[:, :-1]
        contrast, detail = float(picture.std()), float(edges.mean())
        found = self._compare(edges, contrast, detail)
        if found is None:
            self._learn(edges, contrast, detail, step)
        return found

    def _is_hung(self, at: float) -> bool:
        settings, stillness = self._settings, self._stillness
        if stillness.comes_back(settings.least_returns, settings.hung_s):
            return True
        return stillness.stands(at, settings.stands_share, settings.hung_s)

    def _compare(self, edges: Floats, contrast: float, detail: float) -> Blindness | None:
        settings = self._settings
        if self._edges is None or self._edges.shape != edges.shape or self._learned_s < settings.learn_s:
            return None
        if contrast < settings.covered_share * self._contrast:
            return Blindness.COVERED
        likeness = _correlation(edges, self._edges)
        if detail < settings.defocused_share * self._detail:
            # Blurred, a thing before the lens still has contrast, but none of the usual outlines.
            return Blindness.DEFOCUSED if likeness > settings.moved_likeness / 2 else Blindness.COVERED
        return Blindness.MOVED if likeness < settings.moved_likeness else None

    def _learn(self, edges: Floats, contrast: float, detail: float, step: float) -> None:
        if self._edges is None or self._edges.shape != edges.shape:
            self._edges, self._contrast, self._detail, self._learned_s = edges, contrast, detail, 0.0
            return
        follow = self._settings.follow
        self._edges = (self._edges + follow * (edges - self._edges)).astype(np.float32)
        self._contrast += follow * (contrast - self._contrast)
        self._detail += follow * (detail - self._detail)
        self._learned_s += step

    def _settle(self, at: float, found: Blindness | None) -> None:
        if found is not self._suspect[0]:
            self._suspect = (found, at)
        if found is self.blindness:
            return
        # Frozen has waited already.
        needed = self._settings.returns_s if found is None else self._settings.lasts_s
        if found is Blindness.FROZEN or at - self._suspect[1] >= needed:
            self.blindness, self.since = found, None if found is None else self._suspect[1]


def _is_black(luma: Luma, black: float) -> bool:
    """Whether it is darker than ``black`` levels nearly everywhere.

    Most streams count brightness from 16 on (ITU-R BT.601), and none says so reliably: where nothing is darker than
    that, 16 is black.
    """
    low, high = (float(value) for value in np.percentile(luma, (2, 98)))
    return high < black or (low >= _STUDIO_BLACK - 2 and high < _STUDIO_BLACK + black)


def _correlation(a: Floats, b: Floats) -> float:
    """Pearson's, -1..1; 0 where either is flat."""
    x, y = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / norm if norm > 0 else 0.0
