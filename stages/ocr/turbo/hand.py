"""Tells words that a hand wrote from print: letters that keep to no line or height, and a network that is unsure. Pure.

A logistic model of six measures. ``python -m benchmarks.recogniser.handwriting`` fits it on generated forms.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import Lines
from stages.ocr.turbo.marks import Marks
from stages.ocr.turbo.words import ReadLine

Numbers = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_CONFIDENCE = 0.3
"""What a hand wrote is never read with more confidence."""
WEIGHTS = (2.96, 1.28, 3.32, 3.13, 0.9, 1.22, 1.97)
"""Bias, then of each column of :func:`measures`."""
_LEAST_SCORE = 1.0
"""About three to one for handwriting: print that is taken for it is lost, a guess that is not is of low confidence."""
_SURE = 0.85
"""A word of two letters that is read with more confidence is print, or written so neatly that it may pass for it."""
_SURE_LETTERS = 2
_OFF_ALONE = 0.5
"""The network is less sure of a word that stands alone: then its letters have to show it."""
_LINE_SHARE = 0.6
"""With so much of a line by hand, all of it is."""
_LEAST_WORDS = 3


def letter_shapes(marks: Marks, lines: Lines, scale: float) -> list[Numbers]:
    """Of each line, an array of its letters: middle (pixels, times ``scale``) and how far foot, head and width are off.

    All offs are 0 for print: feet stand on the baseline or hang like a ``g``; heads reach the top of ``x`` or of ``H``.
    """
    parts = marks.parts
    at = np.flatnonzero(marks.letter & (lines.owner >= 0))
    owner = lines.owner[at]
    order = np.lexsort((parts.left[at], owner))
    at, owner = at[order], owner[order]
    fields = ("left", "offset", "slope", "bow", "x_height")
    table = np.array([[getattr(line, name) for name in fields] for line in lines.segments]).reshape(-1, 5)
    left, offset, slope, bow, x = table[owner].T
    middle = parts.left[at] + parts.width[at] / 2
    base = offset + (slope + bow * (middle - left)) * (middle - left)
    foot, wide = (parts.bottom[at] - base) / x, parts.width[at] / x
    # Against the letters beside it: a line that bends, or whose slope handwriting spoils, is still print.
    level = _level(foot)
    foot, head = foot - level, (base - parts.top[at]) / x + level
    foot_off = np.where(np.abs(foot) < 0.1, 0.0, np.where((foot > 0.15) & (foot < 0.55), 0.3, 1.0))
    low, high = (head > 0.88) & (head < 1.12), (head > 1.2) & (head < 1.6)
    head_off = np.where(low | high, 0.0, np.where(head > 1.6, np.minimum(1.0, (head - 1.4) / 0.8), 0.6))
    shapes = np.stack([middle * scale, foot_off, head_off, np.clip(wide - 1.6, 0.0, 2.0)], axis=1)
    return np.split(shapes, np.searchsorted(owner, np.arange(1, len(lines.segments))))


def _level(feet: Numbers) -> Numbers:
    """The median of five neighbours."""
    wide = np.pad(feet, 2, mode="edge") if feet.size else feet
    return np.asarray(np.median(np.lib.stride_tricks.sliding_window_view(wide, 5), axis=1)) if feet.size else feet


def measures(lines: Sequence[LineImage], read: Sequence[ReadLine]) -> Numbers:
    """Of each word of all lines in order: doubt, offs of its letters' feet, heads and widths, neighbours' doubt and heads."""
    count = [len(line.words) for line in read]
    line_of = np.repeat(np.arange(len(lines)), count)
    found = np.zeros((line_of.size, 6))
    if not line_of.size:
        return found
    share = np.array([word.confidence for line in read for word in line.words])
    found[:, 0] = np.log((1.02 - share) / (share + 0.02))
    begins = np.concatenate([_begins(line, words) for line, words in zip(lines, read, strict=True)])
    # One axis for the page: each line has a stretch of it.
    apart = 1e6
    shapes = [np.zeros((0, 4)) if line.letters is None else line.letters for line in lines]
    letters = np.concatenate(shapes)
    where = letters[:, 0] + apart * np.repeat(np.arange(len(lines)), [len(one) for one in shapes])
    word = np.searchsorted(begins + apart * line_of, where, side="right") - 1
    inside = (word >= 0) & (line_of[word] == (where // apart).astype(np.int64))
    many = np.maximum(np.bincount(word[inside], minlength=line_of.size), 1)
    for column in (1, 2, 3):
        found[:, column] = np.bincount(word[inside], letters[inside, column], line_of.size) / many
    found[:, 4:] = _beside(found[:, [0, 2]], line_of)
    return found


def _begins(line: LineImage, read: ReadLine) -> Numbers:
    """Where each word begins, in pixels of the page, a little to its left."""
    return np.array([line.box.left + (word.x0_px - 1) * line.scale for word in read.words])


def _beside(values: Numbers, line_of: NDArray[np.int64]) -> Numbers:
    """The lower of a word's neighbours in its line; the word's own where it stands alone."""
    same = np.concatenate(([False], line_of[1:] == line_of[:-1], [False]))
    before, after = same[:-1, None], same[1:, None]
    left = np.where(before, np.roll(values, 1, axis=0), np.inf)
    right = np.where(after, np.roll(values, -1, axis=0), np.inf)
    return np.where(before | after, np.minimum(left, right), values)


def _alone(read: Sequence[ReadLine]) -> Bools:
    """Which words are all of their line."""
    count = np.array([len(line.words) for line in read], dtype=np.int64)
    return np.asarray(np.repeat(count, count) == 1)


def by_hand(lines: Sequence[LineImage], read: Sequence[ReadLine]) -> list[tuple[bool, ...]]:
    """Which words of each line a hand wrote."""
    if not read:
        return []
    found = measures(lines, read)
    words = [word for line in read for word in line.words]
    letters = np.array([sum(map(str.isalpha, word.text)) for word in words], dtype=np.int64)
    share = np.array([word.confidence for word in words])
    likely = WEIGHTS[0] + found @ np.array(WEIGHTS[1:]) > _LEAST_SCORE
    likely &= (share <= _SURE) | (letters < _SURE_LETTERS)
    likely &= np.array(["%" not in word.text for word in words], dtype=bool)  # its rings are no letters
    # What keeps to its line and height is badly printed, unless it stands beside what does not.
    unruly = likely & (found[:, 1:4].sum(axis=1) > np.where(_alone(read), _OFF_ALONE, 0.0))
    result = []
    for line in np.split(np.stack([likely, unruly]), np.cumsum([len(line.words) for line in read])[:-1], axis=1):
        near = line[1].copy()
        near[1:] |= line[1, :-1]
        near[:-1] |= line[1, 1:]
        marked = line[0] & near
        if marked.size >= _LEAST_WORDS and marked.mean() >= _LINE_SHARE:
            marked[:] = True
        result.append(tuple(marked.tolist()))
    return result
