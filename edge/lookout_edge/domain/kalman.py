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
        self.position = _centre(box)
        scale = _scale(self.position)
        self.velocity = [0.0] * 4
        #: Variances of position and velocity and their covariance, across and along.
        self.pp = [(0.05 * s) ** 2 for s in scale]
        self.vv = [(2.0 * s) ** 2 for s in scale]
        self.pv = [0.0] * 2

    def predict(self, dt: float) -> None:
        """Move on by ``dt`` seconds under white acceleration noise."""
        if dt <= 0:
            return
        position, velocity, pp, pv, vv = self.position, self.velocity, self.pp, self.pv, self.vv
        of_vv, of_pv, of_pp = dt * dt, dt**3 / 2, dt**4 / 4
        for axis, scale in enumerate(_scale(position)):
            noise = scale * scale
            position[axis] += velocity[axis] * dt
            position[axis + 2] += velocity[axis + 2] * dt
            pp[axis] += 2 * dt * pv[axis] + of_vv * vv[axis] + noise * of_pp
            pv[axis] += dt * vv[axis] + noise * of_pv
            vv[axis] += noise * of_vv
        position[2:] = max(position[2], 1e-4), max(position[3], 1e-4)

    def correct(self, box: Box) -> None:
        """Take in a measured box."""
        position, velocity, pp, pv, vv = self.position, self.velocity, self.pp, self.pv, self.vv
        measured = _centre(box)
        for axis, scale in enumerate(_scale(measured)):
            total = pp[axis] + (0.05 * scale) ** 2
            gain_p, gain_v = pp[axis] / total, pv[axis] / total
            for each in (axis, axis + 2):
                innovation = measured[each] - position[each]
                position[each] += gain_p * innovation
                velocity[each] += gain_v * innovation
            vv[axis] -= gain_v * pv[axis]
            pv[axis] -= gain_p * pv[axis]
            pp[axis] -= gain_p * pp[axis]

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
