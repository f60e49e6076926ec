"""Pale marks on a side: strokes, or what folds, stains, dust and grain look like. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import brown, clear, grain, litter, straight
from stages.survey import Survey

_DOUBTFUL = 18
"""A pale mark counts if it is this dark somewhere: a person begins to see it."""
_DRAWN, _DRAWN_MM = 48, 30.0
"""One that is no longer and as dark as this may have been: the edges of folds and tape are paler, or longer."""
_PALE_MM2, _LEAST_MM2 = 0.3, 0.1
"""Ink in a group of pale marks from which it is a doubt, in mm² of full black; a pale word has 2. And what no digit is without."""
_FIRM, _BROAD_PALE_MM2 = 1.2, 0.7
"""Or if there is more of it, when hardly darker than where marks begin."""
_SEVERAL, _MANY, _EVERYWHERE = 3, 6, 0.2
"""Marks in such a group; specks in a group that are more than dust; and the share of the page that no such group covers."""
_SPOT = 34
"""Mould and rust are paler than this, or brown and at the edge."""
_DIGIT_MM, _DIGITS = 1.6, 3
"""A stroke that is darker and as tall as this is a doubt however little ink it has: the digit 1. Fibres are more, and alike."""
GRAIN, _CELLS, _CELL_PEAK = 4.0, 3, 9.0
"""Grain that hides single pale strokes; how many cells of 2 mm together must then stand out of it; and by how much one of them."""
_LINE_CELLS, _LINE_PEAK = 8, 11.0
"""A row of so many such cells, one thick, that stand out no more than this is a fold or an edge of tape; writing is higher."""


class Pale(NamedTuple):
    """255 where pale strokes stand, None where there are too few to matter; where there may be hairs, and are for sure.

    ``strokes``: contrast of all that is no broader than strokes are, and no streak.
    """

    strokes: Pixels
    marks: Pixels | None = None
    maybe_hairs: Pixels | None = None
    hairs: Pixels | None = None


def measured(
    seen: Survey, level: Pixels, dark: clear.Clear, least: float, mm: float, full_grey: Callable[[], Pixels] | None
) -> Pale:
    """Where pale strokes stand."""
    if dark.grains.any():
        level = litter.without_cores(level, dark.marks, dark.grains)
    fine = grain.strokes(level, mm)
    found = Pale(fine)
    least += float(np.median(fine[::4, ::4]))
    if float(fine[fine >= least].sum()) < 255 * mm * mm * _LEAST_MM2:
        return found
    there = (fine >= least).view(np.uint8) * np.uint8(255)
    mask = straight.without_streaks(there, mm)
    streaks = cv2.dilate(cv2.subtract(there, mask), np.ones((3, 3), np.uint8))
    found = found._replace(strokes=np.asarray(cv2.subtract(fine, streaks), dtype=np.uint8))
    marks = clear.unruled(ink.components(mask), mask, fine, mm, single=True)
    darker = _darker(least)
    long = np.hypot(marks.width, marks.height)
    dirt = litter.rims(marks, seen.dpi) | litter.bands(marks, mm) | litter.holes(marks, level, seen.dpi)
    dirt |= _undrawn(marks, level, mm) | straight.dashes(marks, mm)
    dirt |= litter.reach(marks, clear.painted(dark.marks, dark.known), 255)
    dirt |= straight.corner_folds(marks, ~litter.reach(marks, fine, clear.LINE), mm)
    dirt |= brown.rust(marks, seen.small, seen.paper, seen.dpi)
    # A speck explains what lies around it, not a stroke that fell into pieces no larger than specks.
    specks = clear.painted(dark.marks, dark.specks)
    dusty = litter.reach(marks, specks, 255)
    dirt |= litter.grains(marks, fine, dusty, mm) | (
        dusty & litter.single(marks, specks) & litter.fibre_long(marks, mm)
    )
    fine = np.asarray(cv2.subtract(fine, cv2.dilate(specks, np.ones((3, 3), np.uint8))), dtype=np.uint8)
    dirt |= straight.creases(
        marks, seen.small, litter.reach(marks, fine, _FIRM * least) & ~dirt & clear.is_long(marks, mm), mm
    )
    dirt[0] = True
    hairs = clear.hair_like(marks, fine, mm) & litter.reach(marks, fine, darker) & ~dirt
    curves = (long >= 2.8 * mm) & (long <= clear.HAIR_LONG_MM * mm) & (marks.area <= 1.1 * mm * long)
    curves = hairs | (curves & litter.reach(marks, fine, darker) & ~dirt)
    surely = np.zeros_like(curves)
    if curves.any():
        curves &= litter.lonely(marks, fine, ~dirt, mm)
        surely = clear.surely_hairs(marks, curves, full_grey, mm)
        hairs &= curves & ~surely
        dirt |= hairs | surely
    dirt |= brown.stains(marks, level, seen.small, seen.paper, mm)
    small = litter.dust(marks, mm) | litter.spots(marks, mm)
    # A dark spot may be a digit whose grain was smoothed away.
    spot = darker if grain.noise(seen.contrast) > 2 * GRAIN else max(_SPOT, darker)
    firm = small & ~litter.dust(marks, mm) & ~dirt & litter.reach(marks, fine, spot)
    firm &= ~litter.grains(marks, fine, firm, mm)
    firm |= _digits(marks, fine, ~small & ~dirt & litter.reach(marks, fine, spot), mm)
    maybe, sure = (clear.painted(marks, some) if some.any() else None for some in (hairs, surely))
    found = found._replace(maybe_hairs=maybe, hairs=sure)
    return found._replace(marks=_doubted(marks, fine, dirt, small, firm, least, mm))


def _doubted(
    marks: ink.Components, fine: Pixels, dirt: ink.Bools, small: ink.Bools, firm: ink.Bools, least: float, mm: float
) -> Pixels | None:
    """Strokes; and specks where many lie close together: dots of a printer, what is left of a stamp."""
    for kept, fewest in (((~dirt & ~small) | firm, 1), (~dirt, _MANY)):
        if not (kept & litter.reach(marks, fine, _FIRM * least)).any():
            continue
        strokes = clear.painted(marks, kept)
        groups = litter.grouped(np.asarray(cv2.bitwise_and(fine, strokes), dtype=np.uint8), mm, marks, kept)
        doubtful = (groups.peak >= _darker(least)) & (groups.weight_mm2 >= _PALE_MM2)
        doubtful |= (groups.peak >= _FIRM * least) & (groups.weight_mm2 >= _BROAD_PALE_MM2) & (groups.marks >= _SEVERAL)
        doubtful &= groups.marks >= fewest
        if fewest > 1:
            # Grain of the paper or a printed ground is everywhere.
            doubtful &= groups.cells.area < _EVERYWHERE * groups.cells.labels.size
        doubtful[0] = False
        if doubtful.any() or firm.any():
            inside = cv2.bitwise_and(litter.spread(groups, doubtful, fine.shape), strokes)
            return np.asarray(cv2.bitwise_or(inside, clear.painted(marks, firm)), dtype=np.uint8)
    return None


def _darker(least: float) -> float:
    return max(_DOUBTFUL, 1.45 * least)


def _undrawn(marks: ink.Components, level: Pixels, mm: float) -> ink.Bools:
    """Straight lines that nobody drew: pale, long, or part of a longer one."""
    lines = straight.lines(marks, mm)
    drawn = lines & litter.reach(marks, level, _DRAWN + float(np.median(level[::4, ::4])))
    drawn &= np.maximum(marks.width, marks.height) <= _DRAWN_MM * mm
    return lines & ~(drawn & ~straight.long_lines(marks, lines, mm))


def _digits(marks: ink.Components, fine: Pixels, candidates: ink.Bools, mm: float) -> ink.Bools:
    """Of these marks, the few that are the darkest by far and as tall as a digit."""
    tall = candidates & (marks.height >= _DIGIT_MM * mm)
    if not tall.any():
        return tall
    darkest = int(fine[clear.painted(marks, tall) > 0].max())
    tall &= litter.reach(marks, fine, 0.7 * darkest)
    return tall if int(tall.sum()) <= _DIGITS else np.zeros_like(tall)


def faint(seen: Survey, level: Pixels, dark: clear.Clear, mm: float) -> Pixels | None:
    """255 where the mean of many cells of 2 mm stands out of a grain that hides single strokes: a pale seal, no brown stain."""
    dirt = clear.painted(dark.marks, dark.known | dark.specks)
    size = (max(1, round(level.shape[1] / (2 * mm))), max(1, round(level.shape[0] / (2 * mm))))
    cells = cv2.resize(level.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    near = cv2.dilate(cv2.resize(dirt, size, interpolation=cv2.INTER_AREA), np.ones((3, 3), np.uint8)) > 0
    ground = cv2.medianBlur(cells, 5)
    ground = cv2.blur(ground, (9, 9))
    above = cells - ground
    spread = float(np.median(np.abs(above - np.median(above)))) * 1.48
    mask = (above > 4 * max(spread, 0.15)) & ~near
    mask[[0, 1, -2, -1]] = mask[:, [0, 1, -2, -1]] = False
    groups = ink.components(mask)
    high, wide = mask.shape
    peak = np.zeros(len(groups.area), np.float32)
    np.maximum.at(peak, groups.labels.ravel(), above.ravel())
    long, thick = np.maximum(groups.width, groups.height), np.minimum(groups.width, groups.height)
    # Streaks, folds and edges of tape are long and one cell thick; what lies all within 6 mm of an edge is shade.
    line = ((groups.height > high / 2) & (groups.width <= 2)) | ((groups.width > wide / 2) & (groups.height <= 2))
    line |= (long >= _LINE_CELLS) & (thick <= 2) & (groups.area <= 1.25 * long) & (peak < _LINE_PEAK)
    rim = (groups.bottom <= 3) | (groups.right <= 3) | (groups.top >= high - 3) | (groups.left >= wide - 3)
    peak[0] = 0
    left = np.flatnonzero((peak >= _CELL_PEAK) & ~line & ~rim & (groups.area >= _CELLS))
    if not len(left):
        return None
    if brown.is_told(seen.small, seen.paper):
        light, under = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (seen.small, seen.paper))
        missing = 1 - light / np.maximum(under, 1.0)
        missing -= np.median(missing, axis=(0, 1))
        # Of a few cells the colour is not so sure.
        slack = np.where(np.maximum(groups.width, groups.height) <= _CELLS, 0.07, 0.0)
        if all(brown.is_brown(missing[groups.labels == n].mean(axis=0), float(slack[n])) for n in left):
            return None
    there = np.isin(groups.labels, left).astype(np.uint8) * np.uint8(255)
    return np.asarray(cv2.resize(there, level.shape[::-1], interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
