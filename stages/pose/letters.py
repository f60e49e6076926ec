"""Which way up letters stand: a small network looks at them through windows, turned all four ways. Pure functions.

It works on the contrast picture of :mod:`stages.survey`, or on a finer one where letters are small.
"""

from __future__ import annotations

import math
from functools import cache
from importlib import resources
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages import ink
from stages.pose import lean

Windows = NDArray[np.float32]
Floats = NDArray[np.float64]

CELLS = 14
"""Letters are seen through a window of 14 × 14 cells …"""
_HEIGHTS = 2.6
"""… which is so many times as wide as the usual mark is high: the letter, and a little of the lines around it."""
_MOST_WINDOWS = 600
_STRONGEST = 120
_STRAY = 0.1
"""Share of windows on which the network's word is worth nothing."""
_INDEPENDENT = 0.25
"""Neighbouring windows see the same letters: so much of each is news."""


class Letters(NamedTuple):
    """``odds``: log likelihood of the four turns 0, 90, 180, 270, the best at 0. ``seen``: windows looked through.

    ``height_px``: of the usual mark; 0 where there are none.
    """

    odds: tuple[float, float, float, float]
    seen: int
    height_px: float

    @property
    def along(self) -> float:
        """By how much likelier it is that lines run across the picture than up and down; negative where it is less."""
        return max(self.odds[0], self.odds[2]) - max(self.odds[1], self.odds[3])

    @property
    def clearness(self) -> float:
        """How much a window tells of the way that the lines run, on average: about 3 of clear print, 0 of what is none."""
        return abs(self.along) / (_INDEPENDENT * self.seen) if self.seen else 0.0

    def margin(self, turn: int) -> float:
        """By how much a turn is likelier than any other, negative where it is not."""
        return self.odds[turn // 90] - max(self.odds[: turn // 90] + self.odds[turn // 90 + 1 :])


def windows(picture: Pixels, marks: ink.Components, keep: ink.Bools, dpi: float) -> tuple[Windows, float]:
    """Up to 600 pieces of text with what is around them, ``(n, 14, 14)``, 0–1, and the usual mark's height.

    ``picture``: contrast of the marks ``keep``. Nothing here knows which way the lines run: a mark is as high as
    its shorter side, and is looked at all along the longer one, because words hang together.
    """
    none = np.zeros((0, CELLS, CELLS), np.float32)
    usual = height_px(marks, keep, dpi)
    if not usual:
        return none, 0.0
    short, long = np.minimum(marks.width, marks.height), np.maximum(marks.width, marks.height)
    chosen = np.flatnonzero(
        keep & (short > 0.55 * usual) & (short < 2.2 * usual) & (long > 0.6 * usual) & (long < 25 * usual)
    )
    if len(chosen) == 0:
        return none, usual
    x, y = _places(marks, chosen, usual)
    cell_px = _HEIGHTS * usual / CELLS
    around = max(1, round(cell_px))
    seen = cv2.blur(np.minimum(picture, _STRONGEST), (around, around), borderType=cv2.BORDER_REPLICATE)
    if around % 2 == 0:
        # OpenCV's even boxes lie half a pixel too far left and up: letters upside down would look different.
        x, y = x + np.float32(0.5), y + np.float32(0.5)
    across = (np.arange(CELLS, dtype=np.float32) - (CELLS - 1) / 2) * np.float32(cell_px)
    columns = (x[:, None, None] + across[None, None, :] + np.zeros((1, CELLS, 1), np.float32)).reshape(len(x), -1)
    rows = (y[:, None, None] + across[None, :, None] + np.zeros((1, 1, CELLS), np.float32)).reshape(len(x), -1)
    found = cv2.remap(seen, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(found.reshape(-1, CELLS, CELLS) * np.float32(1 / _STRONGEST), dtype=np.float32), usual


def height_px(marks: ink.Components, keep: ink.Bools, dpi: float) -> float:
    """How high the usual mark is, 0 where there are next to none."""
    sized = lean.like_letters(marks, keep, dpi)
    if int(sized.sum()) < 5:
        return 0.0
    short, long = np.minimum(marks.width, marks.height), np.maximum(marks.width, marks.height)
    return lean.usual(short[sized], long[sized], dpi)


def _places(marks: ink.Components, chosen: NDArray[np.intp], usual: float) -> tuple[Windows, Windows]:
    """Middles of windows: every mark about once for each time that it is as long as high, but no more than allowed."""
    width, height = marks.width[chosen].astype(np.float32), marks.height[chosen].astype(np.float32)
    times = np.maximum(1, np.rint(np.maximum(width, height) / usual)).astype(np.intp)
    which = np.repeat(np.arange(len(chosen)), times)
    first = np.cumsum(times) - times
    share = ((np.arange(len(which)) - first[which] + 0.5) / times[which] - 0.5).astype(np.float32)
    some = slice(None, None, -(-len(which) // _MOST_WINDOWS))
    which, share = which[some], share[some]
    lies = width[which] >= height[which]
    x = marks.left[chosen][which] + width[which] / 2 - 0.5 + np.where(lies, share * width[which], 0)
    y = marks.top[chosen][which] + height[which] / 2 - 0.5 + np.where(lies, 0, share * height[which])
    return x.astype(np.float32), y.astype(np.float32)


class Network(NamedTuple):
    """How upright a window is: ``hidden`` (196, h), ``bias`` (h), ``second`` (h, k), ``second_bias`` (k), ``out`` (k)."""

    hidden: Windows
    bias: Windows
    second: Windows
    second_bias: Windows
    out: Windows

    def __call__(self, seen: Windows) -> Windows:
        """A score for each of the windows, ``(n, 196)``; higher is more upright."""
        first = np.maximum(_product(seen, self.hidden) + self.bias, 0)
        second = np.maximum(_product(first, self.second) + self.second_bias, 0)
        return np.asarray(second @ self.out, dtype=np.float32)


def _product(left: Windows, right: Windows) -> Windows:
    """Matrix product on this thread alone, whatever NumPy's library would start."""
    nothing = np.zeros((0, 0), np.float32)
    return np.asarray(cv2.gemm(left, right, 1.0, nothing, 0.0), dtype=np.float32)


@cache
def network() -> Network:
    """The network that ``python -m benchmarks orientation`` trained."""
    with resources.files("stages").joinpath("pose/data/letters.npz").open("rb") as file, np.load(file) as found:
        return Network(*(found[name].astype(np.float32) for name in Network._fields))


def scores(net: Network, seen: Windows) -> Windows:
    """What the network says of each window turned clockwise by 0, 90, 180, 270 degrees: ``(n, 4)``."""
    turned = [np.rot90(seen, -quarter, axes=(1, 2)).reshape(len(seen), -1) for quarter in range(4)]
    return net(np.ascontiguousarray(np.concatenate(turned), np.float32)).reshape(4, len(seen)).T


def look(picture: Pixels, marks: ink.Components, keep: ink.Bools, dpi: float) -> Letters:
    """Which turn would have the letters upright."""
    seen, height_px = windows(picture, marks, keep, dpi)
    if len(seen) == 0:
        return Letters((0.0, 0.0, 0.0, 0.0), 0, height_px)
    said = scores(network(), seen)
    said = said - said.max(axis=1, keepdims=True)
    likely = np.exp(said) / np.exp(said).sum(axis=1, keepdims=True)
    odds = np.log((1 - _STRAY) * likely + _STRAY / 4).sum(axis=0) * _INDEPENDENT
    odds -= odds.max()
    return Letters((float(odds[0]), float(odds[1]), float(odds[2]), float(odds[3])), len(seen), height_px)


def sure(margin: float) -> float:
    """Confidence 0–1 in what is likelier by so much than all else."""
    return 1.0 / (1.0 + math.exp(-margin))
