"""Gives accents, dots and dashes to the printed lines. Pure.

They join the nearest line, which for Vietnamese may be one and a half x-heights below them.
"""

from __future__ import annotations

import numpy as np

from stages.ocr.turbo.lines import Lines, Segment
from stages.ocr.turbo.marks import Bools, Ints, Marks, Numbers

_MARK_X, _DASH_X = 1.6, 8.0
"""How far beyond the end of a line a dot, and the dash that opens an item of a list, may stand."""
_ACCENT_X = 1.5
"""Highest middle of an accent above the top of ``x``."""
_FLAT, _DASH_UP_X = 1.7, 0.5
"""A dash is so many times as wide as high, and stands so far above the baseline, in x-heights."""
_RAISED_X = 1.15
"""Letters that stand on no line's baseline and are no higher than this are raised: the number of a foot note."""
_ELLIPSIS, _DOT_X, _NEXT_DOT_X, _LEVEL_X, _FOOT_X = 3, 0.5, 1.3, 0.1, 0.3
"""Dots that may follow the first, their largest side, how far they are apart, off each other's feet and the baseline."""
_CHUNK = 256
"""Marks compared with all lines near them at a time."""


def with_small(marks: Marks, lines: Lines, region: Ints) -> Lines:
    """The lines with the small marks that belong to them. ``region``: for each mark the number of its cell."""
    owner, segments = lines.owner.copy(), list(lines.segments)
    _adopt_small(marks, segments, owner, region)
    _adopt_dots(marks, segments, owner, region)
    _add_dashes(marks, segments, owner, region)
    return Lines(tuple(_with_own_ink(marks, segments, owner)), owner)


def _adopt_small(marks: Marks, segments: list[Segment], owner: Ints, region: Ints) -> None:
    """Give accents, dots and dashes to the line they belong to; ``owner`` is filled in."""
    parts = marks.parts
    raised = marks.letter & (owner == -1) & (parts.height < _RAISED_X * marks.x_height)
    small = np.flatnonzero(marks.small | raised)
    if not small.size or not segments:
        return
    small = small[np.argsort(parts.top[small], kind="stable")]
    fields = ("left", "right", "x_height", "offset", "slope", "bow", "region", "top", "bottom")
    table = np.array([[getattr(line, name) for name in fields] for line in segments], dtype=float).T
    for start in range(0, small.size, _CHUNK):
        # Down the page in chunks, each with the lines that are near: ten thousand lines then stay harmless.
        at = small[start : start + _CHUNK]
        reach = 4 * marks.x_height
        high, low = float(parts.top[at].min()) - reach, float(parts.bottom[at].max()) + reach
        near = np.flatnonzero((table[7] < low) & (table[8] > high))
        if near.size:
            best, found = _nearest(marks, at, table[:, near], region)
            owner[at[found]] = near[best[found]]


def _adopt_dots(marks: Marks, segments: list[Segment], owner: Ints, region: Ints) -> None:
    """Give the line what follows the dot at its end: the rest of an ellipsis, farther off than a stop may stand."""
    parts, x = marks.parts, marks.x_height
    dot = marks.small & (np.maximum(parts.width, parts.height) < _DOT_X * x)
    for _ in range(_ELLIPSIS):
        free = np.flatnonzero(dot & (owner == -1))
        last = np.flatnonzero(dot & (owner >= 0))
        if not free.size or not last.size:
            return
        order = last[np.argsort(parts.left[last], kind="stable")]
        for mark in free.tolist():
            low, high = np.searchsorted(parts.left[order], (parts.left[mark] - _NEXT_DOT_X * x, parts.left[mark]))
            near = order[low:high]
            near = near[np.abs(parts.bottom[near] - parts.bottom[mark]) <= max(1.0, _LEVEL_X * x)]
            near = near[region[near] == region[mark]]
            if near.size:
                line = segments[owner[near[-1]]]
                if abs(line.baseline(float(parts.left[mark])) - parts.bottom[mark]) < _FOOT_X * line.x_height:
                    owner[mark] = owner[near[-1]]


