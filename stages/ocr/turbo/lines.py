"""Finds printed lines on a cleaned page: which marks stand on which baseline. Pure.

Bodies of letters are blurred along the line; the blur's ridges are the bands between baseline and the top of
``x``, also where descenders and accents of neighbouring lines touch. Each letter then joins the band it stands in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.ports import Pixels
from stages.ocr.turbo.marks import Bools, Ints, Marks, Mask, Numbers
from stages.ocr.turbo.sizes import LEAST_TITLE, by_size, strays, titles
from stages.ocr.turbo.tables import SHRINK

WIDE_GAP = 2.6
"""A gap of this many x-heights splits a line; blanks of justified print are mostly narrower."""
_RIDGE = (2.4, 0.7)
"""Width and height of the blur, in x-heights."""
_VALLEY = 0.55
"""What is below this share of the highest blur within 1.3 x-heights up and down is not the ridge."""
_FAINTEST = 8
"""Least blur (0–255) of a band: a single thin digit gives about 12."""
_CHUNK = 256
"""Marks or lines compared with all others at a time."""
_EDGE_X = 2.0
"""No print stands nearer to the edge of the scan: a letter or two there are its shadow."""
_STROKE_X = 4.0
"""What a signature breaks into is shorter, the name under it longer."""
_STAPLE_FILL = 0.33
"""A lone wide mark that fills less of its box is a staple or a tick; the thinnest ``M`` fills more."""
_ROW_X, _NEXT_X = 1.7, 1.35
"""Letters whose feet are this many x-heights off a line stand on another; those that are no accents."""
_TALL_X = 0.8
"""Lowest letter that is surely no accent."""
_LEAST_ROW = 3
"""Fewer letters off the line are raised or lowered ones."""
_NOISE_LINES = 1000
"""A page with more lines is noise."""
_CRUMBS = 2
"""So few letters that stand within a longer line are broken parts of its letters."""
_LEAST_LEAN_X = 12.0
"""Shorter lines (in x-heights) are taken as level: a few letters say nothing about a slope."""


@dataclass(frozen=True)
class Segment:
    """A printed line, or a part of one between wide gaps. Working pixels.

    The baseline at ``x`` is ``y = offset + slope·(x − left) + bow·(x − left)²``. ``top`` and ``bottom``: of its own ink.
    """

    left: float
    right: float
    top: float
    bottom: float
    offset: float
    slope: float
    bow: float
    x_height: float
    region: int
    letters: int

    def baseline(self, x: float) -> float:
        """Height of the baseline at a column."""
        along = x - self.left
        return self.offset + self.slope * along + self.bow * along * along

    @property
    def middle_y(self) -> float:
        """Middle of the x-band, halfway along the line."""
        return self.baseline((self.left + self.right) / 2) - self.x_height / 2


@dataclass(frozen=True)
class Lines:
    """``owner``: for each mark the index of its segment, −1 for none, −2 for two that touch."""

    segments: tuple[Segment, ...]
    owner: Ints


def find_lines(marks: Marks, region: Ints, walls: Mask | None = None) -> Lines:
    """The lines of a page, of letters only. ``region``: for each mark the number of its cell, 0 outside of tables.

    ``walls``: see :class:`stages.ocr.turbo.tables.Tables`.
    """
    owner = np.full(len(marks.parts.area), -1, np.int64)
    segments: list[Segment] = []
    for same in by_size(marks):
        segments += _of_size(same, region, walls, owner, len(segments))
    large = titles(marks, owner)
    if large is not None:
        segments += _of_size(large, region, walls, owner, len(segments), LEAST_TITLE)
    few = strays(marks, owner)
    if few is not None:
        segments += _of_size(few, region, walls, owner, len(segments), 2)
    return Lines(tuple(_without_crumbs(segments, owner)), owner)


def _of_size(marks: Marks, region: Ints, walls: Mask | None, owner: Ints, first: int, least: int = 1) -> list[Segment]:
    """Lines of ``least`` letters of one size; ``owner`` is filled in, with numbers from ``first`` on."""
    at = np.flatnonzero(marks.letter)
    if not at.size:
        return []
    bands = _bands(marks, walls)
    band, touching = _band_of(bands, marks, at)
    at, band, touching = at[band > 0], band[band > 0], touching[band > 0]
    if not at.size:
        return []
    group = _split_at_gaps(marks, at, band * (int(region.max()) + 1) + region[at])
    group = _joined(marks, at, group, region[at], walls)
    segments: list[Segment] = []
    strokes = _strokes(marks)
    order = np.argsort(group, kind="stable")
    rows = np.split(order, np.searchsorted(group[order], np.arange(1, int(group.max()) + 1)))
    while rows:
        places = rows.pop()
        clear = places[~touching[places]]
        mine = at[clear if clear.size else places]
        found = fitted(marks, mine, int(region[mine[0]]))
        others = _other_rows(found, marks, at[places])
        if others is not None:
            rows += [places[others == side] for side in (-1, 0, 1) if (others == side).any()]
        elif mine.size >= least and _is_print(found, marks, mine, strokes):
            owner[at[places]] = first + len(segments)
            segments.append(found)
    owner[at[touching]] = -2
    return segments


def _other_rows(line: Segment, marks: Marks, mine: Ints) -> Ints | None:
    """−1 and 1 for the letters that stand rows above and below the line; None where all stand on it.

    The blur of lines set tightly may join through descenders and accents that happen to meet.
    """
    if mine.size < 2 * _LEAST_ROW:
        return None
    parts = marks.parts
    along = parts.left[mine] + parts.width[mine] / 2 - line.left
    base = line.offset + (line.slope + line.bow * along) * along
    foot, head = parts.bottom[mine] - base, parts.top[mine] - base
    x = min(marks.x_height, line.x_height)
    tall = foot - head > _TALL_X * x
    # Accents of capitals end 1.6 x above the baseline; that of the next line is at least 2 x away.
    off = np.where(tall, _NEXT_X, _ROW_X) * x
    side = (foot > off).astype(np.int64) - (foot < -off)
    many = np.count_nonzero(side[tall])
    if many < _LEAST_ROW or side.all():
        return None
    # What hangs below its row, like a ``g``, reaches far into the blank before the next: its body tells.
    best, most = side, np.zeros(mine.size)
    for row in (-1, 0, 1):
        stands = side == row
        if not (stands & tall).any():
            continue
        level = float(np.median(foot[stands & tall]))
        inside = np.minimum(foot, level) - np.maximum(head, level - x)
        best, most = np.where(inside > most, row, best), np.maximum(inside, most)
    # A part has to be smaller than the whole, or the search would never end.
    return None if (best == best[0]).all() else best


def _without_crumbs(segments: list[Segment], owner: Ints) -> list[Segment]:
    """The lines without those of a letter or two inside another, which gets them; ``owner`` is changed."""
    if len(segments) > _NOISE_LINES:
        return segments
    table = np.array([[s.left, s.right, s.middle_y, s.x_height, s.letters, s.region] for s in segments], dtype=float)
    target = np.arange(len(segments))
    for index, line in enumerate(segments):
        if line.letters > _CRUMBS:
            continue
        left, right, middle, size, letters, region = table.T
        around = (left < line.left + size) & (right > line.right - size) & (letters > 2 * _CRUMBS)
        around &= (np.abs(middle - line.middle_y) < 0.9 * size) & (region == line.region) & (size > 0.6 * line.x_height)
        if around.any():
            target[index] = int(np.flatnonzero(around)[0])
    keep = target == np.arange(len(segments))
    if not keep.all():
        mine = owner >= 0
        owner[mine] = (np.cumsum(keep) - 1)[target[owner[mine]]]
    return [line for line, kept in zip(segments, keep, strict=True) if kept]


def _bands(marks: Marks, walls: Mask | None) -> NDArray[np.int32]:
    """Numbered ridges, at the scale where the x-height is about five pixels."""
    x = marks.x_height
    body: Pixels = marks.painted(np.where(marks.letter, 255, 0).astype(np.uint8))
    shrink = max(1, round(x / 5))
    height, width = body.shape
    size = (max(1, width // shrink), max(1, height // shrink))
    whole = body[: size[1] * shrink, : size[0] * shrink]  # averaging by a whole number is five times as fast
    small = cv2.resize(whole, size, interpolation=cv2.INTER_AREA) if shrink > 1 else body
    x /= shrink
    blur = cv2.blur(small, (round(_RIDGE[0] * x) | 1, round(_RIDGE[1] * x) | 1))
    highest = cv2.dilate(blur, np.ones((2 * round(1.3 * x) + 1, 1), np.uint8))
    level = np.maximum(cv2.convertScaleAbs(highest, alpha=_VALLEY), _FAINTEST)
    ridge = cv2.compare(blur, level, cv2.CMP_GT)
    if walls is not None:
        ridge[cv2.resize(walls, size, interpolation=cv2.INTER_NEAREST) > 0] = 0
    _, bands = cv2.connectedComponents(ridge, connectivity=4)
    return np.asarray(bands, dtype=np.int32)


def _band_of(bands: NDArray[np.int32], marks: Marks, at: Ints) -> tuple[Ints, Bools]:
    """The band in which each mark stands (0 for none), and whether it stands in two."""
    parts = marks.parts
    height, width = parts.labels.shape
    down, across = bands.shape[0] / height, bands.shape[1] / width
    middle = ((parts.left[at] + parts.width[at] / 2) * across).astype(int)
    found = np.zeros((5, at.size), np.int64)
    for row, share in enumerate((0.5, 0.7, 0.3, 0.88, 0.12)):
        y = ((parts.top[at] + parts.height[at] * share) * down).astype(int)
        found[row] = bands[np.minimum(y, bands.shape[0] - 1), np.minimum(middle, bands.shape[1] - 1)]
    band = np.zeros(at.size, np.int64)
    for row in range(5):
        band = np.where(band == 0, found[row], band)
    other = ((found > 0) & (found != band)).any(axis=0)
    return band, other & (parts.height[at] > 1.9 * marks.x_height)


def _split_at_gaps(marks: Marks, at: Ints, group: Ints) -> Ints:
    """Number the stretches of each group that no wide gap interrupts."""
    parts = marks.parts
    apart = float(parts.labels.shape[1]) * 4
    _, group = np.unique(group, return_inverse=True)
    left, right = parts.left[at] + group * apart, parts.right[at] + group * apart
    order = np.argsort(left, kind="stable")
    reach = np.maximum.accumulate(right[order])
    new = np.concatenate(([0], (left[order][1:] - reach[:-1] > WIDE_GAP * marks.x_height).astype(np.int64)))
    result = np.empty(at.size, np.int64)
    result[order] = np.cumsum(new)
    return result


def _joined(marks: Marks, at: Ints, group: Ints, region: Ints, walls: Mask | None) -> Ints:
    """Join stretches that follow each other on one baseline: the blur breaks at blanks of justified print."""
    parts, x = marks.parts, marks.x_height
    count = int(group.max()) + 1
    left, right = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(left, group, parts.left[at])
    np.maximum.at(right, group, parts.right[at])
    order = np.lexsort((parts.bottom[at], group))
    starts = np.searchsorted(group[order], np.arange(count + 1))
    foot = parts.bottom[at][order][(starts[:-1] + starts[1:]) // 2].astype(float)
    where = np.zeros(count, np.int64)
    where[group] = region
    root = np.arange(count)
    for start in range(0, count, _CHUNK):
        rows = np.arange(start, min(count, start + _CHUNK))[:, None]
        gap = left[None, :] - right[rows]
        near = (gap < WIDE_GAP * x) & (gap > -1.5 * x) & (left[None, :] > left[rows])
        near &= (np.abs(foot[None, :] - foot[rows]) < 0.5 * x) & (where[None, :] == where[rows])
        for first, second in np.argwhere(near):
            if walls is None or not _walled(walls, right[start + first], left[second], foot[second] - x / 2):
                root[root == root[second]] = root[start + first]
    return np.asarray(np.unique(root, return_inverse=True)[1], dtype=np.int64)[group]


def _walled(walls: Mask, right: float, left: float, y: float) -> bool:
    """Whether a rule stands between the end of a stretch and the beginning of the next."""
    between = walls[int(y) // SHRINK, int(min(left, right)) // SHRINK : int(max(left, right)) // SHRINK + 1]
    return bool(between.any())


def fitted(marks: Marks, mine: Ints, region: int) -> Segment:
    """Baseline and x-height from the feet and heads of the letters."""
    parts, x = marks.parts, marks.x_height
    head, begin, width = parts.top[mine].astype(float), parts.left[mine], parts.width[mine]
    foot: Numbers = head + parts.height[mine]
    left, right = float(begin.min()), float((begin + width).max())
    middle = begin + width / 2 - left
    offset, slope, bow = _share(foot, 0.5), 0.0, 0.0
    size = _share(foot - head, 0.5)
    keep = np.abs(foot - offset) < max(0.3 * x, 0.3 * min(size, 2 * x))
    many = np.count_nonzero(keep)
    if many >= 3:
        offset = _share(foot[keep], 0.5)
        if right - left > _LEAST_LEAN_X * x and many >= 8:
            degree = 2 if right - left > 3 * _LEAST_LEAN_X * x and many >= 20 else 1
            offset, slope, bow = _robust(middle[keep], foot[keep], degree, 0.15 * x)
    line = offset + (slope + bow * middle) * middle
    rise = line - head
    heights = rise[(np.abs(foot - line) < 0.3 * x) & (rise > 0.5 * x)]
    x_height = _share(heights, 0.3) if heights.size else min(size, 1.5 * x)
    return Segment(left, right, float(head.min()), float(foot.max()), offset, slope, bow, x_height, region, mine.size)


def _share(values: Numbers, share: float) -> float:
    """The value below which this share lies (the median for a half); NumPy's own takes ten times as long."""
    return float(np.sort(values)[int(share * (values.size - 1))])


