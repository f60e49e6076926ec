"""What reading order puts in order: lines and tables as boxes, and which of them stand on one line. Pure geometry."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from models.geometry import Box

LOW_X = 6.0
"""Furthest that the baselines of two things side by side differ, in x-heights: large print beside small."""
MOST = 1000
"""Most items of one zone; more is noise, and following it would take the square of its number."""


@dataclass(frozen=True)
class Item:
    """A line segment or, as one thing, a table. ``index``: what the caller calls it. ``foot``: its baseline."""

    box: Box
    foot: float
    index: int
    letters: int = 99


@dataclass(frozen=True)
class Group:
    """Items that belong together, in reading order, left to right within a line."""

    kind: str
    items: tuple[Item, ...]


def row_of(rest: Sequence[Item], x_height: float) -> list[Item]:
    """The first item and what stands on the same line, from left to right."""
    first = rest[0]
    near = itertools.takewhile(lambda item: item.foot - first.foot < LOW_X * x_height, rest[1:MOST])
    row = [first, *(item for item in near if _beside(first, item, x_height))]
    return sorted(row, key=lambda item: item.box.left)


def _beside(first: Item, other: Item, x_height: float) -> bool:
    """Whether two items share a line: they stand side by side and overlap by half the lower one's height."""
    overlap = min(first.box.bottom, other.box.bottom) - max(first.box.top, other.box.top)
    apart = first.box.right <= other.box.left + x_height or other.box.right <= first.box.left + x_height
    return apart and overlap > 0.5 * min(first.box.height, other.box.height)


def by_rows(items: Sequence[Item], x_height: float) -> list[list[Item]]:
    """Items that stand on one line together."""
    rows: list[list[Item]] = []
    for item in sorted(items, key=lambda item: item.foot):
        if not rows or item.foot - rows[-1][-1].foot > 0.8 * x_height:
            rows.append([])
        rows[-1].append(item)
    return rows
