"""Finds a sticky note (giấy ghi chú) on a page: a plain, light, coloured, straight-edged patch of its usual size. Pure.

Letter 9318 asks for two scans of such a page, one with the note and one without it. A grey scan shows no note,
nor is a white note found. Index tabs are not looked for: they carry no text and hide a few letters at most.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Box
from models.ports import Pixels
from stages.ink import MM_PER_INCH
from stages.survey import Survey

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_COARSE = 4
"""The paper under the marks changes slowly: looked at every fourth pixel, about a millimetre."""
_FINE_DPI = 50.0
_TINT = 0.06
"""Colours are apart when a channel, as a share of the lightest one, differs by this much."""
_PLAIN_TINT = 0.10
_NOTE_TINT = 0.09
"""Notes are paler than print but never as pale as paper: white on pink paper is no note."""
_LIGHT = 0.72
"""Pads are light or fluorescent: in one channel at least they are nearly as light as paper."""
_SHORT_MM, _LONG_MM = (33.0, 116.0), (33.0, 160.0)
"""The smallest pad is 38 × 51 mm, the largest 102 × 152; the bottom pad's page may be stuck on half bent."""
_CUT_MM = (13.0, 30.0)
"""Least short and long side of what is seen of a note that hangs over the edge."""
_RATIO, _CUT_RATIO = 2.3, 6.0
_CARD_MM = (53.98, 85.6)
"""ISO/IEC 7810 ID-1, which no pad has: a card scanned with the page."""
_FULL, _CUT_FULL = 0.83, 0.7
"""Share of its rectangle that a note fills; one cut off by the picture's edge fills less."""
_PLAIN, _PLAIN_APART = 0.85, 0.075
"""Share of a note that shows its paper's colour, to that much; the rest is writing and shadow."""
_MOST_DRIFT, _PURE_DRIFT = 0.045, 0.012
"""The tint of one sheet of paper is the same all over it, however the light falls; a card's is not."""
_ALONE = 0.8
"""Share that a note has of the coloured region it lies in: less is a corner of a card or a picture."""
_WHITE = np.full(3, 255, np.float32)
_LEAST_MM2 = 350.0
_TRIED = 4


class Patch(NamedTuple):
    """``box``: around it, in pixels of the survey's pictures. ``colour``: BGR of its paper. Sides in mm.

    ``cut``: it reaches over the edge of the picture.
    """

    box: Box
    colour: tuple[int, int, int]
    short_mm: float
    long_mm: float
    cut: bool


class _Measured(NamedTuple):
    """What a coloured patch looks like. Shares are 0–1.

    ``full``: of its rectangle. ``plain``: of its own paper. ``inside``, ``outside``: how much of the note's colour
    there is beside its edge. ``framed``: of its edge that is a dark line. ``alone``: of the region of other colour
    than the sheet. ``card``: that region is as large as a card. ``ink_inside``, ``ink_outside``: black along both
    sides of the edge; ``crossing``: words that go across it.
    """

    short_mm: float
    long_mm: float
    cut: bool
    full: float
    plain: float
    inside: float
    outside: float
    framed: float
    alone: float
    card: bool
    drift: float
    ink_inside: float
    ink_outside: float
    crossing: int


def find(survey: Survey) -> Patch | None:
    """The largest note on the page, or None. Costs 1 ms where nothing is coloured."""
    patches = [patch for patch, measured in candidates(survey) if looks_like_note(measured)]
    return max(patches, key=lambda patch: patch.short_mm * patch.long_mm, default=None)


def looks_like_note(of: _Measured) -> bool:
    """Whether a coloured patch is a note by its shape, its plainness and its edge."""
    if of.cut:
        shaped = of.full >= _CUT_FULL and of.long_mm <= _CUT_RATIO * of.short_mm
    else:
        shaped = of.full >= _FULL and of.long_mm <= _RATIO * of.short_mm
    plain = of.plain >= _PLAIN and of.drift <= _MOST_DRIFT and of.framed < 0.7
    pure = of.drift <= _PURE_DRIFT or (of.alone >= _ALONE and not of.card)
    sharp = of.inside >= 0.7 and of.outside <= 0.35
    # Print goes on below highlighter, tape and printed colour; under a note it ends. One word may seem to go on.
    crossed = of.crossing > 1 or (of.crossing == 1 and of.ink_inside > 0.008)
    opaque = of.ink_inside <= 0.02 + 0.4 * of.ink_outside and not crossed
    return shaped and plain and pure and sharp and opaque


