"""Grey fills behind print, like the head of a table: a pattern of dots, or grain, that a reader sees as paper. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from models.geometry import Box
from models.ports import Pixels
from stages.ink import MM_PER_INCH
from stages.ocr.turbo.windows import bands, scaled

_SHRINK = 4
"""The lightness of a fill is that of so many pixels each way: the dots of its pattern vanish."""
_REACH_MM = 5.0
"""There is a place without print within so much of any other; a bar or a letter of a title is no wider."""
_FILL, _DARKEST = 240, 120
"""A fill is darker than the first and lighter than the second: what is darker is a picture, or the scanner's lid."""
_LEAST_MM2 = 150.0


@dataclass(frozen=True)
class Fill:
    """``levels``: lightness of the fill at a quarter of the scale that it was found at, 255 where there is none."""

    levels: Pixels

    def lifted(self, grey: Pixels) -> Pixels:
        """The page with the fills as light as paper."""
        done = grey.copy()
        for window in bands(np.asarray(cv2.bitwise_not(self.levels), dtype=np.uint8), 8):
            here = scaled(window, _SHRINK)
            part = grey[here]
            levels = np.asarray(cv2.resize(self.levels[window], part.shape[::-1]), dtype=np.uint8)
            even = np.asarray(cv2.divide(smooth(part), levels, scale=255.0), dtype=np.uint8)
            done[here] = np.where(levels < 255, even, part)
        return done

    def touches(self, box: Box, width_px: int, height_px: int) -> bool:
        """Whether there is a fill in a part of a page of this size."""
        down, across = self.levels.shape[0] / height_px, self.levels.shape[1] / width_px
        rows = slice(int(box.top * down), int(box.bottom * down) + 1)
        columns = slice(int(box.left * across), int(box.right * across) + 1)
        part = self.levels[rows, columns]
        return bool(part.size) and int(part.min()) < 255


def smooth(grey: Pixels, times: int = 1) -> Pixels:
    """The picture without the grain of a fill. ``times``: how much larger it is than the working picture."""
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 0.9 * times), dtype=np.uint8)


def filled(grey: Pixels, dpi: float) -> Fill | None:
    """The fills of an evened page; None without any."""
    height, width = (side // _SHRINK for side in grey.shape)
    if min(height, width) < 8:
        return None
    whole = grey[: height * _SHRINK, : width * _SHRINK]
    # Twice the mean of four: half the time of averaging over sixteen.
    mean = cv2.resize(cv2.resize(whole, (2 * width, 2 * height)), (width, height))
    mm = dpi / _SHRINK / MM_PER_INCH
    size = round(_REACH_MM * mm) | 1
    kernel = np.ones((size, size), np.uint8)
    light = np.asarray(cv2.morphologyEx(mean, cv2.MORPH_CLOSE, kernel), dtype=np.uint8)
    fill = np.asarray(cv2.inRange(light, np.array(_DARKEST), np.array(_FILL)), dtype=np.uint8)
    fill = np.asarray(cv2.morphologyEx(fill, cv2.MORPH_OPEN, kernel), dtype=np.uint8)
    if cv2.countNonZero(fill) < _LEAST_MM2 * mm * mm:
        return None
    levels = np.asarray(cv2.blur(light, (5, 5)), dtype=np.uint8)
    return Fill(np.where(fill > 0, np.minimum(levels, 254), 255).astype(np.uint8))
