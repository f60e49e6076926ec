"""Rows of words on the upright page. OCR joins the two columns of a header; rows are cut where they part.

Boxes here are pixels of the page turned upright and straight, not of the scan.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from statistics import median
from typing import NamedTuple

import numpy as np

from models.geometry import Box
from stages.extraction.fold import fold
from stages.page_text import Edges, Text
from stages.upright import Upright, upright

_TALLEST = 3.0
"""Times the median word height: above it a box is a rule, a seal or a signature, not a word."""
_FLATTEST = 0.3
"""Share of its box's height that a word has at least, whatever the skew says."""
_SAME_ROW = 0.5
"""Times the median word height: middles this close are in one row."""
_COLUMN_GAP = 0.8
"""Times the word height: the least gap between two columns."""
_HANDWRITTEN = 1.35
"""Times the median height of its row: digits that stick out like this were written by hand."""
HANDWRITING_CONFIDENCE = 0.5
"""At most this for handwriting: engines read it wrong with great confidence (ocr-notes)."""


class Word(NamedTuple):
    """One word on the upright page. ``confidence`` 0–1."""

    text: str
    box: Box
    confidence: float


@dataclass(frozen=True)
class Passage:
    """Words in reading order, and their text with one space between words. ``page``: side of each word."""

    words: tuple[Word, ...]
    pages: tuple[int, ...]

    @cached_property
    def text(self) -> str:
        return " ".join([w.text for w in self.words])

    @cached_property
    def folded(self) -> str:
        """The text as :func:`fold` gives it; positions are those of ``text``."""
        return fold(self.text)

    @cached_property
    def box(self) -> Box:
        """Around all words. Raises ``ValueError`` without words."""
        lefts, tops, rights, bottoms = zip(*[word.box for word in self.words], strict=True)
        return Box(min(lefts), min(tops), max(rights), max(bottoms))

    @property
    def confidence(self) -> float:
        """Mean over the characters."""
        total = sum(len(w.text) for w in self.words)
        return sum(w.confidence * len(w.text) for w in self.words) / total if total else 0.0

    def within(self, start: int, end: int) -> Passage:
        """The words that the characters ``start`` to ``end`` of ``text`` touch."""
        chosen = []
        at = 0
        for number, word in enumerate(self.words):
            if at < end and at + len(word.text) > start:
                chosen.append(number)
            at += len(word.text) + 1
        return Passage(tuple(self.words[n] for n in chosen), tuple(self.pages[n] for n in chosen))

    def after(self, start: int) -> Passage:
        """The passage from character ``start`` of ``text`` on; a word that begins before it is cut."""
        words, pages, at = [], [], 0
        for word, page in zip(self.words, self.pages, strict=True):
            kept = word.text[max(0, start - at) :]
            if kept:
                words.append(word._replace(text=kept))
                pages.append(page)
            at += len(word.text) + 1
        return Passage(tuple(words), tuple(pages))

    def first_chars(self, count: int) -> Passage:
        """The leading words that hold ``count`` characters, spaces left out."""
        return self._some(range(len(self.words)), count)

    def last_chars(self, count: int) -> Passage:
        """The trailing words that hold ``count`` characters, spaces left out."""
        return self._some(range(len(self.words) - 1, -1, -1), count)

    def _some(self, order: range, count: int) -> Passage:
        chosen: list[int] = []
        for number in order:
            if count <= 0:
                break
            chosen.append(number)
            count -= len(self.words[number].text)
        chosen.sort()
        return Passage(tuple(self.words[n] for n in chosen), tuple(self.pages[n] for n in chosen))

    @property
    def weakest(self) -> float:
        """Confidence of the weakest word; no more than handwriting deserves where digits look handwritten."""
        confidence = min((w.confidence for w in self.words), default=0.0)
        usual_px = median([w.box.height for w in self.words] or [0.0])
        if any(re.search(r"\d", w.text) and w.box.height > _HANDWRITTEN * usual_px for w in self.words):
            confidence = min(confidence, HANDWRITING_CONFIDENCE)
        return confidence


def join(passages: Iterable[Passage]) -> Passage:
    """One passage after the other."""
    parts = tuple(passages)
    return Passage(tuple(w for p in parts for w in p.words), tuple(n for p in parts for n in p.pages))


