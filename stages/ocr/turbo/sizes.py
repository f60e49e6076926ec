"""Print of other sizes than most of a page's: titles, foot notes. Pure."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.marks import Bools, Ints, Marks, Numbers, usual_height

Widths = NDArray[np.int32]

_BLOCK_X = (24.0, 3.5)
"""Width and height of the blocks, in x-heights, in which fine print is looked for."""
_FINE_X = (0.3, 0.62)
"""Heights of the letters of fine print; those of accents, too, which are narrow and fewer than the letters below."""
_FINE_SHARE = 1.2
"""Fine print covers so many times the width of what is as high as the page's letters."""
_LEAST_FINE_X = 2.0
_LEAST_X_PX = 5.0
"""Print with a lower x-height cannot be read; what is lower are the dots of leaders."""
_LARGE_X = (2.4, 14.0)
"""Heights of the letters of titles that are looked for apart."""
LEAST_TITLE = 3
_STRAY_PX, _MOST_STRAYS = 7, 200
_DIGIT_X = 1.45
"""Height of digits in x-heights."""


def by_size(marks: Marks) -> tuple[Marks, ...]:
    """The marks as lines of the usual size, and those of finer print, see them: each letter is one of one size."""
    fine = _fine(marks)
    if fine is None:
        return (marks,)
    parts = marks.parts
    here = fine & (parts.height > 0.3 * marks.x_height) & (parts.height < 2 * marks.x_height) & ~marks.penned
    x_height = usual_height(parts, here, max(_LEAST_X_PX, 0.3 * marks.x_height), 0.7 * marks.x_height)
    letter = here & (parts.height > 0.6 * x_height) & (parts.width > 0.15 * x_height)
    return replace(marks, letter=marks.letter & ~letter), replace(marks, letter=letter, x_height=x_height)


def _fine(marks: Marks) -> Bools | None:
    """Which marks lie where most of the print is half as high as on the page."""
    parts, x = marks.parts, marks.x_height
    like = (parts.width > 0.4 * parts.height) & (parts.width < 3 * parts.height) & ~marks.penned & ~marks.picture
    like &= parts.area * 3 > parts.width * parts.height
    small = like & (parts.height > max(_LEAST_X_PX - 1, _FINE_X[0] * x)) & (parts.height < _FINE_X[1] * x)
    body = parts.height > 0.8 * x
    body[0] = False
    block, blocks = _blocks(marks)
    found = _much(block, blocks, parts.width * small, parts.width * (body & like), x)
    if not found.any():
        return None
    small &= found[block] & ~_near(marks, body)  # accents have letters below them
    found = _much(block, blocks, parts.width * small, parts.width * (body & like), x)
    return np.asarray(found[block]) if found.any() else None


def _blocks(marks: Marks) -> tuple[Ints, int]:
    """The block in which each mark begins, and how many there are."""
    parts, x = marks.parts, marks.x_height
    height, width = parts.labels.shape
    across, down = int(width / (_BLOCK_X[0] * x)) + 1, int(height / (_BLOCK_X[1] * x)) + 1
    row = (parts.top / (_BLOCK_X[1] * x)).astype(np.int64)
    column = (parts.left / (_BLOCK_X[0] * x)).astype(np.int64)
    return np.minimum(row, down - 1) * across + np.minimum(column, across - 1), across * down


def _much(block: Ints, blocks: int, small: Widths, body: Widths, x_height: float) -> Bools:
    """The blocks in which small marks outweigh the others."""
    first, second = np.bincount(block, small, blocks), np.bincount(block, body, blocks)
    return np.asarray((first > _FINE_SHARE * second) & (first > _LEAST_FINE_X * x_height))


def _near(marks: Marks, body: Bools) -> Bools:
    """Which marks stand above, below or in the letters of some print, as accents and dots do."""
    parts = marks.parts
    step = max(1, round(marks.x_height / 3))
    height, width = parts.labels.shape
    grid = np.zeros((height // step + 1, width // step + 1), np.uint8)
    row, column = np.divmod(np.flatnonzero(marks.painted(body)), width)
    grid[row // step, column // step] = 255
    grid = cv2.dilate(grid, np.ones((12, 1), np.uint8), anchor=(0, 4))
    row = ((parts.top + parts.height / 2) / step).astype(np.int64)
    column = ((parts.left + parts.width / 2) / step).astype(np.int64)
    return np.asarray(grid[row, column] > 0)


def titles(marks: Marks, owner: Ints) -> Marks | None:
    """The marks as the lines of a title see them: what no line took and is too large for the page's print."""
    parts, x = marks.parts, marks.x_height
    fill = parts.area / np.maximum(1.0, parts.width * parts.height)
    letter = (owner == -1) & ~marks.penned & ~marks.letter & ~marks.picture
    letter &= (parts.height > _LARGE_X[0] * x) & (parts.height < _LARGE_X[1] * x)
    letter &= (parts.width < 2 * parts.height) & (fill > 0.16) & (fill < 0.7) & (parts.width > 0.15 * parts.height)
    letter[0] = False
    if np.count_nonzero(letter) < LEAST_TITLE:
        return None
    heights: Numbers = np.sort(parts.height[letter].astype(float))
    height = float(heights[heights.size // 2])
    letter &= np.abs(parts.height - height) < 0.5 * height
    return replace(marks, letter=letter, x_height=height / 1.5)


def strays(marks: Marks, owner: Ints) -> Marks | None:
    """The marks as a lone number sees them that is finer than the page's few words: the page number over a title.

    Two or more alike on one line, with nothing else around that no line took.
    """
    parts, x = marks.parts, marks.x_height
    loose = (owner == -1) & ~marks.penned & ~marks.picture & (parts.height > _LEAST_X_PX)
    loose[0] = False
    like = loose & (parts.height > _STRAY_PX) & (parts.height < x) & (parts.width < 2 * parts.height)
    like &= parts.area * 5 > parts.width * parts.height
    at = np.flatnonzero(like)
    if not 2 <= at.size <= _MOST_STRAYS:
        return None
    left, right, foot, height = (
        side[at].astype(float) for side in (parts.left, parts.right, parts.bottom, parts.height)
    )
    beside = np.abs(foot[:, None] - foot) < 0.25 * height
    beside &= (np.abs(height[:, None] - height) < 0.25 * height) & ~np.eye(at.size, dtype=bool)
    beside &= np.maximum(left[:, None], left) - np.minimum(right[:, None], right) < height
    letter = np.zeros(len(parts.area), bool)
    others = np.flatnonzero(loose)
    for number in np.flatnonzero(beside.any(axis=1)):
        room = 2 * height[number]
        near = (parts.left[others] < right[number] + room) & (parts.right[others] > left[number] - room)
        near &= (parts.top[others] < foot[number] + room) & (
            parts.bottom[others] > foot[number] - height[number] - room
        )
        row = np.append(at[beside[number]], at[number])
        letter[at[number]] = np.isin(others[near], row).all()
    if np.count_nonzero(letter) < 2:
        return None
    return replace(marks, letter=letter, x_height=float(np.median(parts.height[letter])) / _DIGIT_X)