def _is_card(short_mm: float, long_mm: float) -> bool:
    """Whether it is a card, or what shows colour of one: as high as a card and no longer."""
    low, high = _CARD_MM[0] - 0.8, _CARD_MM[0] + 1.6
    return low < long_mm < high or (low < short_mm < high and long_mm < _CARD_MM[1] + 1.6)


def candidates(survey: Survey) -> list[tuple[Patch, _Measured]]:
    """Coloured patches of a note's size, largest first, and what they look like."""
    coarse = np.ascontiguousarray(survey.paper[_COARSE // 2 :: _COARSE, _COARSE // 2 :: _COARSE])
    mm = survey.dpi / MM_PER_INCH / _COARSE
    found: list[tuple[Patch, _Measured]] = []
    thin = np.ones((round(9 * mm), round(9 * mm)), np.uint8)
    for paper in _papers(coarse):
        apart = tint_apart(coarse, paper) > _TINT
        if _tint(paper) > _TINT:  # a coloured sheet's white margin is no note
            apart &= tint_apart(coarse, _WHITE) > _TINT
        if np.count_nonzero(apart) < _LEAST_MM2 * mm * mm:
            continue
        solid = cv2.morphologyEx(apart.view(np.uint8), cv2.MORPH_OPEN, thin)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(solid, connectivity=4)
        order = sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))
        for number in order[:_TRIED]:
            left, top, wide, high, area = (int(v) for v in stats[number])
            if max(wide, high) < _CUT_MM[1] * mm or min(wide, high) < _CUT_MM[0] * mm or area < _LEAST_MM2 * mm * mm:
                continue
            if min(wide, high) > (_SHORT_MM[1] + 45) * mm or max(wide, high) > (_LONG_MM[1] + 45) * mm:
                continue
            part = labels[top : top + high, left : left + wide] == number
            measured = _measure(survey, Box(left, top, left + wide, top + high), part, paper)
            if measured is not None:
                found.append(measured)
    return found


