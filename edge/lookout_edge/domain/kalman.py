"""Where a box will be: a constant-velocity Kalman filter on real time steps."""

from collections.abc import Sequence
from math import sqrt

from lookout_edge.domain.geometry import Box


class BoxFilter:
    """Four position-and-velocity filters for centre x, centre y, width, height (fractions, seconds).

    A thing's noise along an axis follows its own size there, so centre and size share their variances: two of each.
    Plain floats: on so few values numpy's calls cost more than the arithmetic.
    """

    __slots__ = ("position", "pp", "pv", "velocity", "vv")

    def __init__(self, box: Box) -> None:
        self.position: list[float] = _centre(box)
        scale = _scale(self.position)
        self.velocity: list[float] = [0.0] * 4
        #: Variances of position and velocity and their covariance, across and along.
        self.pp: list[float] = [(0.05 * s) ** 2 for s in scale]
        self.vv: list[float] = [(2.0 * s) ** 2 for s in scale]
        self.pv: list[float] = [0.0] * 2

    def predict(self, dt: float) -> None:
        """Move on by ``dt`` seconds under white acceleration noise."""
        if dt <= 0:
            return
        of_vv, of_pv, of_pp = dt * dt, dt**3 / 2, dt**4 / 4
        # Written out: a loop over two axes costs twice as much, and all that is followed is moved on in each look.
        (x, y, width, height), (vx, vy, wider, higher) = self.position, self.velocity
        (ppx, ppy), (pvx, pvy), (vvx, vvy) = self.pp, self.pv, self.vv
        across, along = _scale(self.position)
        across, along = across * across, along * along
        width, height = width + wider * dt, height + higher * dt
        self.position = [
            x + vx * dt,
            y + vy * dt,
            width if width > 1e-4 else 1e-4,
            height if height > 1e-4 else 1e-4,
        ]
        self.pp = [
            ppx + (2 * dt * pvx + of_vv * vvx + across * of_pp),
            ppy + (2 * dt * pvy + of_vv * vvy + along * of_pp),
        ]
        self.pv = [pvx + (dt * vvx + across * of_pv), pvy + (dt * vvy + along * of_pv)]
        self.vv = [vvx + across * of_vv, vvy + along * of_vv]

    def correct(self, box: Box) -> None:
        """Take in a measured box."""
        measured = _centre(box)
        (x, y, width, height), (vx, vy, wider, higher) = self.position, self.velocity
        (ppx, ppy), (pvx, pvy), (vvx, vvy) = self.pp, self.pv, self.vv
        across, along = _scale(measured)
        total_x, total_y = ppx + (0.05 * across) ** 2, ppy + (0.05 * along) ** 2
        gain_x, gain_y, gain_vx, gain_vy = ppx / total_x, ppy / total_y, pvx / total_x, pvy / total_y
        # How far off it was: centre and size.
        dx, dy, dw, dh = measured[0] - x, measured[1] - y, measured[2] - width, measured[3] - height
        self.position = [x + gain_x * dx, y + gain_y * dy, width + gain_x * dw, height + gain_y * dh]
        self.velocity = [vx + gain_vx * dx, vy + gain_vy * dy, wider + gain_vx * dw, higher + gain_vy * dh]
        self.pp = [ppx - gain_x * ppx, ppy - gain_y * ppy]
        self.pv = [pvx - gain_x * pvx, pvy - gain_y * pvy]
        self.vv = [vvx - gain_vx * pvx, vvy - gain_vy * pvy]

    def stand(self) -> None:
        """It is known not to move."""
        self.velocity = [0.0] * 4

    def keep_size(self) -> None:
        """It is out of sight: how it grew or shrank before says nothing of the time since, and soon nothing is left."""
        self.velocity[2:] = 0.0, 0.0

    @property
    def speed(self) -> float:
        """How fast its centre moves, in its own widths and heights a second."""
        _, _, width, height = self.position
        across = abs(self.velocity[0]) / (width if width > 1e-4 else 1e-4)
        along = abs(self.velocity[1]) / (height if height > 1e-4 else 1e-4)
        return across if across > along else along

    def spread(self, dt: float) -> float:
        """Standard deviation of where its centre will be in ``dt`` seconds, in its own widths and heights."""
        width, height = _scale(self.position)
        pp, pv, vv = self.pp, self.pv, self.vv
        across = (pp[0] + 2 * dt * pv[0] + dt * dt * vv[0]) / (width * width)
        along = (pp[1] + 2 * dt * pv[1] + dt * dt * vv[1]) / (height * height)
        return sqrt((across if across > along else along) + dt**4 / 4)

    @property
    def box(self) -> Box:
        cx, cy, w, h = self.position
        return Box(cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)


def _centre(box: Box) -> list[float]:
    x1, y1, x2, y2 = box
    return [(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1 if x2 > x1 else 0.0, y2 - y1 if y2 > y1 else 0.0]


def _scale(position: Sequence[float]) -> tuple[float, float]:
    """Noise grows with the thing's own size: across and along."""
    width = position[2] if position[2] > 1e-4 else 1e-4
    height = position[3] if position[3] > 1e-4 else 1e-4
    return width, height
