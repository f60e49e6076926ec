"""Two scans of one page, one of them with a note on it: laid over each other and compared. Pure.

They were scanned one after the other, so the sheet lies a little shifted and turned, the feeder may have stretched
it, and the JPEG noise is another one. Heavy libraries are loaded when the first pair comes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Affine, Box
from models.ports import Pixels
from stages.ink import MM_PER_INCH, components, edge_dirt
from stages.note.note_patch import tint_apart, white_point
from stages.survey import Survey

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

DPI = 75.0
"""Both pictures are compared at this resolution, whatever they were scanned at."""
_MOST_SHIFT_MM = 50.0
"""A sheet lies no further from where it lay in the other scan."""
_COARSE = 2
"""Registered at half of it first: shifts and turns show there, noise does not."""
_SURE = 0.8
"""Correlation from which two pictures surely lie over each other; two pages of the same kind reach 0.6."""
_LEAST_INK_PX = 120
"""Ink by which a page can be registered: 14 mm², a few letters."""
_INK, _TRACE = 64, 26
"""Contrast of what must be found again on the other scan, and of what counts as found."""
_NEAR_PX = 5
"""Ink is found again within 2 pixels (0.7 mm)."""
_CELL_MM = 5.0
_CELL_INK_MM2 = 1.2
"""Ink of a cell that is not found again: more than dust, less than a word."""
_CELL_SHARE = 0.35
"""Share of a cell's ink that is not found again, so that a fold that shifts print a little is no difference."""
_UNLIKE = 0.5
"""Structural similarity of a cell: 0.9 and more on one page, 0.2 to 0.4 where other words stand."""
_TINT = 0.045
"""Difference of the papers' tint that is another paper."""
_MOST_TINTED = 0.45
"""More of the page on coloured paper is a coloured page."""
_JOIN_CELLS = (5, 3, 1)
"""Cells of one note lie together; between its shadow and its writing a few may be without a difference."""
_LEAST_CELLS = 6
"""A note covers more: 38 × 51 mm are 76 cells."""
_MOST_MM = 178.0
"""The largest pad, leaning, with its shadow."""
_MOST_STACKED_MM = 250.0
"""Two notes that overlap: nearly all that differs is on coloured paper."""
_MOST_NOTES = 3


class Region(NamedTuple):
    """A compact region that differs. ``box``: pixels of the clean survey's pictures. ``cells``: how many differ;
    ``loose``: how many of these are away from any paper of another colour.

    ``noted``, ``cleaned``: share of it where only the one or only the other scan shows tinted paper.
    """

    box: Box
    cells: int
    loose: int
    noted: float
    cleaned: float


class Comparison(NamedTuple):
    """``correlation``: of the ink where both lie over each other, −1 to 1. ``agreement``: mean structural similarity
    of the ink outside of the regions, 0–1; 1 where there is none. ``stray``: cells that differ outside of them;
    ``inked``: cells with ink outside of them. ``same_patch``: the clean scan's note is on both.
    """

    correlation: float
    agreement: float
    regions: tuple[Region, ...]
    stray: int
    inked: int
    same_patch: bool


class _View(NamedTuple):
    """One scan at :data:`DPI`. ``contrast``: without the scan's dark edges. ``ink``: also without what is on coloured
    paper. ``tint``: how far the paper of each pixel is from the sheet's, 0–1."""

    contrast: Pixels
    ink: Pixels
    tint: Floats


