"""Puts the words of a coloured pen in their places among the printed lines, whose order does not change by them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from models.geometry import Box
from stages.ocr.turbo.items import Group, Item
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.written import WrittenWord

_LEVEL_X, _BESIDE_X = 0.6, 3.0
"""Two parts of a printed line are one where a pen filled the gap: how far off each other they stand, and from the word."""
_LEVEL = 0.35
"""Share of the lower one's height that two words of one row have in common."""
_LABEL_X, _FARTHER = 12.0, 8.0
"""A label is no farther from its answer; and what is so many times as far at the left is as near as what stands above."""


class _Row(NamedTuple):
    """Words that go on with no printed line, in one row. ``group``, ``item``: what is read before them; −1 where nothing is.

    ``joined``: stands on the item's line.
    """

    words: tuple[WrittenWord, ...]
    group: int
    item: int
    joined: bool

    @property
    def images(self) -> tuple[LineImage, ...]:
        return tuple(replace(word.image, joined=self.joined or at > 0) for at, word in enumerate(self.words))


def with_written(
    blocks: Sequence[TextBlock], groups: Sequence[Group], written: Sequence[WrittenWord], x_height: float
) -> tuple[TextBlock, ...]:
    """The blocks with all words in them. ``groups``: their items, with the numbers of the lines."""
    rows = [_row(row, groups, x_height) for row in _rows([word for word in written if word.line < 0])]
    found = [TextBlock(row.images, "text") for row in rows if row.group < 0]
    for number, (block, group) in enumerate(zip(blocks, groups, strict=True)):
        after = [row for row in rows if row.group == number]
        # What stands beside or below a cell is in another one.
        inside = [row for row in after if row.joined or group.kind != "cell"]
        found.append(TextBlock(_filled(block.lines, group, written, inside, x_height), block.kind))
        found += [TextBlock(row.images, group.kind) for row in after if row not in inside]
    return tuple(found)


def _filled(
    images: Sequence[LineImage],
    group: Group,
    written: Sequence[WrittenWord],
    rows: Sequence[_Row],
    x_height: float,
) -> tuple[LineImage, ...]:
    """The lines of a block, each with the words that go on with it, and the rows that follow it."""
    found: list[LineImage] = []
    before: Item | None = None
    for number, (image, item) in enumerate(zip(images, group.items, strict=True)):
        after = sorted((row for row in rows if row.item == number), key=lambda row: not row.joined)
        joins = before is not None and _bridged(before, item, written, x_height)
        found.append(replace(image, joined=joins))
        found += [replace(word.image, joined=True) for word in written if word.line == item.index]
        found += [part for row in after for part in row.images]
        before = item if all(row.joined for row in after) else None
    return tuple(found)


def _bridged(before: Item, item: Item, written: Sequence[WrittenWord], x_height: float) -> bool:
    """Whether a word fills the gap between two parts of one line."""
    if abs(before.foot - item.foot) > _LEVEL_X * x_height or item.box.left < before.box.right:
        return False
    near = _BESIDE_X * x_height
    return any(
        word.line in (before.index, item.index)
        and -x_height < word.box.left - before.box.right < near
        and -x_height < item.box.left - word.box.right < near
        for word in written
    )


def _rows(words: Sequence[WrittenWord]) -> list[list[WrittenWord]]:
    """Words that stand in one row, from left to right."""
    rows: list[list[WrittenWord]] = []
    for word in sorted(words, key=lambda word: word.box.centre[1]):
        if rows and _level(rows[-1][-1].box, word.box):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda word: word.box.left) for row in rows]


def _level(one: Box, other: Box) -> bool:
    return min(one.bottom, other.bottom) - max(one.top, other.top) > _LEVEL * min(one.height, other.height)


def _row(words: Sequence[WrittenWord], groups: Sequence[Group], x_height: float) -> _Row:
    """Where a row is read: after the line at its left, or the nearest above it."""
    box = words[0].box
    best, least = _Row(tuple(words), -1, -1, joined=False), float("inf")
    for number, group in enumerate(groups):
        for place, item in enumerate(group.items):
            gap = box.left - item.box.right
            beside = gap >= -1 and _level(item.box, box)
            above = item.foot < box.bottom and item.box.left < box.right and item.box.right > box.left
            far = gap / _FARTHER if beside else box.bottom - item.foot
            if (beside or above) and far <= least:
                joined = beside and gap < _LABEL_X * x_height
                best, least = _Row(tuple(words), number, place, joined=joined), far
    return best
