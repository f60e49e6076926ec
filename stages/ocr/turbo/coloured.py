"""Print in colour, like the red title of a certificate, told from seals and pens by its straight rows. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.ink import MM_PER_INCH, Components, components

Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64]

_LETTER_MM = (1.2, 14.0)
_MOST = 1500
"""More marks of one colour are a pattern, not a few lines."""
_LEAST_ROW = 6
_LEVEL = 0.12
"""Letters stand on a line to this share of their height; those of a hand and of a seal's ring do not."""
_LEVEL_SHARE = 0.6
"""The others have descenders, or accents that do not touch them."""
_RING_MM = 15.0
_STAMP_MM = (18.0, 110.0)
"""Longest side of a stamp's frame; the border of a certificate is longer."""
_NEAR_FRAME = 1.5
"""A frame runs along both sides of its row within so many heights of its letters."""


def coloured_print(ink: Pixels, dpi: float) -> Pixels | None:
    """A mask (0 or 255) of the rows of print among coloured ink, None without any. ``ink``: its mask, at 75 dpi or so."""
    parts = components(ink)
    low, high = (side * dpi / MM_PER_INCH for side in _LETTER_MM)
    like = (parts.height >= low) & (parts.height <= high) & (parts.width <= 3 * parts.height)
    like[0] = False
    at = np.flatnonzero(like)
    if not _LEAST_ROW <= at.size <= _MOST:
        return None
    left, right, foot, height = (
        side[at].astype(float) for side in (parts.left, parts.right, parts.bottom, parts.height)
    )
    rows: Pixels = np.zeros_like(ink)
    for row in _chains(left, right, foot, height):
        if row.size < _LEAST_ROW:
            continue
        box = (left[row].min(), (foot[row] - height[row]).min(), right[row].max(), foot[row].max())
        size = float(np.median(height[row]))
        if (
            _is_row(left[row], foot[row], size)
            and not _in_ring(parts, box, dpi)
            and not _in_stamp(parts, box, size, dpi)
        ):
            corner = (int(box[0] - size), int(box[1] - 0.6 * size))
            cv2.rectangle(rows, corner, (int(box[2] + size), int(box[3] + 0.4 * size)), 255, -1)
    return rows if cv2.countNonZero(rows) else None


def _chains(left: Numbers, right: Numbers, foot: Numbers, height: Numbers) -> list[NDArray[np.int64]]:
    """Letters that follow each other."""
    size = np.minimum(height[:, None], height[None, :])
    gap = left[None, :] - right[:, None]
    near = (left[None, :] > left[:, None]) & (gap < 1.5 * size) & (gap > -0.5 * size)
    near &= (np.abs(foot[None, :] - foot[:, None]) < 0.35 * size) & (height[None, :] + height[:, None] < 3 * size)
    chain = np.arange(left.size)
    for first, second in np.argwhere(near):
        chain[chain == chain[second]] = chain[first]
    return [np.flatnonzero(chain == number) for number in np.unique(chain)]


def _is_row(left: Numbers, foot: Numbers, size: float) -> bool:
    """Whether so many letters stand on one straight line."""
    lean = np.polyfit(left, foot, 1)
    off = foot - np.polyval(lean, left)
    level = np.abs(off - np.median(off)) < max(1.0, _LEVEL * size)
    return bool(level.mean() >= _LEVEL_SHARE and abs(lean[0]) < 0.05)


def _in_ring(parts: Components, box: tuple[float, float, float, float], dpi: float) -> bool:
    """Whether a large mark of the same ink, as high as it is wide, runs around the row: a seal."""
    around = (parts.left <= box[0]) & (parts.top <= box[1]) & (parts.right >= box[2]) & (parts.bottom >= box[3])
    around &= np.minimum(parts.width, parts.height) > _RING_MM * dpi / MM_PER_INCH
    around &= (parts.width < 1.5 * parts.height) & (parts.height < 1.5 * parts.width)
    return bool(around[1:].any())


def _in_stamp(parts: Components, box: tuple[float, float, float, float], size: float, dpi: float) -> bool:
    """Whether strokes of the same ink, as long as a stamp's frame, run above and below the row and beside its ends."""
    low, high = (side * dpi / MM_PER_INCH for side in _STAMP_MM)
    longest = np.maximum(parts.width, parts.height)
    frame = (longest > low) & (longest < high)
    frame[0] = False
    near = _NEAR_FRAME * size
    left, top, right, bottom = box
    frame &= (parts.left < right + near) & (parts.right > left - near)
    frame &= (parts.top < bottom + near) & (parts.bottom > top - near)
    at = np.flatnonzero(frame)
    if not at.size:
        return False
    above, below = parts.top[at].min() <= top, parts.bottom[at].max() >= bottom
    return bool(above and below and parts.left[at].min() <= left + size and parts.right[at].max() >= right - size)
