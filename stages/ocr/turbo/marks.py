"""Connected marks of a cleaned page: print, ruled lines, dirt and strokes of a pen. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.ink import MM_PER_INCH, Components, components
from stages.ocr.turbo.combs import find_combs
from stages.ocr.turbo.dotted import dotted
from stages.ocr.turbo.prepare import above
from stages.ocr.turbo.windows import Window, bands, scaled, wider

Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Mask = NDArray[np.uint8]
Ints = NDArray[np.int64]

_INK_FROM, _INK_TO = 150, 190
"""Where the level that divides ink from paper may lie on a cleaned page."""
_INK_SHARE = 0.36
"""Ink is what is darker than this share of the way from the paper to the darkest print near it."""
_BLACK, _FEW_BLACK, _MUCH_BLACK = 170, 0.0005, 0.01
"""A page with a smaller share of pixels darker than this has no black print; dust and a worn edge make as many.

With more than the last share it surely has."""
_PALE, _MUCH_PALE = 236, 0.01
"""It is pale print where so many pixels are at least that dark; show-through is paler, or stands behind black print."""
_GRAIN, _PRINT_GRAINS = (0.16, 0.5), 4.0
"""Between these shares of the pixels lies one deviation of the paper's grain; pale print is so many below the paper."""
_PALEST_SHARE = 0.005
"""Share of the pixels that are taken for the blackest print of a pale page."""
_NEAR_MM = 6.0
PALEST, _NEAR_PALE_MM = 225, 2.0
"""The same in lines whose print is pale in places."""
_RULE_LEVEL = 215
"""Hair lines are pale; noise makes no long straight strokes."""
_RULE_MM = 7.0
"""A straight stroke this long is a rule: only in the largest titles are there letters as wide or as high."""
_RULE_THICK_MM = 1.2
_TITLE_MM, _TITLE_FILL, _TITLE_LETTERS = (6.5, 22.0), 0.2, 4
"""Letters of titles that are as high as short rules are long, how full they are, and how many stand in a row."""
_PEN_SHARE = 0.5
"""A mark with this share of coloured pixels was not printed; black ink under a seal has few."""
_PICTURE_MM = 12.0
"""Smallest side of a picture; no title is so high."""
_PICTURE_SHARE = 0.3
_BESIDE_PICTURE_MM = 0.8
"""Parts of a picture lie nearer to each other, its caption farther."""
_BOX_SIDE = 0.9
"""Share of each side of a box that has ink; a ``D`` has less on its right, an ``O`` on all."""
_X_HEIGHT_MM = (0.9, 9.0)
"""From 6 to 60 points."""


@dataclass(frozen=True)
class Rules:
    """Masks (0 or 255) of ruled lines, at working scale."""

    across: Mask
    down: Mask


@dataclass(frozen=True)
class Marks:
    """``parts``: connected marks of the page without its rules. ``x_height``: of most of its print, in pixels."""

    parts: Components
    ink: Mask
    """A mask (0 or 255) of all marks."""
    rules: Rules
    ruled: Mask
    x_height: float
    letter: Bools
    """Marks that can be the body of a letter, or several that touch."""
    small: Bools
    """Dots, accents, dashes."""
    penned: Bools
    """Coloured ink that cleaning did not take away."""
    picture: Bools
    """Parts of photographs and codes, boxes to be ticked, and the dots of leaders and rules."""

    def painted(self, value: NDArray[Any], window: Window = (slice(None), slice(None))) -> NDArray[Any]:
        """A picture of the page, or of a window, where each mark has the value of its number, like 255 for a letter."""
        labels = self.parts.labels[window]
        if labels.dtype != np.uint16:
            return np.asarray(value[labels])
        table = np.zeros(1 << 16, value.dtype)
        table[: value.size] = value
        return np.asarray(cv2.LUT(labels, table))