def _nearest(marks: Marks, at: Ints, lines: Numbers, region: Ints) -> tuple[Ints, Bools]:
    """Which of the lines each small mark is nearest to, and whether it is near enough to belong to it."""
    parts = marks.parts
    middle = (parts.left[at] + parts.width[at] / 2)[:, None]
    centre = (parts.top[at] + parts.height[at] / 2)[:, None]
    left, right, size, offset, slope, bow, cell = (field[None, :] for field in lines[:7])
    along = middle - left
    above = (offset + (slope + bow * along) * along - centre) / size  # 0 at the baseline, 1 at the top of x
    # In the x-band (dots, dashes) the distance is 0; accents stand up to 2.5 above it, the dot below 0.6 under it.
    distance = np.where(above > 1.0, above - 1.0, np.where(above < 0.0, -2.0 * above, 0.0))
    outside = np.maximum(0.0, np.maximum(left - middle, middle - right)) / size
    dash = (parts.width[at] >= 0.35 * marks.x_height)[:, None] & (above > 0.1) & (above < 0.9) & (middle < left)
    near = (outside < np.where(dash, _DASH_X, _MARK_X)) & (distance < _ACCENT_X) & (region[at][:, None] == cell)
    distance = np.where(near, distance + 0.5 * outside, np.inf)
    best = distance.argmin(axis=1)
    return best, np.isfinite(distance[np.arange(at.size), best])


def _add_dashes(marks: Marks, segments: list[Segment], owner: Ints, region: Ints) -> None:
    """Make lines of the dashes that stand alone in their cells, halfway up a line of the same row."""
    parts, x = marks.parts, marks.x_height
    like = marks.small & (owner == -1) & (region > 0) & (parts.width > _FLAT * parts.height)
    like &= (parts.width > 0.25 * x) & (parts.area > 0.6 * parts.width * parts.height)
    alone = np.bincount(region[(owner != -1) | marks.small], minlength=int(region.max()) + 1) == 1
    beside = [line for line in segments if line.region]
    feet = np.array([line.baseline(line.left) for line in beside])
    for mark in np.flatnonzero(like & alone[region]):
        centre = float(parts.top[mark] + parts.height[mark] / 2)
        near = np.abs(feet - centre - _DASH_UP_X * x)
        if not near.size or near.min() > _DASH_UP_X * x:
            continue
        size = beside[int(near.argmin())].x_height
        left, right = float(parts.left[mark]), float(parts.right[mark])
        top, bottom = float(parts.top[mark]), float(parts.bottom[mark])
        owner[mark] = len(segments)
        segments.append(
            Segment(left, right, top, bottom, centre + size / 2, 0.0, 0.0, size, int(region[mark]), letters=1)
        )


def _with_own_ink(marks: Marks, segments: list[Segment], owner: Ints) -> list[Segment]:
    """Widen each segment by what it adopted."""
    parts = marks.parts
    mine = np.flatnonzero(owner >= 0)
    count = len(segments)
    left, right = np.array([s.left for s in segments]), np.array([s.right for s in segments])
    top, bottom = np.full(count, np.inf), np.zeros(count)
    np.minimum.at(left, owner[mine], parts.left[mine])
    np.maximum.at(right, owner[mine], parts.right[mine])
    np.minimum.at(top, owner[mine], parts.top[mine])
    np.maximum.at(bottom, owner[mine], parts.bottom[mine])
    widened = []
    for s, a, b, c, d in zip(segments, left, right, top, bottom, strict=True):
        shift = float(a) - s.left
        widened.append(
            Segment(
                float(a), float(b), float(min(c, s.top)), float(max(d, s.bottom)),
                s.baseline(float(a)), s.slope + 2 * s.bow * shift, s.bow, s.x_height, s.region, s.letters,
            )
        )  # fmt: skip
    return widened
