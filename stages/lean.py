"""How text lines lean, which way they run, and which side of them is up. Pure functions on pixels.

All of it works on the contrast picture of :mod:`stages.ink` at about 100 dpi.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Affine
from models.ports import Pixels
from stages import ink

RANGE_DEG = 5.0
FAINTEST = 30
"""Contrast in levels from which a pixel takes part; below it is noise and show-through."""
_STRONGEST = 120
_STRIP_PX = 8
_LEAST_LETTER_PX = 4
"""Lower than any letter: the dots of a form's leaders are more than its letters, and must not pass for the usual size."""
_FEWEST_CELLS = 120
"""Fewer inked cells than this (two or three words) show no direction."""
_QUARTERS = 4
_BLEND = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
"""How much ink at each quarter of a row counts for it: the more, the nearer to its middle."""
_STEP = np.pad(_BLEND, (_QUARTERS, 0)) - np.pad(_BLEND, (0, _QUARTERS))
"""A row less the one before."""
Floats = NDArray[np.float64]
Windows = NDArray[np.float32]


class Lean(NamedTuple):
    """``angle_deg``: clockwise lean of the lines. ``sharpness``: energy there ÷ median energy, from 1."""

    angle_deg: float
    sharpness: float


class Cells(NamedTuple):
    """Ink summed over strips of 8 columns: a quarter of the points, and the same lines.

    ``x``: from the middle of the picture; ``y``: row, with a dither of one row, from ``reach`` rows above the
    picture; ``weight``: ink.
    """

    x: Floats
    y: Floats
    weight: Floats
    height: int
    reach: int


def text_marks(marks: ink.Components, dirt: ink.Bools) -> ink.Bools:
    """Which marks may be letters, by mark number: not ``dirt`` at the edges, not far larger than the usual mark.

    Rules, frames, seals and photographs say little about text, and much that is wrong.
    """
    extent = np.maximum(marks.width, marks.height)
    keep = ~dirt & (marks.area >= 3)
    keep[0] = False
    letters = extent[keep & (marks.area >= 8) & (extent >= _LEAST_LETTER_PX)]
    if len(letters) > 0:
        keep &= extent < 8 * np.median(letters)
    return keep


