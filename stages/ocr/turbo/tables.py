"""Ruled tables: the cells that rules enclose, in row-major order. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Box
from stages.ink import components
from stages.ocr.turbo.marks import Marks
from stages.ocr.turbo.prepare import above

_SHRINK = 4
"""Cells are found at a quarter of the working scale: none is narrower than ten pixels."""
_BREAK_X = 0.6
"""Rules are made longer by this many x-heights at either end."""
_STUB_X = 4.0
"""How far from a rule's end its stubs may reach."""
_GAP_X = 2.5
"""Longest break inside a rule, in x-heights."""
_LARGEST = 0.6
"""A cell above this share of the page is the page inside a frame."""
_WHOLE_RULE = 0.6
"""A rule of this share of the table's width goes from side to side."""
_FULLEST = 0.45
"""A cell fills at least this share of its box; the ring between two frames does not."""


@dataclass(frozen=True)
class Table:
    """``cells``: region numbers in row-major order, a cell over several rows where it begins."""

    box: Box
    cells: tuple[int, ...]


@dataclass(frozen=True)
class Tables:
    """``regions``: at a quarter of the working scale, the cell's number at each pixel, 0 outside of all."""

    tables: tuple[Table, ...]
    regions: NDArray[np.int32] | None
    boxes: dict[int, Box]

    def region_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Cells at these points (working pixels)."""
        if self.regions is None:
            return np.zeros(x.size, np.int64)
        rows = np.minimum((y / _SHRINK).astype(int), self.regions.shape[0] - 1)
        columns = np.minimum((x / _SHRINK).astype(int), self.regions.shape[1] - 1)
        return np.asarray(self.regions[rows, columns], dtype=np.int64)


def find_tables(marks: Marks) -> Tables:
    """The tables of a page; none where rules enclose nothing, like the lines under headings."""
    nothing = Tables((), None, {})
    rules, x_height = marks.rules, marks.x_height
    if not cv2.countNonZero(rules.down) or not cv2.countNonZero(rules.across):
        return nothing
    rest = _small(marks.ink())
    across, down = _with_stubs(_small(rules.across), rest, x_height), _small(rules.down)
    down = _with_stubs(down, rest, x_height, down=True)
    ruled = np.asarray(cv2.bitwise_or(_longer(across, x_height), _longer(down, x_height, down=True)), dtype=np.uint8)
    nets = components(ruled)
    for net in range(1, len(nets.area)):
        left, top, right, bottom = (int(side[net]) for side in (nets.left, nets.top, nets.right, nets.bottom))
        if right - left < 4 * x_height / _SHRINK or not down[top:bottom, left:right].any():
            continue
        full = (across[top:bottom, left:right] > 0).sum(axis=1) > _WHOLE_RULE * (right - left)
        rows = np.flatnonzero(full)
        if rows.size and rows[-1] - rows[0] > x_height / _SHRINK:
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
        if not inside or min(width, height) * _SHRINK < 0.8 * x_height:
            continue
        if width * height > _LARGEST * page or area < _FULLEST * width * height:
            continue
        number[cell] = len(boxes) + 1
        boxes[len(boxes) + 1] = Box(*(_SHRINK * float(side) for side in (left, top, left + width, top + height)))
        row, column = np.argwhere(regions[top : top + height, left : left + width] == cell)[0]
        members.setdefault(_net_at(nets.labels, top + int(row) - 1, left + int(column)), []).append(len(boxes))
    if not boxes:
        return nothing
    tables = tuple(
        Table(_around([boxes[c] for c in cells]), _by_rows(cells, boxes, x_height)) for cells in members.values()
    )
    return Tables(tables, number[regions], boxes)


def _with_stubs(
    rule: NDArray[np.uint8], rest: NDArray[np.uint8], x_height: float, *, down: bool = False
) -> NDArray[np.uint8]:
    """The rules with short strokes in their continuation: what wear leaves between a break and a crossing."""
    reach = 2 * max(1, round(_STUB_X * x_height / _SHRINK)) + 1
    near = cv2.dilate(rule, np.ones((reach, 1) if down else (1, reach), np.uint8))
    straight = cv2.morphologyEx(rest, cv2.MORPH_OPEN, np.ones((4, 1) if down else (1, 4), np.uint8))
    return np.asarray(cv2.bitwise_or(rule, cv2.bitwise_and(near, straight)), dtype=np.uint8)


def _longer(rule: NDArray[np.uint8], x_height: float, *, down: bool = False) -> NDArray[np.uint8]:
    """The rule without breaks, and longer at both ends, so that worn corners meet."""
    reach = 2 * max(1, round(_BREAK_X * x_height / _SHRINK)) + 1
    gap = max(3, round(_GAP_X * x_height / _SHRINK))
    # A rule that leans steps to the next pixel at a break: it is made three pixels wide before breaks are closed.
    wide = cv2.dilate(rule, np.ones((reach, 3) if down else (3, reach), np.uint8))
    closed = cv2.morphologyEx(wide, cv2.MORPH_CLOSE, np.ones((gap, 1) if down else (1, gap), np.uint8))
    thin = cv2.erode(closed, np.ones((1, 3) if down else (3, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(thin, cv2.bitwise_and(closed, cv2.bitwise_not(wide))), dtype=np.uint8)


def _small(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A quarter of the size; a pixel is set where any of its sixteen were."""
    height, width = (side // _SHRINK for side in mask.shape)
    part = np.ascontiguousarray(mask[: height * _SHRINK, : width * _SHRINK])
    mean = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    return above(mean, 0)


def _net_at(labels: NDArray[np.int32], row: int, column: int) -> int:
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
