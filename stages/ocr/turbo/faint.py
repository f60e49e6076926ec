"""Print that is paler than the ink of its page: toner that fades, a ribbon that is worn in places. Pure.

It stands on the lines of the page and has sharp edges; what shines through the paper has neither.
"""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels
from stages.ink import Components, components
from stages.ocr.turbo.lines import Lines
from stages.ocr.turbo.marks import Bools, Ints, Marks, Mask, Numbers, darkened, pale_level

_SHARP = 0.54
"""Edges of print gain so much of their depth within three pixels; what the paper has dimmed gains less than half."""
_RISE_X, _FALL_X = 2.2, 0.8
"""How far above and below its baseline a line's ink is looked at."""
_FEET_X, _BELOW_X = (0.1, 0.35), (0.15, 0.45)
"""Strips above and below the baseline in which feet are told from what runs on."""
_ON_LINE, _BELOW = 0.5, 0.35
"""Print has so much of its ink between the baseline and the top of an ``x``, and below its feet at most this share of
theirs; what lies anyhow has a third, and as much."""
_LEAST_X2 = 1.0
"""Less ink on a line, in squares of the x-height, is a fringe or dirt: two letters."""
_ASIDE, _ROW_X = 0.02, 0.35
"""How much a line beside counts less than one above or below, and how far apart the baselines of one row may be."""
_LEAST_LETTERS = 3
_LEAST_PX, _MOST_MARKS = 3, 4000
"""Smaller marks are grain; more of them are, too."""


def faint_print(grey: Pixels, dpi: float, marks: Marks, lines: Lines) -> Mask | None:
    """A mask of the print in lines that is paler than the page's ink; None without any.

    ``grey``: the cleaned page. ``marks``, ``lines``: what was found on it.
    """
    grey = darkened(grey)
    known = cv2.dilate(cv2.bitwise_or(marks.ink, marks.ruled), np.ones((5, 5), np.uint8))
    pale = np.asarray(cv2.bitwise_and(below(grey, pale_level(grey, dpi)), cv2.bitwise_not(known)), dtype=np.uint8)
    if cv2.countNonZero(pale) < _LEAST_X2 * marks.x_height**2:
        return None
    parts = components(pale)
    at = np.flatnonzero(pale)
    mark = parts.labels.ravel()[at].astype(np.int64)
    sharp = _sharp(grey, parts, at, mark)
    if not 0 < np.count_nonzero(sharp) <= _MOST_MARKS:
        return None
    stands = _on_lines(parts, lines, sharp, at, mark)
    if not stands.any():
        return None
    found = np.where(stands[parts.labels], np.uint8(255), np.uint8(0))
    return np.asarray(cv2.dilate(found, np.ones((7, 7), np.uint8)), dtype=np.uint8)


def below(grey: Pixels, level: Pixels) -> Mask:
    """A mask of what is darker than a level of its own everywhere."""
    return np.asarray(cv2.compare(grey, level, cv2.CMP_LT), dtype=np.uint8)


def _sharp(grey: Pixels, parts: Components, at: Ints, mark: Ints) -> Bools:
    """Which marks have sharp edges. ``at``: their pixels in the flattened page; ``mark``: of which mark each is."""
    square = np.ones((3, 3), np.uint8)
    dark, light = (side(grey, square).ravel()[at].astype(np.float64) for side in (cv2.erode, cv2.dilate))
    share = (light - dark) / np.maximum(1.0, 255.0 - dark)
    sharp = np.bincount(mark, share, len(parts.area)) > _SHARP * parts.area
    sharp &= parts.area >= _LEAST_PX
    sharp[0] = False
    return np.asarray(sharp, dtype=bool)


def _on_lines(parts: Components, lines: Lines, these: Bools, at: Ints, mark: Ints) -> Bools:
    """Which of these marks belong to lines on which marks stand as print does."""
    segments = [line for line in lines.segments if line.letters >= _LEAST_LETTERS]
    chosen = np.flatnonzero(these)
    if not segments:
        return np.zeros(len(these), bool)
    fields = ("left", "right", "x_height", "offset", "slope", "bow")
    left, right, size, offset, slope, bow = np.array([[getattr(line, name) for name in fields] for line in segments]).T
    middle = (parts.left[chosen] + parts.width[chosen] / 2)[:, None]
    # Beyond its ends a line goes on level.
    along = np.clip(middle, left, right) - left
    foot = offset + (slope + bow * along) * along
    up = (foot - (parts.top[chosen] + parts.height[chosen] / 2)[:, None]) / size
    outside = np.maximum(0.0, np.maximum(left - middle, middle - right)) / size
    far = np.where((up > -_FALL_X) & (up < _RISE_X), np.abs(up - 0.5) + _ASIDE * outside, np.inf)
    nearest = far.argmin(axis=1)
    line, base = np.full(len(these), -1), np.zeros(len(these))
    line[chosen] = np.where(np.isfinite(far.min(axis=1)), nearest, -1)
    base[chosen] = foot[np.arange(chosen.size), nearest]
    here = line[mark] >= 0
    pixel, of = at[here] // parts.labels.shape[1], line[mark[here]]
    # Cells of one row are judged together.
    order = np.argsort(offset, kind="stable")
    row = np.empty(size.size, np.int64)
    row[order] = np.cumsum(np.append(0, np.diff(offset[order]) > _ROW_X * size[order][1:]))
    good = _print(row[of], (base[mark[here]] - pixel) / size[of], int(row.max()) + 1, float(np.median(size)) ** 2)
    return np.asarray((line >= 0) & good[row[line]], dtype=bool)


def _print(row: Ints, up: Numbers, count: int, least: float) -> Bools:
    """Which rows have pale ink as print has it. ``up``: of each pixel above its ``row``'s baseline, in x-heights."""
    whole, body, feet, low = (
        np.bincount(row[(up > begin) & (up < end)], minlength=count)
        for begin, end in ((-_FALL_X, _RISE_X), (0.0, 1.0), _FEET_X, (-_BELOW_X[1], -_BELOW_X[0]))
    )
    return np.asarray((whole > _LEAST_X2 * least) & (body > _ON_LINE * whole) & (low < _BELOW * feet), dtype=bool)
