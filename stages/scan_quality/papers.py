"""Which paper a scan shows, and what kind of thing it is: so that a card is no bad A4 page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import cv2
import numpy as np

from models.ports import Pixels
from stages import ink, paper

if TYPE_CHECKING:
    from stages.scan_quality.known import Known

Kind = Literal["page", "spread", "drawing", "card", "photo", "receipt", "slip", "other"]
"""``page``: A4 and its like, down to A5. ``spread``: A3, one sheet or a folded one. ``drawing``: A2 and larger.
``card``: ID-1 and ID-3. ``photo``: a print on photographic paper. ``receipt``: a narrow strip. ``slip``: smaller
than A5, of any shape. ``other``: larger than A5 and no known paper."""

_KINDS: dict[str, Kind] = {
    "A0": "drawing",
    "A1": "drawing",
    "A2": "drawing",
    "A3": "spread",
    "A6": "slip",
    "ID-1": "card",
    "ID-3": "card",
}
"""Known papers that are no pages."""
_PHOTOS_MM = ((30.0, 40.0), (40.0, 60.0), (90.0, 130.0), (102.0, 152.0), (130.0, 180.0), (152.0, 203.0))
_ROLLS_MM = ((54.0, 60.0), (76.0, 83.0), (108.0, 115.0))
"""Widths of the rolls that slips are printed on: 57, 80 and 112 mm, and how they are cut."""
_A5_MM2 = 148.0 * 210.0
_LEAST_MM = 25.0
_APART = 14
"""Levels by which a sheet differs from the lid behind it in some channel."""


class Format(NamedTuple):
    """``width_mm``, ``height_mm``: of the sheet, as scanned; of the picture where no sheet shows in it.
    ``inside``: a smaller sheet was found in the picture. ``around_share``: how much of the picture is not sheet;
    ``around_level``: how light that is."""

    paper: str
    kind: Kind
    width_mm: float
    height_mm: float
    inside: bool = False
    around_share: float = 0.0
    around_level: float = 255.0


def recognise(known: Known) -> Format:
    """The format of the sheet that lies on the scanner's glass, or of the whole picture."""
    decoded = known.decoded
    width_mm, height_mm = paper.size_mm(decoded.width_px, decoded.height_px, decoded.dpi)
    whole = paper.paper_name(width_mm, height_mm)
    lying = _lying(known)
    if lying is not None:
        px_mm = decoded.width_px / known.coarse.shape[1] * ink.MM_PER_INCH / decoded.dpi
        wide, high = round(lying.width_px * px_mm, 1), round(lying.height_px * px_mm, 1)
        name = _nearest(wide, high)
        kind = kind_of(name, wide, high, photographic=False)
        if kind != "other" and min(wide, high) >= _LEAST_MM:
            return Format(name, kind, wide, high, True, lying.around_share, lying.around_level)
    photographic = whole not in paper.PAPERS and _photographic(known.coarse)
    return Format(whole, kind_of(whole, width_mm, height_mm, photographic=photographic), width_mm, height_mm)


def _nearest(width_mm: float, height_mm: float) -> str:
    """The known paper of a sheet found in a picture, whose size is known to about 2 mm."""
    short, long = sorted((width_mm, height_mm))
    for name, (across, along) in paper.PAPERS.items():
        if abs(short - across) <= 3.0 and abs(long - along) <= 3.0:
            return name
    return paper.paper_name(width_mm, height_mm)


def kind_of(name: str, width_mm: float, height_mm: float, *, photographic: bool) -> Kind:
    """``name``: of the paper, or ``other``. ``photographic``: all of it is picture."""
    short, long = sorted((width_mm, height_mm))
    if name in _KINDS:
        return _KINDS[name]
    if photographic and any(abs(short / a - 1) < 0.04 and abs(long / b - 1) < 0.04 for a, b in _PHOTOS_MM):
        return "photo"
    if name in paper.PAPERS:
        return "page"
    if any(low <= short <= high for low, high in _ROLLS_MM) and long >= 1.2 * short:
        return "receipt"
    return "slip" if short * long < 0.97 * _A5_MM2 and short >= _LEAST_MM else "other"


