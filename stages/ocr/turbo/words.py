"""Decoded characters to words, each as wide as its ink; all lines of a page at once."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.network import Crop

Numbers = NDArray[np.intp]
Floats = NDArray[np.floating[Any]]

_INK = 0.3
"""A column has ink where its darkest pixel is further below the paper than this share of the crop's contrast."""
_LEAST_CONTRAST = 32
"""Grey levels; a crop with less is blank paper, whatever the network sees in it."""
_LEAST_SHARE = 1e-6


class ReadWord(NamedTuple):
    """``x0_px``, ``x1_px``: where its ink begins and ends, in pixels of the crop. ``confidence``: 0-1.

    ``hand``: written by a pen, see :mod:`stages.ocr.turbo.hand`.
    """

    text: str
    x0_px: float
    x1_px: float
    confidence: float
    hand: bool = False


class ReadLine(NamedTuple):
    """``confidence``: mean over the characters; 0 where nothing was read. ``traits``: of its strokes, evenly along the crop
    (see :class:`stages.ocr.turbo.network.Look`); None where nobody looked.
    """

    words: tuple[ReadWord, ...]
    confidence: float
    traits: NDArray[np.float32] | None = None

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


class Letters(NamedTuple):
    """The characters of all lines in order. ``lines``: line of each; ``starts``, ``ends`` (exclusive): its steps,
    from the line's first; ``shares``: its probability. ``parted``: which begin a word though no space stands before.
    """

    texts: Sequence[str]
    lines: Numbers
    starts: Numbers
    ends: Numbers
    shares: Floats
    parted: NDArray[np.bool_] | None = None


def words(letters: Letters, crops: Sequence[Crop], px_per_step: Floats, calibration: Calibration) -> list[ReadLine]:
    """The words of each crop. ``px_per_step``: by crop. A word without ink under it is dropped."""
    first, end = groups(letters)
    line = letters.lines[first]
    ink = _Ink.of(crops)
    left, right = ink.edges[line].astype(np.float64), ink.edges[line + 1].astype(np.float64)
    pair = np.flatnonzero(line[1:] == line[:-1])
    step, origin = px_per_step[line[pair]], ink.edges[line[pair]]
    middle = ink.middles(letters.starts[end[pair] - 1] * step + origin, letters.ends[first[pair + 1]] * step + origin)
    left[pair + 1], right[pair] = middle, middle
    begins, beyond = np.searchsorted(ink.columns, left), np.searchsorted(ink.columns, right)
    found: list[list[ReadWord]] = [[] for _ in crops]
    logs = np.append(0, np.cumsum(np.log(np.clip(letters.shares, _LEAST_SHARE, 1.0), dtype=np.float64)))
    # The geometric mean: one doubtful character shows in a long word.
    shares = calibration(np.exp((logs[end] - logs[first]) / (end - first))).tolist()
    for word in np.flatnonzero(begins < beyond).tolist():
        text = unicodedata.normalize("NFC", "".join(letters.texts[first[word] : end[word]]))
        edge = ink.edges[line[word]]
        x0, x1 = ink.columns[begins[word]] - edge, ink.columns[beyond[word] - 1] - edge + 1
        found[line[word]].append(ReadWord(text, float(x0), float(x1), shares[word]))
    return [_line(tuple(part)) for part in found]


def _line(found: tuple[ReadWord, ...]) -> ReadLine:
    size = sum(len(word.text) for word in found)
    return ReadLine(found, sum(len(word.text) * word.confidence for word in found) / size if size else 0.0)


def groups(letters: Letters) -> tuple[Numbers, Numbers]:
    """First character and last + 1 of each word: what stands between spaces, or is parted, in one line."""
    printed = np.array([text != " " for text in letters.texts], bool)
    joined = printed[1:] & printed[:-1] & (letters.lines[1:] == letters.lines[:-1])
    if letters.parted is not None:
        joined &= ~letters.parted[1:]
    first = np.flatnonzero(printed & ~np.append(False, joined)[: printed.size])
    return first, np.flatnonzero(printed & ~np.append(joined, False)[: printed.size]) + 1


class _Ink(NamedTuple):
    """Columns with ink, all crops side by side. ``edges``: left edge of each crop, and the right one of the last;
    ``gaps``: columns without ink between two with ink of one crop, from and to (exclusive).
    """

    columns: Numbers
    edges: Numbers
    gaps: tuple[Numbers, Numbers]

    @classmethod
    def of(cls, crops: Sequence[Crop]) -> _Ink:
        edges = np.cumsum([0, *(crop.shape[1] for crop in crops)])
        darkest = [_darkest(crop) for crop in crops]
        columns = np.flatnonzero(np.concatenate([np.zeros(0, bool), *darkest]))
        crop = np.searchsorted(edges, columns, side="right")
        before = np.flatnonzero((np.diff(columns) > 1) & (crop[1:] == crop[:-1]))
        return cls(columns, edges, (columns[before] + 1, columns[before + 1]))

    def middles(self, left: Floats, right: Floats) -> Floats:
        """Middle of the widest gap between two places; a network tells where characters are only to a few pixels."""
        starts, ends = self.gaps
        now, last = np.searchsorted(starts, left + 1), np.searchsorted(ends, right)
        middle, widest = (left + right) / 2, np.zeros(left.size, np.intp)
        for _ in range(int((last - now).max(initial=0))):
            more = np.flatnonzero(now < last)
            gap = now[more]
            wider = ends[gap] - starts[gap] > widest[more]
            chosen, gap = more[wider], gap[wider]
            widest[chosen] = ends[gap] - starts[gap]
            middle[chosen] = (starts[gap] + ends[gap]) / 2
            now = now + 1
        return middle


def _darkest(crop: Crop) -> NDArray[np.bool_]:
    """Which columns of a crop have ink."""
    if not crop.size:
        return np.zeros(crop.shape[1], bool)
    columns, paper = np.asarray(cv2.reduce(crop, 0, cv2.REDUCE_MIN))[0], int(crop.max())
    contrast = paper - int(columns.min())
    return (
        np.asarray(columns < paper - _INK * contrast) if contrast >= _LEAST_CONTRAST else np.zeros(columns.size, bool)
    )
