"""Flames and smoke, simulated in the plane of the picture and laid over a rendered plate.

A gas in two dimensions (stable fluids: Stam, SIGGRAPH 1999; vorticity confinement: Fedkiw et al., 2001)
is heated where something burns, rises, cools and leaves soot. One cell is one pixel, y points down, time is in seconds.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float32]
Picture = NDArray[np.uint8]

#: Steps of the gas a second of film.
STEPS_A_SECOND = 32
_DT = 1.0 / STEPS_A_SECOND
#: Emission, linear RGB, of gas at a heat of 0, 0.2, 0.45, 0.8 and 1.2: deep red, orange, yellow.
_HEATS = np.array([0.0, 0.2, 0.45, 0.8, 1.2], np.float32)
_GLOW = np.array([[0, 0, 0], [0.22, 0.025, 0.002], [1.3, 0.34, 0.03], [2.6, 1.05, 0.16], [3.2, 1.8, 0.5]], np.float32)


@dataclass(frozen=True, kw_only=True)
class Source:
    """What burns or steams: its place in cells, and how much heat and smoke a second leave it."""

    at: tuple[float, float]
    #: Half width and half height of the bed, cells.
    spread: tuple[float, float]
    heat: float = 0.0
    smoke: float = 0.0
    #: Warmth that lifts without glowing.
    lift: float = 0.0


class Gas:
    """The gas over one part of the picture, ``height`` × ``width`` cells; repeatable by ``seed``."""

    def __init__(self, height: int, width: int, *, seed: int, wind: float = 0.0) -> None:
        self._random = np.random.default_rng(seed)
        self._rows, self._columns = np.indices((height, width), np.float32)
        self.heat = np.zeros((height, width), np.float32)
        self.warmth = np.zeros_like(self.heat)
        self.smoke = np.zeros_like(self.heat)
        self._u, self._v = np.zeros_like(self.heat), np.zeros_like(self.heat)
        self._wind = wind
        fy, fx = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
        # Eigenvalues of the five-point Laplacian, so that central differences leave no divergence behind.
        self._laplace = (np.sin(2 * np.pi * fx) ** 2 + np.sin(2 * np.pi * fy) ** 2).astype(np.float32)
        self._laplace[self._laplace < 1e-6] = np.inf
        edge = np.minimum(self._rows / 24.0, 1.0) * np.minimum(
            np.minimum(self._columns, width - 1 - self._columns) / 12.0, 1.0
        )
        #: Gas that reaches the rim is gone; it would come in again at the other side.
        self._rim = edge.astype(np.float32)

    def step(self, sources: list[Source]) -> None:
        """``_DT`` seconds."""
        for source in sources:
            self._feed(source)
        self._push()
        self._project()
        for name in ("_u", "_v", "heat", "warmth", "smoke"):
            setattr(self, name, self._carried(getattr(self, name)))
        self.heat *= np.exp(-_DT * (1.1 + 2.6 * (1.1 - np.clip(self.heat, 0, 1.1)))).astype(np.float32)
        self.warmth *= np.float32(np.exp(-_DT * 0.5))
        self.smoke = cv2.GaussianBlur(self.smoke, (0, 0), 0.45) * np.float32(np.exp(-_DT * 0.16)) * self._rim**0.2
        self.heat *= self._rim**0.1
        self._u *= 0.995
        self._v *= 0.992

    def _feed(self, source: Source) -> None:
        x, y = source.at
        distance = ((self._columns - x) / source.spread[0]) ** 2 + ((self._rows - y) / source.spread[1]) ** 2
        bed = np.exp(-(distance**2)).astype(np.float32)
        # Tongues: the bed burns unevenly, and elsewhere the next moment.
        coarse = self._random.random((6, 12), np.float32)
        patches = cv2.resize(coarse, self.heat.shape[::-1], interpolation=cv2.INTER_CUBIC)
        bed *= np.clip(1.8 * patches - 0.15, 0, 1.6)
        self.heat = np.minimum(self.heat + bed * source.heat * _DT, 1.25).astype(np.float32)
        self.warmth = np.minimum(self.warmth + bed * source.lift * _DT, 1.0).astype(np.float32)
        self.smoke += bed * source.smoke * _DT

    def _push(self) -> None:
        self._v -= (520 * self.heat + 260 * self.warmth + 6 * np.minimum(self.smoke, 3)) * _DT
        self._u += (self._wind - self._u) * np.float32(_DT * 0.35) * (self.smoke > 0.02)
        curl = _dx(self._v) - _dy(self._u)
        nx, ny = _dx(np.abs(curl)), _dy(np.abs(curl))
        length = np.sqrt(nx * nx + ny * ny) + 1e-3
        self._u += ny / length * curl * np.float32(9 * _DT)
        self._v -= nx / length * curl * np.float32(9 * _DT)

    def _project(self) -> None:
        """Take the divergence out, but for the swelling of what is heated."""
        divergence = _dx(self._u) + _dy(self._v) - 1.6 * self.heat
        potential = np.fft.irfft2(-np.fft.rfft2(divergence) / self._laplace, s=divergence.shape).astype(np.float32)
        self._u -= _dx(potential)
        self._v -= _dy(potential)
        floor = self._rows > self._rows.max() - 3
        self._v[floor] = np.minimum(self._v[floor], 0)

    def _carried(self, field: Reals) -> Reals:
        across = self._columns - self._u * np.float32(_DT)
        down = self._rows - self._v * np.float32(_DT)
        return cv2.remap(field, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)  # pyright: ignore[reportReturnType]


def _dx(field: Reals) -> Reals:
    return (np.roll(field, -1, 1) - np.roll(field, 1, 1)) * np.float32(0.5)


def _dy(field: Reals) -> Reals:
    return (np.roll(field, -1, 0) - np.roll(field, 1, 0)) * np.float32(0.5)


def lay_over(plate: Reals, gas: Gas, at: tuple[int, int], *, albedo: tuple[float, float, float]) -> Reals:
    """``plate`` (linear BGR, H × W × 3) with the gas whose upper left cell is at pixel ``at`` (x, y).

    ``albedo`` is the smoke's own colour (BGR) under the light of the place.
    """
    left, top = at
    height, width = gas.heat.shape
    made = plate.copy()
    part = made[top : top + height, left : left + width]
    heat = cv2.GaussianBlur(gas.heat, (0, 0), 0.7)
    glow = np.stack([np.interp(heat, _HEATS, _GLOW[:, channel]) for channel in (2, 1, 0)], -1).astype(np.float32)
    near = cv2.GaussianBlur(heat, (0, 0), 14)[..., None] * np.array([0.03, 0.16, 0.5], np.float32)
    # Smoke has depth: what is nearer and farther than the plane drifts otherwise and blurs its outline.
    smoke = 0.45 * gas.smoke + 0.55 * cv2.GaussianBlur(gas.smoke, (0, 0), 5)
    thick = 1 - np.exp(-1.5 * smoke)[..., None]
    shade = np.array(albedo, np.float32) * (1 - 0.35 * np.clip(smoke[..., None] - 0.5, 0, 1)) + near
    veiled = part * (1 - thick) + shade * thick
    solid = np.clip(heat * 1.6 - 0.15, 0, 0.9)[..., None]
    part[:] = veiled * (1 - solid) + glow * np.float32(0.9)
    halo = cv2.GaussianBlur(glow, (0, 0), 9) * np.float32(0.05)
    part += halo
    return made


def to_linear(picture: Picture) -> Reals:
    """sRGB bytes → linear light, 0..1."""
    share = picture.astype(np.float32) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4).astype(np.float32)


def to_picture(light: Reals) -> Picture:
    """Linear light → sRGB bytes; what is brighter than 0.7 is rolled off, so that flames keep their colour."""
    rolled = np.where(light > 0.7, 0.7 + 0.3 * (1 - np.exp(-(light - 0.7) / 0.55)), np.maximum(light, 0))
    share = np.where(rolled <= 0.0031308, rolled * 12.92, 1.055 * np.power(np.maximum(rolled, 1e-6), 1 / 2.4) - 0.055)
    return np.clip(share * 255 + 0.5, 0, 255).astype(np.uint8)
