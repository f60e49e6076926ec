"""What stands at a place of a side, near and with more and more around it, as the network of :mod:`sight` sees it. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.survey import Survey

CELLS = 64
"""Each window is so many cells wide and high."""
NEAR_DPI, AROUND_DPI, FAR_DPI = 200, 80, 25
"""Cells of an inch: 8 mm are seen near, 20 mm around it, 65 mm far."""
_CELL_MM = 6.0
_MOST = 160
_LEAST, _ENOUGH = 8, 48
"""Contrast from which ink makes a square salient, and from which it does so no more: much that is pale counts as well."""

Places = NDArray[np.float32]
Signed = NDArray[np.int8]


class Windows(NamedTuple):
    """Contrast with the paper, −1 (white on dark) to 1, as root × 127.

    ``near``: ``(n, 1, 64, 64)``, grey. ``around``: ``(n, 4, 64, 64)``: blue, green, red, and 127 where the picture is.
    ``far``: ``(n, 2, 64, 64)``: grey, and where the picture is.
    """

    near: Signed
    around: Signed
    far: Signed


NONE = Windows(*(np.zeros((0, channels, CELLS, CELLS), np.int8) for channels in (1, 4, 2)))


def places(doubtful: Pixels, level: Pixels, mm: float, most: int = _MOST) -> Places:
    """The darkest pixel of doubtful marks in each square of 6 mm, ``(n, 2)``: x, y; the darkest first, no more than ``most``.

    ``doubtful``: 255 where they are; ``level``: contrast.
    """
    dark = np.where(doubtful > 0, np.maximum(cv2.blur(level, (3, 3)), 1), 0).astype(np.uint8)
    squares, wide = _squares(dark, mm)
    return _darkest(squares, squares.max(axis=1), wide, square_px(mm), most)


def salient(strokes: Pixels, mm: float, most: int) -> Places:
    """The darkest pixel in each of the squares of 6 mm that hold most ink, whatever it is, as :func:`places`."""
    squares, wide = _squares(np.asarray(cv2.blur(strokes, (3, 3)), dtype=np.uint8), mm)
    ink = (np.clip(squares, _LEAST, _ENOUGH) - _LEAST).sum(axis=1, dtype=np.int64)
    return _darkest(squares, ink, wide, square_px(mm), most)


def _squares(level: Pixels, mm: float) -> tuple[Pixels, int]:
    """Its squares of 6 mm, a row of pixels each, and how many lie side by side."""
    size, (height, width) = square_px(mm), level.shape
    high, wide = -(-height // size), -(-width // size)
    room = np.zeros((high * size, wide * size), np.uint8)
    room[:height, :width] = level
    return room.reshape(high, size, wide, size).transpose(0, 2, 1, 3).reshape(high * wide, -1), wide


def _darkest(squares: Pixels, rank: NDArray[np.integer[Any]], wide: int, size: int, most: int) -> Places:
    chosen = np.argsort(-rank.astype(np.int64), kind="stable")[:most]
    chosen = chosen[rank[chosen] > 0]
    inside = squares[chosen].argmax(axis=1)
    return np.stack([chosen % wide * size + inside % size, chosen // wide * size + inside // size], axis=1).astype(
        np.float32
    )


def square_px(mm: float) -> int:
    return max(1, round(_CELL_MM * mm))


def windows(seen: Survey, full_grey: Pixels, at: Places) -> Windows:
    """What is to be seen at these places. ``at``: in the survey's pixels; ``full_grey``: the same side, grey, all its pixels."""
    if not len(at):
        return NONE
    grey, under = _grey(seen.small), _grey(seen.paper)
    near = _signed(_cut(full_grey, seen, at, NEAR_DPI), _cut(under, seen, at, NEAR_DPI))
    around = _signed(_cut(seen.small, seen, at, AROUND_DPI), _cut(seen.paper, seen, at, AROUND_DPI))
    far = _signed(_cut(grey, seen, at, FAR_DPI), _cut(under, seen, at, FAR_DPI))
    return Windows(
        near[:, None],
        np.concatenate([_colours(around), _inside(seen, at, AROUND_DPI)[:, None]], axis=1),
        np.stack([far, _inside(seen, at, FAR_DPI)], axis=1),
    )


def _cut(picture: Pixels, seen: Survey, at: Places, dpi: int) -> Pixels:
    """``(n, 64, 64)``, or with colours after that, about each place; the picture's edge goes on outside of it."""
    scale = picture.shape[1] / seen.contrast.shape[1]
    size = max(2, round(CELLS * seen.dpi * scale / dpi))
    how = cv2.INTER_AREA if size > CELLS else cv2.INTER_LINEAR
    found = np.empty((len(at), CELLS, CELLS, *picture.shape[2:]), np.uint8)
    for place, (x, y) in zip(found, at, strict=True):
        middle = ((float(x) + 0.5) * scale - 0.5, (float(y) + 0.5) * scale - 0.5)
        cv2.resize(cv2.getRectSubPix(picture, (size, size), middle), (CELLS, CELLS), dst=place, interpolation=how)
    return found


def _inside(seen: Survey, at: Places, dpi: int) -> Signed:
    """127 where the picture is, ``(n, 64, 64)``."""
    off = (np.arange(CELLS) - (CELLS - 1) / 2) * (seen.dpi / dpi)
    height, width = seen.contrast.shape
    across, down = (
        (at[:, axis, None] + off > -0.5) & (at[:, axis, None] + off < side - 0.5)
        for axis, side in ((0, width), (1, height))
    )
    return np.where(down[:, :, None] & across[:, None, :], 127, 0).astype(np.int8)


def _colours(signed: Signed) -> Signed:
    """``(n, 3, 64, 64)``: blue, green, red; of a grey picture the same three times."""
    if signed.ndim == 3:
        return np.repeat(signed[:, None], 3, axis=1)
    return np.ascontiguousarray(signed.transpose(0, 3, 1, 2))


def _grey(picture: Pixels) -> Pixels:
    return picture if picture.ndim == 2 else np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _signed(light: Pixels, ground: Pixels) -> Signed:
    """By how much it is darker than its paper, −1 to 1, as root with sign, × 127."""
    share = (ground.astype(np.float32) - light) / np.maximum(ground, 1)
    root = np.copysign(np.sqrt(np.minimum(np.abs(share), 1.0)), share) * 127
    return np.asarray(np.rint(root), dtype=np.int8)
