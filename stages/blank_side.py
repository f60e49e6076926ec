"""blank_side (page): is there anything on this side? A measure, never a deletion."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

from models.facts import Fact
from models.ports import Pixels
from models.settings import BlankSettings
from models.stage import Inputs, Ports, Scope, Stage
from stages import ink
from stages.decode import Decoded

Verdict = Literal["blank", "ink", "unsure"]

SHORT_PX = 600
"""Measured on a copy whose shorter side has this many pixels: A4 at about 75 dpi."""
_PALE = 22
"""Contrast (of 255) from which a pixel belongs to a mark, on quiet paper."""
_CLEAR = 45
"""A mark must be this dark somewhere. Pencil is; print that shines through from the back is not."""
_DOUBTFUL = 36
"""The palest pencil and the darkest show-through overlap from here on."""
_MOST_DUST = 0.0005
"""More of the page than this is not dust: 30 mm² on A4."""
_NOISE_FACTOR = 6.0
_DARK_PAPER = 90
"""Paper darker than this is no paper: lid open, or black."""


class BlankMeasured(Fact):
    """``ink``: share of the page area that is ink, 0–1, borders, holes and dust left out."""

    verdict: Verdict
    ink: float


class InkMeasure(NamedTuple):
    """``share``: see :class:`BlankMeasured`. ``doubtful``: something is there that is not counted as ink."""

    share: float
    doubtful: bool


def measure(image: Pixels, dpi: float) -> InkMeasure:
    """How much of a BGR picture is ink. ``dpi``: of this picture.

    Left out: the scan's dark edges and folded corners, punch holes, specks of dust, and marks that
    are pale throughout (show-through). A doubt are the darkest of these, the straight line that dirt on
    the scanner's glass draws over the whole page, and more dust than dust can be (print, and a wrong dpi).
    """
    small = ink.reduced(image, SHORT_PX)
    dpi *= small.shape[1] / image.shape[1]
    under = ink.paper(small)
    if float(np.median(under[::4, ::4])) < _DARK_PAPER:
        return InkMeasure(1.0, doubtful=True)
    contrast = ink.contrast(small, under)
    noise = _noise(contrast)
    pale = max(_PALE, _NOISE_FACTOR * noise)
    marks = ink.components(contrast >= pale)
    mm = dpi / ink.MM_PER_INCH
    dust = (np.maximum(marks.width, marks.height) < 2 * mm) & (marks.area < 1.2 * mm * mm)
    dust[0] = False
    dirt = dust | ink.edge_dirt(marks, dpi) | _holes(marks, dpi)
    dirt[0] = True
    streaks = _streaks(marks, mm)
    clear = _reach(marks, contrast, pale * _CLEAR / _PALE)
    counted = clear & ~dirt & ~streaks
    doubtful = ~dirt & ~counted & _reach(marks, contrast, pale * _DOUBTFUL / _PALE)
    dusty = marks.area[dust & clear].sum() > _MOST_DUST * contrast.size
    return InkMeasure(float(marks.area[counted].sum()) / contrast.size, bool(dusty or doubtful.any()))


def _reach(marks: ink.Components, contrast: Pixels, level: float) -> ink.Bools:
    """Which marks have this contrast somewhere, by mark number."""
    found = np.zeros(len(marks.area), np.bool_)
    found[marks.labels[contrast >= level]] = True
    return found


def _noise(contrast: Pixels) -> float:
    """Standard deviation of the paper's grain, robust against ink: from the median contrast."""
    sample = contrast[::4, ::4]
    return float(np.median(np.abs(sample.astype(np.int16) - int(np.median(sample))))) * 1.48


def _holes(marks: ink.Components, dpi: float) -> ink.Bools:
    """Filled discs of 4 to 8.5 mm within 25 mm of an edge: holes of the punch, or their shadows."""
    height, width = marks.labels.shape
    mm = dpi / ink.MM_PER_INCH
    side, other = np.maximum(marks.width, marks.height), np.minimum(marks.width, marks.height)
    disc = (side >= 4 * mm) & (side <= 8.5 * mm) & (other >= 0.8 * side) & (marks.area >= 0.65 * side * other)
    reach = np.minimum.reduce([marks.left, marks.top, width - marks.right, height - marks.bottom])
    return np.asarray(disc & (reach <= 25 * ink.rim_mm_px(marks, dpi)), dtype=np.bool_)


def _streaks(marks: ink.Components, mm: float) -> ink.Bools:
    """Straight thin lines along an axis over most of the page: dirt on the glass of a sheet feeder."""
    height, width = marks.labels.shape
    down = (marks.height >= 0.6 * height) & (marks.width <= 1.2 * mm)
    across = (marks.width >= 0.6 * width) & (marks.height <= 1.2 * mm)
    return np.asarray(down | across, dtype=np.bool_)


def judge(found: InkMeasure, settings: BlankSettings) -> Verdict:
    """``ink`` from the upper threshold, ``blank`` below the lower one unless there is a doubt."""
    if found.share < settings.blank_below:
        return "unsure" if found.doubtful else "blank"
    return "ink" if found.share >= settings.ink_above and found.share < 1.0 else "unsure"


def run(inputs: Inputs, ports: Ports) -> BlankMeasured:
    raster = inputs.pixels()
    image = raster.working()
    found = measure(image, raster.dpi * image.shape[1] / raster.width_px)
    return BlankMeasured(verdict=judge(found, ports.settings.blank), ink=round(found.share, 7))


STAGE = Stage("blank_side", 1, Scope.PAGE, (Decoded,), BlankMeasured, run)
