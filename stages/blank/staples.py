"""Staples, and the holes and rust that they leave. Pure; works on the marks of :mod:`litter`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import brown, litter
from stages.ink import Bools, Components, Floats

_CROWNS, _WIRE_MM = 3, 0.3
"""More long bars than these are no staples but a bar code's; and the ink that a staple leaves across it, mm of full black."""
_APART_MM, _LONGER_MM, _LEANS = 7.0, 1.5, 0.1
"""How far the two sides of one staple may lie apart, differ in length, and lean (sine)."""
_PRICK_MM = 1.6
"""How large a prick is on a small picture, at most."""
_DARK, _CLEAR_MM, _CLEAR_PX = 60, 1.2, 2
"""Contrast of wire, in a small picture its highest; and the room around it on the other side, with so much dirt."""


class Wire(NamedTuple):
    """What looks like a staple's wire: its crown, one bar, or its two ``legs``, in line. The ends, pixels.

    ``metal``: the network takes it for one as well (:mod:`stages.blank.sight`).
    """

    x: float
    y: float
    to_x: float
    to_y: float
    legs: bool
    metal: bool = False

    @property
    def ends(self) -> Floats:
        return np.array([[self.x, self.y], [self.to_x, self.to_y]])

    def scaled(self, share: float) -> Wire:
        return self._replace(x=self.x * share, y=self.y * share, to_x=self.to_x * share, to_y=self.to_y * share)


class Staples(NamedTuple):
    """``pricks``: marks, always two or more. ``wires``: with their marks; black ink leaves bars and dashes as well."""

    pricks: Bools
    wires: tuple[tuple[Wire, tuple[int, ...]], ...]


def staples(marks: Components, level: Pixels, image: Pixels, paper: Pixels, dpi: float) -> Staples:
    """Straight bars near a side: a crown of 9 to 14 mm, or two legs that lie in one line as far apart as a crown.

    A single shorter bar is none: it may be a sheet number in a corner, the digit 1. Nor is one that leaves no more ink
    across it than a pen, or has a colour: wire is grey, half a millimetre thick and has a shadow.
    """
    mm = dpi / ink.MM_PER_INCH
    bars: dict[int, tuple[Floats, Floats]] = {}
    long_bars = 0
    for number, (start, end) in _bars(marks, mm).items():
        across_mm = _across_mm(marks, number, level, mm)
        # The thin bars of a bar code count as well, lines that are paler do not.
        long_bars += _is_crown(start, end, mm) and across_mm >= _WIRE_MM / 2
        missing = brown.missing(marks, number, image, paper)
        if across_mm >= _WIRE_MM and missing.min() >= 0.6 * missing.max():
            bars[number] = start, end
    found = _wires(bars, mm)
    if long_bars > _CROWNS:
        found = [(wire, numbers) for wire, numbers in found if wire.legs]
    return Staples(_pricks(marks, mm), tuple(found))


def through(wires: Sequence[Wire], pair: Pixels, mm: float) -> bool:
    """Whether the sheet's other side shows the rest of each staple: legs where a crown is, a crown where legs are.

    ``pair``: contrast on the other side as one looks through the sheet, in the wires' pixels. Each of its staples
    stands for one wire, and nothing else may lie around it: neither print nor a hand is one by chance. Two pricks,
    all that a staple shows that held more sheets, are not enough, since they also stay where one was drawn out; but
    for what the network takes for metal they are, and so is any other wire.
    """
    marks = ink.components(pair >= _DARK)
    others = _wires(_bars(marks, mm), mm)
    pricks = [_wire(start, end, legs=False) for start, end in _prick_pairs(marks, mm)]
    for wire in wires:
        own = [other for other in others if _faces(wire, other[0], mm)]
        if not wire.metal:
            own = [o for o in own if o[0].legs != wire.legs and _alone(o, marks, pair, mm)]
        if own:
            others.remove(own[0])
        elif not (wire.metal and any(_faces(wire, two, mm) for two in pricks)):
            return False
    return True


def _prick_pairs(marks: Components, mm: float) -> list[tuple[Floats, Floats]]:
    """Each two specks that lie as far apart as a staple's ends."""
    side = np.maximum(marks.width, marks.height)
    numbers = np.flatnonzero(litter.of_marks((side <= _PRICK_MM * mm) & (_reach(marks) <= 26 * mm)))[:200]
    middles = np.stack([(marks.left + marks.width / 2)[numbers], (marks.top + marks.height / 2)[numbers]], axis=1)
    apart = np.hypot(*(middles[:, None] - middles).transpose(2, 0, 1)) / mm
    pairs = np.argwhere(np.triu((apart >= 8) & (apart <= 15)))
    return [(middles[first], middles[second]) for first, second in pairs]


