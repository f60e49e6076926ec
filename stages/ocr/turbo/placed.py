"""Puts the words of a coloured pen in their places among the printed lines, whose order does not change by them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.geometry import Box
from stages.ocr.turbo.items import Group, Item
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.written import WrittenWord

_LEVEL_X, _BESIDE_X = 0.6, 3.0
"""Two parts of a printed line are one where a pen filled the gap: how far off each other they stand, and from the word."""


def with_written(
    blocks: Sequence[TextBlock], groups: Sequence[Group], written: Sequence[WrittenWord], x_height: float
) -> tuple[TextBlock, ...]:
    """The blocks with all words in them. ``groups``: which line is which of ``lines``."""
    filled = [
        TextBlock(_filled(block.lines, group, written, x_height), block.kind)
        for block, group in zip(blocks, groups, strict=True)
    ]
    rows = _rows([word for word in written if word.line < 0])
    # From the last on, so that the places of those before it stay what they are.
    after = sorted(((_after(row, groups), number) for number, row in enumerate(rows)), reverse=True)
    for place, number in after:
        alone = tuple(replace(word.image, joined=at > 0) for at, word in enumerate(rows[number]))
        filled.insert(place, TextBlock(alone, "text"))
    return tuple(filled)


def _filled(
    images: Sequence[LineImage], group: Group, written: Sequence[WrittenWord], x_height: float
) -> tuple[LineImage, ...]:
    """The lines of a block, each with the words that go on with it."""
    found: list[LineImage] = []
    before: Item | None = None
    for image, item in zip(images, group.items, strict=True):
        joins = before is not None and _bridged(before, item, written, x_height)
        found.append(replace(image, joined=joins))
        found += [replace(word.image, joined=True) for word in written if word.line == item.index]
        before = item
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
    return min(one.bottom, other.bottom) - max(one.top, other.top) > 0.5 * min(one.height, other.height)


def _after(row: Sequence[WrittenWord], groups: Sequence[Group]) -> int:
    """How many groups are read before a row: all up to that of the line at its left, or the nearest above it."""
    box = row[0].box
    best, least = 0, float("inf")
    for number, group in enumerate(groups):
        for item in group.items:
            beside = item.box.right <= box.left + 1 and _level(item.box, box)
            above = item.foot < box.bottom and item.box.left < box.right and item.box.right > box.left
            if not beside and not above:
                continue
            far = (box.left - item.box.right) / 8 if beside else box.bottom - item.foot
            if far <= least:
                best, least = number + 1, far
    return best
