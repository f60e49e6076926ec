"""Rows of dots and dashes: leaders to be filled in, rules of tables that were drawn with dots. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.ink import MM_PER_INCH, Components

Bools = NDArray[np.bool_]
Ints = NDArray[np.int32] | NDArray[np.int64]
Mask = NDArray[np.uint8]

_DOT_MM, _DASH_MM = 0.8, 2.6
"""Largest side of a dot; longest dash."""
_GAP_MM = 1.5
_OFF_MM = 0.16
"""How far a dot lies off the one before it."""
_LEAST, _LEAST_DOWN = 6, 4
"""Fewer dots in a row are those of an ellipsis; no print has dots above each other."""
_UNSTEADY = 0.4
"""From one dot to the next it is as far as to the one after it, to this share; broken letters stand unevenly."""
_LOOSE = 4
"""So many dots at either end may stand less evenly than the others."""
_COLON_MM = 0.4, 3.0
"""How far the dots of a colon are apart."""
_UNEVEN = 1.8
"""Dots of one row are of one length, to this factor."""


def dotted(parts: Components, dpi: float, across: Mask, down: Mask) -> Bools:
    """Which marks are dots of a row; the rows are drawn into the masks of ruled lines."""
    mm = dpi / MM_PER_INCH
    found = np.zeros(len(parts.area), bool)
    whole = (parts.area + 1 > 0.55 * parts.width * parts.height) & (parts.area > 1)  # a pixel less is rounding
    sides = (parts.left, parts.top, parts.width, parts.height)
    turned = (parts.top, parts.left, parts.height, parts.width)
    for rules, least, (along, beside, length, thick) in ((across, _LEAST, sides), (down, _LEAST_DOWN, turned)):
        like = whole & (length <= _DASH_MM * mm) & (thick <= max(_DOT_MM * mm, 3.0))
        like[0] = False
        at = np.flatnonzero(like)
        if at.size < least:
            continue
        begin, size, middle = along[at], length[at], beside[at] + thick[at] / 2
        for shift in (0.0, 0.5):
            # Sorted into strips three times as high as a row may waver; a row that an edge cuts lies whole in the other.
            strip = (middle / (6 * _OFF_MM * mm) + shift).astype(np.int64)
            order = np.lexsort((begin, strip))
            for row in _rows(strip[order], begin[order], size[order], middle[order], mm, least):
                mine = at[_with_ends(order[row], begin, size, middle, mm)]
                if least == _LEAST and _is_colon(parts, at, int(mine[0]), mm):
                    mine = mine[1:]
                found[mine] = True
                _draw(rules, parts, mine)
    return found


def _with_ends(row: Ints, begin: Ints, size: Ints, middle: NDArray[np.float64], mm: float) -> Ints:
    """The row with what follows it at either end, a step away, though less evenly."""
    pitch = float(np.median(np.diff(begin[row])))
    wide = int(np.median(size[row]))
    for side in (1, -1):
        for _ in range(_LOOSE):
            last = row[-1] if side > 0 else row[0]
            step = side * (begin - begin[last])
            near = (step > 0.5 * pitch) & (step < (1 + 2 * _UNSTEADY) * pitch)
            near &= (np.abs(middle - middle[last]) < max(_OFF_MM * mm, 1.0)) & (size <= max(_UNEVEN * wide, 3))
            if not near.any():
                break
            after = int(np.flatnonzero(near)[0])
            row = np.concatenate((row, [after]) if side > 0 else ([after], row)).astype(np.int64)
    return row


def _is_colon(parts: Components, at: Ints, dot: int, mm: float) -> bool:
    """Whether a dot like this one stands right above it: a label's colon on the leader's line."""
    apart = parts.top[dot] - parts.bottom[at]
    off = np.abs(parts.left[at] + parts.width[at] / 2 - parts.left[dot] - parts.width[dot] / 2)
    low, high = (side * mm for side in _COLON_MM)
    return bool(((apart > low) & (apart < high) & (off < max(0.6 * parts.width[dot], 1.5))).any())


def _rows(strip: Ints, begin: Ints, size: Ints, middle: NDArray[np.float64], mm: float, least: int) -> list[slice]:
    """Stretches of dots that follow each other closely, of one length, on one level."""
    gap = np.diff(begin) - size[:-1]
    longer, shorter = np.maximum(size[1:], size[:-1]), np.minimum(size[1:], size[:-1])
    linked = (np.diff(strip) == 0) & (gap > 0) & (gap < _GAP_MM * mm) & (longer <= np.maximum(_UNEVEN * shorter, 3))
    linked &= np.abs(np.diff(middle)) < max(_OFF_MM * mm, 1.0)
    pitch = np.diff(begin)
    step = np.abs(np.diff(pitch)) > np.maximum(_UNSTEADY * np.minimum(pitch[1:], pitch[:-1]), 1)
    linked[1:] &= ~(step & linked[:-1])
    ends = np.flatnonzero(np.diff(np.concatenate(([0], linked.astype(np.int8), [0]))))
    return [slice(a, b + 1) for a, b in zip(ends[::2], ends[1::2], strict=True) if b + 1 - a >= least]


def _draw(rules: Mask, parts: Components, mine: Ints) -> None:
    """A thin line through the dots: straight from one to the next, so that it follows a row that leans."""
    across = parts.left[mine] + parts.width[mine] // 2
    down = parts.top[mine] + parts.height[mine] // 2
    cv2.polylines(rules, [np.stack([across, down], axis=1).astype(np.int32)], isClosed=False, color=255)
