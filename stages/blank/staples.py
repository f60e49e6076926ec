"""Staples, and the holes and rust that they leave. Pure; works on the marks of :mod:`litter`."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import brown, litter
from stages.ink import Bools, Components, Floats

_CROWNS, _WIRE_MM = 3, 0.3
"""More long bars than these are no staples but a bar code's; and the ink that a staple leaves across it, mm of full black."""


class Staples(NamedTuple):
    """Marks. ``surely``: legs and pricks, always two; ``crowns``: single bars, or a line in black ink."""

    surely: Bools
    crowns: Bools


def staples(marks: Components, level: Pixels, image: Pixels, paper: Pixels, dpi: float) -> Staples:
    """Straight bars near a side: a crown of 9 to 14 mm, or two legs that lie in one line as far apart as a crown.

    A single shorter bar is none: it may be a sheet number in a corner, the digit 1. Nor is one that leaves no more ink
    across it than a pen, or has a colour: wire is grey, half a millimetre thick and has a shadow.
    """
    width = marks.labels.shape[1]
    mm = dpi / ink.MM_PER_INCH
    long = np.hypot(marks.width, marks.height)
    reach = np.minimum.reduce([marks.left, width - marks.right, marks.top])
    near = (long >= 2.2 * mm) & (long <= 17 * mm) & (reach <= 24 * mm) & (marks.area <= 2.6 * mm * long)
    found = np.zeros(len(marks.area), np.bool_)
    crowns = np.zeros_like(found)
    legs: list[tuple[int, Floats, Floats]] = []
    long_bars = 0
    numbers = np.flatnonzero(near)
    for number in numbers[numbers > 0][:40]:
        bar = _bar(marks, int(number), mm)
        if bar is None:
            continue
        start, end = bar
        crown = bool(np.hypot(*(end - start)) >= 9 * mm)
        across_mm = _across_mm(marks, int(number), level, mm)
        # The thin bars of a bar code count as well, lines that are paler do not.
        long_bars += crown and across_mm >= _WIRE_MM / 2
        missing = brown.missing(marks, int(number), image, paper)
        if across_mm < _WIRE_MM or missing.min() < 0.6 * missing.max():
            continue
        if crown:
            crowns[number] = True
        else:
            legs.append((int(number), start, end))
    if long_bars > _CROWNS:
        crowns[:] = False
    for place, (number, start, end) in enumerate(legs):
        for other, start_2, end_2 in legs[place + 1 :]:
            if _in_line(start, end, start_2, end_2, mm):
                found[number] = found[other] = True
    return Staples(found | _pricks(marks, mm, reach), crowns)


def _across_mm(marks: Components, number: int, level: Pixels, mm: float) -> float:
    """How much ink a line has across it, mm of full black."""
    window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
    ink_px = float(level[window][marks.labels[window] == number].sum()) / 255
    return ink_px / (mm * float(np.hypot(marks.width[number], marks.height[number])))


def _pricks(marks: Components, mm: float, reach: ink.Ints) -> Bools:
    """Round spots near a side, rust or the holes themselves, of which two lie a staple's length apart."""
    found = np.zeros(len(marks.area), np.bool_)
    side = np.maximum(marks.width, marks.height)
    other = np.minimum(marks.width, marks.height)
    # Rounder than any digit: a page number 12 mm from a speck is no staple.
    discs = litter.of_marks((other >= 0.75 * side) & (marks.area >= 0.62 * side * other) & (side >= 0.6 * mm))
    numbers = np.flatnonzero(discs & (side <= 4.5 * mm) & (reach <= 24 * mm))
    if not 2 <= len(numbers) <= 60:
        return found
    x = (marks.left + marks.width / 2)[numbers] / mm
    y = (marks.top + marks.height / 2)[numbers] / mm
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    alike = np.abs(np.subtract.outer(side[numbers], side[numbers])) <= 1.5 * mm
    alike &= np.maximum.outer(side[numbers], side[numbers]) >= litter.SPECK_MM * mm
    found[numbers] = (alike & (apart >= 10) & (apart <= 14.5)).any(axis=1)
    return found


def _bar(marks: Components, number: int, mm: float) -> tuple[Floats, Floats] | None:
    """The ends of a mark that is straight and as thin as a staple's wire with its shadow, in pixels."""
    points = _points(marks, number)
    middle = points.mean(axis=0)
    _, spread, ways = np.linalg.svd(points - middle, full_matrices=False)
    along, off = (points - middle) @ ways[0], (points - middle) @ ways[1]
    length, thick = float(np.ptp(along)) + 1, float(np.ptp(off)) + 1
    if 10 * mm <= length <= 17 * mm and thick <= 5.5 * mm:
        # Rust: a dent with a blot at either end.
        between = (along > along.min() + 3 * mm) & (along < along.max() - 3 * mm)
        if np.abs(off[between]).max(initial=0.0) <= 1.1 * mm:
            return middle + along.min() * ways[0], middle + along.max() * ways[0]
    if thick > min(2.8 * mm, 0.55 * length) or len(points) < 0.45 * length * thick or spread[0] == 0:
        return None
    return middle + along.min() * ways[0], middle + along.max() * ways[0]


def _in_line(start: Floats, end: Floats, start_2: Floats, end_2: Floats, mm: float) -> bool:
    """Whether two short bars are the legs of one staple: together 9 to 14.5 mm long, and straight."""
    ends = np.array([start, end, start_2, end_2])
    middle = ends.mean(axis=0)
    _, _, ways = np.linalg.svd(ends - middle, full_matrices=False)
    along, off = (ends - middle) @ ways[0], (ends - middle) @ ways[1]
    return bool(9 * mm <= np.ptp(along) <= 14.5 * mm and np.abs(off).max() <= 1.3 * mm)


def _points(marks: Components, number: int) -> Floats:
    """The pixels of a mark, ``(n, 2)``: x, y."""
    left, top = int(marks.left[number]), int(marks.top[number])
    box = marks.labels[top : int(marks.bottom[number]), left : int(marks.right[number])]
    y, x = np.nonzero(box == number)
    return np.stack([x + left, y + top], axis=1).astype(np.float64)