def below(grey: Pixels, level: int) -> Mask:
    """A mask (0 or 255) of what is darker than a level."""
    return np.asarray(cv2.threshold(grey, level - 1, 255, cv2.THRESH_BINARY_INV)[1], dtype=np.uint8)


def find_ink(grey: Pixels, dpi: float, faint: Mask | None = None) -> Mask:
    """A mask (0 or 255) of the ink of a cleaned page: faint print beside black print is ink too.

    ``faint``: where print may be paler than elsewhere (see :mod:`stages.ocr.turbo.faint`).
    """
    level = _ink_level(grey, dpi, _NEAR_MM, _INK_TO)
    if faint is not None:
        level = np.asarray(cv2.copyTo(np.maximum(level, pale_level(grey, dpi)), faint, level), dtype=np.uint8)
    return np.asarray(cv2.compare(grey, level, cv2.CMP_LT), dtype=np.uint8)


def pale_level(grey: Pixels, dpi: float) -> Pixels:
    """The level that divides pale print from the paper, by the print close by."""
    return _ink_level(grey, dpi, _NEAR_PALE_MM, PALEST)


def _ink_level(grey: Pixels, dpi: float, near_mm: float, most: int) -> Pixels:
    darkest = cv2.erode(grey, np.ones((4, 4), np.uint8))[::4, ::4]
    near = round(near_mm * dpi / MM_PER_INCH / 4) | 1
    darkest = cv2.blur(cv2.erode(darkest, np.ones((near, near), np.uint8)), (near, near))
    level = cv2.addWeighted(darkest, _INK_SHARE, darkest, 0, (1 - _INK_SHARE) * 255)
    return np.asarray(cv2.resize(np.clip(level, _INK_FROM, most), grey.shape[::-1]), dtype=np.uint8)


