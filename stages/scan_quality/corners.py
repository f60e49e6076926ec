"""Folded and torn corners. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.scan_quality.known import Known, Seen
from stages.scan_quality.levels import percentile

_CORNERS = ("góc trên bên trái", "góc trên bên phải", "góc dưới bên phải", "góc dưới bên trái")
_REACH_MM = 60.0
_LEAST_MM = 9.0
_DARKER = 26
"""Levels by which the lid beyond a fold is darker than the paper."""
_FOLD = (0.36, 0.66)
"""Share of the rectangle over both legs that the missing triangle fills: half."""
_LEAN = 3.2
"""One leg is at most this many times the other: an edge of a skewed sheet is no fold."""
_SHADOW = 9
_COVERED = 0.86
_ANGLES_DEG = tuple(range(24, 67, 3))


def folded_corner(known: Known) -> tuple[Seen, ...]:
    """The lid seen through a corner that is not there, or the straight shadow of a fold across one."""
    if known.format.kind in ("photo", "card") or known.format.inside:
        return ()
    found = [_CORNERS[n] for n in range(4) if _missing(known, n) or _creased(known, n)]
    return (Seen("folded_corner", ", ".join(found)),) if found else ()


def _corner(picture: Pixels, number: int, size_px: int) -> Pixels:
    """The square at a corner (clockwise from the top left), turned so that the corner is at its top left."""
    return cast("Pixels", np.ascontiguousarray(np.rot90(picture, number)[:size_px, :size_px]))


def _missing(known: Known, number: int) -> bool:
    """A dark triangle in the corner of the sheet, beyond the dark margins that both edges have there."""
    coarse = known.coarse
    mm = known.mm_px * coarse.shape[1] / known.survey.small.shape[1]
    size = round(_REACH_MM * mm)
    if min(coarse.shape[:2]) < 1.6 * size:
        return False
    grey = np.asarray(cv2.cvtColor(_corner(coarse, number, size), cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    paper = percentile(grey, 0.85)
    if int(grey[:3, :3].max()) >= paper - _DARKER and grey[0, 0] >= paper - _DARKER:
        return False
    dark = np.asarray(cv2.medianBlur((grey < paper - _DARKER).astype(np.uint8), 3), dtype=np.uint8)
    far = slice(size * 5 // 6, None)
    down, right = (int(np.percentile(_run(rim), 50)) for rim in (dark[:, far], dark[far].T))
    if max(down, right) > size // 4:
        return False
    inner = dark[down + 1 :, right + 1 :]
    if not inner[0, 0]:
        return False
    rows, columns = _run(inner), _run(inner.T)
    across, along = int(columns[0]), int(rows[0])
    area = int(np.minimum(rows, 10_000).sum())
    least = _LEAST_MM * mm
    if not (across >= least and along >= least and max(across, along) <= _LEAN * min(across, along)):
        return False
    return _FOLD[0] <= area / (across * along) <= _FOLD[1] and max(across, along) < 0.95 * inner.shape[0]


def _run(dark: Pixels) -> NDArray[np.intp]:
    """How many pixels from the top are dark, for each column."""
    ends = dark == 0
    return np.asarray(np.where(ends.any(axis=0), ends.argmax(axis=0), dark.shape[0]), dtype=np.intp)


def _creased(known: Known, number: int) -> bool:
    """A straight shadow from one edge to the other across the corner, with light on both sides of it."""
    contrast = known.survey.contrast
    mm = known.mm_px / 2
    size = round(_REACH_MM * mm)
    if min(contrast.shape) < 3.2 * size:
        return False
    square = _corner(contrast, number, 2 * size)
    half = cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)
    rows, columns = np.nonzero(half >= _SHADOW)
    if not 28 * mm * _COVERED / 2 <= len(rows) <= 0.25 * half.size:
        return False
    for angle in _ANGLES_DEG:
        cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        lengths = _chords(size, angle)
        hits = np.bincount((columns * cos + rows * sin).astype(np.intp), minlength=len(lengths))[: len(lengths)]
        most = int(size * min(cos, sin))
        share = hits / np.maximum(lengths, 1)
        least = int(0.75 * _LEAST_MM * mm)
        for at in np.flatnonzero(share[least:most] >= _COVERED) + least:
            if lengths[at] < 14 * mm:
                continue
            beside = np.concatenate([share[max(0, at - 7) : max(0, at - 3)], share[at + 4 : at + 8]])
            if beside.size and float(beside.max()) < 0.35:
                return True
    return False


@lru_cache(256)
def _chords(size: int, angle_deg: int) -> NDArray[np.intp]:
    """Pixels of a square on each line at this angle, by the line's distance from the corner."""
    rows, columns = np.mgrid[:size, :size]
    cos, sin = np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))
    return np.bincount((columns * cos + rows * sin).astype(np.intp).ravel())
