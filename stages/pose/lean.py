"""Which marks may be letters, and how their lines lean. Pure functions on the contrast pictures of :mod:`stages.ink`."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages import ink

RANGE_DEG = 5.0
FAINTEST = 30
"""Contrast in levels from which a pixel takes part; below it is noise and show-through."""
_STRONGEST = 120
_STRIP_PX = 8
_LEAST_LETTER_PX, _MOST_LETTER_MM = 4, 12.0
"""Any letter is longer than the one, and lower than the other."""
_LEAST_FILL = 0.15
"""Letters and words fill more of their boxes; a leaning rule less."""
_DOTS_MM = 1.5
"""Leaders of dots are no higher than this, where dots run together too; ten point letters are 2 mm."""
_FEW_LETTERS = 0.1
"""Of the length of all marks; print on a form of leaders is more."""
_FEWEST_CELLS = 120
"""Fewer inked cells than this (two or three words) show no direction."""
_QUARTERS = 4
_BLEND = np.array([1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0])
"""How much ink at each quarter of a row counts for it: the more, the nearer to its middle."""
_STEP = np.pad(_BLEND, (_QUARTERS, 0)) - np.pad(_BLEND, (0, _QUARTERS))
"""A row less the one before."""
_TOP_STEPS_DEG = (0.03, 0.06, 0.1)
_TOP = 0.93
"""Five steps span a top when its sides are this much lower."""
_GUTTER = 0.12
"""Of a strip's usual ink: a gutter has less, also where a heading crosses it."""
_COLUMNS_AGREE_DEG = 0.15
_SLOPE = np.array([-2, -1, 0, 1, 2]) / 10
_BEND = np.array([2, -1, -2, -1, 2]) / 14
"""Least squares: the parabola through five points, one apart."""
Floats = NDArray[np.float64]


class Lean(NamedTuple):
    """``angle_deg``: clockwise lean of the lines. ``sharpness``: energy there ÷ median energy, from 1."""

    angle_deg: float
    sharpness: float


class Cells(NamedTuple):
    """Ink averaged over strips of 8 columns: a quarter of the points, and the same lines.

    ``x``: from the middle of the picture; ``y``: row, with a dither of one row, from ``reach`` rows above the
    picture; ``weight``: ink.
    """

    x: Floats
    y: Floats
    weight: Floats
    height: int
    reach: int


def text_marks(marks: ink.Components, dirt: ink.Bools, dpi: float) -> ink.Bools:
    """Which marks may be letters, by mark number: not ``dirt`` at the edges, not far larger than the usual mark.

    Rules, frames, seals and photographs say little about text, and much that is wrong.
    """
    short, long = np.minimum(marks.width, marks.height), np.maximum(marks.width, marks.height)
    keep = ~dirt & (marks.area >= 3)
    keep[0] = False
    letters = like_letters(marks, keep, dpi)
    if letters.any():
        height_px = usual(short[letters], long[letters], dpi)
        keep &= (short < 3 * height_px) & (long < 16 * height_px)
    return keep


def like_letters(marks: ink.Components, keep: ink.Bools, dpi: float) -> ink.Bools:
    """Which of the marks tell how high letters are: no specks, no rules, straight or leaning, no frames."""
    short, long = np.minimum(marks.width, marks.height), np.maximum(marks.width, marks.height)
    filled = marks.area >= _LEAST_FILL * short * long
    sized = (long >= _LEAST_LETTER_PX) & (long < 20 * short) & (short < _MOST_LETTER_MM * dpi / ink.MM_PER_INCH)
    return keep & filled & sized & (marks.area >= 8)


def usual(short_px: ink.Ints, long_px: ink.Ints, dpi: float) -> float:
    """How high letters are: the mean of the marks' shorter sides near their median, each counted by its longer one.

    Where that is as low as the dots of a form's leaders, and not a few marks are a letter's size above it, the
    letters are those: there is more of leaders on a form than of print.
    """
    height_px = _near_median(short_px, long_px)
    if height_px < _DOTS_MM * dpi / ink.MM_PER_INCH:
        higher = (short_px > 1.6 * height_px) & (short_px < 4 * height_px)
        if long_px[higher].sum() > _FEW_LETTERS * long_px.sum():
            return _near_median(short_px[higher], long_px[higher])
    return height_px


