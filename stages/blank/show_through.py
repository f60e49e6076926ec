"""What of a side's pale marks is only the print of the sheet's other side, shining through. Pure.

A page step sees one side, so it keeps a small picture of what stands on it (:func:`packed`); the document step lays
the pair's picture, mirrored, over a doubtful one (:func:`compared`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink
from stages.blank import litter, staples
from stages.ink import Floats
from stages.survey import Survey

Finding = Literal["shown_through", "written", "unclear"]

DPI = 50
"""About, of the small pictures."""
_STEP = 4
"""Contrast of one level of a small picture, of 255."""
_MOST = 15
"""The highest level: as dark as ink, 60 and up."""
_PALEST_SOURCE = 8
"""Print paler than this level (contrast 32) does not show on the other side."""
_DOUBTFUL, _BEHIND = 128, 64
"""Set where the mark is one of those that the page step doubts; and where it is no ink if anything is printed behind it."""
_MOST_MM, _MOST_DEG = 7.0, 3.0
"""How far the two sides of a sheet may lie and lean apart."""
_SHARE = 0.35
"""The other side's ink is seen through paper with at most this share of its contrast."""
_EVEN = 1.6
"""Paper is cloudy: print shines through this many times as much as most of it does, not more."""
_TOLERANCE = 8
"""Contrast of the grain on top of it."""
_NEAR_MM = 0.55
"""How far from the other side's ink its light spreads, with what the laying over leaves."""
_REST_MM2 = 0.25
"""Unexplained ink in a group, mm² of full black, from which something stands there."""
_REST_SHARE = 0.03
"""And so much of all doubtful ink may be left in places that are each too small to matter."""
_BEHIND_SHARE = 0.3
"""Of the ink of a group that is print behind the sheet for all the network knows, so much lies on what is printed there."""
_WRITTEN_MM2, _WRITTEN = 2.2, 32
"""From so much, if it is so dark somewhere (contrast), it is writing: stains and creases are paler, rust is smaller."""


class Comparison(NamedTuple):
    """``rest_mm2``: the largest group of marks that the pair does not explain. ``through``: contrast with which its print shows."""

    finding: Finding
    rest_mm2: float
    through: float
    turn_deg: float
    shift_mm: tuple[float, float]


class _Side(NamedTuple):
    """A small picture, unpacked: contrast, 0–255 in steps, and where it is doubtful (255), and is no ink if print is behind."""

    contrast: Pixels
    doubtful: Pixels
    behind: Pixels


class _Laid(NamedTuple):
    """How the pair's mirrored picture lies best: degrees clockwise about the middle, then pixels."""

    score: float
    flipped: bool
    turn_deg: float
    right_px: float
    down_px: float


def shrink(seen: Survey) -> int:
    """How many of the survey's pixels a small picture's pixel is wide."""
    return max(1, round(seen.dpi / DPI))


