"""What should not be at a picture's edges: print that runs off it, and fingers. Pure."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages import ink
from stages.scan_quality.known import Known, Seen
from stages.scan_quality.levels import percentile

Numbers = NDArray[np.float64]
_SIDES = ("mép trên", "mép phải", "mép dưới", "mép trái")
_STRIP_MM = 14.0
_INK = 60
_LETTER_MM = (0.7, 6.0)
_FEWEST_ROWS = 4
"""Lines of text that are cut at the left or right edge."""
_FEWEST_LETTERS = 9
"""Letters of a line that lies along the top or bottom edge."""
_CUT_MM = 1.0
"""How much is left of letters that are cut through: less is the grain of a dark edge."""
_AT_EDGE_MM = 0.45
_NO_MARGIN_MM = 1.5
"""A line of text so near to the edge is cut, or the one before it is: printers leave 4 mm."""
_SEAL = 30
"""Levels by which a seal's red exceeds the other colours."""
_SKIN_CR = 8
"""By how much redder than the paper skin is, in Cr levels, at least."""
_FINGER_MM = (8.0, 110.0)


def cut_off(known: Known) -> tuple[Seen, ...]:
    """Letters that touch the edge, line after line, with more of their line beside them.

    Rules and bars that run off the sheet, dark rims and photographs have no letters there.
    """
    if not known.has_ink or known.format.kind in ("photo", "card", "receipt") or known.format.inside:
        return ()
    across = _lines_across(known)
    found = [_SIDES[side] for side in range(4) if _cut(known, side, along_lines=(side % 2 == 0) == across)]
    return (Seen("cut_off", ", ".join(found)),) if found else ()


def _lines_across(known: Known) -> bool:
    """Whether text lines run across the picture as scanned."""
    return known.posed.orientation_deg % 180 == 0


def _strip(picture: Pixels, side: int, depth_px: int) -> Pixels:
    """The rim at a side, turned so that the edge is row 0."""
    return cast("Pixels", np.ascontiguousarray(np.rot90(picture, side)[:depth_px]))


def _cut(known: Known, side: int, *, along_lines: bool) -> bool:
    mm = known.mm_px
    strip = _strip(known.survey.contrast, side, round(_STRIP_MM * mm))
    printed_off = along_lines and known.format.kind in ("page", "spread")
    near = max(1, round((_NO_MARGIN_MM if printed_off else _AT_EDGE_MM) * mm))
    if int(strip[:near].max()) < _INK:
        return False
    marks = ink.components(strip >= _INK)
    low, high = (_LETTER_MM[0] if along_lines else _CUT_MM) * mm, _LETTER_MM[1] * mm
    letters = (marks.top < near) & (marks.width >= low) & (marks.width <= high)
    letters &= (marks.height >= (_CUT_MM if along_lines else 0.35) * mm) & (marks.height <= 1.6 * high)
    letters &= marks.area < 0.8 * marks.width * marks.height + 4
    seals = _red(known, side, strip.shape[0])
    letters &= ~seals[np.minimum(marks.left + marks.width // 2, len(seals) - 1)]
    letters[0] = False
    middles = np.sort((marks.left + marks.width / 2)[letters]) / mm
    if along_lines:
        return len(middles) >= _FEWEST_LETTERS and _along_a_line(middles)
    inner = (strip[round(2.5 * mm) :] >= _INK).mean(axis=0)
    rows = [at for at in middles if _continued(inner, at * mm, mm)]
    return _pitched(rows) >= _FEWEST_ROWS


def _red(known: Known, side: int, depth_px: int) -> ink.Bools:
    """Where along a side something red stands: seals are pressed across the edges of sheets (dấu giáp lai)."""
    blue, green, red = cv2.split(_strip(known.survey.small, side, depth_px // 3))
    redder = np.asarray(cv2.subtract(red, cv2.max(blue, green)), dtype=np.uint8) >= _SEAL
    near = cv2.dilate(np.asarray(redder.any(axis=0), dtype=np.uint8)[None], np.ones((1, 9), np.uint8))
    return np.asarray(near, dtype=np.uint8).ravel() > 0


def _along_a_line(middles_mm: Numbers) -> bool:
    """Whether so many letters stand as close as those of a line do."""
    close = np.diff(middles_mm) < 6.0
    longest = run = 0
    for near in close:
        run = run + 1 if near else 0
        longest = max(longest, run)
    return longest >= _FEWEST_LETTERS - 1


def _continued(inner: Numbers, at_px: float, mm: float) -> bool:
    """Whether the line goes on further in."""
    window = inner[max(0, int(at_px - 1.5 * mm)) : int(at_px + 1.5 * mm) + 1]
    return bool(window.size and window.mean() > 0.06)


def _pitched(rows_mm: list[float]) -> int:
    """How many of the cut letters stand in lines of their own, at least 3 mm apart."""
    count, last = 0, -99.0
    for at in rows_mm:
        if at - last >= 3.0:
            count, last = count + 1, at
    return count


def fingers(known: Known) -> tuple[Seen, ...]:
    """Skin that reaches in from an edge: redder than the paper, rounded, shaded, without print on it."""
    if known.format.kind in ("photo", "card") or not known.decoded.colour:
        return ()
    coarse = known.coarse
    tones = cv2.cvtColor(coarse, cv2.COLOR_BGR2YCrCb)
    light, red, blue = cv2.split(tones)
    usual_red, usual_blue = (percentile(np.asarray(band, dtype=np.uint8), 0.5) for band in (red, blue))
    skin = (red > max(usual_red, 128) + _SKIN_CR) & (blue < usual_blue + 2) & (red - 128.0 < 52)
    skin &= (blue > 88) & (light > 35) & (light < 238)
    mask = cv2.morphologyEx(skin.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if not mask.any():
        return ()
    mm = coarse.shape[1] / known.survey.small.shape[1] * known.mm_px
    marks = ink.components(mask)
    found = {
        _SIDES[side]
        for mark in range(1, len(marks.area))
        for side in _touched(marks, mark)
        if _finger(marks, mark, side, np.asarray(light, dtype=np.uint8), mm)
    }
    return (Seen("fingers", ", ".join(sorted(found))),) if found else ()


def _touched(marks: ink.Components, mark: int) -> list[int]:
    height, width = marks.labels.shape
    at = (marks.top[mark] <= 1, marks.right[mark] >= width - 1, marks.bottom[mark] >= height - 1, marks.left[mark] <= 1)
    return [side for side in range(4) if at[side]]


def _finger(marks: ink.Components, mark: int, side: int, light: Pixels, mm: float) -> bool:
    wide, high = int(marks.width[mark]), int(marks.height[mark])
    along, deep = (wide, high) if side % 2 == 0 else (high, wide)
    edge = marks.labels.shape[1] if side % 2 == 0 else marks.labels.shape[0]
    if not (_FINGER_MM[0] * mm <= along <= _FINGER_MM[1] * mm and along < 0.6 * edge and deep >= 8 * mm):
        return False
    left, top = int(marks.left[mark]), int(marks.top[mark])
    inside = (marks.labels[top : top + high, left : left + wide] == mark).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(contours, key=cv2.contourArea)
    hull = max(cv2.contourArea(cv2.convexHull(outline)), 1.0)
    solid = float(marks.area[mark]) / max(hull, float(marks.area[mark]) * 0.5)
    full = float(marks.area[mark]) / (wide * high)
    shade = float(light[top : top + high, left : left + wide][inside > 0].std())
    single = along < 32 * mm
    return full < 0.95 and shade >= 4.0 and (solid >= 0.8 if single else solid >= 0.45)
