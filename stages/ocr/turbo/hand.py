"""Tells words that a hand wrote from print: strokes that the network knows for a pen's, letters that keep to no line or
height, and doubt. Pure.

A logistic model of seven measures. ``python -m benchmarks.recogniser.handwriting`` fits it on generated pages.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import Lines
from stages.ocr.turbo.marks import Marks
from stages.ocr.turbo.pen import Pen, mean, running
from stages.ocr.turbo.words import Letters, ReadLine, groups

Numbers = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_CONFIDENCE, DOUBTED = 0.3, 0.5
"""What a hand wrote is never read with more confidence than the first; what it may have written, than the second."""
WEIGHTS = (-1.44, -0.11, 0.68, 1.93, -0.17, 0.07, 0.56, 1.35)
"""Bias, then of each column of :func:`measures`."""
_LEAST_SCORE = 2.0
"""About seven to one for handwriting: print that is taken for it is lost, a guess that is not is of low confidence."""
_SUREST_SCORE = 4.0
_SURE, _SURE_LETTERS = 0.85, 2
"""A word of two letters that is read with more confidence may be print; a number is so up to the score above."""
_LINE_SHARE = 0.6
"""With so much of a line by hand, all of it is that may be."""
_LEAST_WORDS = 3
_PEN, _PRINT = 3.0, 1.5
"""Log odds of a pen on one side, and of print on the other, where a word is taken apart; letters and digits, or what is
neither, stand on its sides.
"""


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


def parted(letters: Letters, traits: Sequence[NDArray[np.float32]], pen: Pen) -> Bools:
    """Which characters part a word that a pen began or ended: ``12`` before ``/QĐ-UBND``.

    ``traits``: of each line, see :class:`stages.ocr.turbo.network.Look`.
    """
    found = np.zeros(len(letters.texts), bool)
    if not found.size:
        return found
    edges = np.cumsum([0, *map(len, traits)])
    sums = running(np.concatenate(traits))
    low, high = edges[letters.lines], edges[letters.lines + 1]
    same = letters.lines[1:] == letters.lines[:-1]
    between = low[1:] + (letters.ends[:-1] + letters.starts[1:]) // 2
    starts = np.append(low[0], np.where(same, between, low[1:])).clip(low, high - 1)
    ends = np.append(np.where(same, between, high[:-1]), high[-1]).clip(starts + 1, high)
    odds = pen.odds(mean(sums, starts, ends))
    first, beyond = groups(letters)
    if not first.size:
        return found
    mixed = (np.maximum.reduceat(odds, first) > _PEN) & (np.minimum.reduceat(odds, first) < -_PRINT)
    for word in np.flatnonzero(mixed & (beyond - first > 1)).tolist():
        a, z = int(first[word]), int(beyond[word])
        kinds = np.array([_kind(text) for text in letters.texts[a:z]])
        inner = kinds[1:] != kinds[:-1]
        # Neither side is a stop or a bracket alone.
        inner &= np.maximum.accumulate(kinds[:-1] > 0) & np.maximum.accumulate(kinds[:0:-1] > 0)[::-1]
        at = a + 1 + np.flatnonzero(inner)
        if not at.size:
            continue
        left = pen.odds(mean(sums, np.full(at.size, starts[a]), starts[at]))
        right = pen.odds(mean(sums, starts[at], np.full(at.size, ends[z - 1])))
        most, least = np.maximum(left, right), np.minimum(left, right)
        apart = np.where((most > _PEN) & (least < -_PRINT), most - least, 0.0)
        best = int(apart.argmax())
        # The stroke of a number's code is printed; a pen that fills the gap before it comes close.
        if letters.texts[at[best] - 1] == "/" and best and at[best - 1] == at[best] - 1 and apart[best - 1] > 0:
            best -= 1
        if apart[best] > 0:
            found[at[best]] = True
    return found


def _kind(text: str) -> int:
    """Neither, letters, or digits."""
    return 1 if text.isalpha() else 2 if text.isdigit() else 0


def measures(lines: Sequence[LineImage], read: Sequence[ReadLine], pen: Pen) -> Numbers:
    """Of each word of all lines in order: doubt, offs of its letters' feet, heads and widths, neighbours' doubt and heads,
    and the odds of a pen.
    """
    count = [len(line.words) for line in read]
    line_of = np.repeat(np.arange(len(lines)), count)
    found = np.zeros((line_of.size, 7))
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
    found[:, 4:6] = _beside(found[:, [0, 2]], line_of)
    strokes = stretches(lines, read)
    found[:, 6] = np.nan_to_num(pen.odds(strokes)) if strokes.shape[1] else 0.0
    return found


def stretches(lines: Sequence[LineImage], read: Sequence[ReadLine]) -> Numbers:
    """The mean traits of each word's strokes ``(words, traits)``; NaN in lines at which nobody looked."""
    traits = [line.traits for line in read if line.traits is not None]
    count = np.array([len(line.words) for line in read], np.int64)
    if not traits or not count.sum():
        return np.full((count.sum(), 0), np.nan)
    sizes = np.array([0 if line.traits is None else len(line.traits) for line in read], np.int64)
    per_px = sizes / np.array([max(1, line.pixels.shape[1]) for line in lines])
    edges = np.array([(word.x0_px, word.x1_px) for line in read for word in line.words])
    edges *= np.repeat(per_px, count)[:, None]
    first, size = np.repeat(np.cumsum(sizes) - sizes, count), np.repeat(sizes, count)
    starts = np.clip(edges[:, 0].astype(np.int64), 0, np.maximum(size - 1, 0))
    ends = np.clip(np.ceil(edges[:, 1]).astype(np.int64), starts + 1, np.maximum(size, 1))
    seen = size > 0
    found = np.full((len(edges), traits[0].shape[1]), np.nan)
    found[seen] = mean(running(np.concatenate(traits)), (first + starts)[seen], (first + ends)[seen])
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


def trust(lines: Sequence[LineImage], read: Sequence[ReadLine], pen: Pen) -> list[tuple[float, ...]]:
    """The most confidence that each word of each line deserves: 1 for print, ``DOUBTED`` where a hand may have written it,
    ``MOST_CONFIDENCE`` where one has.
    """
    if not read:
        return []
    score = WEIGHTS[0] + measures(lines, read, pen) @ np.array(WEIGHTS[1:])
    words = [word for line in read for word in line.words]
    most = np.ones(score.size)
    for at in np.flatnonzero(score > _LEAST_SCORE).tolist():
        # Italics beside upright print look odd too, and so does a lone digit; but they are read.
        word = bool(sum(map(str.isalpha, words[at].text)) >= _SURE_LETTERS)
        sure = words[at].confidence > _SURE and (word or score[at] <= _SUREST_SCORE)
        most[at] = DOUBTED if sure else MOST_CONFIDENCE
    ends = np.cumsum([len(line.words) for line in read])[:-1]
    result = []
    for part, scores in zip(*(np.split(one, ends) for one in (most, score)), strict=True):
        if part.size >= _LEAST_WORDS and (part <= MOST_CONFIDENCE).mean() >= _LINE_SHARE:
            part[scores > 0] = MOST_CONFIDENCE
        result.append(tuple(part.tolist()))
    return result


def by_hand(lines: Sequence[LineImage], read: Sequence[ReadLine], pen: Pen) -> list[tuple[bool, ...]]:
    """Which words of each line a hand wrote."""
    return [tuple(most <= MOST_CONFIDENCE for most in line) for line in trust(lines, read, pen)]
