"""Words that a pen wrote in colour, in the place of print: numbers and days filled in, answers on a form. Pure.

Colour is taken off the page before print is looked for (:mod:`stages.ocr.turbo.prepare`), so print is found as if no pen
had written. What the pen wrote is looked for afterwards, and shown to recognition apart from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Box
from models.ports import Pixels
from stages.ink import Components, components
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import Lines, Segment
from stages.ocr.turbo.marks import Bools, Ints, Marks, Numbers
from stages.ocr.turbo.prepare import CleanPage
from stages.ocr.turbo.tables import Tables

_MOST = 2000
"""More strokes of a pen are a pattern."""
_FLOURISH_X = 5.0
"""A stroke so high, in x-heights of the print, is of a signature, a stamp's frame or a seal; so is all within its box."""
_LONG_X = 24.0
"""So is a single stroke as long as this; no word is written without lifting the pen for so long."""
_LINE_X, _THIN_X = 2.5, 0.65
"""A stroke so long that is as thin as this, column by column, underlines or strikes out."""
_SPECK_X, _BODY_X = 0.12, 0.7
"""What has less ink than the first (in square x-heights) is dirt; what is lower than the second is an accent."""
_LETTER_X, _ACCENT_X = 0.9, 0.8
"""Strokes nearer than this, side by side, are of one word; accents stand so far above it."""
_SIDE = 0.35
"""Share of the lower one's height that two letters of one word have in common."""
_ACROSS = 0.3
_LEAST_X, _MOST_X = 0.7, 5.0
"""Height of a word."""
_OVER = 0.2
"""Share of a stroke's width that printed letters take up within it."""
_CHUNK = 256
"""Strokes compared with all letters at a time."""
_EDGED = 0.5
"""With a larger share of a stroke along print it is the codec's fringe, or a pen that went over the print."""
_HIGH_X, _LOW_X = 0.9, 1.5
"""A word ends so far above its line's baseline at most, and so far below."""
_BESIDE_X = 3.0
"""What is so near to print on its line goes on with it."""
_NEXT_X = 4.0
"""And what is so near to a word of the pen that does."""
_TEXT_STROKES, _TEXT_X = 6, 4.0
"""So many strokes in a row no higher than this are text, wherever they stand; a signature has fewer, or is higher."""
_CLOSE_X, _PITCH_X = 1.7, 3.8
"""Rows of a text follow each other at such distances."""
_RULED = 0.5
"""Share of a word, or of the gap before it, that a leader or rule runs along."""
_MARGIN_X = 0.2
_LEVEL = 0.9
"""Share of the columns of a tick in which its ink is one stroke."""


class WrittenWord(NamedTuple):
    """A word by a pen: its crop, its ``box`` in working pixels, and the printed line that it goes on with, or −1."""

    image: LineImage
    box: Box
    line: int


class _Word(NamedTuple):
    """The same, by its strokes."""

    box: Box
    strokes: tuple[int, ...]
    line: int


@dataclass(frozen=True)
class _Strokes:
    """Strokes of coloured pens; edges in working pixels. ``size``: working pixels per pixel of the mask."""

    parts: Components
    size: float
    left: Numbers
    top: Numbers
    right: Numbers
    bottom: Numbers

    @classmethod
    def of(cls, mask: Pixels, size: float) -> _Strokes:
        parts = components(mask)
        left, top, right, bottom = (
            side.astype(np.float64) * size for side in (parts.left, parts.top, parts.right, parts.bottom)
        )
        return cls(parts, size, left, top, right, bottom)

    @property
    def height(self) -> Numbers:
        return self.bottom - self.top

    @property
    def width(self) -> Numbers:
        return self.right - self.left

    def ink(self, stroke: int) -> NDArray[np.bool_]:
        """The pixels of one in its box."""
        parts = self.parts
        rows = slice(int(parts.top[stroke]), int(parts.bottom[stroke]))
        return np.asarray(parts.labels[rows, int(parts.left[stroke]) : int(parts.right[stroke])] == stroke)


