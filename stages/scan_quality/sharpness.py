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
_CROP = 192
_FINE = (58.0, 74.0)
"""Lines an inch: what 150 dpi can hold at best."""
_COARSER = (((12.0, 28.0), -2.25), ((25.0, 40.0), -1.65))
"""Lines an inch that any scan of print has, and log10 of the least that a sound one has of fine detail against them:
the most worn of sound scanners leave -2.2 and -1.57, real scans -1.9 and -1.4."""
_REAL_DPI = 150
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
    height = np.asarray(cv2.subtract(cv2.dilate(patch, window), cv2.erode(patch, window)), dtype=np.uint8)
    strong = max(24.0, 0.6 * percentile(height, 0.98))
    at = (height >= strong).astype(np.uint8)
    if cv2.countNonZero(at) < 40:
        return None
    widths = []
    for across in (True, False):
        a, b = (patch[:, 1:], patch[:, :-1]) if across else (patch[1:], patch[:-1])
        tall, where = (height[:, 1:], at[:, 1:]) if across else (height[1:], at[1:])
        share = np.asarray(cv2.divide(cv2.absdiff(a, b), tall, scale=255.0), dtype=np.uint8)
        slope = percentile(share, 0.95, np.ascontiguousarray(where)) / 255
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
    if not known.has_ink or known.format.kind == "photo" or known.decoded.dpi < known.settings.min_dpi:
        return ()  # too few pixels are soft by themselves, and said already
    edges = edges_mm(known)
    if edges is None:
        return ()
    if max(edges) >= _BLURRED_MM:
        return (Seen("blurred"),)
    if max(edges) < _SUSPECT_MM:
        return ()
    fades = fading(known)
    thin = any(fade < least for fade, (_, least) in zip(fades, _COARSER, strict=False))
    return (Seen("upsampled", f"dưới {_REAL_DPI} dpi"),) if thin else ()


def fading(known: Known) -> tuple[float, ...]:
    """log10 of how much energy fine detail has against each coarser band, across and down together; none without print.

    From the spectrum of the places with most print. An enlarged picture has nothing beyond the finest detail of the
    small one, where a scan, blurred as scanners are, fades slowly. From 300 dpi on the half-scale picture shows it.
    """
    half = known.decoded.dpi / 4 >= _FINE[1]
    picture = known.raster.grey() if half else known.raster.full_grey()
    dpi = known.decoded.dpi / (2 if half else 1)
    fades = [_fades(crop, dpi) for crop in _crops(picture, known.printed.places[:_PATCHES])]
    return tuple(float(fade) for fade in np.mean(fades, axis=0)) if fades else ()


def _crops(picture: Pixels, places: tuple[tuple[float, float, float, float], ...]) -> list[Pixels]:
    """Squares in the middle of the places."""
    height, width = picture.shape
    found = []
    for left, top, right, bottom in places:
        x, y = round((left + right) / 2 * width) - _CROP // 2, round((top + bottom) / 2 * height) - _CROP // 2
        x, y = min(max(x, 0), width - _CROP), min(max(y, 0), height - _CROP)
        if x >= 0 and y >= 0:
            found.append(picture[y : y + _CROP, x : x + _CROP])
    return found


def _fades(crop: Pixels, dpi: float) -> list[float]:
    window = np.hanning(_CROP)
    waves = np.abs(np.fft.rfft2((crop - crop.mean()) * np.outer(window, window))) ** 2
    sums = (waves.sum(axis=0), waves.sum(axis=1)[: _CROP // 2 + 1])
    inch = np.arange(_CROP // 2 + 1) * dpi / _CROP
    fine, *coarser = [
        [float(energy[(inch >= low) & (inch < high)].mean()) for energy in sums]
        for low, high in (_FINE, *(band for band, _ in _COARSER))
    ]
    return [
        sum(math.log10(top / max(usual, 1e-9) + 1e-9) for top, usual in zip(fine, band, strict=True)) / 2
        for band in coarser
    ]
