"""Percentiles of 8-bit pictures from their histogram: a tenth of the time that sorting takes. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels


def percentile(picture: Pixels, share: float, mask: Pixels | None = None) -> float:
    """The level (0–255) below which this share (0–1) of a one-channel picture lies; 0 where the mask is empty."""
    counts = np.cumsum(cv2.calcHist([picture], [0], mask, [256], [0, 256]).ravel())
    if counts[-1] <= 0:
        return 0.0
    return float(np.searchsorted(counts, share * counts[-1]))
