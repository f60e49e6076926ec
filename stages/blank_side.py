"""blank_side (page): is there anything on this side? A measure, never a deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import cv2
import numpy as np

from models.base import Sha256
from models.facts import Fact
from models.ports import Pixels
from models.settings import BlankSettings
from models.stage import Inputs, Ports, Scope, Stage
from stages import ink
from stages.blank import brown, grain, litter, show_through, staples, straight
from stages.count import Counted
from stages.decode import Decoded
from stages.survey import Survey, survey

Verdict = Literal["blank", "ink", "unsure"]
Doubt = Literal["dark_paper", "dust", "streak", "small", "line", "staple", "hair", "faint", "pale"]

_CLEAR = 66
"""A mark is ink if it is this dark somewhere (contrast, of 255): pencil is, print that shines through from the back is not."""
_CLEAR_EDGE = 36
"""How far such a mark reaches."""
_PALE = 8
"""Contrast from which a pixel belongs to a pale mark, on quiet paper."""
_DOUBTFUL = 18
"""A pale mark counts if it is this dark somewhere: a person begins to see it."""
_LINE = 95
"""A straight line that is darker than this was drawn or printed."""
_DRAWN, _DRAWN_MM = 48, 30.0
"""One that is no longer and as dark as this may have been: the edges of folds and tape are paler, or longer."""
_HAIR_MM, _HAIR_LONG_MM = 0.14, 18.0
"""A single curve with less ink than this across it, and no longer, may be a hair; a pen leaves 0.15 mm of full black."""
_PALE_MM2, _LEAST_MM2 = 0.3, 0.1
"""Ink in a group of pale marks from which it is a doubt, in mm² of full black; a pale word has 2. And what no digit is without."""
_FIRM, _BROAD_PALE_MM2 = 1.2, 0.7
"""Or if there is more of it, when hardly darker than where marks begin."""
_SEVERAL, _MANY, _EVERYWHERE = 3, 6, 0.2
"""Marks in such a group; specks in a group that are more than dust; and the share of the page that no such group covers."""
_NOISE_FACTOR = 4.0
"""Standard deviations of the grain from which a pixel belongs to a mark."""
_SURELY = 0.0003
"""More ink than this, and nobody asks what is pale besides: 19 mm² on A4."""
_PRINT, _PRINTED, _PRINTED_MARKS = 120, 0.004, 40
"""A side with so many marks as dark as this, on so much of its area, is printed or written on."""
_SPOT = 34
"""Mould and rust are paler than this, or brown and at the edge."""
_DIGIT_MM, _DIGITS = 1.6, 3
"""A stroke that is darker and as tall as this is a doubt however little ink it has: the digit 1. Fibres are more, and alike."""
_GRAIN, _CELLS, _CELL_PEAK = 4.0, 3, 9.0
"""Grain that hides single pale strokes; how many cells of 2 mm together must then stand out of it; and by how much one of them."""
_LINE_CELLS, _LINE_PEAK = 8, 11.0
"""A row of so many such cells, one thick, that stand out no more than this is a fold or an edge of tape; writing is higher."""
_MOST_DUST = 0.0005
"""More of the page than this is not dust: 30 mm² on A4."""
_DARK_PAPER = 90
"""Paper darker than this is no paper: lid open, or black."""


class BlankMeasured(Fact):
    """``ink``: share of the page area that is ink, 0–1, borders, holes and dust left out.

    ``doubts``: why it is not blank although nothing on it counts as ink, see :class:`InkMeasure`.
    ``marks``: blob, a small picture of what stands on the side (:mod:`stages.blank.show_through`), where backs were scanned.
    ``wires``: what the doubt ``staple`` is about, in pixels of that picture.
    """

    verdict: Verdict
    ink: float
    doubts: tuple[Doubt, ...] = ()
    marks: Sha256 | None = None
    wires: tuple[staples.Wire, ...] = ()

    def blobs(self) -> tuple[str, ...]:
        return (self.marks,) if self.marks else ()


class InkMeasure(NamedTuple):
    """``share``: see :class:`BlankMeasured`. ``doubts``: what is there that is not counted as ink.

    ``pale``: marks no darker than what shines through from the other side can be. ``faint``: something stands out of
    a grain that hides single strokes. ``streak``: a straight line over most of the page that does end on it; ``line``:
    a shorter one. ``staple``: a staple's crown or legs, which look like a line or dashes in black ink. ``hair``: a single
    thin curve; ``small``: a mark between a fibre and a digit. ``dust``: more specks than dust. ``dark_paper``: the lid
    was open, or it is black.
    ``pale_marks``: 255 where the pale doubts stand, None without any; ``wires``: the staples; in the survey's pixels.
    """

    share: float
    doubts: tuple[Doubt, ...] = ()
    pale_marks: Pixels | None = None
    wires: tuple[staples.Wire, ...] = ()


def measure(seen: Survey, full_grey: Callable[[], Pixels] | None = None) -> InkMeasure:
    """How much of a side is ink. ``full_grey``: the whole side's pixels, asked for only where there may be a hair.

    Left out: the scan's dark edges and folded corners, punch holes, streaks from edge to edge, specks of
    dust; and of pale marks also folds, edges of tape, ruled lines, blots, and patches too broad for strokes.
    """
    if float(np.median(seen.paper[::4, ::4])) < _DARK_PAPER:
        return InkMeasure(1.0, ("dark_paper",))
    mm = seen.dpi / ink.MM_PER_INCH
    level, noise = grain.smoothed(seen.contrast)
    middle = float(np.median(level[::4, ::4]))
    edge, least = middle + max(_CLEAR_EDGE, _NOISE_FACTOR * noise), middle + _CLEAR + 3 * noise
    plain = _plain_print(level, edge, least, seen.dpi)
    if plain is not None:
        return InkMeasure(plain)
    level = straight.evened(level, mm)
    found = _clear(seen, level, edge, least, mm, full_grey)
    share = float(found.marks.area[found.counted].sum()) / level.size
    doubts = [name for name, there in found.doubts.items() if there.any()]
    if found.marks.area[found.specks].sum() > _MOST_DUST * level.size:
        doubts.append("dust")
    pale = _Pale(None, hair=False)
    if share < _SURELY:
        pale = _pale(seen, level, found, max(_PALE, _NOISE_FACTOR * noise), mm, full_grey)
        if pale.marks is None and grain.noise(seen.contrast) > _GRAIN and _faint(seen, level, found, mm):
            doubts.append("faint")
    if pale.hair and "hair" not in doubts:
        doubts.append("hair")
    if pale.marks is not None:
        doubts.append("pale")
    return InkMeasure(share, tuple(doubts), pale.marks, found.wires)


def _plain_print(level: Pixels, edge: float, least: float, dpi: float) -> float | None:
    """The ink share of a side that is full of dark marks, as most are; None where a closer look is needed."""
    if np.count_nonzero(level >= least) < _PRINTED * level.size:
        return None
    marks = ink.components((level >= edge).view(np.uint8))
    dark = litter.reach(marks, level, max(_PRINT, least)) & ~ink.edge_dirt(marks, dpi)
    dark &= np.maximum(marks.width, marks.height) >= 1.6 * dpi / ink.MM_PER_INCH
    share = float(marks.area[dark].sum()) / level.size
    return share if share >= _PRINTED and np.count_nonzero(dark) >= _PRINTED_MARKS else None


class _Pale(NamedTuple):
    """``marks``: 255 where pale strokes stand, None where there are too few to matter. ``hair``: a pale hair is there."""

    marks: Pixels | None
    hair: bool


class _Clear(NamedTuple):
    """Marks as dark as ink.

    By number: ``counted`` are ink, ``specks`` dust, ``grains`` dust on something paler, ``left_out`` what scanner and
    binding left.
    """

    marks: ink.Components
    counted: ink.Bools
    specks: ink.Bools
    grains: ink.Bools
    left_out: ink.Bools
    doubts: dict[Doubt, ink.Bools]
    wires: tuple[staples.Wire, ...]

    @property
    def known(self) -> ink.Bools:
        """Left out, or a doubt already."""
        return np.asarray(np.any([self.left_out, *self.doubts.values()], axis=0), dtype=np.bool_)


def _clear(
    seen: Survey, level: Pixels, edge: float, least: float, mm: float, full_grey: Callable[[], Pixels] | None
) -> _Clear:
    level = litter.without_specks(level, edge, least, mm)
    mask = straight.without_streaks((level >= edge).view(np.uint8) * np.uint8(255), mm)
    marks = ink.components(mask)
    clear = litter.reach(marks, level, least)
    if clear.any() and np.count_nonzero(level >= max(_LINE, least)) < _SURELY * level.size:
        # Little is dark: printed lines that writing would hang together with may go first.
        marks = _unruled(marks, mask, level, mm)
        clear = litter.reach(marks, level, least)
    specks = litter.dust(marks, mm)
    run_off = litter.run_off(marks, seen.dpi) & litter.reach(marks, level, max(_LINE, least))
    left_out = (
        (litter.rims(marks, seen.dpi) & ~run_off) | litter.holes(marks, level, seen.dpi) | litter.bands(marks, mm)
    )
    stapled = staples.staples(marks, level, seen.small, seen.paper, seen.dpi)
    left_out |= stapled.pricks
    left_out |= brown.rust(marks, seen.small, seen.paper, seen.dpi)
    left_out |= straight.corner_folds(marks, ~litter.reach(marks, level, _LINE), mm)
    pale_lines = straight.lines(marks, mm) & ~litter.reach(marks, level, _LINE)
    left_out |= straight.long_lines(marks, pale_lines, mm)
    left_out |= straight.creases(marks, seen.small, clear & ~(left_out | specks) & _long(marks, mm), mm)
    rest = clear & ~(left_out | specks)
    wires = [(wire, list(numbers)) for wire, numbers in stapled.wires if not left_out[list(numbers)].all()]
    wire_marks = np.zeros_like(rest)
    wire_marks[[number for _, numbers in wires for number in numbers]] = True
    rest &= ~wire_marks
    grains = litter.grains(marks, level, rest, mm)
    rest &= ~grains
    hairs = rest & _hairs(marks, level, mm)
    surely = _surely_hairs(marks, hairs, full_grey, mm)
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
    return _Clear(marks, rest, specks & clear, grains, left_out, doubts, tuple(wire for wire, _ in wires))


def _unruled(marks: ink.Components, mask: Pixels, level: Pixels, mm: float, *, single: bool = False) -> ink.Components:
    """The marks of a mask without long straight lines; as they are where none is long enough to hold one."""
    if not (np.maximum(marks.width, marks.height)[1:] >= (8 if single else 20) * mm).any():
        return marks
    left = straight.without_ruling(mask, level, mm, single=single)
    return marks if left is mask else ink.components(left)


def _long(marks: ink.Components, mm: float) -> ink.Bools:
    return np.asarray(np.maximum(marks.width, marks.height) >= 4 * mm, dtype=np.bool_)


def _hairs(marks: ink.Components, level: Pixels, mm: float) -> ink.Bools:
    """Single thin curves: a hair, a thread, or a tick in pencil; who can tell."""
    found = np.zeros(len(marks.area), np.bool_)
    long = np.hypot(marks.width, marks.height)
    thin = (long >= 2.8 * mm) & (long <= _HAIR_LONG_MM * mm) & (marks.area <= 0.7 * mm * long)
    thin[0] = False
    for number in np.flatnonzero(thin)[:20]:
        window = (slice(marks.top[number], marks.bottom[number]), slice(marks.left[number], marks.right[number]))
        ink_px = float(level[window][marks.labels[window] == number].sum()) / 255
        found[number] = ink_px <= _HAIR_MM * mm * float(long[number])
    return found if int(found.sum()) <= 2 else np.zeros_like(found)


def _surely_hairs(
    marks: ink.Components, candidates: ink.Bools, full_grey: Callable[[], Pixels] | None, mm: float
) -> ink.Bools:
    if full_grey is None or not candidates.any():
        return np.zeros_like(candidates)
    return litter.thin(marks, candidates, full_grey(), mm)


def _pale(
    seen: Survey, level: Pixels, clear: _Clear, least: float, mm: float, full_grey: Callable[[], Pixels] | None
) -> _Pale:
    """Where pale strokes stand."""
    if clear.grains.any():
        level = litter.without_cores(level, clear.marks, clear.grains)
    fine = grain.strokes(level, mm)
    least += float(np.median(fine[::4, ::4]))
    if float(fine[fine >= least].sum()) < 255 * mm * mm * _LEAST_MM2:
        return _Pale(None, hair=False)
    mask = straight.without_streaks((fine >= least).view(np.uint8) * np.uint8(255), mm)
    marks = _unruled(ink.components(mask), mask, fine, mm, single=True)
    darker = max(_DOUBTFUL, 1.45 * least)
    long = np.hypot(marks.width, marks.height)
    dirt = litter.rims(marks, seen.dpi) | litter.bands(marks, mm) | litter.holes(marks, level, seen.dpi)
    dirt |= _undrawn(marks, level, mm) | straight.dashes(marks, mm)
    dirt |= litter.reach(marks, _painted(clear.marks, clear.known), 255)
    dirt |= straight.corner_folds(marks, ~litter.reach(marks, fine, _LINE), mm)
    dirt |= brown.rust(marks, seen.small, seen.paper, seen.dpi)
    # A speck explains what lies around it, not a stroke that fell into pieces no larger than specks.
    specks = _painted(clear.marks, clear.specks)
    dusty = litter.reach(marks, specks, 255)
    dirt |= litter.grains(marks, fine, dusty, mm) | (
        dusty & litter.single(marks, specks) & litter.fibre_long(marks, mm)
    )
    fine = np.asarray(cv2.subtract(fine, cv2.dilate(specks, np.ones((3, 3), np.uint8))), dtype=np.uint8)
    dirt |= straight.creases(marks, seen.small, litter.reach(marks, fine, _FIRM * least) & ~dirt & _long(marks, mm), mm)
    dirt[0] = True
    hairs = _hairs(marks, fine, mm) & litter.reach(marks, fine, darker) & ~dirt
    curves = (long >= 2.8 * mm) & (long <= _HAIR_LONG_MM * mm) & (marks.area <= 1.1 * mm * long)
    curves = hairs | (curves & litter.reach(marks, fine, darker) & ~dirt)
    if curves.any():
        curves &= litter.lonely(marks, fine, ~dirt, mm)
        surely = _surely_hairs(marks, curves, full_grey, mm)
        hairs &= curves & ~surely
        dirt |= hairs | surely
    dirt |= brown.stains(marks, level, seen.small, seen.paper, mm)
    small = litter.dust(marks, mm) | litter.spots(marks, mm)
    # A dark spot may be a digit whose grain was smoothed away.
    spot = darker if grain.noise(seen.contrast) > 2 * _GRAIN else max(_SPOT, darker)
    firm = small & ~litter.dust(marks, mm) & ~dirt & litter.reach(marks, fine, spot)
    firm &= ~litter.grains(marks, fine, firm, mm)
    firm |= _digits(marks, fine, ~small & ~dirt & litter.reach(marks, fine, spot), mm)
    # Strokes; and specks where many lie close together: dots of a printer, what is left of a stamp.
    for kept, fewest in (((~dirt & ~small) | firm, 1), (~dirt, _MANY)):
        if not (kept & litter.reach(marks, fine, _FIRM * least)).any():
            continue
        strokes = _painted(marks, kept)
        groups = litter.grouped(np.asarray(cv2.bitwise_and(fine, strokes), dtype=np.uint8), mm, marks, kept)
        doubtful = (groups.peak >= darker) & (groups.weight_mm2 >= _PALE_MM2)
        doubtful |= (groups.peak >= _FIRM * least) & (groups.weight_mm2 >= _BROAD_PALE_MM2) & (groups.marks >= _SEVERAL)
        doubtful &= groups.marks >= fewest
        if fewest > 1:
            # Grain of the paper or a printed ground is everywhere.
            doubtful &= groups.cells.area < _EVERYWHERE * groups.cells.labels.size
        doubtful[0] = False
        if doubtful.any() or firm.any():
            inside = cv2.bitwise_and(litter.spread(groups, doubtful, fine.shape), strokes)
            inside = cv2.bitwise_or(inside, _painted(marks, firm))
            return _Pale(np.asarray(inside, dtype=np.uint8), bool(hairs.any()))
    return _Pale(None, bool(hairs.any()))


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
    darkest = int(fine[_painted(marks, tall) > 0].max())
    tall &= litter.reach(marks, fine, 0.7 * darkest)
    return tall if int(tall.sum()) <= _DIGITS else np.zeros_like(tall)


def _painted(marks: ink.Components, chosen: ink.Bools) -> Pixels:
    """255 where these marks are."""
    return np.asarray(marks.painted(np.where(chosen, 255, 0).astype(np.uint8)), dtype=np.uint8)


def _faint(seen: Survey, level: Pixels, clear: _Clear, mm: float) -> bool:
    """Whether the mean of many cells of 2 mm stands out of a grain that hides single strokes: a pale seal, no brown stain."""
    dirt = _painted(clear.marks, clear.known | clear.specks)
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
    if not len(left) or not brown.is_told(seen.small, seen.paper):
        return bool(len(left))
    light, under = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (seen.small, seen.paper))
    missing = 1 - light / np.maximum(under, 1.0)
    missing -= np.median(missing, axis=(0, 1))
    # Of a few cells the colour is not so sure.
    slack = np.where(np.maximum(groups.width, groups.height) <= _CELLS, 0.07, 0.0)
    return not all(brown.is_brown(missing[groups.labels == n].mean(axis=0), float(slack[n])) for n in left)


def judge(found: InkMeasure, settings: BlankSettings) -> Verdict:
    """``ink`` from the upper threshold, ``blank`` below the lower one unless there is a doubt."""
    if found.share < settings.blank_below:
        return "unsure" if found.doubts else "blank"
    return "ink" if found.share >= settings.ink_above and found.share < 1.0 else "unsure"


def run(inputs: Inputs, ports: Ports) -> BlankMeasured:
    pixels = inputs.pixels()
    seen = pixels.once(survey)
    found = measure(seen, pixels.full_grey)
    verdict = judge(found, ports.settings.blank)
    counted = inputs.find(Counted, 0)
    marks = None
    if counted is not None and counted.duplex:
        marks = ports.blobs.put(show_through.packed(seen, found.pale_marks if verdict == "unsure" else None))
    return BlankMeasured(
        verdict=verdict,
        ink=round(found.share, 7),
        doubts=found.doubts,
        marks=marks,
        wires=tuple(wire.scaled(1 / show_through.shrink(seen)) for wire in found.wires),
    )


STAGE = Stage("blank_side", 5, Scope.PAGE, (Decoded, Counted), BlankMeasured, run)
