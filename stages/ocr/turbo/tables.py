"""Ruled tables: the cells that rules enclose, in row-major order. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Box
from stages.ink import components
from stages.ocr.turbo.marks import Marks

SHRINK = 4
"""Cells are found at a quarter of the working scale: none is narrower than ten pixels."""
_BREAK_X = 0.6
"""Rules are made longer by this many x-heights at either end."""
_STUB_X = 4.0
"""How far from a rule's end its stubs may reach."""
_ALONE_X = 6.0
"""A rule down the page that meets none across is at least that long, in x-heights."""
_GAP_X = 2.5
"""Longest break inside a rule, in x-heights."""
_CLOSE_X, _WIDE_X = 0.15, 2.5
_THROUGH = 0.15
"""A line down the page is no rule where of the rows with print on both sides so many have it close by on both."""
_LARGEST = 0.6
"""A cell above this share of the page is the page inside a frame."""
_WHOLE_RULE = 0.6
"""A rule of this share of the table's width goes from side to side."""
_FULLEST = 0.45
"""A cell fills at least this share of its box; the ring between two frames does not."""
_LEAST_RULES, _LEAST_WIDE_X = 3, 24.0
_ALIKE_X, _HIGHEST_ROW_X = 1.5, 12.0
"""Rules of one table without rules down the page differ less in where they begin, and are nearer to each other."""


@dataclass(frozen=True)
class Table:
    """``cells``: region numbers in row-major order, a cell over several rows where it begins."""

    box: Box
    cells: tuple[int, ...]


