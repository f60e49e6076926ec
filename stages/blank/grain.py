"""The grain of paper, and pictures without it. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels

_QUIET = 3.0
"""Grain from which the picture is smoothed before ink is sought."""
_BROAD_MM = 3.5
"""Pale areas that are broader than this on all sides are stains and shade, not strokes."""


def noise(level: Pixels) -> float:
    """Standard deviation of the paper's grain, robust against ink."""
    sample = level[::6, ::6]
    off = np.abs(sample.astype(np.float32) - np.median(sample))
    # The median alone comes in steps of a level; what is far out is ink.
    return float(np.minimum(off, 3 * max(1.0, float(np.median(off)))).mean()) * 1.25


def smoothed(contrast: Pixels) -> tuple[Pixels, float]:
    """The contrast with its grain smoothed as far as it needs, and the grain that is left."""
    level, left = contrast, noise(contrast)
    for size in (3, 5, 7):
        if left <= _QUIET:
            break
        smoother = np.asarray(cv2.GaussianBlur(contrast, (size, size), 0), dtype=np.uint8)
        if noise(smoother) >= left:
            break  # It is no grain but lines, everywhere.
        level, left = smoother, noise(smoother)
    return level, left


def strokes(contrast: Pixels, mm: float) -> Pixels:
    """The contrast of strokes alone: without what is broad on all sides, and with the grain smoothed."""
    height, width = contrast.shape
    small = cv2.resize(contrast, (-(-width // 4), -(-height // 4)), interpolation=cv2.INTER_AREA)
    size = max(3, round(_BROAD_MM * mm / 4)) | 1
    broad = cv2.blur(cv2.morphologyEx(small, cv2.MORPH_OPEN, np.ones((size, size), np.uint8)), (size, size))
    fine = cv2.subtract(contrast, cv2.resize(broad, (width, height)))
    return np.asarray(cv2.GaussianBlur(fine, (3, 3), 0), dtype=np.uint8)
