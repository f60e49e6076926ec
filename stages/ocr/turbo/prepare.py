"""Page preparation: even paper, no seal or pen colour over the print, and the scale to work at. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from models.geometry import Box
from models.ports import Pixels
from stages.ink import MM_PER_INCH, paper
from stages.ocr.turbo.coloured import coloured_print
from stages.ocr.turbo.fills import Fill, filled, smooth
from stages.ocr.turbo.windows import Window, bands, scaled

Picture = cv2.typing.MatLike
"""What OpenCV gives back, for its own functions."""
_WORKING_DPI = 150
"""Enough for print of 10 points and more; smaller print is cropped from the full picture."""
_SHRINK_FROM = 1.2
"""Lines are looked for on a smaller copy where the picture has this many times the dots that they need."""
_ROUNDED = 4
"""Four times the rounding of a side."""
_HALF_FROM_DPI = 260
"""Below, half scale has fewer than ten pixels from baseline to the top of an ``x``."""
_TINT = 16
"""Levels between the lightest channel and grey that are JPEG noise and scanner fringes, not ink."""
_TINT_GAIN = 1.7
"""Takes seal red and pen blue to paper white; black print under a seal stays black."""
_PRINTED_SHARE = 0.25
"""With less black than this share of all ink, the print itself is coloured and its colour stays."""
_PRINT = 110
"""Lighter pixels near coloured ink are its fringe, not print."""
_FEWEST = 25
"""Fewer coloured pixels at a quarter of the full scale are the codec's, not ink."""
_DARKEST_PAPER = 70
"""What is darker is no paper: dividing by it would show the noise of the scanner's lid as print."""
_SEAL_MM, _SEAL_GAP_MM = 12.0, 1.5
"""Least side of a seal or a stamp's frame, no word is so high; and how far apart its worn parts lie."""
_WORN = 20
"""Of 255: so much of a place that large is inked, where the ring of a seal goes through."""
_AROUND, _INK_COLOUR, _FAINTEST = 5, 0.22, 40
"""A pen's ink has this share of its darkness in colour, over so many pixels each way; a pixel so dark at least is ink."""
_CAST = 4.0
"""… and so many times the share of most print."""
_DARK = 100
"""Levels below the paper from which a pixel counts as ink when colours are weighed."""


def above(image: Picture, level: int) -> Pixels:
    """A mask (0 or 255) of what is lighter than a level."""
    return np.asarray(cv2.threshold(image, level, 255, cv2.THRESH_BINARY)[1], dtype=np.uint8)


@dataclass(frozen=True)
class Tint:
    """``levels``: what colour takes away at each pixel, at half scale; ``windows``: where it is not 0."""

    levels: Pixels
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class CleanPage:
    """``grey``: the cleaned page at working scale. ``scale``: full-scale pixels per working pixel. ``dpi``: of ``grey``.

    ``pen``: mask of seal and pen ink where no print lies under it, at half scale; None without coloured ink.
    """

    grey: Pixels
    scale: float
    dpi: float
    pen: Pixels | None
    fine: Pixels | None
    """The cleaned page at full scale, where the scan is coarse and half scale would not do."""
    full_grey: Callable[[], Pixels] = field(repr=False)
    tint: Tint | None = field(repr=False)
    """None without coloured ink."""
    under: Pixels = field(repr=False)
    """The paper's own lightness, at any scale."""
    inked: Pixels = field(repr=False)
    """The page with all its ink, coloured too, at full or half scale."""
    written: Pixels | None = field(default=None, repr=False)
    """Mask of what pens may have written in colour, at half scale; None without any."""
    fill: Fill | None = field(default=None, repr=False)
    """Grey that was printed under the text; None without any."""
    seals: Pixels | None = field(default=None, repr=False)
    """Mask of black seals' ink, at working scale; it is gone from ``grey`` and ``fine``. None without any."""

    def inked_at(self, left: int, top: int, right: int, bottom: int) -> Pixels:
        """A part of ``inked``, in its pixels, on white paper."""
        grey = np.ascontiguousarray(self.inked[top:bottom, left:right])
        height, width = self.inked.shape
        return _evened(grey, _window(self.under, Box(left, top, right, bottom), width, height))

    def crop(self, box: Box) -> Pixels:
        """A part of the cleaned page at full scale (``box`` in full-scale pixels)."""
        rows, columns = slice(int(box.top), int(box.bottom)), slice(int(box.left), int(box.right))
        if self.fine is not None:
            return self.fine[rows, columns]
        whole = self.full_grey()
        height, width = whole.shape
        grey = np.ascontiguousarray(whole[rows, columns])
        if self.tint is not None:
            levels = _window(self.tint.levels, box, width, height)
            if cv2.countNonZero(levels):
                grey = _without_tint(grey, levels)
        even = _evened(grey, _window(self.under, box, width, height))
        if self.seals is not None:
            even = _whitened(even, _window(self.seals, box, width, height))
        return even if self.fill is None or not self.fill.touches(box, width, height) else smooth(even, 2)


