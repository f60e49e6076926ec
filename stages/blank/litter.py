"""What lies on a side and is no ink: holes, dark edges, dust and spots; and which marks lie together. Pure.

Works on the marks of a picture at about 100 dpi (:mod:`stages.ink`); each function says which of them, by mark number.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.ink import Bools, Components, Floats

_CELL = 4
SPECK_MM, _SPECK_MM2 = 1.6, 1.7
"""A mark that is longer is no speck: the digit 1 in 8 points is 1.9 mm."""
_FIBRE_MM, _FIBRE_MM2 = 2.6, 0.45
"""Nor is one that is longer and has more ink than a short fibre."""
_SMALL_MM2 = 1.0
_EVEN_DISC = 0.55
"""A disc fills 0.78 of its box, less a blurred rim."""
_CORE_MM = 1.45
"""What of a mark is more than half as dark as its darkest: a grain of dust is smaller, for all the blur and rust around it."""
_HALO_MM = 5.0

_HAIR_MM, _HAIR_BROAD_MM, _SAMPLED_PX = 0.115, 0.16, 0.53
"""A hair leaves less ink than this across it, in mm of full black, and is no broader; what sampling adds to that, pixels."""


def rims(marks: Components, dpi: float) -> Bools:
    """The scan's dark edges and folded corners, but no corner from which a stroke goes on into the page."""
    found = ink.edge_dirt(marks, dpi)
    height, width = marks.labels.shape
    mm = ink.rim_mm_px(marks, dpi)
    gaps = (marks.left, marks.top, width - marks.right, height - marks.bottom)
    for side in range(4):
        corner = found & (gaps[side] <= 2 * mm) & (gaps[(side + 1) % 4] <= 2 * mm)
        corner &= np.maximum(marks.width, marks.height) <= 25 * mm
        for number in np.flatnonzero(corner & (np.minimum(marks.width, marks.height) >= 3 * mm)):
            found[number] = not _goes_on(marks, int(number), side, mm)
    return of_marks(found)


def run_off(marks: Components, dpi: float) -> Bools:
    """Strokes that run off one edge, 3 mm or more into the page: of a pen, or a thread that hangs over it."""
    height, width = marks.labels.shape
    mm = ink.rim_mm_px(marks, dpi)
    near = 2 * mm
    touches = (marks.left <= near, marks.top <= near, marks.right >= width - near, marks.bottom >= height - near)
    deep = np.select(touches, (marks.right, marks.bottom, width - marks.left, height - marks.top), 0) >= 3 * mm
    long = np.hypot(marks.width, marks.height)
    thin = (long >= 5 * mm) & (long <= 25 * mm) & (marks.area <= 0.8 * mm * long)
    return of_marks(thin & deep & (np.sum(touches, axis=0) == 1))


def _goes_on(marks: Components, number: int, side: int, mm: float) -> bool:
    """Whether a mark reaches 3 mm further than the line between its ends on the two edges. ``side``: the first of these."""
    window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
    # Turned so that the corner is the upper left one.
    inside = np.rot90(marks.labels[window] == number, side)
    near = max(1, round(2 * mm))
    across, down = np.flatnonzero(inside[:near].any(axis=0)), np.flatnonzero(inside[:, :near].any(axis=1))
    if not len(across) or not len(down):
        return False
    wide, high = float(across.max()) + 1, float(down.max()) + 1
    y, x = np.nonzero(inside)
    beyond = (x / wide + y / high - 1) * wide * high / float(np.hypot(wide, high))
    return bool(beyond.max() >= 3 * mm)


def dust(marks: Components, mm: float) -> Bools:
    """Specks of any darkness, and short fibres."""
    side = np.maximum(marks.width, marks.height)
    speck = (side < SPECK_MM * mm) & (marks.area < _SPECK_MM2 * mm * mm)
    return of_marks(speck | ((side < _FIBRE_MM * mm) & (marks.area < _FIBRE_MM2 * mm * mm)))


def small(marks: Components, mm: float) -> Bools:
    """A fat fibre, or a thin digit 1: who can tell."""
    side = np.maximum(marks.width, marks.height)
    return of_marks((side < _FIBRE_MM * mm) & (marks.area < _SMALL_MM2 * mm * mm)) & ~dust(marks, mm)


def fibre_long(marks: Components, mm: float) -> Bools:
    """No longer than a short fibre."""
    return of_marks(np.maximum(marks.width, marks.height) < _FIBRE_MM * mm)


def single(marks: Components, specks: Pixels) -> Bools:
    """Marks in which exactly one of the specks lies. ``specks``: 255 where they are."""
    there = ink.components(specks)
    first = np.unique(there.labels, return_index=True)[1][1:]
    return of_marks(np.bincount(marks.labels.ravel()[first], minlength=len(marks.area)) == 1)