@dataclass(frozen=True)
class Tables:
    """``regions``: at a quarter of the working scale, the cell's number at each pixel, 0 outside of all.

    ``walls``: at the same scale, a mask of rules down the page, which no line of text crosses; None without any.
    ``open_rows``: the rows of tables that have rules across only, each table's from top to bottom.
    """

    tables: tuple[Table, ...]
    regions: NDArray[np.int32] | None
    boxes: dict[int, Box]
    walls: NDArray[np.uint8] | None
    open_rows: tuple[tuple[Box, ...], ...] = ()

    def region_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cells at these points (working pixels)."""
        if self.regions is None:
            return np.zeros(x.size, np.int64)
        rows = np.minimum((y / SHRINK).astype(int), self.regions.shape[0] - 1)
        columns = np.minimum((x / SHRINK).astype(int), self.regions.shape[1] - 1)
        return np.asarray(self.regions[rows, columns], dtype=np.int64)


def find_tables(marks: Marks) -> Tables:
    """The tables of a page; none where rules enclose nothing, like the lines under headings."""
    rules, x_height = marks.rules, marks.x_height
    if not cv2.countNonZero(rules.down):
        return Tables((), None, {}, None, open_rows(_small(rules.across), x_height))
    ink = marks.ink
    rest = _small(ink)
    drawn = _small(_without_streaks(marks, ink))
    across = _with_stubs(_small(rules.across), rest, x_height)
    wide = _longer(across, x_height)
    down = _with_stubs(drawn, rest, x_height, down=True)
    walls = _longer(down, x_height, down=True)
    walls = _without_stems(_between_ends(walls, drawn, wide, x_height), drawn, wide, x_height)
    down = np.asarray(cv2.bitwise_and(down, walls), dtype=np.uint8)
    bare = open_rows(_small(rules.across), x_height)
    nothing = Tables((), None, {}, walls, bare)
    if not cv2.countNonZero(rules.across):
        return nothing
    ruled = np.asarray(cv2.bitwise_or(wide, walls), dtype=np.uint8)
    nets = components(ruled)
    for net in range(1, len(nets.area)):
        left, top, right, bottom = (int(side[net]) for side in (nets.left, nets.top, nets.right, nets.bottom))
        if right - left < 4 * x_height / SHRINK or not down[top:bottom, left:right].any():
            continue
        own = (across[top:bottom, left:right] > 0) & (nets.labels[top:bottom, left:right] == net)
        full = own.sum(axis=1) > _WHOLE_RULE * (right - left)
        rows = np.flatnonzero(full)
        if rows.size and rows[-1] - rows[0] > x_height / SHRINK:
            # Tables are often open at the sides or worn at the edge: the frame that the reader imagines is drawn.
            corners = (left, top + int(rows[0])), (right - 1, top + int(rows[-1]))
            cv2.rectangle(ruled, *corners, 255, 1)
    nets = components(ruled)
    count, regions, stats, _ = cv2.connectedComponentsWithStats(cv2.bitwise_not(ruled), connectivity=4)
    page = ruled.size
    boxes: dict[int, Box] = {}
    members: dict[int, list[int]] = {}
    number = np.zeros(count, np.int32)
    for cell in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[cell])
        inside = left > 0 and top > 0 and left + width < ruled.shape[1] and top + height < ruled.shape[0]
        if not inside or min(width, height) * SHRINK < 0.8 * x_height:
            continue
        if width * height > _LARGEST * page or area < _FULLEST * width * height:
            continue
        number[cell] = len(boxes) + 1
        boxes[len(boxes) + 1] = Box(*(SHRINK * float(side) for side in (left, top, left + width, top + height)))
        column = left + int(np.argmax(regions[top, left : left + width] == cell))
        members.setdefault(_net_at(nets.labels, top - 1, column), []).append(len(boxes))
    if not boxes:
        return nothing
    tables = tuple(
        Table(_around([boxes[c] for c in cells]), _by_rows(cells, boxes, x_height)) for cells in members.values()
    )
    return Tables(tables, number[regions], boxes, walls, bare)


def open_rows(across: NDArray[np.uint8], x_height: float) -> tuple[tuple[Box, ...], ...]:
    """The rows between long rules across, at least three rules under each other, that begin and end alike."""
    if cv2.countNonZero(across) < _LEAST_RULES * _LEAST_WIDE_X * x_height / SHRINK:
        return ()
    found = components(cv2.dilate(across, np.ones((3, 5), np.uint8)))
    long = np.flatnonzero(found.width > _LEAST_WIDE_X * x_height / SHRINK)
    long = long[long > 0]
    near = _ALIKE_X * x_height / SHRINK
    tables: list[tuple[Box, ...]] = []
    rules: list[int] = []
    for rule in [*long[np.argsort(found.top[long], kind="stable")].tolist(), None]:
        alike = rule is not None and rules and (
            abs(found.left[rule] - found.left[rules[-1]]) < near
            and abs(found.right[rule] - found.right[rules[-1]]) < near
            and found.top[rule] - found.top[rules[-1]] < _HIGHEST_ROW_X * x_height / SHRINK
        )  # fmt: skip
        if not alike:
            if len(rules) >= _LEAST_RULES:
                edges = [SHRINK * (found.top[at] + found.height[at] / 2) for at in rules]
                left, right = (SHRINK * float(side[rules[0]]) for side in (found.left, found.right))
                tables.append(tuple(Box(left, a, right, b) for a, b in itertools.pairwise(edges)))
            rules = []
        if rule is not None:
            rules.append(rule)
    return tuple(tables)


def _with_stubs(
    rule: NDArray[np.uint8], rest: NDArray[np.uint8], x_height: float, *, down: bool = False
) -> NDArray[np.uint8]:
    """The rules with short strokes in their continuation: what wear leaves between a break and a crossing."""
    reach = 2 * max(1, round(_STUB_X * x_height / SHRINK)) + 1
    near = cv2.dilate(rule, np.ones((reach, 1) if down else (1, reach), np.uint8))
    straight = cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((4, 1) if down else (1, 4), np.uint8))
    return np.asarray(cv2.bitwise_or(rule, cv2.bitwise_and(near, straight)), dtype=np.uint8)


def _between_ends(
    walls: NDArray[np.uint8], drawn: NDArray[np.uint8], across: NDArray[np.uint8], x_height: float
) -> NDArray[np.uint8]:
    """The walls without what lies beyond the rule across at which a rule down the page ends.

    There the table is over: what looks like more of the rule are stems of the letters above and below it.
    """
    steps = max(1, round((_STUB_X + _BREAK_X + _GAP_X) * x_height / SHRINK))
    thick = np.asarray(cv2.dilate(across, np.ones((3, 3), np.uint8)), dtype=np.uint8)
    open_ = cv2.bitwise_and(walls, cv2.bitwise_not(thick))
    # From what is surely rule the wall is followed up and down, but not over a rule across.
    seeds = cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((round(x_height / SHRINK) | 1, 1), np.uint8))
    reached = cv2.bitwise_and(cv2.dilate(seeds, np.ones((1, 3), np.uint8)), open_)
    for _ in range(steps):
        reached = cv2.bitwise_and(cv2.dilate(reached, np.ones((3, 3), np.uint8)), open_)
    return np.asarray(cv2.bitwise_or(reached, cv2.bitwise_and(walls, thick)), dtype=np.uint8)


def _without_streaks(marks: Marks, ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The rules down the page without folds of the paper and streaks of the scanner, which run through words.

    Where print stands on both sides of a rule, it keeps away from it on one side at least.
    """
    down, x = marks.rules.down, marks.x_height
    lines = components(_longer(_small(down), x, down=True))
    places = np.flatnonzero(down > 0)  # three times as fast as of numbers
    row, column = np.divmod(places, down.shape[1])
    down_most, across_most = (side - 1 for side in lines.labels.shape)
    line = lines.labels[np.minimum(row // SHRINK, down_most), np.minimum(column // SHRINK, across_most)]
    close, wide = (np.bincount(line, both, len(lines.area)) for both in _between(ink, places, x))
    streak = (close > _THROUGH * wide) & (close > 2 * x)
    streak[0] = False
    kept: NDArray[np.uint8] = down.copy() if streak.any() else down
    kept[row[streak[line]], column[streak[line]]] = 0
    return kept


def _without_stems(
    walls: NDArray[np.uint8], drawn: NDArray[np.uint8], across: NDArray[np.uint8], x_height: float
) -> NDArray[np.uint8]:
    """The walls without short ones that meet no rule across: the stem of a capital with the ring of a seal above it."""
    lines = components(walls)
    rows, columns = np.nonzero(drawn)
    line = lines.labels[rows, columns]
    top, bottom = np.full(len(lines.area), walls.shape[0]), np.full(len(lines.area), -1)
    np.minimum.at(top, line, rows)
    np.maximum.at(bottom, line, rows)
    meets = np.bincount(lines.labels[across > 0], minlength=len(lines.area)) > 0
    stem = ~meets & ((bottom + 1 - top) * SHRINK < _ALONE_X * x_height)
    stem[0] = False
    return np.where(stem[lines.labels], np.uint8(0), walls) if stem.any() else walls


def _between(ink: NDArray[np.uint8], here: NDArray[np.int64], x_height: float) -> tuple[NDArray[np.bool_], ...]:
    """Whether ink stands close by, and further away, on both sides of each of these places of the flattened page."""
    close, wide = (round(reach * x_height) + 3 for reach in (_CLOSE_X, _WIDE_X))
    near = np.lib.stride_tricks.sliding_window_view(ink.ravel(), wide)
    left, right = near[np.maximum(here + 1 - wide, 0)], near[np.minimum(here, len(near) - 1)]
    return tuple(
        (left[:, -reach:].max(axis=1) > 0) & (right[:, :reach].max(axis=1) > 0) for reach in (close, wide)
    )  # fmt: skip


def _longer(rule: NDArray[np.uint8], x_height: float, *, down: bool = False) -> NDArray[np.uint8]:
    """The rule without breaks, and longer at both ends, so that worn corners meet."""
    reach = 2 * max(1, round(_BREAK_X * x_height / SHRINK)) + 1
    gap = max(3, round(_GAP_X * x_height / SHRINK))
    # A rule that leans steps to the next pixel at a break: it is made three pixels wide before breaks are closed.
    wide = cv2.dilate(rule, np.ones((reach, 3) if down else (3, reach), np.uint8))
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((gap, 1) if down else (1, gap), np.uint8))
    thin = cv2.erode(closed, np.ones((1, 3) if down else (3, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(thin, cv2.bitwise_and(closed, cv2.bitwise_not(wide))), dtype=np.uint8)


def _small(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A quarter of the size; a pixel is set where any of its sixteen were."""
    height, width = (side // SHRINK for side in mask.shape)
    part = mask[: height * SHRINK, : width * SHRINK]
    rows = part[0::SHRINK] | part[1::SHRINK] | part[2::SHRINK] | part[3::SHRINK]
    return np.asarray(np.where(rows.view(np.uint32), 255, 0), dtype=np.uint8)


def _net_at(labels: NDArray[np.integer], row: int, column: int) -> int:
    """The net of rules that bounds a cell, from the pixel above its first one."""
    return int(labels[max(0, row), column])


def _by_rows(cells: list[int], boxes: dict[int, Box], x_height: float) -> tuple[int, ...]:
    """Cells row by row: tops that differ by less than a line belong to one row."""
    by_top = sorted(cells, key=lambda cell: boxes[cell].top)
    rows: list[list[int]] = []
    for cell in by_top:
        if not rows or boxes[cell].top - boxes[rows[-1][0]].top > x_height:
            rows.append([])
        rows[-1].append(cell)
    return tuple(cell for row in rows for cell in sorted(row, key=lambda cell: boxes[cell].left))


def _around(boxes: list[Box]) -> Box:
    whole = boxes[0]
    for box in boxes[1:]:
        whole = whole.union(box)
    return whole
