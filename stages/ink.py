"""What is darker than the paper around it, and which of it is only the scanner's edge. Pure.

Shared by deskew and blank_side, on pictures reduced to about 100 dpi.
"""

from __future__ import annotations

from typing import Any, NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels

MM_PER_INCH = 25.4
Ints = NDArray[np.int32]
Labels = NDArray[np.int32] | NDArray[np.uint16]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Window = tuple[slice, slice]


class Components(NamedTuple):
    """Connected marks. ``labels``: mark number of each pixel, 0 for none; the arrays start at mark 0."""

    labels: Labels
    left: Ints
    top: Ints
    width: Ints
    height: Ints
    area: Ints

    @property
    def right(self) -> Ints:
        return self.left + self.width

    @property
    def bottom(self) -> Ints:
        return self.top + self.height

    def painted(self, value: NDArray[Any], window: Window = (slice(None), slice(None))) -> NDArray[Any]:
        """A picture, or a window of it, where each mark has the value of its number, like 255 for a letter."""
        labels = self.labels[window]
        if labels.dtype != np.uint16:
            return np.asarray(value[labels])
        table = np.zeros(1 << 16, value.dtype)
        table[: value.size] = value
        return np.asarray(cv2.LUT(labels, table))


def reduced(image: Pixels, short_px: int) -> Pixels:
    """The picture with its shorter side at ``short_px`` to a third more, never enlarged.

    Averaged by a whole number, then, where that is not enough, interpolated to 4/5 or 2/3: there every pixel
    that it gives blends the same few neighbours, so that noise falls evenly and no blur is needed before it.
    Averaging over broken pixels would take five times as long.
    """
    factor = min(image.shape[:2]) // short_px
    if factor > 1:
        image = _resized(image, 1, factor, cv2.INTER_AREA)
    ratio = min(image.shape[:2]) / short_px
    if ratio >= 3 / 2:
        return _resized(image, 2, 3, cv2.INTER_LINEAR)
    return _resized(image, 4, 5, cv2.INTER_LINEAR) if ratio >= 5 / 4 else image


def _resized(image: Pixels, to: int, of: int, how: int) -> Pixels:
    """``to`` pixels for every ``of``; a rest at the right and lower edge is left out."""
    height, width = (side // of for side in image.shape[:2])
    whole = image[: height * of, : width * of]
    return np.asarray(cv2.resize(whole, (width * to, height * to), interpolation=how), dtype=np.uint8)


def paper(image: Pixels) -> Pixels:
    """How light the paper is at each pixel of a grey or BGR picture: what is left when marks are closed over.

    Works at a quarter of the size, because paper and shade change slowly; a dark area wider than
    about a sixteenth of the short side counts as paper.
    """
    height, width = image.shape[:2]
    small = cv2.resize(cv2.dilate(image, np.ones((3, 3), np.uint8)), (-(-width // 4), -(-height // 4)))
    size = max(5, min(small.shape[:2]) // 16) | 1
    small = cv2.morphologyEx(small, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    small = cv2.blur(small, (size, size))
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def contrast(image: Pixels, under: Pixels) -> Pixels:
    """By how much each pixel is darker than the paper ``under`` it, 0–255 for all of it.

    Of a BGR picture the channel that shows most: a pale stamp on tinted paper is there in one only.
    """
    share = cv2.divide(cv2.subtract(under, image), under, scale=255.0)
    if share.ndim == 3:
        first, second, third = cv2.split(share)
        share = cv2.max(cv2.max(first, second), third)
    return np.asarray(share, dtype=np.uint8)


def components(mask: NDArray[np.generic]) -> Components:
    """The 8-connected marks of a mask (anything not 0 belongs to a mark)."""
    marked = (mask != 0).view(np.uint8)
    # Labels of 16 bits take half the time; OpenCV gives one to every pixel with no mark before it.
    kind = cv2.CV_16U if _beginnings(marked) < np.iinfo(np.uint16).max else cv2.CV_32S
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marked, connectivity=8, ltype=kind)
    left, top, width, height, area = (stats[:, column] for column in range(5))
    return Components(cast("Labels", labels), left, top, width, height, area)


def _beginnings(marked: Pixels) -> int:
    """At most how many pixels of a 0/1 mask have no marked neighbour at their left or above: no fewer than its marks."""
    runs = int(np.count_nonzero(marked[:, 1:] > marked[:, :-1])) + len(marked)
    if runs < np.iinfo(np.uint16).max:
        return runs  # no fewer either, and most pages are done
    before = np.zeros_like(marked)
    if len(marked) > 1:
        before[1:] = cv2.dilate(marked[:-1], np.ones((1, 3), np.uint8))
    before[:, 1:] |= marked[:, :-1]
    return int(np.count_nonzero(marked > before))


def rim_mm_px(marks: Components, dpi: float) -> float:
    """Pixels of a millimetre where it measures distance from the edge: less on papers smaller than A4.

    Keeps a single line, cut out closely, from being all rim, whatever dpi its file claims.
    """
    return min(dpi / MM_PER_INCH, float(min(marks.labels.shape)) / 210.0)


def edge_dirt(marks: Components, dpi: float) -> Bools:
    """Which marks are the scan's dark edge, the scanner's lid, or a folded corner, by mark number.

    Such a mark reaches within 2 mm of an edge, and nine tenths of it lie within 8 mm of the edges, or
    it runs along its edge for a quarter of it while it is thin on average (the wedge beside a skewed
    sheet), or it stays in a corner of 25 mm. The lengths are A4's; smaller pictures have less rim.
    """
    height, width = marks.labels.shape
    mm = rim_mm_px(marks, dpi)
    near, corner, rim = 2 * mm, 25 * mm, max(1, round(8 * mm))
    inner = marks.area - _at_edges(marks.labels, rim, len(marks.area))
    touches = (marks.left <= near, marks.top <= near, marks.right >= width - near, marks.bottom >= height - near)
    depth = (marks.right, marks.bottom, width - marks.left, height - marks.top)
    dirt = np.zeros(len(marks.area), bool)
    for side in range(4):
        along, edge = (marks.height, height) if side % 2 == 0 else (marks.width, width)
        wedge = (along > edge / 4) & (marks.area < 6 * mm * along) & (depth[side] < 3 * corner)
        dirt |= touches[side] & (wedge | (inner < 0.1 * marks.area))
        other = (side + 1) % 4
        dirt |= touches[side] & touches[other] & (depth[side] <= corner) & (depth[other] <= corner)
    dirt[0] = False
    return dirt


def _at_edges(labels: Labels, rim_px: int, marks: int) -> Ints:
    """Pixels of each mark that lie within the rim."""
    between = labels[rim_px:-rim_px]
    parts = (labels[:rim_px], labels[-rim_px:], between[:, :rim_px], between[:, -rim_px:])
    return np.bincount(np.concatenate([part.ravel() for part in parts]), minlength=marks).astype(np.int32)