def holes(marks: Components, level: Pixels, dpi: float) -> Bools:
    """Filled discs of 4 to 8.5 mm within 25 mm of an edge, and rings of that size where two are a punch's spacing apart.

    A disc is evenly dark: two printed digits that touch have the size and are not.
    """
    height, width = marks.labels.shape
    mm = dpi / ink.MM_PER_INCH
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    reach = np.minimum.reduce([marks.left, marks.top, width - marks.right, height - marks.bottom])
    round_ = (side >= 4 * mm) & (side <= 8.5 * mm) & (other >= 0.8 * side) & (reach <= 25 * ink.rim_mm_px(marks, dpi))
    disc = of_marks(round_ & (marks.area >= 0.65 * side * other))
    for number in np.flatnonzero(disc):
        disc[number] = _even(marks, int(number), level)
    torn = (side > 4.5 * mm) & (side <= 16 * mm) & (other >= 4 * mm) & (reach <= 25 * ink.rim_mm_px(marks, dpi))
    for number in np.flatnonzero(torn & ~disc & (marks.area >= 12 * mm * mm))[:12]:
        disc[number] = number > 0 and _torn(marks, int(number), mm)
    return of_marks(disc | _paired(marks, round_ | _arcs(marks, mm, reach), mm))


def _even(marks: Components, number: int, level: Pixels) -> bool:
    """Whether most of a mark's box is at least half as dark as the mark's darker parts."""
    window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
    inside = level[window][marks.labels[window] == number]
    return int(np.count_nonzero(inside >= 0.5 * np.quantile(inside, 0.9))) >= _EVEN_DISC * level[window].size


def _torn(marks: Components, number: int, mm: float) -> bool:
    """Whether a mark is a disc with a tear: nine tenths of it when what is thin is gone, and what is left is round."""
    left, top = int(marks.left[number]), int(marks.top[number])
    box = marks.labels[top : int(marks.bottom[number]), left : int(marks.right[number])]
    mask = np.pad((box == number).astype(np.uint8), 3)
    size = round(3 * mm) | 1
    core = cv2.morphologyEx(mask, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)))
    _, _, wide, high = cv2.boundingRect(core)
    area = int(core.sum())
    round_ = 4 * mm <= max(wide, high) <= 8.5 * mm and min(wide, high) >= 0.8 * max(wide, high)
    return bool(round_ and area >= 0.65 * wide * high and area >= 0.75 * int(marks.area[number]))


def _arcs(marks: Components, mm: float, reach: ink.Ints) -> Bools:
    """Parts of a hole's rim: as long as a hole is wide, thin, near the edge; a page number is as large, but fuller."""
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    thin = marks.area <= np.maximum(0.5 * side * other, 0.8 * mm * side)
    return np.asarray((side >= 3.5 * mm) & (side <= 9 * mm) & (reach <= 14 * mm) & thin, dtype=np.bool_)


def _paired(marks: Components, candidates: Bools, mm: float) -> Bools:
    """Those that have a partner 80 mm further along the same edge."""
    found = np.zeros(len(candidates), np.bool_)
    numbers = np.flatnonzero(candidates)
    if not 2 <= len(numbers) <= 60:
        return found
    x = (marks.left + marks.width / 2)[numbers] / mm
    y = (marks.top + marks.height / 2)[numbers] / mm
    across, down = np.abs(x[:, None] - x), np.abs(y[:, None] - y)
    partner = ((across < 5) & (np.abs(down - 80) < 2.5)) | ((down < 5) & (np.abs(across - 80) < 2.5))
    side = np.maximum(marks.width, marks.height)[numbers] / mm
    partner &= np.abs(side[:, None] - side) <= 2.5
    found[numbers] = partner.any(axis=1)
    return found


def bands(marks: Components, mm: float) -> Bools:
    """Dark strips along an edge from end to end, up to 30 mm wide, and folded corners that lie a little inside."""
    height, width = marks.labels.shape
    gaps = (marks.left, marks.top, width - marks.right, height - marks.bottom)
    small, large = np.minimum(marks.width, marks.height), np.maximum(marks.width, marks.height)
    solid = marks.area >= 0.45 * small * large
    triangle = (marks.area >= 0.42 * small * large) & (marks.area <= 0.65 * small * large)
    found = np.zeros(len(marks.area), np.bool_)
    for side in range(4):
        upright = side % 2 == 0
        along, edge = (marks.height, height) if upright else (marks.width, width)
        deep = marks.width if upright else marks.height
        found |= (gaps[side] <= 8 * mm) & (along >= 0.9 * edge) & (deep <= 30 * mm) & solid
        corner = (gaps[side] <= 6 * mm) & (gaps[(side + 1) % 4] <= 6 * mm)
        found |= corner & triangle & (small >= 5 * mm) & (large <= 27 * mm)
    return of_marks(found)