def _faces(wire: Wire, other: Wire, mm: float) -> bool:
    """Whether two wires are one staple's on both sides of the sheet, as far as these may lie and lean apart."""
    ends, there = wire.ends, other.ends
    if float((ends[1] - ends[0]) @ (there[1] - there[0])) < 0:
        there = there[::-1]
    way, along = ends[1] - ends[0], there[1] - there[0]
    long, other_long = float(np.hypot(*way)), float(np.hypot(*along))
    sine = abs(float(way[0] * along[1] - way[1] * along[0])) / (long * other_long)
    apart = float(np.hypot(*(ends.mean(axis=0) - there.mean(axis=0))))
    return apart <= _APART_MM * mm and abs(long - other_long) <= _LONGER_MM * mm and sine <= _LEANS


def _alone(found: tuple[Wire, tuple[int, ...]], marks: Components, pair: Pixels, mm: float) -> bool:
    """Whether nothing else is dark around these marks."""
    numbers = list(found[1])
    pad = round(_CLEAR_MM * mm)
    top, left = max(0, int(marks.top[numbers].min()) - pad), max(0, int(marks.left[numbers].min()) - pad)
    window = (slice(top, int(marks.bottom[numbers].max()) + pad), slice(left, int(marks.right[numbers].max()) + pad))
    own = np.isin(marks.labels[window], numbers).astype(np.uint8)
    rest = (pair[window] >= _DARK) & (cv2.dilate(own, np.ones((3, 3), np.uint8)) == 0)
    return int(np.count_nonzero(rest)) <= _CLEAR_PX


def _bars(marks: Components, mm: float) -> dict[int, tuple[Floats, Floats]]:
    """The ends of what is straight, as thin and as long as a part of a staple, and near a side; by mark number."""
    long = np.hypot(marks.width, marks.height)
    near = (long >= 2.2 * mm) & (long <= 17 * mm) & (_reach(marks) <= 24 * mm) & (marks.area <= 2.6 * mm * long)
    numbers = np.flatnonzero(near)
    ends = {int(number): _bar(marks, int(number), mm) for number in numbers[numbers > 0][:40]}
    return {number: bar for number, bar in ends.items() if bar is not None}


def _reach(marks: Components) -> ink.Ints:
    """How far each mark lies from the left, the right or the upper edge."""
    return np.asarray(np.minimum.reduce([marks.left, marks.labels.shape[1] - marks.right, marks.top]), dtype=np.int32)


def _wire(start: Floats, end: Floats, *, legs: bool) -> Wire:
    return Wire(float(start[0]), float(start[1]), float(end[0]), float(end[1]), legs)


def _is_crown(start: Floats, end: Floats, mm: float) -> bool:
    return bool(np.hypot(*(end - start)) >= 9 * mm)


def _wires(bars: Mapping[int, tuple[Floats, Floats]], mm: float) -> list[tuple[Wire, tuple[int, ...]]]:
    """Crowns, and each two bars that are the legs of one staple."""
    crowns = {number for number, (start, end) in bars.items() if _is_crown(start, end, mm)}
    found: list[tuple[Wire, tuple[int, ...]]] = [
        (_wire(start, end, legs=False), (number,)) for number, (start, end) in bars.items() if number in crowns
    ]
    legs = sorted(bars.keys() - crowns)
    for place, number in enumerate(legs):
        for other in legs[place + 1 :]:
            ends = np.array([*bars[number], *bars[other]])
            if _in_line(ends, mm):
                apart = np.hypot(*(ends[:, None] - ends).transpose(2, 0, 1))
                first, last = np.unravel_index(int(np.argmax(apart)), apart.shape)
                found.append((_wire(ends[first], ends[last], legs=True), (number, other)))
    return found


def _across_mm(marks: Components, number: int, level: Pixels, mm: float) -> float:
    """How much ink a line has across it, mm of full black."""
    window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
    ink_px = float(level[window][marks.labels[window] == number].sum()) / 255
    return ink_px / (mm * float(np.hypot(marks.width[number], marks.height[number])))


def _pricks(marks: Components, mm: float) -> Bools:
    """Round spots near a side, rust or the holes themselves, of which two lie a staple's length apart."""
    found = np.zeros(len(marks.area), np.bool_)
    side = np.maximum(marks.width, marks.height)
    other = np.minimum(marks.width, marks.height)
    # Rounder than any digit: a page number 12 mm from a speck is no staple.
    discs = litter.of_marks((other >= 0.75 * side) & (marks.area >= 0.62 * side * other) & (side >= 0.6 * mm))
    numbers = np.flatnonzero(discs & (side <= 4.5 * mm) & (_reach(marks) <= 24 * mm))
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


def _in_line(ends: Floats, mm: float) -> bool:
    """Whether two short bars are the legs of one staple: together 9 to 14.5 mm long, and straight. ``ends``: all four."""
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
