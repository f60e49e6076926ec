"""The marks of a side that may be letters: on the survey, and closer where there are few or small ones. Pure."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from models.ports import Pixels, Raster
from stages import ink
from stages.pose import lean

_MOST_CLOSE_PX = 1_500_000
"""A closer look is at no more than this: A4 at 140 dpi."""
_LEAST_GAIN = 1.25
"""Enlarging by less shows nothing new."""
_MARGIN_MM = 6.0
_PALE = 18
"""Contrast in levels, the mean of nine pixels, from which a pixel takes part where print is pale."""


class View(NamedTuple):
    """Marks of a side, or of a part of it. ``text``: contrast of those that may be letters (``keep``)."""

    marks: ink.Components
    dirt: ink.Bools
    keep: ink.Bools
    text: Pixels
    dpi: float


def view(contrast: Pixels, dpi: float, *, pale: bool = False, faintest: int = lean.FAINTEST) -> View:
    """What stands out of the paper. ``contrast``: at ``dpi``, as :func:`stages.ink.contrast` gives it.

    ``pale``: print that falls to pieces otherwise; show-through is let in with it. ``faintest``: contrast in levels
    from which a pixel takes part.
    """
    marks = _marks(contrast, faintest, pale=pale)
    return _sorted(contrast, marks, ink.edge_dirt(marks, dpi), dpi)


def _marks(contrast: Pixels, faintest: int, *, pale: bool) -> ink.Components:
    return ink.components(cv2.blur(contrast, (3, 3)) >= _PALE if pale else contrast >= faintest)


def firm(contrast: Pixels) -> int:
    """A level above fine lines under the print, like a card's waves, which tie its letters together.

    Two thirds of the way to the one that best divides light ink from dark: there letters keep their thin strokes.
    """
    inked = contrast[contrast >= lean.FAINTEST]
    if len(inked) == 0:
        return lean.FAINTEST
    between = cv2.threshold(inked, 0, 255, cv2.THRESH_OTSU)[0]
    return round(lean.FAINTEST + (between - lean.FAINTEST) * 2 / 3)


def _sorted(contrast: Pixels, marks: ink.Components, dirt: ink.Bools, dpi: float) -> View:
    keep = lean.text_marks(marks, dirt, dpi)
    text = marks.painted(np.where(keep, 255, 0).astype(np.uint8))
    return View(marks, dirt, keep, np.asarray(cv2.bitwise_and(contrast, text), dtype=np.uint8), dpi)


def closer(
    raster: Raster, seen: View, times: float, *, mirrored: bool, pale: bool = False, faintest: int = lean.FAINTEST
) -> View | None:
    """The part that holds the text, up to so many ``times`` larger; None where there is none, or no finer picture.

    ``seen``: of the whole side, flipped where ``mirrored``. What is dirt there is left out here.
    """
    found = _extent(seen)
    if found is None:
        return None
    rows, columns = found
    width = seen.marks.labels.shape[1]
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    times = min(times, raster.width_px / width, (_MOST_CLOSE_PX / area) ** 0.5)
    if times < _LEAST_GAIN:
        return None
    source = raster.grey() if raster.grey().shape[1] >= 0.9 * times * width else raster.full_grey()
    if mirrored:
        source = source[:, ::-1]
    scale = source.shape[1] / width
    part = source[_scaled(rows, scale), _scaled(columns, scale)]
    small = ink.reduced(np.ascontiguousarray(part), max(1, round(min(part.shape) * times / scale)))
    contrast = ink.contrast(small, ink.paper(small))
    clean = seen.marks.painted(np.where(seen.dirt, 0, 255).astype(np.uint8), (rows, columns))
    size = (contrast.shape[1], contrast.shape[0])
    allowed = cv2.resize(cv2.erode(clean, np.ones((3, 3), np.uint8)), size, interpolation=cv2.INTER_NEAREST)
    contrast = np.asarray(cv2.bitwise_and(contrast, allowed), dtype=np.uint8)
    marks = _marks(contrast, faintest, pale=pale)
    return _sorted(contrast, marks, np.zeros(len(marks.area), np.bool_), seen.dpi * contrast.shape[1] / clean.shape[1])


def _scaled(part: slice, scale: float) -> slice:
    return slice(int(part.start * scale), max(int(part.start * scale) + 1, int(part.stop * scale)))


def _extent(seen: View) -> ink.Window | None:
    """Rows and columns that hold nearly all of the text, and a margin; dust that lies farther off does not count."""
    chosen = np.flatnonzero(seen.keep & (seen.marks.area >= 8))
    if len(chosen) < 3:
        return None
    marks, margin = seen.marks, _MARGIN_MM * seen.dpi / ink.MM_PER_INCH
    bounds = []
    for first, last, end in (
        (marks.top, marks.bottom, marks.labels.shape[0]),
        (marks.left, marks.right, marks.labels.shape[1]),
    ):
        low, high = np.quantile(first[chosen], 0.02) - margin, np.quantile(last[chosen], 0.98) + margin
        bounds.append(slice(max(0, int(low)), min(end, int(high) + 1)))
    return bounds[0], bounds[1]