def spots(marks: Components, mm: float) -> Bools:
    """Compact blots up to 5 mm: rust, mould, a fibre's knot."""
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    return of_marks((side <= 5 * mm) & (other >= 0.45 * side) & (marks.area >= 0.55 * side * other))


def grains(marks: Components, level: Pixels, candidates: Bools, mm: float) -> Bools:
    """Of these marks, those of which only a speck is more than half as dark as their darkest: dust, blurred or rusty."""
    found = np.zeros(len(marks.area), np.bool_)
    side = np.maximum(marks.width, marks.height)
    for number in np.flatnonzero(candidates & (side <= _HALO_MM * mm))[:120]:
        window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
        inside = np.where(marks.labels[window] == number, level[window], 0)
        _, _, wide, high = cv2.boundingRect((inside >= 0.5 * float(inside.max())).view(np.uint8))
        found[number] = max(wide, high) <= _CORE_MM * mm
    return found


def without_cores(level: Pixels, marks: Components, chosen: Bools) -> Pixels:
    """The picture less what is more than half as dark as the darkest of these marks; what is left of them is judged by itself."""
    level = level.copy()
    for number in np.flatnonzero(chosen):
        window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
        inside = np.where(marks.labels[window] == number, level[window], 0)
        core = (inside >= 0.5 * float(inside.max())).view(np.uint8)
        level[window][cv2.dilate(core, np.ones((3, 3), np.uint8)) > 0] = 0
    return level


