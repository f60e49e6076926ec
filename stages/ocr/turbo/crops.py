"""Cuts one line out of the cleaned page: a band around its baseline, without its neighbours' ink. Pure."""

from __future__ import annotations

import math

import cv2
import numpy as np

from models.geometry import Box
from models.ports import Pixels
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import Lines, Segment
from stages.ocr.turbo.marks import Bools, Ints, Marks
from stages.ocr.turbo.prepare import CleanPage

_RISE_X, _FALL_X = 2.75, 1.05
"""Furthest that print reaches above and below its baseline: a capital with two marks, a ``g`` with a dot."""
_LEAST_RISE_X, _LEAST_FALL_X = 1.25, 0.2
"""A lone dash is still shown within its line."""
_LONE, _WORDS, _BESIDE, _LOW_X = 2, 6, 4, 1.0
_USUAL_RISE_X, _USUAL_FALL_X = 1.9, 0.45
"""Lone letters no higher than an ``x`` are shown as large as they would be within a line, else they look like capitals."""
_PADDING_X = 0.15
"""Margin as in Tesseract's own crops: four pixels at 300 dpi."""
_FINE_BELOW_PX = 9.5
"""Print with a lower x-height is cropped from the full picture."""
_BENT_X = 0.1
"""A baseline that strays further from level than this is straightened."""


def owners(marks: Marks, lines: Lines) -> Ints:
    """Whose each mark is: a segment's number + 1, −1 for those of pens and pictures, 0 for what belongs to none."""
    owner = np.maximum(lines.owner, -1) + 1
    owner[marks.penned | marks.picture] = -1
    owner[0] = 0
    return owner


def low_letters(lines: Lines) -> Bools:
    """Which lines are a letter or two no higher than the ``x`` of the print beside them."""
    size, middle, letters, height = (
        np.array(
            [
                (line.x_height, line.middle_y, line.letters, line.baseline(line.left) - line.top)
                for line in lines.segments
            ]
        )
        .reshape(-1, 4)
        .T
    )
    low = letters <= _LONE
    words = np.flatnonzero(letters >= _WORDS)
    if not words.size or not low.any():
        return np.zeros(low.size, bool)
    nearest = np.abs(middle[low][:, None] - middle[words]).argsort(axis=1)[:, :_BESIDE]
    low[low] = height[low] <= _LOW_X * size[words][nearest].min(axis=1)  # that of a line in capitals is larger
    return low


def cut(page: CleanPage, marks: Marks, lines: Lines, owner: Ints, low: Bools, index: int) -> LineImage:
    """The crop of one segment. ``owner``: whose each mark is, see :func:`owners`; ``low``: :func:`low_letters`."""
    line = lines.segments[index]
    x = line.x_height
    columns = np.arange(max(0, math.floor(line.left)), math.ceil(line.right) + 1)
    along = columns - line.left
    base = line.offset + line.slope * along + line.bow * along * along
    level = float(base[base.size // 2])
    least_rise, least_fall = (_USUAL_RISE_X, _USUAL_FALL_X) if low[index] else (_LEAST_RISE_X, _LEAST_FALL_X)
    rise = min(max(level - line.top, least_rise * x), _RISE_X * x)
    fall = min(max(line.bottom - level, least_fall * x), _FALL_X * x)
    padding = max(2.0, _PADDING_X * x)
    fine = page.fine is not None or min(x, marks.x_height) < _FINE_BELOW_PX
    bent = float(np.abs(base - level).max())
    straighten = bent > max(1.0, _BENT_X * x)
    spare = bent if straighten else 0.0
    height, width = page.grey.shape
    top, bottom = math.floor(level - rise - padding - spare), math.ceil(level + fall + padding + spare)
    left, right = math.floor(line.left - padding), math.ceil(line.right + padding)
    inside = (max(0, top), min(height, bottom), max(0, left), min(width, right))
    pixels = _band(page, inside, fine=fine)
    strange = _strange(marks, owner, index, inside)
    if strange is not None:
        if strange.shape != pixels.shape:
            strange = np.asarray(cv2.resize(strange, pixels.shape[::-1], interpolation=cv2.INTER_NEAREST))
        pixels = np.asarray(cv2.bitwise_or(pixels, strange), dtype=np.uint8)
    zoom = page.scale if fine else 1.0
    base_y = (level - inside[0]) * zoom
    if straighten:
        pixels = _level(pixels, line, level, inside, zoom, spare)
        base_y -= spare * zoom
    scale = page.scale / zoom
    box = Box(*(side * page.scale for side in (inside[2], inside[0], inside[3], inside[1])))
    return LineImage(np.ascontiguousarray(pixels), box, base_y, x * zoom, scale)


def _band(page: CleanPage, inside: tuple[int, int, int, int], *, fine: bool) -> Pixels:
    top, bottom, left, right = inside
    if not fine:
        return page.grey[top:bottom, left:right]
    return page.crop(Box(*(side * page.scale for side in (left, top, right, bottom))))


def _strange(marks: Marks, owner: Ints, index: int, inside: tuple[int, int, int, int]) -> Pixels | None:
    """A mask (0 or 255, working pixels) of rules, pen and other lines' ink in the band; None where it is clean."""
    here = slice(inside[0], inside[1]), slice(inside[2], inside[3])
    other = np.where((owner != 0) & (owner != index + 1), 255, 0).astype(np.uint8)
    ink = cv2.bitwise_or(marks.painted(other, here), marks.ruled[here])
    if not cv2.countNonZero(ink):
        return None
    return np.asarray(cv2.dilate(ink, np.ones((3, 3), np.uint8)), dtype=np.uint8)


def _level(
    pixels: Pixels, line: Segment, level: float, inside: tuple[int, int, int, int], zoom: float, spare: float
) -> Pixels:
    """The band with every column moved so that the baseline is level; ``spare`` rows less at top and bottom."""
    rows = max(1, pixels.shape[0] - round(2 * spare * zoom))
    columns = np.arange(pixels.shape[1], dtype=np.float32)
    along = np.clip(columns / zoom + inside[2], line.left, line.right) - line.left
    shift = (line.offset + line.slope * along + line.bow * along * along - level + spare) * zoom
    map_y = np.arange(rows, dtype=np.float32)[:, None] + shift[None, :].astype(np.float32)
    map_x = np.broadcast_to(columns[None, :], map_y.shape).astype(np.float32)
    return np.asarray(
        cv2.remap(pixels, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=255),
        dtype=np.uint8,
    )