@dataclass(frozen=True)
class Page:
    """One side, upright. ``number``: the scanned side. ``rows`` from top to bottom, words from left to right."""

    number: int
    width_px: float
    height_px: float
    rows: tuple[Passage, ...]


def lay_out(text: Text, number: int) -> Page:
    """Turn the words of one side upright and put them into rows."""
    orientation_deg = round(text.rotation_deg / 90) * 90
    skew_deg = orientation_deg - text.rotation_deg
    page = upright(text.width_px, text.height_px, orientation_deg % 360, skew_deg)
    found = [(trimmed, word) for word in text.words() if (trimmed := word.text.strip())]
    boxes = _own_boxes([word.box for _, word in found], page, skew_deg)
    words = [Word(trimmed, box, word.confidence) for (trimmed, word), box in zip(found, boxes, strict=True)]
    heights_px = [w.box.height for w in words]
    usual_px = median(heights_px or [0.0])
    words = [w for w, high in zip(words, heights_px, strict=True) if high <= _TALLEST * usual_px]
    rows = [Passage(tuple(sorted(row, key=_left)), (number,) * len(row)) for row in _rows(words, usual_px)]
    return Page(number, page.width_px, page.height_px, tuple(rows))


def _own_boxes(boxes: Sequence[Edges], page: Upright, skew_deg: float) -> Iterable[Box]:
    """Each word's own upright rectangle, out of the larger box that holds it on the skewed scan.

    A rectangle ``w`` by ``h`` leaning by ``t`` fills a box ``w·cos t + h·sin t`` by ``w·sin t + h·cos t``;
    this is solved for ``w`` and ``h``. Long words of a skewed scan would overlap the next row otherwise.
    """
    left, top, right, bottom = np.array(boxes, np.float64).reshape(-1, 4).T
    across = abs(page.affine.a) < abs(page.affine.b)
    wide, high = (bottom - top, right - left) if across else (right - left, bottom - top)
    sin, cos = abs(math.sin(math.radians(skew_deg))), math.cos(math.radians(skew_deg))
    square = cos * cos - sin * sin
    sin, cos = sin / square, cos / square
    half_width = np.maximum(wide * cos - high * sin, 1.0) / 2
    half_height = np.maximum(high * cos - wide * sin, _FLATTEST * high) / 2
    x, y = page.points((left + right) / 2, (top + bottom) / 2)
    edges = (x - half_width, y - half_height, x + half_width, y + half_height)
    return map(Box, *(edge.tolist() for edge in edges))


def _left(word: Word) -> float:
    return word.box[0]


def _rows(words: list[Word], usual_px: float) -> list[list[Word]]:
    """Words whose middles are at one height, from top to bottom."""
    rows: list[list[Word]] = []
    row_px = 0.0
    middles = [((w.box.top + w.box.bottom) / 2, w) for w in words]
    for middle_px, word in sorted(middles, key=itemgetter(0)):
        # A dash is low and a stacked accent is tall: only the page's usual height tells rows apart.
        if rows and middle_px - row_px <= _SAME_ROW * usual_px:
            row_px += (middle_px - row_px) / (len(rows[-1]) + 1)
            rows[-1].append(word)
        else:
            row_px = middle_px
            rows.append([word])
    return rows


def part(row: Passage, edge_px: float, reach_px: float) -> tuple[Passage, Passage]:
    """Cut a row into its left and its right column, where the right one begins near ``edge_px``.

    The cut is at the widest gap within ``reach_px`` of the edge, or at the edge where no gap there is wide.
    """
    words = row.words
    widest_px = _COLUMN_GAP * median([w.box.height for w in words] or [0.0])
    cut = sum(w.box.centre[0] < edge_px for w in words)
    for number in range(1, len(words)):
        left_px, right_px = words[number - 1].box.right, words[number].box.left
        if right_px - left_px > widest_px and abs((left_px + right_px) / 2 - edge_px) <= reach_px:
            widest_px, cut = right_px - left_px, number
    return Passage(words[:cut], row.pages[:cut]), Passage(words[cut:], row.pages[cut:])
