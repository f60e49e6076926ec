"""Where a mask has anything at all, as few rectangles: what is rare on a page is then worked on there only. Pure."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Window = tuple[slice, slice]
"""Rows and columns of a picture."""


def bands(mask: NDArray[np.uint8], apart: int, *, down: bool = False) -> list[Window]:
    """Windows around all of a mask (0 or not), from edge to edge of what lies in the same rows; ``down``: columns.

    Between two windows at least ``apart`` rows (columns) are empty.
    """
    if not cv2.countNonZero(mask):
        return []
    rows = _filled(mask, across=not down)
    cuts = np.flatnonzero(np.diff(rows) > apart)
    windows: list[Window] = []
    for first, last in zip(rows[np.append(0, cuts + 1)], rows[np.append(cuts, rows.size - 1)], strict=True):
        over = slice(int(first), int(last) + 1)
        along = _filled(mask[:, over] if down else mask[over], across=down)
        whole = slice(int(along[0]), int(along[-1]) + 1)
        windows.append((whole, over) if down else (over, whole))
    return windows


def _filled(mask: NDArray[np.uint8], *, across: bool) -> NDArray[np.int64]:
    """The rows (columns) that hold anything."""
    return np.flatnonzero(mask.max(axis=1 if across else 0))


def wider(window: Window, rows: int, columns: int) -> Window:
    """The window with a margin; what reaches over the right or lower edge of a picture is harmless to it."""
    down, across = window
    return slice(max(0, down.start - rows), down.stop + rows), slice(
        max(0, across.start - columns), across.stop + columns
    )


def scaled(window: Window, factor: float) -> Window:
    """The same window of a picture of another scale."""
    down, across = (slice(int(side.start * factor), int(side.stop * factor)) for side in window)
    return down, across
