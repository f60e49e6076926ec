"""Takes the red of seals out of a grey picture, so that what is printed under them can be read. Pure."""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels

_REDNESS = 24
"""Levels by which red exceeds green and blue in seal ink, even where it is pale."""
_FEWEST = 200
"""Fewer red pixels at half scale are no seal."""


def without_red(grey: Pixels, colour: Pixels) -> Pixels:
    """The grey picture with red marks as light as they are in the red channel.

    ``colour``: the same scan in BGR at a smaller scale. Black print across a seal stays, because it
    is not red; on real decisions this brings back signers' names and titles under the seal.
    """
    blue, green, red = cv2.split(colour)
    mask = (np.asarray(cv2.subtract(red, cv2.max(blue, green))) > _REDNESS).astype(np.uint8)
    if cv2.countNonZero(mask) < _FEWEST:
        return grey
    left, top, width, height = cv2.boundingRect(mask)
    across, down = grey.shape[1] / mask.shape[1], grey.shape[0] / mask.shape[0]
    rows = slice(int(top * down), min(grey.shape[0], int((top + height) * down) + 1))
    columns = slice(int(left * across), min(grey.shape[1], int((left + width) * across) + 1))
    part = grey[rows, columns]
    size = (part.shape[1], part.shape[0])
    light = cv2.resize(red[top : top + height, left : left + width], size, interpolation=cv2.INTER_LINEAR)
    where = cv2.resize(cv2.dilate(mask, np.ones((3, 3), np.uint8))[top : top + height, left : left + width], size)
    cleaned = grey.copy()
    cleaned[rows, columns] = np.where(where > 0, np.maximum(part, light), part)
    return cleaned
