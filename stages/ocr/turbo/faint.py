"""Print that is paler than the ink of its page: toner that fades, a ribbon that is worn in places. Pure.

It stands on the lines of the page and has sharp edges; what shines through the paper has neither.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.ink import MM_PER_INCH, Components, components
from stages.ocr.turbo.lines import Lines
from stages.ocr.turbo.marks import PALEST, Bools, Ints, Marks, Mask, Numbers, below, darkened, pale_level
from stages.ocr.turbo.prepare import CleanPage

_SHARP = 0.54
"""Edges of print gain so much of their depth within three pixels; what the paper has dimmed gains less than half."""
_RISE_X, _FALL_X = 2.2, 0.8
"""How far above and below its baseline a line's ink is looked at."""
_FEET_X, _BELOW_X = (0.1, 0.35), (0.15, 0.45)
"""Strips above and below the baseline in which feet are told from what runs on."""
_ON_LINE, _BELOW = 0.5, 0.35
"""Print has so much of its ink between the baseline and the top of an ``x``, and below its feet at most this share of
theirs; what lies anyhow has a third, and as much."""
_LEAST_X2 = 0.25
"""Less ink on a line, in squares of the x-height, is a fringe or dirt: half a letter."""
_LEAST_PAGE_X2 = 12.0
"""Less on the whole page, a line's, is not looked for."""
_ASIDE, _ROW_X = 0.02, 0.35
"""How much a line beside counts less than one above or below, and how far apart the baselines of one row may be."""
_LEAST_LETTERS = 3
_ALIKE_MM, _DEPTH, _LEAST_DEPTH = 1.5, 140.0, 20.0
"""Within the first ink is taken to be equally pale; it is brought to the second below the paper, from the third at least."""
_MOSTLY = 0.6
"""Where so much of the pale ink is in lines, the rest is print too: whole lines and cells that are pale."""
_LEAST_PX, _MOST_MARKS = 3, 4000
"""Smaller marks are grain; more of them are, too."""


def faint_print(grey: Pixels, dpi: float, marks: Marks, lines: Lines) -> Mask | None:
    """A mask of the print in lines that is paler than the page's ink; None without any.

    ``grey``: the cleaned page. ``marks``, ``lines``: what was found on it.
    """
    grey = darkened(grey)
    known = cv2.bitwise_or(marks.ink, cv2.bitwise_or(marks.rules.across, marks.rules.down))
    pale = np.asarray(cv2.subtract(below(grey, PALEST), cv2.dilate(known, np.ones((5, 5), np.uint8))), dtype=np.uint8)
    least = _LEAST_PAGE_X2 * marks.x_height**2
    if cv2.countNonZero(pale) < least:
        return None
    pale = np.asarray(cv2.bitwise_and(pale, cv2.compare(grey, pale_level(grey, dpi), cv2.CMP_LT)), dtype=np.uint8)
    if cv2.countNonZero(pale) < least:
        return None
    parts = components(pale)
    at = np.flatnonzero(pale > 0)
    mark = parts.labels.ravel()[at].astype(np.int64)
    sharp = _sharp(grey, parts, at, mark)
    if parts.area[sharp].sum() < least or np.count_nonzero(sharp) > _MOST_MARKS:
        return None
    stands = _on_lines(parts, lines, sharp, at, mark)
    if not stands.any():
        return None
    if parts.area[stands].sum() > _MOSTLY * parts.area[sharp].sum():
        stands = sharp
    found = np.where(stands[parts.labels], np.uint8(255), np.uint8(0))
    return np.asarray(cv2.dilate(found, np.ones((7, 7), np.uint8)), dtype=np.uint8)


def strengthened(page: CleanPage, faint: Mask) -> CleanPage:
    """The page with its pale print nearly as dark as other print. ``faint``: see :func:`faint_print`."""
    near = round(_ALIKE_MM * page.dpi / MM_PER_INCH) | 1
    darkest = cv2.blur(cv2.erode(page.grey, np.ones((near + 2, near + 2), np.uint8)), (near, near))
    there = cv2.blur(cv2.dilate(faint, np.ones((9, 9), np.uint8)), (9, 9)).astype(np.float32) / 255
    depth = np.maximum(255 - darkest.astype(np.float32), _LEAST_DEPTH)
    gain = np.asarray(1 + (np.maximum(1, _DEPTH / depth) - 1) * there, dtype=np.float32)
    fine = None if page.fine is None else _darker(page.fine, gain)
    return replace(page, grey=_darker(page.grey, gain), fine=fine)


def _darker(grey: Pixels, gain: NDArray[np.float32]) -> Pixels:
    if gain.shape != grey.shape:
        gain = np.asarray(cv2.resize(gain, grey.shape[::-1]), dtype=np.float32)
    return np.asarray(np.clip(255 - (255 - grey.astype(np.float32)) * gain, 0, 255), dtype=np.uint8)


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