def packed(seen: Survey, doubtful: Pixels | None, behind: Pixels | None = None) -> bytes:
    """A side's small picture: PNG of 8 bits, at about 50 dpi, a level for each pixel and whether it is in doubt.

    ``doubtful``: 255 where the doubtful marks are, in the survey's pixels; with it pale marks are kept, which else
    nobody asks for. ``behind``: 255 where these are no ink if anything is printed on the other side.
    """
    factor = shrink(seen)
    even = np.asarray(cv2.GaussianBlur(seen.contrast, (3, 3), 0), dtype=np.uint8)
    level = np.minimum(_pooled(even, factor) // _STEP, _MOST)
    level[level < (_PALEST_SOURCE if doubtful is None else 2)] = 0
    if doubtful is not None:
        level |= _pooled(doubtful, factor) & _DOUBTFUL
        if behind is not None:
            level |= _pooled(behind, factor) & _BEHIND
    done, data = cv2.imencode(".png", level)
    assert done
    return bytes(data)


def _pooled(picture: Pixels, factor: int) -> Pixels:
    """The darkest of each square of pixels."""
    wide = cv2.dilate(picture, np.ones((factor, factor), np.uint8), anchor=(0, 0))
    return np.ascontiguousarray(wide[::factor, ::factor])


def _unpacked(data: bytes) -> _Side:
    level = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
    doubtful, behind = (np.where(level & bit, 255, 0).astype(np.uint8) for bit in (_DOUBTFUL, _BEHIND))
    return _Side(np.asarray((level & 15) * _STEP, dtype=np.uint8), doubtful, behind)


def stapled(wires: Sequence[staples.Wire], side: bytes, pair: bytes, dpi: float = DPI) -> bool:
    """Whether the other side shows the rest of all these staples (:func:`staples.through`), in the pixels of ``side``.

    ``dpi``: of these.
    """
    here, there = _unpacked(side).contrast, _unpacked(pair).contrast
    if not _alike(here, there):
        return False
    behind = _behind(there, here.shape)
    mm = dpi / ink.MM_PER_INCH
    turned = np.asarray(cv2.rotate(behind, cv2.ROTATE_180), dtype=np.uint8)
    return any(staples.through(wires, picture, mm) for picture in (behind, turned))


def _alike(here: Pixels, there: Pixels) -> bool:
    """Whether two pictures are of sides of one size."""
    height, width = here.shape
    return bool(max(abs(height - there.shape[0]), abs(width - there.shape[1])) <= 0.05 * max(height, width))


def _behind(there: Pixels, shape: tuple[int, ...]) -> Pixels:
    """The other side as one looks through the sheet, mirrored about its middle: the picture's own, both were cut alike."""
    behind = np.zeros(shape, np.uint8)
    part = there[: shape[0], : shape[1]]
    behind[: part.shape[0], : part.shape[1]] = part[:, ::-1]
    return behind


def compared(side: bytes, pair: bytes) -> Comparison:
    """Whether the pair's print explains every doubtful mark of a side; both as :func:`packed` made them.

    ``shown_through`` only if its print shows all over about equally and no doubtful mark lies beside it or is
    darker than it can be there. ``written``: a group of marks that it cannot explain. Anything else is ``unclear``.
    """
    here, there = _unpacked(side), _unpacked(pair)
    mm = DPI / ink.MM_PER_INCH
    if not _alike(here.contrast, there.contrast):
        return Comparison("unclear", 0.0, 0.0, 0.0, (0.0, 0.0))
    source = _behind(there.contrast, here.contrast.shape)
    # What shines through is never darker: a shadow or ruled lines must not say how the sides lie.
    laid = _laid_over(np.minimum(here.contrast, round(_SHARE * _MOST * _STEP)), source, mm)
    behind = _moved(source, laid)
    size = 2 * round(_NEAR_MM * mm) + 1
    spread = np.asarray(cv2.dilate(behind, np.ones((size, size), np.uint8)), dtype=np.uint8)
    full = behind >= _MOST * _STEP
    through = float(np.percentile(here.contrast[full], 85)) if int(full.sum()) > 20 else 0.0
    # Where the print is thin, less of it shows: as much as its ink within reach of the paper's spread.
    cover = cv2.GaussianBlur(spread, (3, 3), 0).astype(np.float32) / (_MOST * _STEP)
    allowed = _EVEN * through * cover + _TOLERANCE
    pale = spread < _MOST * _STEP
    allowed[pale] = np.minimum(allowed, _SHARE * spread + _TOLERANCE)[pale]
    allowed[full] = _EVEN * through + _TOLERANCE
    # Where the paper's grain is as dark beside the other side's ink as on it, nothing is seen to shine through.
    beside = here.contrast[spread == 0]
    grain = float(np.percentile(beside, 85)) if beside.size else 0.0
    allowed[(spread == 0) | (through < grain + 1.5 * _STEP)] = 0
    doubtful = (here.doubtful > 0) & (here.behind == 0)
    rest = np.where(doubtful & (here.contrast > allowed), here.contrast, 0).astype(np.uint8)
    groups = litter.grouped(rest, mm)
    rest_mm2 = float(groups.weight_mm2[1:].max(initial=0.0))
    finding: Finding = "unclear"
    doubted = np.where(doubtful, here.contrast, 0)
    if (
        rest_mm2 < _REST_MM2
        and float(rest.sum()) <= _REST_SHARE * float(doubted.sum())
        and _print_behind(here, spread, mm)
    ):
        finding = "shown_through"
    elif ((groups.weight_mm2 >= _WRITTEN_MM2) & (groups.peak >= _WRITTEN)).any():
        finding = "written"
    return Comparison(finding, rest_mm2, through, laid.turn_deg, (laid.right_px / mm, laid.down_px / mm))


def _print_behind(here: _Side, spread: Pixels, mm: float) -> bool:
    """Whether something is printed behind each group of the marks that are no ink if there is. ``spread``: the other side's."""
    there = np.where((here.doubtful > 0) & (here.behind > 0), here.contrast, 0).astype(np.uint8)
    groups = litter.grouped(there, mm)
    near = litter.weights_mm2(groups.cells, np.where(spread > 0, there, 0).astype(np.uint8), mm)
    return bool((near >= _BEHIND_SHARE * groups.weight_mm2)[groups.weight_mm2 >= _REST_MM2].all())


def _laid_over(here: Pixels, source: Pixels, mm: float) -> _Laid:
    """Search from coarse to fine: leans by correlation at each, shifts at once by Fourier transform."""
    best = _Laid(-2.0, False, 0.0, 0.0, 0.0)
    for shrink, step, reach in ((4, 1.0, _MOST_DEG), (2, 0.25, 0.75), (1, 0.1, 0.2)):
        small, behind = _shrunk(here, shrink), _shrunk(source, shrink)
        spectrum = _spectrum(small)
        around, near_px = (
            (best, 2.5 / shrink) if shrink < 4 else (_Laid(-2.0, False, 0.0, 0.0, 0.0), _MOST_MM * mm / shrink)
        )
        found = best._replace(score=-2.0)
        for flipped in (False, True) if shrink == 4 else (best.flipped,):
            for turn in np.arange(around.turn_deg - reach, around.turn_deg + reach + 1e-6, step):
                laid = _Laid(0.0, flipped, float(turn), around.right_px, around.down_px)
                moved = _moved_small(behind, laid, shrink)
                score, right, down = _shift(spectrum, moved, near_px if shrink == 4 else 3.0)
                if score > found.score:
                    found = _Laid(
                        score, flipped, float(turn), laid.right_px + right * shrink, laid.down_px + down * shrink
                    )
        best = found
    return best


def _shrunk(picture: Pixels, factor: int) -> Pixels:
    """Averaged; at full size a little blurred, so that what nearly meets counts."""
    if factor == 1:
        return np.asarray(cv2.GaussianBlur(picture, (3, 3), 0), dtype=np.uint8)
    size = (picture.shape[1] // factor, picture.shape[0] // factor)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _moved(picture: Pixels, laid: _Laid) -> Pixels:
    return _moved_small(picture, laid, 1)


def _moved_small(picture: Pixels, laid: _Laid, shrink: int) -> Pixels:
    height, width = picture.shape
    turn = -laid.turn_deg + (180.0 if laid.flipped else 0.0)
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, 1.0)
    matrix[:, 2] += np.array([laid.right_px / shrink, laid.down_px / shrink])
    return np.asarray(cv2.warpAffine(picture, matrix, (width, height)), dtype=np.uint8)


def _spectrum(picture: Pixels) -> Floats:
    """Fourier transform of a picture of mean 0 and length 1, with room for shifts."""
    level = picture.astype(np.float32)
    level -= level.mean()
    norm = float(np.linalg.norm(level))
    room = np.zeros(
        (cv2.getOptimalDFTSize(level.shape[0] + 16), cv2.getOptimalDFTSize(level.shape[1] + 16)), np.float32
    )
    room[: level.shape[0], : level.shape[1]] = level / norm if norm else level
    return np.asarray(cv2.dft(room))


def _shift(spectrum: Floats, moved: Pixels, most_px: float) -> tuple[float, int, int]:
    """Correlation (−1 to 1) at the best shift, and the shift to the right and down that moves ``moved`` there."""
    product = cv2.mulSpectrums(spectrum, _spectrum(moved), 0, conjB=True)
    field = cv2.idft(product, flags=cv2.DFT_SCALE)
    reach = max(1, round(most_px))
    shifts = np.arange(-reach, reach + 1)
    window = field[np.ix_(shifts, shifts)]
    down, right = np.unravel_index(int(np.argmax(window)), window.shape)
    return float(window[down, right]), int(shifts[right]), int(shifts[down])
