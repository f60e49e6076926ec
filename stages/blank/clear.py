"""Marks on a side that are as dark as ink, and what of them scanner, paper and binding left. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import brown, litter, staples, straight
from stages.survey import Survey

Doubt = Literal["dark_paper", "dust", "streak", "small", "line", "staple", "hair", "faint", "pale", "sight"]

LINE = 95
"""A straight line that is darker than this was drawn or printed."""
_HAIR_MM, HAIR_LONG_MM = 0.14, 18.0
"""A single curve with less ink than this across it, and no longer, may be a hair; a pen leaves 0.15 mm of full black."""
SURELY = 0.0003
"""More ink than this, and nobody asks what is pale besides: 19 mm² on A4."""


class Clear(NamedTuple):
    """Marks as dark as ink.

    By number: ``counted`` are ink, ``specks`` dust, ``grains`` dust on something paler, ``left_out`` what scanner and
    binding left, among them ``rims`` and ``hairs``.
    """

    marks: ink.Components
    counted: ink.Bools
    specks: ink.Bools
    grains: ink.Bools
    left_out: ink.Bools
    rims: ink.Bools
    hairs: ink.Bools
    doubts: dict[Doubt, ink.Bools]
    wires: tuple[staples.Wire, ...]

    @property
    def known(self) -> ink.Bools:
        """Left out, or a doubt already."""
        return np.asarray(np.any([self.left_out, *self.doubts.values()], axis=0), dtype=np.bool_)


def measured(
    seen: Survey, level: Pixels, edge: float, least: float, mm: float, full_grey: Callable[[], Pixels] | None
) -> Clear:
    level = litter.without_specks(level, edge, least, mm)
    mask = straight.without_streaks((level >= edge).view(np.uint8) * np.uint8(255), mm)
    marks = ink.components(mask)
    clear = litter.reach(marks, level, least)
    if clear.any() and np.count_nonzero(level >= max(LINE, least)) < SURELY * level.size:
        # Little is dark: printed lines that writing would hang together with may go first.
        marks = unruled(marks, mask, level, mm)
        clear = litter.reach(marks, level, least)
    specks = litter.dust(marks, mm)
    run_off = litter.run_off(marks, seen.dpi) & litter.reach(marks, level, max(LINE, least))
    rims = litter.rims(marks, seen.dpi) & ~run_off
    left_out = rims | litter.holes(marks, level, seen.dpi) | litter.bands(marks, mm)
    stapled = staples.staples(marks, level, seen.small, seen.paper, seen.dpi)
    left_out |= stapled.pricks
    left_out |= brown.rust(marks, seen.small, seen.paper, seen.dpi)
    left_out |= straight.corner_folds(marks, ~litter.reach(marks, level, LINE), mm)
    pale_lines = straight.lines(marks, mm) & ~litter.reach(marks, level, LINE)
    left_out |= straight.long_lines(marks, pale_lines, mm)
    left_out |= straight.creases(marks, seen.small, clear & ~(left_out | specks) & is_long(marks, mm), mm)
    rest = clear & ~(left_out | specks)
    wires = [(wire, list(numbers)) for wire, numbers in stapled.wires if not left_out[list(numbers)].all()]
    wire_marks = np.zeros_like(rest)
    wire_marks[[number for _, numbers in wires for number in numbers]] = True
    rest &= ~wire_marks
    grains = litter.grains(marks, level, rest, mm)
    rest &= ~grains
    hairs = rest & hair_like(marks, level, mm)
    surely = surely_hairs(marks, hairs, full_grey, mm)
    left_out |= surely
    rest &= ~surely
    doubts: dict[Doubt, ink.Bools] = {
        "streak": rest & straight.broken_streaks(marks, mm),
        "small": rest & litter.small(marks, mm),
        "line": rest & (pale_lines | run_off),
        "staple": wire_marks,
        "hair": rest & hairs,
    }
    for there in doubts.values():
        rest = rest & ~there
    return Clear(marks, rest, specks & clear, grains, left_out, rims, surely, doubts, tuple(wire for wire, _ in wires))


def unruled(marks: ink.Components, mask: Pixels, level: Pixels, mm: float, *, single: bool = False) -> ink.Components:
    """The marks of a mask without long straight lines; as they are where none is long enough to hold one."""
    if not (np.maximum(marks.width, marks.height)[1:] >= (8 if single else 20) * mm).any():
        return marks
    left = straight.without_ruling(mask, level, mm, single=single)
    return marks if left is mask else ink.components(left)


def is_long(marks: ink.Components, mm: float) -> ink.Bools:
    return np.asarray(np.maximum(marks.width, marks.height) >= 4 * mm, dtype=np.bool_)


def hair_like(marks: ink.Components, level: Pixels, mm: float) -> ink.Bools:
    """Single thin curves: a hair, a thread, or a tick in pencil; who can tell."""
    found = np.zeros(len(marks.area), np.bool_)
    long = np.hypot(marks.width, marks.height)
    thin = (long >= 2.8 * mm) & (long <= HAIR_LONG_MM * mm) & (marks.area <= 0.7 * mm * long)
    thin[0] = False
    for number in np.flatnonzero(thin)[:20]:
        window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
        ink_px = float(level[window][marks.labels[window] == number].sum()) / 255
        found[number] = ink_px <= _HAIR_MM * mm * float(long[number])
    return found if int(found.sum()) <= 2 else np.zeros_like(found)


def surely_hairs(
    marks: ink.Components, candidates: ink.Bools, full_grey: Callable[[], Pixels] | None, mm: float
) -> ink.Bools:
    if full_grey is None or not candidates.any():
        return np.zeros_like(candidates)
    return litter.thin(marks, candidates, full_grey(), mm)


def painted(marks: ink.Components, chosen: ink.Bools) -> Pixels:
    """255 where these marks are."""
    return np.asarray(marks.painted(np.where(chosen, 255, 0).astype(np.uint8)), dtype=np.uint8)