def prepare(half: Pixels, dpi: int, full_grey: Callable[[], Pixels]) -> CleanPage:
    """Clean the upright page. ``half``: BGR at half scale; ``dpi``: of the full scan.

    Dividing by the paper evens out shade (design: on bad paper half scale fails without it). Colour is
    taken from the half-scale picture even where grey comes from the full one.
    """
    grey = np.asarray(cv2.cvtColor(half, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    under = np.maximum(paper(grey), np.uint8(_DARKEST_PAPER))
    tint, pen, written = _coloured(half, grey, under, dpi)
    inked = full_grey() if dpi < _HALF_FROM_DPI else grey
    fine = _evened(_lifted(inked, tint, 2), under) if dpi < _HALF_FROM_DPI else None
    clean = _evened(_lifted(grey, tint, 1), under) if fine is None else fine
    scale = 1.0 if fine is not None else 2.0
    fill = filled(clean, dpi / scale)
    if fill is not None:
        under = np.asarray(
            cv2.multiply(under, cv2.resize(fill.levels, under.shape[::-1]), scale=1 / 255), dtype=np.uint8
        )
        clean = fill.lifted(clean)
        fine = None if fine is None else clean
    if dpi / scale > _SHRINK_FROM * _WORKING_DPI:
        scale = dpi / _WORKING_DPI
        size = (round(half.shape[1] * 2 / scale), round(half.shape[0] * 2 / scale))
        clean = _shrunk(clean, size)
    return CleanPage(clean, scale, dpi / scale, pen, fine, full_grey, tint, under, inked, written, fill)


def without_ink(page: CleanPage, seals: Pixels) -> CleanPage:
    """The page without the ink of black seals. ``seals``: its mask, at working scale."""
    fine = page.fine if page.fine is None else _whitened(page.fine, seals)
    both = seals if page.seals is None else np.asarray(cv2.bitwise_or(page.seals, seals), dtype=np.uint8)
    return replace(page, grey=_whitened(page.grey, seals), fine=fine, seals=both)


def _whitened(image: Pixels, mask: Pixels) -> Pixels:
    """The picture, white where a mask of any scale says so."""
    if mask.shape != image.shape:
        mask = np.asarray(cv2.resize(mask, image.shape[::-1], interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
    return np.asarray(cv2.bitwise_or(image, mask), dtype=np.uint8)


def _shrunk(image: Pixels, size: tuple[int, int]) -> Pixels:
    """The picture at a smaller ``size`` (width, height), averaged.

    OpenCV's average over broken pixels takes twice to three times as long as this does from 200 to 150 dpi. Mere
    interpolation is faster still, but what it leaves of thin strokes costs words beside seals and signatures.
    """
    width, height = size
    if max(abs(4 * width - 3 * image.shape[1]), abs(4 * height - 3 * image.shape[0])) <= _ROUNDED:
        return _three_of_four(_three_of_four(image, height), width)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _three_of_four(image: Pixels, rows: int) -> Pixels:
    """Every four rows averaged to three, ``rows`` in all, and the picture turned over its diagonal."""
    groups = -(-rows // 3)
    missing = max(0, 4 * groups - image.shape[0])
    image = np.asarray(cv2.copyMakeBorder(image, 0, missing, 0, 0, cv2.BORDER_REPLICATE), dtype=np.uint8)
    found = np.empty((3 * groups, image.shape[1]), np.uint8)
    for row, share in enumerate((0.75, 0.5, 0.25)):
        upper, lower = image[row : 4 * groups : 4], image[row + 1 : 4 * groups : 4]
        found[row::3] = cv2.addWeighted(upper, share, lower, 1 - share, 0)
    return np.asarray(cv2.transpose(found[:rows]), dtype=np.uint8)


def _coloured(half: Pixels, grey: Pixels, under: Pixels, dpi: int) -> tuple[Tint | None, Pixels | None, Pixels | None]:
    """What colour takes away, the mask of coloured ink where no print lies under it, and that of what pens may have
    written; None without any.
    """
    height, width = (max(1, side // 2) for side in grey.shape)
    # Fringes of the codec and the scanner are a pixel wide and vanish when four pixels are averaged.
    mean = cv2.resize(half[: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA)
    faint, _ = _colour(mean, cv2.cvtColor(mean, cv2.COLOR_BGR2GRAY))
    strong = above(faint, 2 * _TINT)
    if cv2.countNonZero(strong) < _FEWEST:
        return None, None, None
    around = np.asarray(cv2.dilate(above(faint, _TINT), np.ones((5, 5), np.uint8)), dtype=np.uint8)
    windows = tuple(scaled(window, 2) for window in bands(around, 8))
    tint, pen = np.zeros(grey.shape, np.uint8), np.zeros(grey.shape, np.uint8)
    printed = coloured_print(strong, dpi / 4)
    black = cv2.countNonZero(above(cv2.subtract(under, grey), _DARK))
    both = 0
    for window in windows:
        colour, light = _colour(half[window], grey[window])
        tinted = above(colour, 2 * _TINT)
        both += cv2.countNonZero(cv2.bitwise_and(tinted, above(cv2.subtract(under[window], grey[window]), _DARK)))
        if printed is not None:
            rows = printed[scaled(window, 0.5)]
            rows = np.asarray(cv2.resize(rows, colour.shape[::-1], interpolation=cv2.INTER_NEAREST), dtype=np.uint8)
            colour = np.asarray(cv2.subtract(colour, rows), dtype=np.uint8)
            tinted = above(colour, 2 * _TINT)
        pen[window] = cv2.bitwise_and(tinted, above(light, _PRINT))
        tint[window] = cv2.convertScaleAbs(
            np.maximum(colour, np.uint8(_TINT)), alpha=_TINT_GAIN, beta=-_TINT * _TINT_GAIN
        )
    # Where the print itself is coloured there is little ink beside it.
    if black - both < _PRINTED_SHARE * both:
        return None, None, None
    written = _written(half, grey, under, (mean, faint, strong, printed), dpi)
    if written is not None:
        for window in windows:
            wide = cv2.dilate(written[window], np.ones((3, 3), np.uint8))
            _, light = _colour(half[window], grey[window])
            pen[window] = cv2.bitwise_or(pen[window], cv2.bitwise_and(wide, above(light, _PRINT)))
    return Tint(tint, windows), pen, written


def _written(
    half: Pixels, grey: Pixels, under: Pixels, quarter: tuple[Picture, Pixels, Pixels, Pixels | None], dpi: int
) -> Pixels | None:
    """A mask of coloured ink that a pen can have written, at half scale: all but red where a seal or stamp is red.

    ``quarter``: at a quarter of the full scale the picture, its colour, its ink of a strong one, and rows of coloured
    print. Beside black print the codec and the scanner show colour on both sides that is none when neighbours are
    averaged.
    """
    mean, colour, strong, printed = quarter
    share = max(_INK_COLOUR, _CAST * _cast(mean, colour, under))
    blue, _, red = cv2.split(mean)
    redder = cv2.compare(red, blue, cv2.CMP_GT)
    reddish = cv2.bitwise_and(redder, strong)
    sealed = _has_seal(np.asarray(cv2.bitwise_and(redder, above(colour, _TINT)), dtype=np.uint8), dpi / 4)
    ink = cv2.subtract(strong, reddish) if sealed else strong
    ink = ink if printed is None else cv2.subtract(ink, printed)
    near = np.asarray(cv2.dilate(ink, np.ones((5, 5), np.uint8)), dtype=np.uint8)
    found = np.zeros_like(grey)
    for window in bands(near, 8):
        here = scaled(window, 2)
        dark = cv2.subtract(under[here], grey[here])
        around = cv2.blur(half[here], (_AROUND, _AROUND))
        colour, _ = _colour(around, cv2.cvtColor(around, cv2.COLOR_BGR2GRAY))
        coloured = cv2.compare(colour, cv2.convertScaleAbs(cv2.blur(dark, (_AROUND, _AROUND)), alpha=share), cv2.CMP_GT)
        part = cv2.bitwise_and(coloured, above(dark, _FAINTEST))
        part = cv2.bitwise_and(part, cv2.resize(near[window], part.shape[::-1], interpolation=cv2.INTER_NEAREST))
        if sealed:
            blue, _, red = cv2.split(around)
            part = cv2.bitwise_and(part, cv2.compare(blue, red, cv2.CMP_GE))
        found[here] = part
    return found if cv2.countNonZero(found) else None


def _cast(mean: Picture, colour: Pixels, under: Pixels) -> float:
    """The share of colour in the darkness of most print: of a scanner that shows black as blue, say."""
    grey = cv2.cvtColor(mean, cv2.COLOR_BGR2GRAY)
    dark = cv2.subtract(cv2.resize(under, grey.shape[::-1], interpolation=cv2.INTER_AREA), grey)
    print_ = dark > _DARK
    return float(np.median(colour[print_] / dark[print_])) if print_.any() else 0.0


def _has_seal(ink: Pixels, dpi: float) -> bool:
    """Whether some of the ink hangs together, nearly, as widely as a seal or the frame of a stamp."""
    gap = max(1, round(_SEAL_GAP_MM * dpi / MM_PER_INCH))
    size = tuple(max(1, side // gap) for side in ink.shape[::-1])
    _, _, stats, _ = cv2.connectedComponentsWithStats(above(cv2.resize(ink, size, interpolation=cv2.INTER_AREA), _WORN))
    return bool((stats[1:, 2:4].min(axis=1) * gap > _SEAL_MM * dpi / MM_PER_INCH).any())


def _colour(bgr: Picture, grey: Picture) -> tuple[Pixels, Pixels]:
    """By how much each pixel's lightest channel is lighter than its grey, and that channel."""
    blue, green, red = cv2.split(bgr)
    light = cv2.max(cv2.max(blue, green), red)
    return np.asarray(cv2.subtract(light, grey), dtype=np.uint8), np.asarray(light, dtype=np.uint8)


def _lifted(grey: Pixels, tint: Tint | None, factor: int) -> Pixels:
    """The page with coloured ink lifted to the paper. ``factor``: its pixels per pixel of the tint's."""
    if tint is None:
        return grey
    grey = grey.copy()
    for window in tint.windows:
        here = scaled(window, factor)
        grey[here] = _without_tint(grey[here], tint.levels[window])
    return grey


def _evened(grey: Pixels, under: Pixels) -> Pixels:
    """The page as if its paper were white all over."""
    if under.shape != grey.shape:
        under = np.asarray(cv2.resize(under, grey.shape[::-1]), dtype=np.uint8)
        return np.asarray(cv2.divide(grey, under, under, 255.0), dtype=np.uint8)  # no third page in memory
    return np.asarray(cv2.divide(grey, under, scale=255.0), dtype=np.uint8)


def _without_tint(grey: Pixels, tint: Pixels) -> Pixels:
    """Lift coloured ink to the paper. Colour is blurred by the codec, so what is not print is lifted more widely."""
    if tint.shape != grey.shape:
        tint = np.asarray(cv2.resize(tint, grey.shape[::-1]), dtype=np.uint8)
    clean = cv2.add(grey, tint)
    wide = cv2.add(grey, cv2.dilate(tint, np.ones((5, 5), np.uint8)))
    return np.asarray(cv2.copyTo(wide, above(grey, _PRINT), clean), dtype=np.uint8)


def _window(image: Pixels, box: Box, width_px: int, height_px: int) -> Pixels:
    """The same part of a picture of another scale."""
    across, down = image.shape[1] / width_px, image.shape[0] / height_px
    top, left = int(box.top * down), int(box.left * across)
    bottom, right = max(top + 1, int(box.bottom * down)), max(left + 1, int(box.right * across))
    return np.ascontiguousarray(image[top:bottom, left:right])
