"""Connected marks of a cleaned page: print, ruled lines, dirt and strokes of a pen. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.ink import MM_PER_INCH, Components

Bools = NDArray[np.bool_]
Numbers = NDArray[np.float64]
Mask = NDArray[np.uint8]
Places = NDArray[np.int64]

_INK_FROM, _INK_TO = 140, 190
"""Where the level that divides ink from paper may lie on a cleaned page."""
_RULE_LEVEL = 215
"""Hair lines are pale; noise makes no long straight strokes."""
_RULE_MM = 7.0
"""A straight stroke this long is a rule: the widest letter of a title is shorter."""
_RULE_THICK_MM = 1.2
_PEN_SHARE = 0.35
"""A mark with this share of coloured pixels was not printed; black ink under a seal has few."""
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
    places: Places
    """Where ink is, as places in the flattened page: a twentieth of it, so what is done to ink is done there."""
    rules: Rules
    ruled: Mask
    x_height: float
    letter: Bools
    """Marks that can be the body of a letter, or several that touch."""
    small: Bools
    """Dots, accents, dashes."""
    penned: Bools
    """Coloured ink that cleaning did not take away."""

    def ink(self) -> Mask:
        """A mask (0 or 255) of all marks."""
        mask: Mask = np.zeros(self.parts.labels.shape, np.uint8)
        mask.ravel()[self.places] = 255
        return mask


def below(grey: Pixels, level: int) -> Mask:
    """A mask (0 or 255) of what is darker than a level."""
    return np.asarray(cv2.threshold(grey, level - 1, 255, cv2.THRESH_BINARY_INV)[1], dtype=np.uint8)


def ink_level(grey: Pixels) -> int:
    """The level below which a pixel of a cleaned page is ink."""
    level, _ = cv2.threshold(grey[::3, ::3], 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    return int(min(max(level, _INK_FROM), _INK_TO))


def find_rules(grey: Pixels, ink: Mask, dpi: float) -> Rules:
    """Ruled lines of a cleaned page. ``ink``: its mask.

    Pale rules across have to be longer than a word, because the serifs of blurred bold print join to one pale stroke.
    """
    length = max(8, round(_RULE_MM * dpi / MM_PER_INCH))
    thick = max(3, round(_RULE_THICK_MM * dpi / MM_PER_INCH))
    pale = below(grey, _RULE_LEVEL)
    across = cv2.bitwise_or(_straight(ink, length, thick), _straight(pale, 2 * length, thick))
    return Rules(np.asarray(across, dtype=np.uint8), _straight(pale, length, thick, down=True))


def _straight(ink: Mask, length: int, thick: int, *, down: bool = False) -> Mask:
    """Long thin strokes. Opening finds them; what is thick is a filled area and stays print."""
    shape = (1, length) if down else (length, 1)
    found = cv2.morphologyEx(ink, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, shape))
    if cv2.countNonZero(found):
        across = (thick, 1) if down else (1, thick)
        solid = cv2.morphologyEx(found, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, across))
        found = cv2.subtract(found, solid)
    return np.asarray(found, dtype=np.uint8)


def find_marks(grey: Pixels, dpi: float, pen: Mask | None = None) -> Marks:
    """The marks of a cleaned page and what each can be. ``pen``: mask of coloured ink, at any scale."""
    ink = below(grey, ink_level(grey))
    rules = find_rules(grey, ink, dpi)
    ruled = cv2.bitwise_or(rules.across, rules.down)
    if cv2.countNonZero(ruled):
        ink = np.asarray(cv2.bitwise_and(ink, cv2.bitwise_not(cv2.dilate(ruled, np.ones((3, 3), np.uint8)))), np.uint8)
    places, parts = _components(ink)
    low, high = (side * dpi / MM_PER_INCH for side in _X_HEIGHT_MM)
    x_height = _usual_height(parts, low, high)
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
    letter &= ~penned
    small &= ~penned
    letter[0] = small[0] = False
    return Marks(parts, places, rules, np.asarray(ruled, dtype=np.uint8), x_height, letter, small, penned)


def _components(ink: Mask) -> tuple[Places, Components]:
    """Connected marks, measured at ink only: half the time of OpenCV's own statistics."""
    count, found = cv2.connectedComponents(ink, connectivity=8)
    labels = np.asarray(found, dtype=np.int32)
    places = np.flatnonzero(ink.ravel() != 0)
    mark = labels.ravel()[places]
    y, x = np.divmod(places, ink.shape[1])
    area = np.bincount(mark, minlength=count)
    top, bottom, right = (np.zeros(count, np.int64) for _ in range(3))
    left = np.full(count, ink.shape[1], np.int64)
    # Places run down the page, so the last to be written is the lowest, or in reverse the highest.
    bottom[mark] = y
    top[mark[::-1]] = y[::-1]
    np.minimum.at(left, mark, x)
    np.maximum.at(right, mark, x)
    return places, Components(
        labels, *(v.astype(np.int32) for v in (left, top, right + 1 - left, bottom + 1 - top, area))
    )


def _penned(parts: Components, pen: Mask | None) -> Bools:
    """Marks that are mostly coloured ink: what cleaning left of a seal, a signature, a number by hand."""
    count = len(parts.area)
    if pen is None or not cv2.countNonZero(pen):
        return np.zeros(count, bool)
    down, across = parts.labels.shape[0] / pen.shape[0], parts.labels.shape[1] / pen.shape[1]
    left, top, width, height = cv2.boundingRect(pen)
    rows = slice(int(top * down), int((top + height) * down))
    columns = slice(int(left * across), int((left + width) * across))
    labels = parts.labels[rows, columns]
    where = cv2.resize(
        pen[top : top + height, left : left + width], labels.shape[::-1], interpolation=cv2.INTER_NEAREST
    )
    coloured = np.bincount(labels[np.asarray(where) > 0], minlength=count)
    return np.asarray(coloured > _PEN_SHARE * parts.area, dtype=bool)


def _usual_height(parts: Components, low: float, high: float) -> float:
    """The height of most letters: the lowest peak that is nearly as high as the highest.

    Higher peaks belong to capitals and to letters with accents that touch them.
    """
    like = (parts.height >= low) & (parts.height <= high) & (parts.width <= 3 * parts.height)
    like &= (parts.width * 4 >= parts.height) & (parts.area * 5 >= parts.width * parts.height)
    like[0] = False
    if not like.any():
        return 2.2 * low
    counts = np.bincount(parts.height[like], minlength=int(high) + 2).astype(float)
    smooth = np.convolve(counts, [1.0, 2.0, 1.0], "same")
    return float(np.flatnonzero(smooth >= 0.6 * smooth.max())[0])