def thin(marks: Components, candidates: Bools, full: Pixels, mm: float) -> Bools:
    """Of these curves, those that are hairs for sure: at full resolution no pen and no pencil leaves so thin a line.

    ``full``: the same side, grey, with at least the pixels that the marks have. A line's breadth is its ink by its length
    and by its darkness; sampling adds to it, so that few hairs are told at 150 dpi.
    """
    found = np.zeros(len(marks.area), np.bool_)
    scale = full.shape[1] / marks.labels.shape[1]
    px = mm * scale
    for number in np.flatnonzero(candidates)[:20]:
        pad = round(mm) + 1
        top, left = max(0, int(marks.top[number]) - pad), max(0, int(marks.left[number]) - pad)
        window = (slice(top, int(marks.bottom[number]) + pad), slice(left, int(marks.right[number]) + pad))
        strand = (marks.labels[window] == number).astype(np.uint8)
        size = 2 * round(0.4 * mm) + 1
        inside = np.asarray(cv2.dilate(strand, np.ones((size, size), np.uint8)))
        level = full[round(top * scale) :, round(left * scale) :][
            : round(inside.shape[0] * scale), : round(inside.shape[1] * scale)
        ]
        near = cv2.resize(inside, level.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
        if near.all():
            continue
        ground = float(np.median(level[~near]))
        dark = ((ground - level.astype(np.float32)) / max(1.0, ground)).astype(np.float32)
        grain = float(np.abs(dark[~near]).mean()) * 1.25
        line, _ = cv2.findContours(strand, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        long = max(cv2.arcLength(part, True) for part in line) / 2 / mm
        across = float(dark[near].sum()) / (px * px * long)
        cell = max(1, round(0.5 * px))
        crests = cv2.dilate(np.where(near, dark, 0).astype(np.float32), np.ones((cell, cell), np.uint8))[::cell, ::cell]
        crest = float(np.median(crests[crests > 0.4 * crests.max()]))
        found[number] = (
            crest >= 6 * grain and across <= _HAIR_MM and across <= (_HAIR_BROAD_MM + _SAMPLED_PX / px) * crest
        )
    return found if int(found.sum()) <= 2 else np.zeros_like(found)


def reach(marks: Components, level: Pixels, least: float) -> Bools:
    """Which marks are that dark somewhere."""
    found = np.zeros(len(marks.area), np.bool_)
    found[marks.labels[level >= least]] = True
    found[0] = False
    return found


class Groups(NamedTuple):
    """Marks that lie within about 2 mm of one another. ``cells``: of the picture with pixels of four by four.

    The arrays are by the group's number. ``marks``: how many; ``weight_mm2``: their ink, as mm² of full black;
    ``peak``: contrast of the darkest pixel.
    """

    cells: Components
    marks: ink.Ints
    weight_mm2: Floats
    peak: Pixels


def grouped(level: Pixels, mm: float, marks: Components | None = None, kept: Bools | None = None) -> Groups:
    """Groups of what is not 0. ``level``: contrast, 0–255; ``kept``: which of ``marks`` are in it, to be counted."""
    height, width = (side // _CELL * _CELL for side in level.shape)
    whole = level[:height, :width]
    peak = cv2.dilate(whole, np.ones((_CELL, _CELL), np.uint8), anchor=(0, 0))[::_CELL, ::_CELL]
    size = max(1, round(2 * mm / _CELL)) | 1
    cells = ink.components(cv2.dilate((peak > 0).view(np.uint8), np.ones((size, size), np.uint8)))
    numbers = cells.labels.ravel()
    highest = np.zeros(len(cells.area), np.uint8)
    there = np.flatnonzero(peak)
    np.maximum.at(highest, numbers[there], peak.ravel()[there])
    count = np.zeros(len(cells.area), np.int32)
    if marks is not None and kept is not None:
        count = np.bincount(_group_of(cells, marks)[kept], minlength=len(cells.area)).astype(np.int32)
        count[0] = 0
    return Groups(cells, count, weights_mm2(cells, whole, mm), highest)


def weights_mm2(cells: Components, level: Pixels, mm: float) -> Floats:
    """The ink of a picture by the group that it lies in, mm² of full black. ``cells``: of :class:`Groups`."""
    high, wide = cells.labels.shape
    whole = level[: high * _CELL, : wide * _CELL].astype(np.float32)
    mean = cv2.resize(whole, (wide, high), interpolation=cv2.INTER_AREA)
    weight = np.bincount(cells.labels.ravel(), mean.ravel(), len(cells.area))
    return np.asarray(weight * (_CELL / mm) ** 2 / 255)


def lonely(marks: Components, level: Pixels, kept: Bools, mm: float) -> Bools:
    """Which of these marks have no other of them near."""
    strokes = np.asarray(marks.painted(np.where(kept, 255, 0).astype(np.uint8)), dtype=np.uint8)
    groups = grouped(np.asarray(cv2.bitwise_and(level, strokes), dtype=np.uint8), mm, marks, kept)
    group = _group_of(groups.cells, marks)
    return np.asarray(kept & (group > 0) & (groups.marks[group] <= 1), dtype=np.bool_)


def _group_of(cells: Components, marks: Components) -> ink.Ints:
    """The group that each mark is in, by its first pixel: the middle of a curve's box is not on the curve."""
    there = np.flatnonzero(marks.labels)
    numbers, first = np.unique(marks.labels.ravel()[there], return_index=True)
    down, across = np.divmod(there[first], marks.labels.shape[1])
    group = np.zeros(len(marks.area), np.int32)
    high, wide = cells.labels.shape
    group[numbers] = cells.labels[np.minimum(down // _CELL, high - 1), np.minimum(across // _CELL, wide - 1)]
    return group


def spread(groups: Groups, chosen: Bools, shape: tuple[int, int]) -> Pixels:
    """255 where the chosen groups are, in the pixels that they were made of."""
    small = groups.cells.painted(np.where(chosen, 255, 0).astype(np.uint8))
    large = np.zeros(shape, np.uint8)
    wide, high = small.shape[1] * _CELL, small.shape[0] * _CELL
    large[:high, :wide] = cv2.resize(small, (wide, high), interpolation=cv2.INTER_NEAREST)
    return large


def of_marks(found: Bools) -> Bools:
    found = np.asarray(found, dtype=np.bool_)
    found[0] = False
    return found


def without_specks(level: Pixels, edge: float, least: float, mm: float) -> Pixels:
    """The picture less specks that are dark by themselves: they must not make the pale print that they lie on dark.

    Only round ones that lie on something longer than a digit: the core of a thin digit is a speck as well.
    """
    if np.count_nonzero(level >= edge) < 60 * mm * mm:
        return level
    marks = ink.components((level >= least).view(np.uint8))
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    disc = (other >= 0.7 * side) & (marks.area >= 0.65 * side * other)
    specks = dust(marks, mm) & (disc | (side <= mm))
    if not specks.any():
        return level
    around = ink.components((level >= edge).view(np.uint8))
    long = np.maximum(around.width, around.height) >= 5 * mm
    under = around.labels[marks.top + marks.height // 2, marks.left + marks.width // 2]
    specks &= long[under] & (under > 0)
    # Writing is dark in many places; a grain that is no disc for so few pixels lies alone.
    specks &= disc | (np.bincount(under, minlength=len(around.area))[under] <= 2)
    mask = np.asarray(marks.painted(np.where(specks, 255, 0).astype(np.uint8)), dtype=np.uint8)
    return np.asarray(cv2.subtract(level, cv2.dilate(mask, np.ones((3, 3), np.uint8))), dtype=np.uint8)