def darkened(grey: Pixels) -> Pixels:
    """The page, or, where all of its print is pale (a worn ribbon, a third carbon copy), the page with black print."""
    if cv2.countNonZero(below(np.ascontiguousarray(grey[::4, ::4]), _BLACK)) * 16 > _MUCH_BLACK * grey.size:
        return grey
    height, width = (max(1, side // 2) for side in grey.shape)
    # Averaged, because the grain of a scan has pixels as black as print.
    half = np.asarray(cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    some = np.ascontiguousarray(half[::2, ::2])
    black, pale = (cv2.countNonZero(below(some, level)) / some.size for level in (_BLACK, _PALE))
    if black > _FEW_BLACK or pale < _MUCH_PALE:
        return grey
    counts = np.cumsum(np.bincount(some.ravel(), minlength=256))
    blackest, light, paper = (int(np.searchsorted(counts, share * some.size)) for share in (_PALEST_SHARE, *_GRAIN))
    if paper - blackest < _PRINT_GRAINS * (paper - light):
        return grey
    return np.asarray(cv2.LUT(grey, _stretch(blackest)), dtype=np.uint8)


def _stretch(blackest: int) -> Pixels:
    """Table that makes a level black and leaves white as it is."""
    level = np.arange(256)
    return np.clip((level - blackest) * 255 // max(1, 255 - blackest), 0, 255).astype(np.uint8)


def find_rules(grey: Pixels, ink: Mask, dpi: float) -> Rules:
    """Ruled lines of a cleaned page. ``ink``: its mask.

    Pale rules across have to be longer than a word, because the serifs of blurred bold print join to one pale stroke.
    """
    length = max(8, round(_RULE_MM * dpi / MM_PER_INCH))
    thick = max(3, round(_RULE_THICK_MM * dpi / MM_PER_INCH))
    pale = below(grey, _RULE_LEVEL)
    rules = Rules(np.zeros(ink.shape, np.uint8), np.zeros(ink.shape, np.uint8))
    _add_straight(rules.across, ink, length, thick)
    _add_straight(rules.across, pale, 2 * length, thick)
    _add_straight(rules.down, pale, length, thick, down=True)
    return rules


def _without_stems(rules: Rules, ink: Mask, dpi: float) -> None:
    """Take the stems and bars of a large title's letters out of the masks of rules."""
    if not cv2.countNonZero(rules.down):
        return
    height, width = (side // 4 * 4 for side in ink.shape)
    small = (
        ink[0:height:4, 0:width:4]
        | ink[2:height:4, 2:width:4]
        | ink[0:height:4, 2:width:4]
        | ink[2:height:4, 0:width:4]
    )
    whole = components(small)
    mm = dpi / 4 / MM_PER_INCH
    least, most = (side * mm for side in _TITLE_MM)
    letter = (whole.height > least) & (whole.height < most) & (whole.width < 1.6 * whole.height)
    letter &= (whole.width > 0.1 * whole.height) & (whole.area > _TITLE_FILL * whole.width * whole.height)
    letter[0] = False
    at = np.flatnonzero(letter)
    # A row of them: a lone one may be a box, or a part of a drawing.
    foot, size = whole.bottom[at], whole.height[at]
    alike = (np.abs(foot[:, None] - foot) < 0.15 * size) & (np.abs(size[:, None] - size) < 0.3 * size)
    for mark in at[alike.sum(axis=1) >= _TITLE_LETTERS]:
        left, top, right, bottom = (4 * int(side[mark]) for side in (whole.left, whole.top, whole.right, whole.bottom))
        for mask in (rules.across, rules.down):
            mask[max(0, top - 4) : bottom + 4, max(0, left - 4) : right + 4] = 0


def _add_straight(strokes: Mask, ink: Mask, length: int, thick: int, *, down: bool = False) -> None:
    """Add the long thin strokes of ``ink`` to a mask. Opening finds them; what is thick is a filled area and stays print."""
    # A stroke is one in every fourth row or column too: few rows or columns have any, and only those are looked at.
    some, steps = np.ascontiguousarray(ink[::4] if down else ink[:, ::4]), max(1, length // 4)
    shape = (1, steps) if down else (steps, 1)
    hits = np.asarray(cv2.erode(some, cv2.getStructuringElement(cv2.MORPH_RECT, shape)), dtype=np.uint8)
    for rows, columns in bands(hits, 2 * (thick + 1), down=down):
        if down:
            here = wider((slice(4 * rows.start, 4 * rows.stop), columns), length, thick + 1)
        else:
            here = wider((rows, slice(4 * columns.start, 4 * columns.stop)), thick + 1, length)
        found = _opened(ink[here], (1, length) if down else (length, 1))
        if cv2.countNonZero(found):
            filled = _opened(found, (thick, 1) if down else (1, thick))
            strokes[here] |= np.asarray(cv2.subtract(found, filled), dtype=np.uint8)


def _opened(ink: Mask, size: tuple[int, int]) -> Mask:
    """Where a rectangle fits into the ink. OpenCV's own opening takes what lies beyond the edge for ink."""
    shape = cv2.getStructuringElement(cv2.MORPH_RECT, size)
    core = cv2.erode(ink, shape, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(cv2.dilate(core, shape), dtype=np.uint8)


def find_marks(grey: Pixels, dpi: float, pen: Mask | None = None, faint: Mask | None = None) -> Marks:
    """The marks of a cleaned page and what each can be. ``pen``: mask of coloured ink, at any scale.

    ``faint``: where print may be pale, see :func:`find_ink`.
    """
    grey = darkened(grey)
    ink = find_ink(grey, dpi, faint)
    rules = find_rules(grey, ink, dpi)
    _without_stems(rules, ink, dpi)
    combs = find_combs(ink, rules.across, rules.down, dpi)
    ruled = _ruled(rules, combs)
    if cv2.countNonZero(ruled):
        ink = np.asarray(cv2.subtract(ink, cv2.dilate(ruled, np.ones((3, 3), np.uint8))), dtype=np.uint8)
    parts = components(ink)
    low, high = (side * dpi / MM_PER_INCH for side in _X_HEIGHT_MM)
    dots = dotted(parts, dpi, rules.across, rules.down)
    if dots.any():
        ruled = _ruled(rules, combs)
        _erase(ink, parts, dots)
    area = _picture_area(ink, dpi)
    picture = _in_pictures(parts, area, dpi)
    if area is not None:
        _without_rules(rules, ruled, area)
    x_height = usual_height(parts, ~picture, low, high)
    picture |= _boxes(parts, x_height) | dots
    width, height = parts.width.astype(float), parts.height.astype(float)
    fill = parts.area / np.maximum(1.0, width * height)
    letter = (height >= 0.55 * x_height) & (height <= 3.4 * x_height) & (width <= 25 * x_height)
    # The strokes of a signature are thin, wide and mostly empty; touching print fills a quarter of its box.
    # A filled thing of two x-heights each way is a punched hole, not a bold letter.
    letter &= ~((fill > 0.62) & (np.minimum(width, height) > 1.6 * x_height))
    letter &= ~((fill < 0.16) & (width > 2.5 * x_height)) & (parts.area > 0.12 * x_height**2)
    small = ~letter & (height < 1.6 * x_height) & (width < 2.5 * x_height) & (parts.area >= max(3, 0.015 * x_height**2))
    letter &= ~((height > 1.9 * x_height) & (width < 0.3 * x_height))  # a stub of a worn rule
    penned = _penned(parts, pen)
    letter &= ~penned & ~picture
    small &= ~penned & ~picture
    letter[0] = small[0] = False
    return Marks(parts, ink, rules, np.asarray(ruled, dtype=np.uint8), x_height, letter, small, penned, picture)


def _ruled(rules: Rules, combs: Mask | None) -> Mask:
    """A mask of all rules, and of the walls between boxes for one character each."""
    ruled = cv2.bitwise_or(rules.across, rules.down)
    return np.asarray(ruled if combs is None else cv2.bitwise_or(ruled, combs), dtype=np.uint8)


def _erase(ink: Mask, parts: Components, these: Bools) -> None:
    """Take small marks out of a mask."""
    for mark in np.flatnonzero(these):
        left, top, right, bottom = parts.left[mark], parts.top[mark], parts.right[mark], parts.bottom[mark]
        ink[top:bottom, left:right] = 0


def _penned(parts: Components, pen: Mask | None) -> Bools:
    """Marks that are mostly coloured ink: what cleaning left of a seal, a signature, a number by hand."""
    count = len(parts.area)
    if pen is None or not cv2.countNonZero(pen):
        return np.zeros(count, bool)
    scale = round(4 * parts.labels.shape[0] / pen.shape[0]) / 4
    coloured = np.zeros(count, np.int64)
    for found in bands(pen, 32):
        # Begins where pixels of both scales do: at quarters or halves.
        window = slice(found[0].start & ~3, found[0].stop), slice(found[1].start & ~3, found[1].stop)
        labels = parts.labels[scaled(window, scale)]
        where = cv2.resize(pen[window], labels.shape[::-1], interpolation=cv2.INTER_NEAREST)
        coloured += np.bincount(labels[np.asarray(where) > 0], minlength=count)
    return np.asarray(coloured > _PEN_SHARE * parts.area, dtype=bool)


def usual_height(parts: Components, these: Bools, low: float, high: float) -> float:
    """The height of most of these letters: the lowest peak that is not far below the highest.

    Higher peaks belong to capitals and to letters with accents that touch them.
    """
    like = these & (parts.height >= low) & (parts.height <= high) & (parts.width <= 3 * parts.height)
    like &= (parts.width * 4 >= parts.height) & (parts.area * 5 >= parts.width * parts.height)
    like[0] = False
    if not like.any():
        return 2.2 * low
    # By width, because the accents of larger print are as many as its letters, and narrow.
    counts = np.bincount(parts.height[like], parts.width[like], int(high) + 2)
    smooth = np.convolve(counts, [1.0, 2.0, 1.0], "same")
    peak = (smooth >= np.roll(smooth, 1)) & (smooth >= np.roll(smooth, -1)) & (smooth >= 0.4 * smooth.max())
    return float(np.flatnonzero(peak)[0])


def _picture_area(ink: Mask, dpi: float) -> Mask | None:
    """Where ink fills a third of an area that no letter has, at a coarse scale: photographs, square codes and the like."""
    step = _picture_step(dpi)
    size = (max(1, ink.shape[1] // step), max(1, ink.shape[0] // step))
    whole = ink[: size[1] * step, : size[0] * step]
    filled = cv2.blur(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), (4, 4))
    area = cv2.morphologyEx(above(filled, round(255 * _PICTURE_SHARE)), cv2.MORPH_OPEN, np.ones((8, 8), np.uint8))
    return np.asarray(area, dtype=np.uint8) if cv2.countNonZero(area) else None


def _picture_step(dpi: float) -> int:
    return max(1, round(_PICTURE_MM / 8 * dpi / MM_PER_INCH))


def _in_pictures(parts: Components, area: Mask | None, dpi: float) -> Bools:
    """Marks of pictures: those in their area, and around it what hangs together with them, but not print beside them."""
    if area is None:
        return np.zeros(len(parts.area), bool)
    step = _picture_step(dpi)
    row = np.minimum((parts.top + parts.height / 2) / step, area.shape[0] - 1).astype(int)
    column = np.minimum((parts.left + parts.width / 2) / step, area.shape[1] - 1).astype(int)
    found = np.asarray(area[row, column] > 0)
    around = np.asarray(cv2.dilate(area, np.ones((5, 5), np.uint8))[row, column] > 0) & ~found
    reach = 2 * round(_BESIDE_PICTURE_MM * dpi / MM_PER_INCH) + 1
    for _ in range(2 if around.any() else 0):
        found[0] = False
        grown = cv2.dilate(parts.painted(np.where(found, 255, 0).astype(np.uint8)), np.ones((reach, reach), np.uint8))
        touched = np.zeros(len(found), bool)
        touched[parts.labels[np.asarray(grown) > 0]] = True
        found |= around & touched
    return found


def _without_rules(rules: Rules, ruled: Mask, area: Mask) -> None:
    """Take the edges of what a picture shows out of the masks of rules: they would be walls between letters."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(area)
    down, across = ruled.shape[0] / area.shape[0], ruled.shape[1] / area.shape[1]
    for left, top, width, height, _ in stats[1:count]:
        here = (
            slice(round(top * down), round((top + height) * down)),
            slice(round(left * across), round((left + width) * across)),
        )
        for mask in (rules.across, rules.down):
            mask[here] = 0


def _boxes(parts: Components, x_height: float) -> Bools:
    """Marks that are empty squares to be ticked: ink along all four sides."""
    found = np.zeros(len(parts.area), bool)
    size = np.maximum(parts.width, parts.height)
    like = (np.abs(parts.width - parts.height) < 0.25 * size) & (size > x_height) & (size < 4 * x_height)
    like &= parts.area < 0.6 * parts.width * parts.height
    like[0] = False
    for side in (parts.left + 1, parts.right - 2):
        for end in (parts.top + 1, parts.bottom - 2):
            at = np.flatnonzero(like)
            like[at] = parts.labels[end[at], side[at]] == at
    deep = max(2, round(0.15 * x_height))
    for mark in np.flatnonzero(like):
        left, top, right, bottom = (int(edge[mark]) for edge in (parts.left, parts.top, parts.right, parts.bottom))
        own = parts.labels[top:bottom, left:right] == mark
        sides = own[:deep].any(0), own[-deep:].any(0), own[:, :deep].any(1), own[:, -deep:].any(1)
        found[mark] = min(float(side.mean()) for side in sides) > _BOX_SIDE
    return found