def _photographic(coarse: Pixels) -> bool:
    """Whether there is no paper: tones everywhere, right up to the edges."""
    grey = cv2.cvtColor(coarse, cv2.COLOR_BGR2GRAY)
    low, middle, high = np.percentile(grey, (5, 50, 95))
    return bool(high - low > 70 and middle < 0.8 * max(high, 1.0) + 10 and np.mean(grey > middle + 40) < 0.4)


class _Lying(NamedTuple):
    width_px: float
    height_px: float
    around_share: float
    around_level: float


def _lying(known: Known) -> _Lying | None:
    """A sheet smaller than the picture: a filled rectangle of another colour, and nothing printed around it."""
    coarse = known.coarse
    height, width = coarse.shape[:2]
    apart = _apart(coarse)
    mask = cv2.morphologyEx((apart >= _APART).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    marks = ink.components(mask)
    if len(marks.area) < 2:
        return None
    sheet = int(np.argmax(marks.area[1:])) + 1
    if not 0.01 <= float(marks.area[sheet]) / (height * width) <= 0.9:
        return None
    inside = (marks.labels == sheet).astype(np.uint8)
    contours, _ = cv2.findContours(inside, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(contours, key=cv2.contourArea)
    (_, (across, down), angle) = cv2.minAreaRect(outline)
    if cv2.contourArea(outline) < 0.93 * across * down or _plain(known, inside) > 0.002:
        return None
    if 45 < abs(angle) % 180 < 135:
        across, down = down, across
    around = coarse[inside == 0]
    return _Lying(across + 1, down + 1, 1.0 - float(inside.mean()), float(np.median(around)))


def _apart(coarse: Pixels) -> Pixels:
    """By how much each pixel differs from the lid behind it: from a plane through the levels of the picture's rim."""
    height, width = coarse.shape[:2]
    x, y = np.arange(width, dtype=np.float32) / width, np.arange(height, dtype=np.float32) / height
    ones = np.ones
    across = np.concatenate([x, x, ones(height) * x[0], ones(height) * x[-1]])
    down = np.concatenate([ones(width) * y[0], ones(width) * y[-1], y, y])
    levels = np.concatenate([coarse[0], coarse[-1], coarse[:, 0], coarse[:, -1]]).astype(np.float64)
    at = np.stack([np.ones(len(across)), across, down], axis=1)
    kept = np.ones(len(at), bool)
    plane = np.zeros((3, 3))
    for _ in range(2):
        plane = np.linalg.lstsq(at[kept], levels[kept], rcond=None)[0]
        off = np.abs(levels - at @ plane).max(axis=1)
        kept = off <= np.median(off) + _APART
    apart = np.zeros((height, width), np.uint8)
    for band, (level, right, below) in zip(cv2.split(coarse), plane.T.astype(np.float32), strict=True):
        lid = cv2.convertScaleAbs((level + below * y)[:, None] + (right * x)[None, :])
        apart = np.maximum(apart, cv2.absdiff(band, lid))
    return apart


def _plain(known: Known, inside: Pixels) -> float:
    """Share of what lies around the sheet that is ink; near the sheet, the lid is darker than it and passes for ink."""
    contrast = known.survey.contrast
    size = (contrast.shape[1], contrast.shape[0])
    outside = cv2.resize(1 - cv2.dilate(inside, np.ones((37, 37), np.uint8)), size, interpolation=cv2.INTER_NEAREST)
    rim = max(2, round(3 * known.mm_px))
    middle = (slice(rim, -rim), slice(rim, -rim))
    count = int(np.count_nonzero(outside[middle]))
    return float(np.count_nonzero((contrast[middle] >= 60) & (outside[middle] > 0))) / max(count, 1)