def _near_median(short_px: ink.Ints, long_px: ink.Ints) -> float:
    order = np.argsort(short_px)
    lengths = np.cumsum(long_px[order])
    median = short_px[order[np.searchsorted(lengths, lengths[-1] / 2)]]
    near = (short_px > 0.7 * median) & (short_px < 1.4 * median)
    return float(np.average(short_px[near], weights=long_px[near]))


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
    sums = np.asarray(cv2.resize(capped, (strips, height), interpolation=cv2.INTER_AREA), dtype=np.uint8).ravel()
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


def refine(rough: Cells, points: Cells, start: Lean) -> float:
    """The angle near ``start``, which ``rough`` gave, to about 0.01°: ever finer steps, then the top of a parabola through five of them.

    The steps of the parabola are as wide as the top is broad: a page's is narrow, that of a few short lines is
    broad and rough, and three points close together would follow its roughness.
    """
    angle = start.angle_deg
    angle += 0.2 * (int(np.argmax(_around(rough, angle, 0.2, 1.0))) - 2)
    angle += 0.08 * (int(np.argmax(_around(points, angle, 0.08, 1.0))) - 2)
    for step in _TOP_STEPS_DEG:
        energies = _around(points, angle, step, 1.0)
        best = int(np.argmax(energies)) - 2
        if best != 0:
            angle += step * best
            energies = _around(points, angle, step, 1.0)
        if min(energies[0], energies[4]) < _TOP * energies.max():
            break
    slope, bend = float(energies @ _SLOPE), float(energies @ _BEND)
    return angle + step * min(1.0, max(-1.0, -slope / (2 * bend))) if bend < 0 else angle


def by_columns(rough: Cells, points: Cells, angle_deg: float) -> float:
    """The angle again, where an empty gutter divides the page: each column's own, if they agree; else as it was.

    Lines of two columns stand at different heights. Seen along an angle that is wrong by half a degree they may
    fall together, and look sharper than along their own.
    """
    gutter_px = _gutter(_across(points, angle_deg), points.weight)
    if gutter_px is None:
        return angle_deg
    found: list[tuple[float, float]] = []
    for side in (-1, 1):
        near, far = (
            _beside(each, _across(each, angle_deg) - gutter_px * each.height / points.height, side)
            for each in (points, rough)
        )
        if len(near.x) < _FEWEST_CELLS:
            return angle_deg
        found.append((refine(far, near, Lean(angle_deg, 1.0)), float(near.weight.sum())))
    (left, left_ink), (right, right_ink) = found
    if abs(left - right) > _COLUMNS_AGREE_DEG:
        return angle_deg
    return (left * left_ink + right * right_ink) / (left_ink + right_ink)


def _across(points: Cells, angle_deg: float) -> Floats:
    """How far right the cells are on a page whose lines run along the angle, from the middle of the picture."""
    return points.x + (points.y - points.reach - points.height / 2) * math.tan(math.radians(angle_deg))


def _gutter(across: Floats, weight: Floats) -> float | None:
    """Where the middle third of the ink is empty from top to bottom; None where it is nowhere."""
    low = float(across.min())
    strips = np.bincount(((across - low) / _STRIP_PX).astype(np.intp), weight)
    first = len(strips) // 3
    empty = np.flatnonzero(strips[first : len(strips) - first] <= _GUTTER * strips.mean())
    return low + (first + float(np.median(empty)) + 0.5) * _STRIP_PX if len(empty) else None


def _beside(points: Cells, right_of_gutter_px: Floats, side: int) -> Cells:
    """The cells left (-1) or right (1) of the gutter."""
    keep = right_of_gutter_px * side > 0
    return points._replace(x=points.x[keep], y=points.y[keep], weight=points.weight[keep])


def _around(points: Cells, angle_deg: float, step_deg: float, row_px: float) -> Floats:
    """Energies at the angle and two steps to either side."""
    return np.array([_energy(points, angle_deg + step_deg * offset, row_px) for offset in range(-2, 3)])