def _is_print(line: Segment, marks: Marks, mine: Ints, strokes: Ints) -> bool:
    """Whether a few marks can be print: not a stroke of a signature, a hole, or the scan's edge.

    From four letters on a line is taken as print unless it is short and crossed by a pen: what it says
    is for recognition to judge.
    """
    if line.letters > 3:
        short = line.right - line.left < _STROKE_X * marks.x_height and line.region == 0
        return not (short and _in_stroke(line, marks, strokes))
    x, (height, width) = marks.x_height, marks.parts.labels.shape
    tall = line.bottom - line.top > (3.2 if line.letters > 1 else 2.4) * x
    if line.letters == 1 and line.region == 0:
        wide, high = int(marks.parts.width[mine[0]]), int(marks.parts.height[mine[0]])
        tall = tall or (wide > 1.1 * high and marks.parts.area[mine[0]] < _STAPLE_FILL * wide * high)
    edge = _EDGE_X * x
    inside = line.left > edge and line.right < width - edge and line.top > edge and line.bottom < height - edge
    return inside and not tall and not (line.region == 0 and _in_stroke(line, marks, strokes))


def _strokes(marks: Marks) -> Ints:
    """The marks that are strokes of a pen as large as a signature."""
    parts, x = marks.parts, marks.x_height
    height, width = parts.labels.shape
    large = (parts.height > 3.4 * x) | (marks.penned & (parts.height > 2 * x))
    large &= ~marks.letter & (parts.width < width / 2) & (parts.height < height / 2)
    large[0] = False
    return np.flatnonzero(large)