def compare(noted: Survey, clean: Survey, turn_deg: float = 0.0, on_clean: Box | None = None) -> Comparison:
    """``noted``: the scan that is said to carry the note; ``clean``: the other. ``on_clean``: a note found on that
    one all the same, by its colour, in pixels of its survey. ``turn_deg``: by how much the noted scan has to be turned
    clockwise to lie like the clean one, as far as is known."""
    one, other = _view(noted), _view(clean)
    onto, correlation = _register(one.ink, other.ink, turn_deg)
    size = (other.ink.shape[1], other.ink.shape[0])
    contrast = np.asarray(cv2.warpAffine(one.contrast, onto, size), dtype=np.uint8)
    tint = np.asarray(cv2.warpAffine(one.tint, onto, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.float32)
    seen = cv2.warpAffine(np.full(one.ink.shape, 255, np.uint8), onto, size)
    inside = np.asarray(cv2.erode(seen, np.ones((9, 9), np.uint8)) > 0)
    darker = tint - other.tint
    similar, written = _similarity(contrast, other.contrast, inside)
    lost, inked = _lost(contrast, other.contrast, inside)
    tinted = _tinted((np.abs(darker) > _TINT) & inside, lost.shape)
    differs = lost | tinted | _unlike(similar, written, lost.shape)
    # A note's shadow and the words that it cuts reach a centimetre beyond it.
    loose = differs & (cv2.dilate(tinted.view(np.uint8), np.ones((5, 5), np.uint8)) == 0)
    boxes = _compact(differs, tinted)
    covered, within = np.zeros(size[::-1], bool), np.zeros(differs.shape, bool)
    regions = []
    for box in boxes:
        cells = _window(box, 1.0)
        pixels = _window(box, _CELL_MM * DPI / MM_PER_INCH)
        within[cells], covered[pixels] = True, True
        place = Box(*(edge * _CELL_MM / MM_PER_INCH * clean.dpi for edge in box))
        part = darker[pixels]
        count, free = (int(np.count_nonzero(which[cells])) for which in (differs, loose))
        regions.append(Region(place, count, free, float((part > _TINT).mean()), float((part < -_TINT).mean())))
    outside = written & ~covered[::_COARSE, ::_COARSE][: written.shape[0], : written.shape[1]]
    return Comparison(
        correlation=correlation,
        agreement=float(similar[outside].mean()) if bool(outside.any()) else 1.0,
        regions=tuple(regions),
        stray=int(np.count_nonzero(differs & ~within)),
        inked=int(np.count_nonzero(inked & ~within)),
        same_patch=on_clean is not None and _lies_on_both(on_clean, tint, other.tint, DPI / clean.dpi),
    )


def _window(box: Box, scale: float) -> tuple[slice, slice]:
    """The rows and columns of a box."""
    left, top, right, bottom = (max(0, int(edge * scale)) for edge in box)
    return slice(top, bottom), slice(left, right)


def _view(survey: Survey) -> _View:
    """A survey at :data:`DPI`."""
    scale = DPI / survey.dpi
    size = (max(1, round(survey.small.shape[1] * scale)), max(1, round(survey.small.shape[0] * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    contrast = np.asarray(cv2.resize(survey.contrast, size, interpolation=how), dtype=np.uint8)
    marks = components(contrast >= _INK)
    dirt = marks.painted(np.where(edge_dirt(marks, DPI), 255, 0).astype(np.uint8))
    contrast = np.asarray(cv2.subtract(contrast, cv2.dilate(dirt, np.ones((5, 5), np.uint8))), dtype=np.uint8)
    coarse = cv2.resize(survey.paper, (max(1, size[0] // 2), max(1, size[1] // 2)), interpolation=cv2.INTER_AREA)
    tint = tint_apart(np.asarray(coarse, dtype=np.uint8), white_point(survey))
    ink = contrast.copy()
    rim = round(5 * DPI / MM_PER_INCH)
    ink[:rim], ink[-rim:], ink[:, :rim], ink[:, -rim:] = 0, 0, 0, 0
    tinted = cv2.morphologyEx((tint > _TINT).view(np.uint8), cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    if tinted.mean() < _MOST_TINTED:  # the page alone is registered, without its notes
        ink[cv2.resize(cv2.dilate(tinted, np.ones((7, 7), np.uint8)), size, interpolation=cv2.INTER_NEAREST) > 0] = 0
    return _View(contrast, ink, np.asarray(cv2.resize(tint, size), dtype=np.float32))


def _register(moving: Pixels, fixed: Pixels, turn_deg: float) -> tuple[NDArray[np.float64], float]:
    """The 2 × 3 map of the moving picture onto the fixed one, and the correlation that it reaches.

    A page that is all but empty is laid as it is: there is nothing to find its place by.
    """
    least = min(int(np.count_nonzero(picture >= _INK)) for picture in (moving, fixed))
    small = [_blurred(picture) for picture in (moving, fixed)]
    best, reached = _turn(small[0].shape, small[1].shape, turn_deg), 0.0
    if least >= _LEAST_INK_PX:
        for angle in _angles(small[0], small[1], turn_deg):
            turned = _turn(small[0].shape, small[1].shape, angle)
            shifted = max(_shifts(small[0], small[1], turned), key=lambda onto: _correlation(small[0], small[1], onto))
            onto, correlation = _refined(small[0], small[1], shifted)
            if correlation > reached:
                best, reached = onto, correlation
            if reached >= _SURE:
                break
    best[:, 2] = best[:, 2] * _COARSE + (_COARSE - 1) / 2 * (1 - best[:, :2].sum(axis=1))
    return best, reached


def _blurred(picture: Pixels) -> Floats:
    size = (picture.shape[1] // _COARSE, picture.shape[0] // _COARSE)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), dtype=np.float32)


def _angles(moving: Floats, fixed: Floats, turn_deg: float) -> Iterator[float]:
    """Turns to try: what the pages' lines say, then what the pictures' spectra say, which do not tell up from down."""
    yield turn_deg
    spectral = _spectral_turn(moving, fixed)
    yield spectral
    yield spectral + 180
    yield turn_deg + 180


def _spectral_turn(moving: Floats, fixed: Floats) -> float:
    """By how much to turn clockwise, modulo 180°: a shift of the spectra's magnitudes in polar coordinates.

    Reddy and Chatterji 1996, as in scikit-image's gallery.
    """
    from skimage.registration import phase_cross_correlation
    from skimage.transform import warp_polar

    side = 1 << (min(*moving.shape, *fixed.shape) - 1).bit_length()
    polar = []
    for picture in (fixed, moving):
        canvas = np.zeros((side, side), np.float32)
        part = picture[:side, :side]
        canvas[: part.shape[0], : part.shape[1]] = part * np.outer(np.hanning(part.shape[0]), np.hanning(part.shape[1]))
        magnitude = np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(canvas))))
        unrolled = warp_polar(magnitude, radius=side // 3, output_shape=(720, side // 3))
        polar.append(unrolled[:360, side // 24 :])
    shift, _, _ = phase_cross_correlation(polar[0], polar[1], upsample_factor=4, normalization=None)
    return float(shift[0]) / 2


def _turn(moving: tuple[int, ...], fixed: tuple[int, ...], angle_deg: float) -> NDArray[np.float64]:
    """Turn clockwise about the middle."""
    (high, wide), (to_high, to_wide) = moving, fixed
    turn = Affine.rotation(angle_deg, ((wide - 1) / 2, (high - 1) / 2), ((to_wide - 1) / 2, (to_high - 1) / 2))
    return np.array([[turn.a, turn.b, turn.c], [turn.d, turn.e, turn.f]])


def _shifts(moving: Floats, fixed: Floats, turned: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """The turn alone, then with the shift that phase correlation finds: sharp, and plain, which noise disturbs less.

    Shifts that no sheet takes from scan to scan are left out: lines of print fit over others, a page's width apart.
    """
    from skimage.registration import phase_cross_correlation

    yield turned
    seen = cv2.warpAffine(moving, turned, fixed.shape[::-1])
    most = _MOST_SHIFT_MM / MM_PER_INCH * DPI / _COARSE
    for normalization in ("phase", None):
        shift, _, _ = phase_cross_correlation(fixed, seen, normalization=normalization)
        if max(abs(float(way)) for way in shift) <= most:
            placed = turned.copy()
            placed[:, 2] += (float(shift[1]), float(shift[0]))
            yield placed


def _correlation(moving: Floats, fixed: Floats, onto: NDArray[np.float64]) -> float:
    """Pearson's, over the fixed picture; 0 where either is empty."""
    seen = cv2.warpAffine(moving, onto, fixed.shape[::-1])
    one, other = seen - seen.mean(), fixed - fixed.mean()
    norm = math.sqrt(float((one * one).sum()) * float((other * other).sum()))
    return float((one * other).sum()) / norm if norm > 0 else 0.0


def _refined(moving: Floats, fixed: Floats, onto: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """The map with the last degree and pixels, and with a feeder's stretch (at most 1.5 %); its correlation."""
    reached, everywhere = _correlation(moving, fixed, onto), np.full(fixed.shape, 255, np.uint8)
    for motion, soft in ((cv2.MOTION_EUCLIDEAN, 7), (cv2.MOTION_EUCLIDEAN, 3), (cv2.MOTION_AFFINE, 3)):
        start = cv2.invertAffineTransform(onto).astype(np.float32)
        stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
        try:
            _, found = cv2.findTransformECC(fixed, moving, start, motion, stop, everywhere, soft)
        except cv2.error:  # the pictures have nothing in common
            break
        better = np.asarray(cv2.invertAffineTransform(np.asarray(found, dtype=np.float64)), dtype=np.float64)
        stretch = np.linalg.svd(better[:, :2])[1]
        correlation = _correlation(moving, fixed, better)
        if correlation > reached and bool((np.abs(stretch - 1) < 0.015).all()):
            onto, reached = better, correlation
    return onto, reached


def _lost(noted: Pixels, clean: Pixels, inside: Bools) -> tuple[Bools, Bools]:
    """Cells of 5 mm with ink that is not found again on the other scan, and cells with ink in either."""
    near = np.ones((_NEAR_PX, _NEAR_PX), np.uint8)
    ink = [(picture >= _INK) & inside for picture in (noted, clean)]
    found = [cv2.dilate((picture >= _TRACE).view(np.uint8), near) > 0 for picture in (noted, clean)]
    mm = DPI / MM_PER_INCH
    size = (max(1, int(noted.shape[1] / mm / _CELL_MM)), max(1, int(noted.shape[0] / mm / _CELL_MM)))
    lost, whole = (
        np.asarray(cv2.resize(picture.astype(np.float32), size, interpolation=cv2.INTER_AREA))
        for picture in ((ink[0] & ~found[1]) | (ink[1] & ~found[0]), ink[0] | ink[1])
    )
    area = _CELL_MM * _CELL_MM
    return (
        np.asarray((lost * area >= _CELL_INK_MM2) & (lost >= _CELL_SHARE * whole)),
        np.asarray(whole * area >= _CELL_INK_MM2),
    )


def _tinted(differs: Bools, shape: tuple[int, ...]) -> Bools:
    """Cells where the paper is of another colour."""
    share = cv2.resize(differs.astype(np.float32), (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(np.asarray(share) > 0.5)


def _unlike(similar: Floats, written: Bools, shape: tuple[int, ...]) -> Bools:
    """Cells where both scans have other print: lines of unlike pages may lie over each other, ink over ink."""
    size = (shape[1], shape[0])
    whole, alike = (
        np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
        for picture in (written.astype(np.float32), similar * written)
    )
    return np.asarray((whole * _CELL_MM * _CELL_MM >= 2 * _CELL_INK_MM2) & (alike < _UNLIKE * whole))


def _compact(differs: Bools, tinted: Bools) -> list[Box]:
    """Regions of cells that differ, each small enough for a note, in cells, with one of margin; largest first.

    What is too large when joined over gaps may be two notes side by side: it is joined over smaller ones.
    """
    height, width = differs.shape
    rest, boxes = differs, list[Box]()
    for gap in _JOIN_CELLS:
        joined = cv2.morphologyEx(rest.view(np.uint8), cv2.MORPH_CLOSE, np.ones((gap, gap), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        large = np.zeros_like(differs)
        for number in range(1, count):
            left, top, wide, high = (int(v) for v in stats[number][:4])
            own = rest & (labels == number)
            stacked = 2 * np.count_nonzero(own & tinted) > np.count_nonzero(own)
            if max(wide, high) * _CELL_MM > (_MOST_STACKED_MM if stacked else _MOST_MM):
                large |= own
            elif np.count_nonzero(own) >= _LEAST_CELLS:
                right, bottom = min(width, left + wide + 1), min(height, top + high + 1)
                boxes.append(Box(max(0, left - 1), max(0, top - 1), right, bottom))
        rest = large
    return sorted(boxes, key=lambda box: -box.width * box.height)[:_MOST_NOTES]


def _similarity(noted: Pixels, clean: Pixels, inside: Bools) -> tuple[Floats, Bools]:
    """Structural similarity (Wang et al. 2004) at half the size, 0–1, and where either scan has ink."""
    from skimage.metrics import structural_similarity

    one, other = _blurred(noted), _blurred(clean)
    where = inside[::_COARSE, ::_COARSE][: one.shape[0], : one.shape[1]]
    if min(one.shape) < 7:  # the window of the measure
        return np.ones_like(one), np.zeros(one.shape, bool)
    _, similar = structural_similarity(one, other, data_range=255, full=True)
    return np.clip(similar, 0, 1).astype(np.float32), np.asarray(where & (cv2.max(one, other) >= _TRACE))


def _lies_on_both(patch: Box, noted: Floats, clean: Floats, scale: float) -> bool:
    """Whether the noted scan is tinted where the clean one has a note."""
    shrunk = Box(patch.left + 4, patch.top + 4, patch.right - 4, patch.bottom - 4)
    window = _window(shrunk, scale)
    if not noted[window].size:
        return False
    return float(np.median(noted[window])) > 0.5 * float(np.median(clean[window]))
