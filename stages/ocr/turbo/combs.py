"""Boxes for one character each, as forms have them: their walls are neither print nor rules of a table. Pure."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.ink import MM_PER_INCH, components
from stages.ocr.turbo.prepare import above

Mask = NDArray[np.uint8]
Ints = NDArray[np.int64]

_HIGH_MM, _LONG_MM = (3.2, 10.0), 15.0
"""How high the boxes are; shortest row of them."""
_PITCH_MM = (3.2, 10.0)
_WALLS = 5
"""Fewer walls are those of a small table."""
_INKED = 0.8
"""A wall has ink in so many of the rows between the two rules."""
_EVEN, _MOSTLY = 0.2, 0.7
"""Boxes are alike in width to this share, so many of them."""
_BEYOND_MM = 1.5
"""The walls of a table of several rows go on beyond a rule at least as far."""
_MOST = 300
_SHRINK = 4


def find_combs(ink: Mask, across: Mask, down: Mask, dpi: float) -> Mask | None:
    """A mask (0 or 255) of the sides of rows of boxes, None without any; they are taken out of the ruled lines.

    ``ink``: of the whole page; ``across`` and ``down``: its ruled lines.
    """
    mm = dpi / MM_PER_INCH
    height, width = (side // _SHRINK for side in ink.shape)
    if min(height, width) < 1 or not _apart(across, mm):
        return None
    whole = across[: height * _SHRINK, : width * _SHRINK]
    small = above(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), 0)
    rules = components(np.asarray(cv2.dilate(small, np.ones((1, 3), np.uint8)), dtype=np.uint8))
    long = np.flatnonzero(rules.width * _SHRINK > _LONG_MM * mm)
    long = long[long > 0]
    if not 2 <= long.size <= _MOST:
        return None
    found: Mask | None = None
    boxes = np.stack([rules.left[long], rules.top[long], rules.right[long], rules.bottom[long]], axis=1) * _SHRINK
    for upper, lower in itertools.permutations(boxes.tolist(), 2):
        high = lower[1] - upper[3]
        alike = max(abs(upper[0] - lower[0]), abs(upper[2] - lower[2])) < 2 * mm
        if not (alike and _HIGH_MM[0] * mm < high < _HIGH_MM[1] * mm):
            continue
        left, right = max(0, min(upper[0], lower[0]) - _SHRINK), max(upper[2], lower[2]) + _SHRINK
        rows = slice(upper[3] + 1, lower[1] - 1)
        walls = _walls(ink[rows, left:right], mm)
        beyond = round(_BEYOND_MM * mm)
        outside = (
            ink[max(0, upper[1] - beyond) : max(0, upper[1] - 1), left:right],
            ink[lower[3] + 1 : lower[3] + beyond, left:right],
        )
        if walls is None or any(_goes_on(strip, walls) for strip in outside):
            continue
        found = np.zeros_like(ink) if found is None else found
        here = slice(max(0, upper[1] - 1), lower[3] + 1)
        for wall in walls:
            found[here, max(0, left + wall - 2) : left + wall + 3] = 255
        found[here, left:right] |= across[here, left:right]
        across[here, left:right] = down[here, left:right] = 0
    return found


def _apart(across: Mask, mm: float) -> bool:
    """Whether rules as long as a row of boxes lie as far apart as it is high."""
    filled = np.asarray(cv2.reduce(across, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)).ravel()
    rows = np.flatnonzero(filled > 255 * _LONG_MM * mm)
    near = np.searchsorted(rows, rows + _HIGH_MM[0] * mm)
    return bool((near < np.searchsorted(rows, rows + _HIGH_MM[1] * mm + 1)).any())


def _walls(band: Mask, mm: float) -> Ints | None:
    """The columns of walls that stand evenly between two rules; None where there are too few."""
    inked = np.concatenate(([0], (band > 0).mean(axis=0) > _INKED, [0])) if band.size else np.zeros(2)
    edges = np.flatnonzero(np.diff(inked.astype(np.int8)))
    walls = (edges[::2] + edges[1::2] - 1) // 2
    if walls.size < _WALLS:
        return None
    gaps = np.diff(walls)
    pitch = float(np.median(gaps))
    even = np.abs(gaps - pitch) < _EVEN * pitch
    return walls if _PITCH_MM[0] * mm < pitch < _PITCH_MM[1] * mm and even.mean() > _MOSTLY else None


def _goes_on(strip: Mask, walls: Ints) -> bool:
    """Whether half of the walls are found in a strip beyond a rule, too."""
    if not strip.size:
        return False
    near = np.clip(walls[:, None] + np.arange(-1, 2), 0, strip.shape[1] - 1)
    return bool(((strip > 0).mean(axis=0)[near].max(axis=1) > _INKED).mean() > 0.5)
