"""Floor plans and maps of places, and where cameras stand on them."""

from dataclasses import dataclass
from datetime import datetime

from lookout_server.domain.territory import CameraKey


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A picture of a place seen from above: a floor, a courtyard, a whole community."""

    id: str
    #: Id of the territory that it shows.
    place: str
    name: str
    #: Of the picture, a JPEG in the evidence store.
    sha256: str
    by: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where a camera stands on a plan, and where it looks. A camera stands on one plan at most.

    ``x`` and ``y``: fractions of the picture's width and height from the top left. ``heading``: degrees clockwise from
    the top of the picture, in [0, 360). ``angle``: of view, degrees. ``reach``: how far it sees, as a fraction of the
    picture's width.
    """

    camera: CameraKey
    plan: str
    x: float
    y: float
    heading: float
    angle: float
    reach: float
