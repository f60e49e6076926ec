"""Out of focus, moved while scanned, or blown up from fewer pixels. Pure."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.scan_quality.known import Known, Seen
from stages.scan_quality.levels import percentile

_BLURRED_MM = 0.25
_PATCHES = 3
_SUSPECT_MM = 0.12
_MOST_PX = 200


class Edges(NamedTuple):
    """How wide the sharpest edges of print are, as the sigma of a blur, across and down."""

    across: float
    down: float


def edges_px(patch: Pixels) -> Edges | None:
    """In pixels of the patch; None where it has too few edges.

    An edge of height A blurred by sigma rises by A / (sigma √2π) a pixel at its steepest.
    """
    window = np.ones((7, 7), np.uint8)
    height = cv2.subtract(cv2.dilate(patch, window), cv2.erode(patch, window))
    strong = max(24.0, 0.6 * percentile(height, 0.98))
    at = (height >= strong).astype(np.uint8)
    if cv2.countNonZero(at) < 40:
        return None
    widths = []
    for across in (True, False):
        a, b = (patch[:, 1:], patch[:, :-1]) if across else (patch[1:], patch[:-1])
        tall, where = (height[:, 1:], at[:, 1:]) if across else (height[1:], at[1:])
        slope = percentile(cv2.divide(cv2.absdiff(a, b), tall, scale=255.0), 0.95, np.ascontiguousarray(where)) / 255
        widths.append(1.0 / (max(slope, 0.01) * math.sqrt(2 * math.pi)))
    return Edges(*widths)


def edges_mm(known: Known) -> Edges | None:
    """Of the sharpest of the places with most print, on the half-scale picture; None without print."""
    mm = ink.MM_PER_INCH / (known.decoded.dpi / 2)
    found = [edges_px(patch[:_MOST_PX, :_MOST_PX]) for patch in known.printed.grey[:_PATCHES]]
    kept = [edges for edges in found if edges is not None]
    if not kept:
        return None
    return Edges(min(edges.across for edges in kept) * mm, min(edges.down for edges in kept) * mm)


def sharp(known: Known) -> tuple[Seen, ...]:
    """``blurred``: the edges of print are wider than any focused scanner makes them, at least one way."""
    if not known.has_ink or known.format.kind == "photo":
        return ()
    edges = edges_mm(known)
    if edges is None:
        return ()
    if max(edges) >= _BLURRED_MM:
        return (Seen("blurred"),)
    return ()