def find_written(page: CleanPage, marks: Marks, lines: Lines, tables: Tables) -> tuple[WrittenWord, ...]:
    """The words on a page, from left to right. ``lines``: of print."""
    if page.written is None:
        return ()
    strokes = _Strokes.of(page.written, 2 / page.scale)
    words = _standing(_candidates(strokes, marks, lines), marks, lines, tables)
    return tuple(
        WrittenWord(_cut(page, strokes, word, _MARGIN_X * marks.x_height), word.box, word.line) for word in words
    )


def _candidates(strokes: _Strokes, marks: Marks, lines: Lines) -> list[_Word]:
    """What has the size and shape of words, from left to right."""
    x, count = marks.x_height, len(strokes.left)
    if not 1 < count <= _MOST:
        return []
    print_ = np.flatnonzero(marks.letter & (lines.owner != -1))
    keep = np.ones(count, bool)
    keep[0] = False
    keep &= strokes.parts.area * strokes.size**2 > _SPECK_X * x * x * 0.3
    flourish = (strokes.height > _FLOURISH_X * x) | (strokes.width > _LONG_X * x)
    for one in np.flatnonzero(flourish & keep).tolist():
        keep &= ~_within(strokes, strokes.left[one], strokes.top[one], strokes.right[one], strokes.bottom[one])
    keep &= ~_over(strokes, marks, print_) & (_edged(strokes, marks) < _EDGED)
    for one in np.flatnonzero(keep & (strokes.width > _LINE_X * x)).tolist():
        ink = strokes.ink(one)
        deep = ink.shape[0] - ink.argmax(axis=0) - ink[::-1].argmax(axis=0)
        keep[one] = float(deep.mean()) * strokes.size > _THIN_X * x
    words = [box for at in _words(strokes, np.flatnonzero(keep), x) if (box := _word(strokes, at, x)) is not None]
    return sorted(words, key=lambda word: word.box.left)


def _within(strokes: _Strokes, left: float, top: float, right: float, bottom: float) -> Bools:
    """Which strokes have their middle in a box."""
    across, down = (strokes.left + strokes.right) / 2, (strokes.top + strokes.bottom) / 2
    return np.asarray((across > left) & (across < right) & (down > top) & (down < bottom))


def _over(strokes: _Strokes, marks: Marks, letters: Ints) -> Bools:
    """Which strokes go around or through printed letters: those take up much of their width."""
    parts = marks.parts
    across, down = parts.left[letters] + parts.width[letters] / 2, parts.top[letters] + parts.height[letters] / 2
    covered = np.zeros(len(strokes.left))
    for start in range(0, len(covered), _CHUNK):
        some = slice(start, start + _CHUNK)
        left, right = strokes.left[some, None], strokes.right[some, None]
        top, bottom = strokes.top[some, None], strokes.bottom[some, None]
        inside = (across > left) & (across < right) & (down > top) & (down < bottom)
        covered[some] = inside @ parts.width[letters]
    return np.asarray(covered > _OVER * strokes.width)