def white_point(survey: Survey) -> Floats:
    """BGR of the sheet's own paper, the whitest where it may be two."""
    coarse = np.ascontiguousarray(survey.paper[_COARSE // 2 :: _COARSE, _COARSE // 2 :: _COARSE])
    papers = _papers(coarse)
    return papers[0] if papers else _WHITE


def _papers(coarse: Pixels) -> list[Floats]:
    """What the sheet's own paper may be: nearly white, and coloured where much of the sheet is."""
    sample = np.ascontiguousarray(coarse[::3, ::3])
    pixels, light = sample.reshape(-1, 3), _light(sample).ravel()
    bright = light >= 0.6 * float(np.percentile(light, 95))
    pixels, light = pixels[bright], light[bright].astype(np.float32)
    white = np.minimum(np.minimum(pixels[:, 0], pixels[:, 1]), pixels[:, 2]) > (1 - _PLAIN_TINT) * light
    papers = []
    for kind, least in ((white, 0.08), (~white, 0.35)):
        if np.count_nonzero(kind) >= least * len(pixels):
            papers.append(np.median(pixels[kind], axis=0).astype(np.float32))
    return papers


def _light(image: Pixels) -> Pixels:
    """The lightest channel of each pixel."""
    blue, green, red = cv2.split(image)
    return np.asarray(cv2.max(cv2.max(blue, green), red), dtype=np.uint8)


def tint_apart(image: Pixels, colour: Floats) -> Floats:
    """By how much the tint of each pixel differs from that of a colour, 0–1, whatever the light."""
    blue, green, red = cv2.split(image)
    light = _light(image)
    own = [round(float(band)) for band in colour / max(1.0, float(colour.max())) * 255]
    first, second, third = (
        cv2.absdiff(cv2.divide(band, light, scale=255.0), np.full_like(band, level))
        for band, level in zip((blue, green, red), own, strict=True)
    )
    return np.asarray(cv2.max(cv2.max(first, second), third), dtype=np.float32) / np.float32(255)


def _measure(survey: Survey, box: Box, part: Bools, paper: Floats) -> tuple[Patch, _Measured] | None:
    """Look closely at one patch. ``box``: of ``part``, in coarse pixels."""
    height, width = survey.small.shape[:2]
    margin = round(9 * survey.dpi / MM_PER_INCH)
    left, top = max(0, round(box.left * _COARSE) - margin), max(0, round(box.top * _COARSE) - margin)
    right, bottom = min(width, round(box.right * _COARSE) + margin), min(height, round(box.bottom * _COARSE) + margin)
    scale = min(1.0, _FINE_DPI / survey.dpi)
    size = (max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale)))
    window = np.asarray(
        cv2.resize(survey.small[top:bottom, left:right], size, interpolation=cv2.INTER_AREA), dtype=np.uint8
    )
    colour = _core_colour(survey, box, part)
    if colour is None or not _is_pad(colour, paper):
        return None
    mm = survey.dpi * scale / MM_PER_INCH
    from_note, from_paper = tint_apart(window, colour), tint_apart(window, paper)
    light = _light(window)
    bright = light > 0.6 * float(colour.max())
    own = (from_note < from_paper) & bright
    shape = _solid(own, mm)
    outline = _largest(shape)
    if outline is None:
        return None
    filled = np.asarray(cv2.drawContours(np.zeros_like(shape), [outline], -1, 1, -1), dtype=np.uint8)
    across, down = sorted(cv2.minAreaRect(outline)[1])
    rows, columns = np.nonzero(filled.any(axis=1))[0], np.nonzero(filled.any(axis=0))[0]
    near = 2 * mm
    cut = bool(
        (left == 0 and columns[0] <= near)
        or (top == 0 and rows[0] <= near)
        or (right == width and columns[-1] >= size[0] - 1 - near)
        or (bottom == height and rows[-1] >= size[1] - 1 - near)
    )
    short_mm, long_mm = (across + 1) / mm, (down + 1) / mm
    card = _is_card(short_mm, long_mm)
    least = _CUT_MM if cut else (_SHORT_MM[0], _LONG_MM[0])
    if short_mm < least[0] or long_mm < least[1] or short_mm > _SHORT_MM[1] or long_mm > _LONG_MM[1]:
        return None
    share = from_paper / np.maximum(from_paper + from_note, 1e-3)
    inner, outer, edge = _rings(filled, mm)
    dark = light < 0.5 * float(paper.max())
    line = cv2.erode(light, np.ones((3, 3), np.uint8)) < 0.62 * float(paper.max())
    drift = _drift(from_note, (filled > 0) & bright, (rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1))
    alone = 1.0
    if drift > _PURE_DRIFT:
        region = _largest(_solid((from_paper > 0.5 * _tint(colour)) & bright, mm) | shape)
        assert region is not None  # it holds the outline
        beside = [side / mm for side in sorted(cv2.minAreaRect(region)[1])]
        alone = cv2.contourArea(outline) / max(1.0, cv2.contourArea(region))
        card = card or _is_card(beside[0], beside[1])
    measured = _Measured(
        short_mm=short_mm,
        long_mm=long_mm,
        cut=cut,
        full=float(filled.sum()) / max(1.0, (across + 1) * (down + 1)),
        plain=float(((from_note < _PLAIN_APART) & bright)[filled > 0].mean()),
        inside=_median(share[inner & bright]),
        outside=_median(share[outer & bright]),
        framed=_mean(line[edge]),
        alone=alone,
        card=card,
        drift=drift,
        ink_inside=_mean(dark[inner]),
        ink_outside=_mean(dark[outer]),
        crossing=_crossing(dark, inner, outer, edge),
    )
    patch_box = Box(
        left + columns[0] / scale, top + rows[0] / scale, left + (columns[-1] + 1) / scale, top + (rows[-1] + 1) / scale
    )
    blue, green, red = (round(float(v)) for v in colour)
    return Patch(patch_box, (blue, green, red), short_mm, long_mm, cut), measured


