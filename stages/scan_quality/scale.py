"""Scale 100 % (rule R5): a sheet shrunk to fit a page, or a resolution that makes the print impossible. Pure."""

from __future__ import annotations

import numpy as np

from models.ports import Pixels
from stages import ink, paper
from stages.scan_quality.known import Known, Seen
from stages.scan_quality.size import letter_height_mm

_SMALLEST_MM = 0.85
"""Median height of letters, their marks included, in print of 4 points: no page is set smaller."""
_SMALLEST_ON_A6_MM = 1.65
"""A4 whose resolution is declared twice as high is A6 in print of 7 points; A6 itself is set like a book."""
_LARGEST_MM = 4.0
"""A sheet of A2 and more that has letters has small ones too."""
_SHRUNK = (0.55, 0.985)
"""Less is not "fit to page", more is the tolerance of scanners."""
_ALIKE = 0.012
_FLAT = 0.995


def wrong_scale(known: Known) -> tuple[Seen, ...]:
    """By letters that no printer makes, or by the frame that software puts around a sheet that it shrank."""
    height_mm = letter_height_mm(known)
    drawing = known.format.kind == "drawing"
    least = _SMALLEST_MM if known.format.paper != "A6" else _SMALLEST_ON_A6_MM
    if height_mm is not None and (height_mm < least or (drawing and height_mm > _LARGEST_MM)):
        return (Seen("wrong_scale", f"chữ cao {height_mm:.1f} mm"),)
    share = fitted_share(known)
    return () if share is None else (Seen("wrong_scale", f"tỷ lệ khoảng {share:.0%}"),)


def fitted_share(known: Known) -> float | None:
    """How much smaller the sheet is than the page that it was fitted into; None where nothing shows it.

    The page is a known paper, its rim is of exactly one colour (no scanner's glass is), within it lies a
    rectangle that is of another colour right up to its border, as large as the page times one number, and
    no known paper itself.
    """
    decoded = known.decoded
    page = paper.paper_name(*paper.size_mm(decoded.width_px, decoded.height_px, decoded.dpi))
    if page == "other":
        return None
    sample = known.raster.grey()[::2, ::2]
    inside = _framed(sample)
    if inside is None:
        return None
    top, bottom, left, right = inside
    across, down = (right - left) / sample.shape[1], (bottom - top) / sample.shape[0]
    share = (across + down) / 2
    if abs(across - down) > _ALIKE or not _SHRUNK[0] <= share <= _SHRUNK[1]:
        return None
    mm = 2 * 2 * ink.MM_PER_INCH / decoded.dpi
    return share if paper.paper_name((right - left) * mm, (bottom - top) * mm) == "other" else None


def _framed(sample: Pixels) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right of what a frame of one colour surrounds on all four sides."""
    level = sample[0, 0]
    if not (sample[0] == level).all():
        return None
    if any(sample[row, column] != level for row in (0, -1) for column in (0, -1)):
        return None
    other = np.asarray(sample != level)
    rows, columns = np.flatnonzero(other.mean(axis=1) > 0.5), np.flatnonzero(other.mean(axis=0) > 0.5)
    if len(rows) < 20 or len(columns) < 20:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    height, width = other.shape
    frame = other.copy()
    frame[max(0, top - 2) : bottom + 2, max(0, left - 2) : right + 2] = False
    outside = height * width - (bottom - top + 4) * (right - left + 4)
    if min(top, left, height - bottom, width - right) < 3 or frame.sum() > (1 - _FLAT) * max(outside, 1):
        return None
    edges = (other[top + 3], other[bottom - 4], other[:, left + 3], other[:, right - 4])
    spans = ((left, right), (left, right), (top, bottom), (top, bottom))
    full = all(edge[a + 3 : b - 3].mean() > 0.95 for edge, (a, b) in zip(edges, spans, strict=True))
    return (top, bottom, left, right) if full else None
