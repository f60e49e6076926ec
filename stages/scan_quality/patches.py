"""Small pictures of where a side has most ink. Pure."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages.scan_quality.levels import percentile

_SIDE_PX = 160
"""Of the survey's pixels: 40 mm on A4, seven lines of print."""
_MOST = 5
_LEAST_INK = 0.008
"""Share of a patch that must be ink: half a line of print."""
_MOST_INK = 0.3
_INK = 40
_EVEN = 0.6
"""Paper darker than this share of the usual is a bar or a photograph: its edges are not those of letters."""


class Patches(NamedTuple):
    """``grey``: at half the scan's scale. ``contrast``: the same places in the survey. ``places``: share of the
    picture's width and height at which each begins and ends: left, top, right, bottom."""

    grey: tuple[Pixels, ...]
    contrast: tuple[Pixels, ...]
    places: tuple[tuple[float, float, float, float], ...]


def densest(contrast: Pixels, paper: Pixels, grey: Pixels) -> Patches:
    """At most five places that do not touch, by their ink; bars and pictures are not print.

    ``contrast``: the survey's; ``paper``: its paper at an eighth of the scale; ``grey``: at half the scan's scale.
    """
    height, width = contrast.shape
    rows, columns = max(1, height // _SIDE_PX), max(1, width // _SIDE_PX)
    size = (columns, rows)
    # One pixel in sixteen counts ink as well as all of them do.
    inked = (np.ascontiguousarray(contrast[::4, ::4]) >= _INK).astype(np.uint8) * 255
    share = cv2.resize(inked, size, interpolation=cv2.INTER_AREA) / 255
    blue, green, red = cv2.split(paper)
    light = cv2.min(cv2.min(blue, green), red)
    darkest = cv2.resize(cv2.erode(light, np.ones((9, 9), np.uint8)), size, interpolation=cv2.INTER_AREA)
    even = np.asarray(darkest) >= _EVEN * percentile(np.asarray(light, dtype=np.uint8), 0.5)
    usable = np.where((share >= _LEAST_INK) & (share <= _MOST_INK) & even, share, 0.0).ravel()
    down, across = grey.shape[0] / height, grey.shape[1] / width
    found, marks, places = [], [], []
    for place in np.argsort(-usable)[:_MOST]:
        if usable[place] <= 0:
            break
        row, column = divmod(int(place), columns)
        top, bottom = row * height // rows, (row + 1) * height // rows
        left, right = column * width // columns, (column + 1) * width // columns
        found.append(grey[int(top * down) : int(bottom * down), int(left * across) : int(right * across)])
        marks.append(contrast[top:bottom, left:right])
        places.append((left / width, top / height, right / width, bottom / height))
    return Patches(tuple(found), tuple(marks), tuple(places))