def _core_colour(survey: Survey, box: Box, part: Bools) -> Floats | None:
    """Median colour of the middle of a patch, writing left out (it is in the paper estimate's stead)."""
    reach = max(3, round(4 * survey.dpi / MM_PER_INCH / _COARSE)) | 1
    core = cv2.erode(np.pad(part.view(np.uint8), 1), np.ones((reach, reach), np.uint8))[1:-1, 1:-1]
    if not core.any():
        core = part.view(np.uint8)
    offset = _COARSE // 2
    window = survey.small[offset::_COARSE, offset::_COARSE][
        int(box.top) : int(box.bottom), int(box.left) : int(box.right)
    ]
    pixels = window[core > 0][:: max(1, np.count_nonzero(core) // 500)]
    light = np.maximum(np.maximum(pixels[:, 0], pixels[:, 1]), pixels[:, 2])
    kept = pixels[light >= np.percentile(light, 30)]
    return np.median(kept, axis=0).astype(np.float32) if len(kept) else None


def _is_pad(colour: Floats, paper: Floats) -> bool:
    """Whether a note's paper may have this colour on this sheet."""
    return _tint(colour) >= _NOTE_TINT and float(colour.max()) >= _LIGHT * float(paper.max())


def _tint(colour: Floats) -> float:
    return 1.0 - float(colour.min()) / max(1.0, float(colour.max()))


def _solid(own: Bools, mm: float) -> NDArray[np.uint8]:
    """The patch without the writing on it and without what is thinner than a note."""
    gap, thin = (max(3, round(size * mm)) | 1 for size in (2.5, 7.0))
    padded = np.pad(own.view(np.uint8), thin, mode="edge")
    whole = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
    opened = cv2.morphologyEx(whole, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (thin, thin)))
    return np.ascontiguousarray(np.asarray(opened, dtype=np.uint8)[thin:-thin, thin:-thin])


def _largest(mask: NDArray[np.uint8]) -> NDArray[np.int32] | None:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    return None if largest is None or len(largest) < 4 else np.asarray(largest, dtype=np.int32)


def _rings(filled: NDArray[np.uint8], mm: float) -> tuple[Bools, Bools, Bools]:
    """Bands 1 to 3 mm inside and outside of the edge, and the edge itself."""
    distance_in = cv2.distanceTransform(np.pad(filled, 1, mode="edge"), cv2.DIST_L2, 3)[1:-1, 1:-1] / mm
    distance_out = cv2.distanceTransform(1 - filled, cv2.DIST_L2, 3) / mm
    inner = (distance_in > 1.0) & (distance_in < 3.0)
    outer = (distance_out > 1.2) & (distance_out < 3.2)
    edge = ((distance_in > 0) & (distance_in <= 1.0)) | ((distance_out > 0) & (distance_out <= 1.2))
    return inner, outer, edge


def _crossing(dark: Bools, inner: Bools, outer: Bools, edge: Bools) -> int:
    """Words that stand on both sides of the edge."""
    words = cv2.dilate((dark & (inner | outer | edge)).view(np.uint8), np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(words, connectivity=8)
    sides = [np.bincount(labels[ring], minlength=count)[1:] > 0 for ring in (inner, outer)]
    return int(np.count_nonzero(sides[0] & sides[1]))


def _drift(from_note: Floats, own: Bools, rows: tuple[int, int], columns: tuple[int, int]) -> float:
    """How far the tint of the most different ninth of a patch is from that of the whole."""
    down, across = (np.linspace(*ends, 4).astype(int) for ends in (rows, columns))
    most = 0.0
    for top, bottom in itertools.pairwise(down):
        for left, right in itertools.pairwise(across):
            kept = own[top:bottom, left:right]
            if np.count_nonzero(kept) > 0.3 * kept.size:
                most = max(most, _median(from_note[top:bottom, left:right][kept]))
    return most


def _median(values: Floats) -> float:
    return float(np.median(values)) if values.size else 0.0


def _mean(values: Bools) -> float:
    return float(values.mean()) if values.size else 0.0