def cells(picture: Pixels) -> Cells:
    """The inked cells of a contrast picture.

    The dither spreads every cell over one row: without it the rows of an unrotated picture fall
    exactly on the bins, which makes 0° look sharper than it is (0.1° came out as 0). It is random, with
    a fixed seed: any regular one is undone by some angle, which then looks sharper.
    """
    height, width = picture.shape
    strips = -(-width // _STRIP_PX)
    capped = np.zeros((height, strips * _STRIP_PX), np.uint8)
    np.minimum(picture, _STRONGEST, out=capped[:, :width])
    sums = cv2.reduce(capped.reshape(-1, _STRIP_PX), 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S).ravel()
    inked = np.flatnonzero(sums > 0)
    rows, columns = np.divmod(inked, strips)
    dither = np.random.default_rng(0).random(len(rows))
    x = (columns + 0.5) * _STRIP_PX - width / 2
    reach = math.ceil(width / 2 * math.tan(math.radians(RANGE_DEG + 2))) + 2
    return Cells(x, rows + dither + reach, sums[inked].astype(np.float64), height, reach)


def _energy(points: Cells, angle_deg: float, row_px: float) -> float:
    """Sum of squared steps between neighbouring rows of the ink profile seen along ``angle_deg``.

    Rows of ``row_px`` that blend into each other, begun at every quarter of a row.
    """
    quarters = _QUARTERS / row_px
    places = (points.y * quarters - points.x * (math.tan(math.radians(angle_deg)) * quarters)).astype(np.intp)
    fine = np.bincount(places, points.weight, int((points.height + 2 * points.reach) * quarters) + 1)
    steps = np.convolve(fine, _STEP)
    return float(steps @ steps)


def coarse(points: Cells) -> Lean:
    """The sharpest of the angles in steps of half a degree, one step beyond the range."""
    if len(points.x) < _FEWEST_CELLS:
        return Lean(0.0, 1.0)
    angles = np.arange(-RANGE_DEG - 0.5, RANGE_DEG + 0.51, 0.5)
    energies = np.array([_energy(points, float(angle), 1.0) for angle in angles])
    best = int(energies.argmax())
    return Lean(float(angles[best]), float(energies[best] / max(float(np.median(energies)), 1e-9)))


def refine(points: Cells, start: Lean) -> float:
    """The angle near ``start``, to about 0.01°: ever finer steps, then the top of a parabola."""
    angle = start.angle_deg
    for step, row_px in ((0.2, 2.0), (0.08, 1.0), (0.03, 1.0)):
        offsets = step * np.arange(-2, 3)
        energies = [_energy(points, angle + float(offset), row_px) for offset in offsets]
        best = int(np.argmax(energies))
        angle += float(offsets[best])
        if step == 0.03 and 0 < best < 4:
            before, top, after = energies[best - 1 : best + 2]
            bend = before - 2 * top + after
            angle += 0.5 * step * (before - after) / bend if bend < 0 else 0.0
    return angle


class Up(NamedTuple):
    """``vote``: mean vote of the letters, positive is upright. ``significance``: the same in standard errors."""

    vote: float
    significance: float
    letters: int


_WINDOW = 12
"""Letters are seen through a window of 12 × 12 cells, 2.4 letter heights wide."""
_HEIGHTS = 2.4
_MOST_LETTERS = 1500
# fmt: off
_UPRIGHT = np.array([
    ( 0,  0,  0,  1, -1,  0, -1, -1, -1, -1, -1, -1),
    (-2, -3, -2, -3, -2, -1, -2, -2, -2, -2, -2, -2),
    (14,  9, 15,  6,  3, -5,  4, -4,  1,  8,  5, 13),
    (-7,  0,  2,  0, -2, -6,  6,  4,  5, -4,  1, -7),
    (-5, -2, -1, -3, -4, -3, -5, -1, -7, -4, -2, -2),
    ( 4, -1, -1, -2,  0, -4, -2, -4,  3,  3, -1,  1),
]) / 10
# fmt: on
"""What the upper half of the window weighs; the lower half is this turned by 180° and negated.

Logistic regression on rendered Vietnamese letters, two pages in five in capitals (``python -m
benchmarks orientation``). The heavy row is where ascenders and tone marks stand; stems at the left
tell capitals. Being its own negative upside down, it cannot prefer a direction on other marks.
"""
_WEIGHTS = np.concatenate([_UPRIGHT, -_UPRIGHT[::-1, ::-1]]).astype(np.float32).ravel()


def up(text: Pixels, marks: ink.Components, keep: ink.Bools, axis_deg: int, skew_deg: float) -> Up:
    """Whether the text is upright after a turn by ``axis_deg`` (0 or 90) and ``-skew_deg``, or upside down.

    ``text``: contrast picture of the marks ``keep``. Every letter votes; on real decisions at 100 dpi
    two in three vote right, which is 5 to 10 standard errors a page.
    """
    seen = letter_windows(text, marks, keep, axis_deg, skew_deg)
    if len(seen) < 10:
        return Up(0.0, 0.0, len(seen))
    votes = np.clip(seen.reshape(len(seen), -1) @ _WEIGHTS, -3.0, 3.0)
    error = max(float(votes.std()), 0.1) / math.sqrt(len(votes))
    return Up(float(votes.mean()), float(votes.mean()) / error, len(votes))


def _usual(height_px: ink.Ints, width_px: ink.Ints) -> float:
    """Median height, each mark counted by its width: the dots of a form's leaders are more than its letters."""
    order = np.argsort(height_px)
    widths = np.cumsum(width_px[order])
    return float(height_px[order[np.searchsorted(widths, widths[-1] / 2)]])


def letter_windows(text: Pixels, marks: ink.Components, keep: ink.Bools, axis_deg: int, skew_deg: float) -> Windows:
    """Up to 1,500 straightened letters with what is around them, ``(n, 12, 12)``, 0–1."""
    height, width = (marks.height, marks.width) if axis_deg == 0 else (marks.width, marks.height)
    sized = keep & (marks.area >= 8) & (width >= 2) & (height >= _LEAST_LETTER_PX)
    if int(sized.sum()) < 5:
        return np.zeros((0, _WINDOW, _WINDOW), np.float32)
    typical = _usual(height[sized], width[sized])
    tall, wide = height / typical, width / typical
    chosen = np.flatnonzero(keep & (tall > 0.6) & (tall < 2.2) & (wide > 0.3) & (wide < 12))
    chosen = chosen[:: -(-len(chosen) // _MOST_LETTERS) or 1]
    cell_px = max(1.0, _HEIGHTS * typical / _WINDOW)
    around = round(cell_px)
    seen = cv2.blur(np.minimum(text, _STRONGEST), (around, around), borderType=cv2.BORDER_REPLICATE)
    # Only what the windows show is turned: the page has five times as many pixels.
    a, b, _, c, d, _ = Affine.rotation(skew_deg - axis_deg, (0.0, 0.0), (0.0, 0.0))
    across = (np.arange(_WINDOW, dtype=np.float32) - (_WINDOW - 1) / 2) * np.float32(cell_px)
    down = across[:, None]
    x, y = marks.left + marks.width / 2 - 0.5, marks.top + marks.height / 2 - 0.5
    columns = x[chosen, None].astype(np.float32) + (a * across + b * down).ravel()
    rows = y[chosen, None].astype(np.float32) + (c * across + d * down).ravel()
    windows = cv2.remap(seen, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(windows.reshape(-1, _WINDOW, _WINDOW) / np.float32(_STRONGEST), dtype=np.float32)
