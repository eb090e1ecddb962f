"""What an operator has agreed to leave out: a place, for one scenario at one camera, until a date."""

from dataclasses import dataclass

from lookout_contract.events import Scenario
from lookout_edge.domain.geometry import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An accepted, expiring suppression. Times are frame times, seconds since the Unix epoch."""

    id: str
    camera: str
    scenario: Scenario
    #: Where; a thing whose centre lies in it is meant.
    box: Box
    #: Label group that is meant.
    group: str
    since: float
    until: float
    #: Only what the model is less sure of than this, on the whole; None: everything there.
    least_score: float | None = None

    def covers(self, at: float, group: str, box: Box, score: float | None = None) -> bool:
        """Whether it holds for such a thing at frame time ``at``; much larger things are new ones.

        ``score`` is the mean over all looks, 0..1; a threshold holds for nothing whose score is not known.
        """
        if self.least_score is not None and (score is None or score >= self.least_score):
            return False
        x, y = (box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2
        inside = self.box.x1 <= x <= self.box.x2 and self.box.y1 <= y <= self.box.y2
        return inside and self.since <= at < self.until and group == self.group and box.area <= 1.5 * self.box.area