def _in_stroke(line: Segment, marks: Marks, strokes: Ints) -> bool:
    """Whether one of these strokes runs around or close by the middle of the line."""
    parts, x = marks.parts, marks.x_height
    across, down = (line.left + line.right) / 2, (line.top + line.bottom) / 2
    around = (parts.left[strokes] < across + x) & (parts.right[strokes] > across - x)
    return bool((around & (parts.top[strokes] < down + x) & (parts.bottom[strokes] > down - x)).any())


def _robust(x: Numbers, y: Numbers, degree: int, near: float) -> tuple[float, float, float]:
    """Least squares, then again without what lies off the line: descenders and commas."""
    reach = float(x.max()) or 1.0
    powers = np.ones((degree + 1, x.size))
    for power in range(degree):
        powers[power + 1] = powers[power] * (x / reach)
    keep, fitted_to, fit, off = np.ones(x.size, bool), np.zeros(x.size, bool), np.zeros(3), y
    for tolerance in (2.5 * near, near, near):
        if not (keep == fitted_to).all():
            part = powers * keep
            products = part @ powers.T
            products.flat[:: degree + 2] += 1e-9
            fit[: degree + 1] = np.linalg.solve(products, part @ y)
            off, fitted_to = np.abs(fit[: degree + 1] @ powers - y), keep
        keep = off < tolerance
        if np.count_nonzero(keep) <= degree + 2:
            break
    return float(fit[0]), float(fit[1] / reach), float(fit[2] / (reach * reach))
