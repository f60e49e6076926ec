"""Tables without rules and labels with values beside them: rows, each with its cells from left to right. Pure geometry.

The leftmost column tells where a row begins. In it stands something on the first line of every row, at one margin;
lines of the other columns between are more of the cells above them. Columns of newspapers have lines everywhere.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from stages.ocr.turbo.items import MOST, Item, by_rows, row_of

_GUTTER_X = 1.2
"""Narrowest gutter between two columns, in x-heights, over all rows."""
_FAR_X = 6.0
"""Rows are nearer to each other than this."""
_LAST_X = 2.2
"""So are the lines of the last row's cells; no next row tells where they end."""
_LEAST_ROWS = 3
_MARGIN_X = 1.2
_ALIGNED = 0.75
"""Share of a column's cells that keep to its margin; the head of the table need not."""
_ON_LINE_X = 0.6
"""How far off a line a cell beside it may stand: brackets reach below it."""
_PAIRED = 0.9
"""Share of the rows that have a cell beside the first."""
_FILLED = 0.7
"""Lines of newspaper columns fill this share of their column."""
_NARROW = 0.2
"""A first column of less than this share of the width holds numbers."""

_EDGES: tuple[Callable[[Item], float], ...] = (
    lambda item: item.box.left,
    lambda item: item.box.right,
    lambda item: item.box.centre[0],
)


@dataclass
class _Column:
    """``low`` and ``high``: where the gutter right of it lies; ``high`` is infinite for the last."""

    low: float
    high: float
    items: list[Item]


def rows_below(rest: Sequence[Item], x_height: float) -> tuple[tuple[Item, ...], ...] | None:
    """The rows that begin with the first item, each in reading order but for lines within a cell; None without any.

    ``rest``: sorted by baseline.
    """
    columns = _followed(rest, x_height)
    if columns is None:
        return None
    keys = [row[0] for row in by_rows(columns[0].items, x_height)]
    count = _aligned_until(keys, x_height, narrow=_is_narrow(columns))
    ends = keys[count].foot - 0.8 * x_height if count < len(keys) else float("inf")
    keys = keys[:count]
    if count < _LEAST_ROWS or not _paired(keys, columns, x_height) or _is_newspaper(columns):
        return None
    feet = [key.foot - x_height for key in keys]
    rows: list[tuple[Item, ...]] = []
    for begin, end in zip(feet, [*feet[1:], ends], strict=True):
        cells = [[item for item in column.items if begin <= item.foot < end] for column in columns]
        if len(rows) == count - 1:
            cells = [_without_gap(cell, x_height) for cell in cells]
        rows.append(tuple(item for cell in cells for line in by_rows(cell, x_height) for item in _from_left(line)))
    return tuple(rows)


def _from_left(line: Sequence[Item]) -> list[Item]:
    return sorted(line, key=lambda item: item.box.left)


def _followed(rest: Sequence[Item], x_height: float) -> list[_Column] | None:
    """The columns that the first line shows, down to the first thing that crosses a gutter."""
    head = row_of(rest, x_height)
    if len(head) < 2:
        return None
    columns = [_Column(a.box.right, b.box.left, []) for a, b in itertools.pairwise(head)]
    columns.append(_Column(head[-1].box.right, float("inf"), []))
    bottom = head[0].box.bottom
    for item in rest[:MOST]:
        if item.box.top - bottom > _FAR_X * x_height:
            break
        place = next(n for n, column in enumerate(columns) if item.box.centre[0] < (column.low + column.high) / 2)
        own, before = columns[place], columns[place - 1] if place else None
        low, high = max(own.low, item.box.right), item.box.left if before is None else min(before.high, item.box.left)
        if own.high - low < _GUTTER_X * x_height or (before and high - before.low < _GUTTER_X * x_height):
            for column in columns:
                column.items = [one for one in column.items if one.foot < item.foot - 0.8 * x_height]
            break
        own.low = low
        if before:
            before.high = high
        own.items.append(item)
        bottom = max(bottom, item.box.bottom)
    return columns


def _is_narrow(columns: Sequence[_Column]) -> bool:
    every = [item.box for column in columns for item in column.items]
    if not columns[0].items:
        return True
    wide = max(box.right for box in every) - min(box.left for box in every)
    return columns[0].low - min(item.box.left for item in columns[0].items) < _NARROW * wide


def _aligned_until(keys: Sequence[Item], x_height: float, *, narrow: bool) -> int:
    """How many of the first column's cells, from the head on, keep to one margin. ``narrow``: any margin will do."""
    counts = (_kept([edge(key) for key in keys], _MARGIN_X * x_height) for edge in (_EDGES if narrow else _EDGES[:1]))
    return max(counts)


def _kept(places: Sequence[float], near: float) -> int:
    """How many of the first places are alike; the first, of the head, need not be, but is no row then."""
    kept = list(itertools.takewhile(lambda place: abs(place - places[1]) < near, places[1:]))
    head = bool(kept) and abs(places[0] - median(kept)) < near
    return 1 + len(kept) if len(kept) + head >= _LEAST_ROWS else 0


def _paired(keys: Sequence[Item], columns: Sequence[_Column], x_height: float) -> bool:
    """Whether a cell stands beside the first one of each row, and those of a column keep to a margin."""
    edges = _EDGES if len(columns) > 2 else _EDGES[:2]
    paired: set[int] = set()
    for column in columns[1:]:
        cells = {number: cell for number, key in enumerate(keys) if (cell := _beside(key, column.items, x_height))}
        paired |= set(cells)
        rest = list(cells.values())[1:]
        if len(rest) > 1 and not any(_keep(rest, edge, x_height) for edge in edges):
            return False
    return len(paired) >= _PAIRED * len(keys)


def _beside(key: Item, items: Sequence[Item], x_height: float) -> Item | None:
    """The leftmost item on the line of a row's first cell. ``items``: by baseline."""
    near = _ON_LINE_X * x_height
    place = bisect_left(items, key.foot - near, key=lambda item: item.foot)
    line = itertools.takewhile(lambda item: item.foot < key.foot + near, itertools.islice(items, place, None))
    return min(line, key=lambda item: item.box.left, default=None)


def _keep(cells: Sequence[Item], edge: Callable[[Item], float], x_height: float) -> bool:
    places = [edge(cell) for cell in cells]
    margin = median(places)
    return sum(abs(place - margin) < _MARGIN_X * x_height for place in places) >= _ALIGNED * len(places)


def _is_newspaper(columns: Sequence[_Column]) -> bool:
    """Whether text runs down the columns: their lines are full, and one stands beside each other one."""
    if _is_narrow(columns):
        return False
    last = max(item.box.right for column in columns for item in column.items)
    for column, after in itertools.zip_longest(columns, columns[1:]):
        if len(column.items) < _LEAST_ROWS:
            continue
        begin = min(item.box.left for item in column.items)
        end = last if after is None or not after.items else min(item.box.left for item in after.items)
        if median(item.box.width for item in column.items) < _FILLED * (end - begin):
            return False
    return True


def _without_gap(cell: list[Item], x_height: float) -> list[Item]:
    """The cell's lines down to the first larger distance."""
    kept = cell[:1]
    for item in cell[1:]:
        if item.box.top - max(one.box.bottom for one in kept) > _LAST_X * x_height:
            break
        kept.append(item)
    return kept