def _edged(strokes: _Strokes, marks: Marks) -> Numbers:
    """The share of each stroke that lies on print, or beside it."""
    labels = strokes.parts.labels
    ink = marks.painted(
        np.where(marks.penned, 0, 255).astype(np.uint8) * (np.arange(len(marks.penned)) > 0).astype(np.uint8)
    )
    near = cv2.resize(np.asarray(ink, dtype=np.uint8), labels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    along = np.bincount(labels[np.asarray(near) > 0], minlength=len(strokes.left))
    return np.asarray(along / np.maximum(1, strokes.parts.area))


def _words(strokes: _Strokes, at: Ints, x: float) -> list[Ints]:
    """The strokes of each word."""
    left, right, top, bottom = (side[at] for side in (strokes.left, strokes.right, strokes.top, strokes.bottom))
    high = bottom - top
    gap = np.maximum(left[:, None], left) - np.minimum(right[:, None], right)
    common = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    body = high > _BODY_X * x
    lower = np.minimum(high[:, None], high)
    near = (gap < _LETTER_X * x) & (common > _SIDE * lower) & body[:, None] & body
    # An accent above a letter, a dot beside it.
    near |= (gap < 0.3 * x) & (common > -_ACCENT_X * x) & ~(body[:, None] & body)
    near |= (gap < _LETTER_X * x) & (common > 0) & ~(body[:, None] & body)
    chain = np.arange(at.size)
    for one, other in np.argwhere(np.triu(near, 1)):
        chain[chain == chain[other]] = chain[one]
    # Strokes above or across others are of the same word.
    words = [at[chain == number] for number in np.unique(chain)]
    words.sort(key=lambda word: float(strokes.left[word].min()))
    found: list[Ints] = []
    for word in words:
        if found and _across(strokes, found[-1], word):
            found[-1] = np.concatenate([found[-1], word])
        else:
            found.append(word)
    return found


def _across(strokes: _Strokes, one: Ints, other: Ints) -> bool:
    """Whether two groups of strokes stand over each other in one row."""
    (a, b), (c, d) = ((strokes.left[at].min(), strokes.right[at].max()) for at in (one, other))
    (e, f), (g, h) = ((strokes.top[at].min(), strokes.bottom[at].max()) for at in (one, other))
    wide, high = min(b, d) - max(a, c), min(f, h) - max(e, g)
    return bool(wide > _ACROSS * min(b - a, d - c) and high > _ACROSS * min(f - e, h - g))


def _word(strokes: _Strokes, at: Ints, x: float) -> _Word | None:
    """A word of these strokes; None for what is no word."""
    box = Box(
        float(strokes.left[at].min()), float(strokes.top[at].min()),
        float(strokes.right[at].max()), float(strokes.bottom[at].max()),
    )  # fmt: skip
    ink = float(strokes.parts.area[at].sum()) * strokes.size**2
    if not _LEAST_X * x < box.height < _MOST_X * x or ink < _SPECK_X * x * x:
        return None
    if at.size == 1 and _is_tick(strokes.ink(int(at[0]))):
        return None
    return _Word(box, tuple(at.tolist()), -1)


def _is_tick(ink: NDArray[np.bool_]) -> bool:
    """Whether a stroke goes down and up again, once, farther than it came."""
    columns = ink.any(axis=0)
    runs = (np.diff(ink.astype(np.int8), axis=0, prepend=0) == 1).sum(axis=0)
    if ink.shape[1] < 4 or (runs[columns] == 1).mean() < _LEVEL:
        return False
    middle = (np.arange(ink.shape[0])[:, None] * ink).sum(axis=0) / np.maximum(1, ink.sum(axis=0))
    lowest = int(middle.argmax())
    first, last = middle[0], middle[-1]
    deep = float(middle.max() - middle.min())
    return bool(
        deep > 0.4 * ink.shape[0] and 0 < lowest < 0.7 * ink.shape[1]
        and middle[lowest] - first > 0.15 * deep and last < first and middle[lowest] - last > 0.8 * deep
    )  # fmt: skip


def _standing(words: Sequence[_Word], marks: Marks, lines: Lines, tables: Tables) -> list[_Word]:
    """The words that go on with a printed line, stand on a leader or in a cell, or follow a word that does."""
    x = marks.x_height
    found: list[_Word] = []
    text = _texts(words, x)
    middles = np.array([word.box.centre for word in words]).reshape(-1, 2)
    regions = tables.region_of(middles[:, 0], middles[:, 1])
    for word, region, alone in zip(words, regions.tolist(), text, strict=True):
        line = _line_of(word.box, region, marks, lines.segments)
        if line is None:
            before = [other for other in found if _follows(other.box, word.box, x)]
            line = before[-1].line if before else None
        if line is None and (alone or region or _in_row(word.box, marks, lines.segments)):
            line = -1
        if line is not None:
            found.append(word._replace(line=line))
    return found


def _texts(words: Sequence[_Word], x: float) -> list[bool]:
    """Which words are of a row that only text can be: several letters of like height."""
    row = list(range(len(words)))
    for at, word in enumerate(words):
        before = [other for other in range(at) if _follows(words[other].box, word.box, x)]
        row[at] = row[before[-1]] if before else at
    letters = [sum(len(word.strokes) for word, of in zip(words, row, strict=True) if of == one) for one in row]
    high = [max(word.box.height for word, of in zip(words, row, strict=True) if of == one) for one in row]
    return [many >= _TEXT_STROKES and tall < _TEXT_X * x for many, tall in zip(letters, high, strict=True)]


def _follows(before: Box, box: Box, x: float) -> bool:
    common = min(before.bottom, box.bottom) - max(before.top, box.top)
    return box.left - before.right < _NEXT_X * x and common > _SIDE * min(before.height, box.height)


def _line_of(box: Box, region: int, marks: Marks, segments: Sequence[Segment]) -> int | None:
    """The printed line in which, or beside which, a word stands."""
    x = marks.x_height
    best, least = None, np.inf
    for index, line in enumerate(segments):
        gap = max(box.left - line.right, line.left - box.right)
        base = line.baseline(min(max(box.centre[0], line.left), line.right))
        off = box.bottom - base
        if line.region != region or not -_HIGH_X * x < off < _LOW_X * x or not box.top < base - 0.5 * x < box.bottom:
            continue
        if gap > _BESIDE_X * x and (box.left < line.right or _ruled(marks, line.right, box.left, base) < _RULED):
            continue
        far = abs(off) + max(0.0, gap) / 4
        if far < least:
            best, least = index, far
    return best


def _in_row(box: Box, marks: Marks, segments: Sequence[Segment]) -> bool:
    """Whether a word stands on a leader or rule, or in a row of its own between two of print."""
    if _ruled(marks, box.left, box.right, box.bottom) > _RULED:
        return True
    feet = [line.baseline(box.centre[0]) for line in segments if line.left < box.centre[0] < line.right]
    steps = [(box.bottom - foot) / marks.x_height for foot in feet]
    return any(_CLOSE_X < step < _PITCH_X for step in steps) and any(_CLOSE_X < -step < _PITCH_X for step in steps)


def _ruled(marks: Marks, left: float, right: float, foot: float) -> float:
    """The share of these columns in which a rule or leader lies near a baseline."""
    off = 0.8 * marks.x_height
    rows = slice(max(0, round(foot - off)), max(0, round(foot + off)))
    part = marks.rules.across[rows, max(0, round(left)) : max(0, round(right))]
    return float(part.any(axis=0).mean()) if part.size else 0.0


def _cut(page: CleanPage, strokes: _Strokes, word: _Word, margin: float) -> LineImage:
    """The crop of one word: its own strokes on white paper."""
    labels = strokes.parts.labels
    height, width = labels.shape
    pad = margin / strokes.size
    left, top = max(0, int(word.box.left / strokes.size - pad)), max(0, int(word.box.top / strokes.size - pad))
    right = min(width, round(word.box.right / strokes.size + pad) + 1)
    bottom = min(height, round(word.box.bottom / strokes.size + pad) + 1)
    mine = np.isin(labels[top:bottom, left:right], word.strokes).astype(np.uint8)
    zoom = page.inked.shape[0] / height
    grey = page.inked_at(round(left * zoom), round(top * zoom), round(right * zoom), round(bottom * zoom))
    near = cv2.resize(cv2.dilate(mine, np.ones((3, 3), np.uint8)), grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    pixels = np.where(np.asarray(near) > 0, grey, 255).astype(np.uint8)
    box = Box(2.0 * left, 2.0 * top, 2.0 * right, 2.0 * bottom)
    foot = (word.box.bottom / strokes.size - top) * zoom
    return LineImage(pixels, box, foot, foot / 1.5, 2 / zoom, pen=True)
