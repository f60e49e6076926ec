"""Probabilities per step to text: greedy where the network is certain, a beam with a language model where not."""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from itertools import groupby, pairwise, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.beam import Readings, Weights, search
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.doubt import Page, Spans
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import Crop, Network, Probabilities
from stages.ocr.turbo.traineddata import Charset

_INK = 0.3
"""A column has ink where its darkest pixel is further below the paper than this share of the crop's contrast."""
_LEAST_CONTRAST = 32
"""Grey levels; a crop with less is blank paper, whatever the network sees in it."""
_PEAK = 3
"""Steps from a character's first in which its probability is looked for."""
_MOST_CODES = 9
"""Codes of one character, in Tesseract's recoder."""
_HOPELESS = 6.0
"""A reading so far (log) behind the best is not looked up in the dictionary."""
_LONG_WORD = 20
_LETTERS = re.compile(r"[^\W\d_]+")


class ReadWord(NamedTuple):
    """``x0_px``, ``x1_px``: where its ink begins and ends, in pixels of the crop. ``confidence``: 0-1."""

    text: str
    x0_px: float
    x1_px: float
    confidence: float


class ReadLine(NamedTuple):
    """``confidence``: mean over the characters; 0 where nothing was read."""

    words: tuple[ReadWord, ...]
    confidence: float

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


Code = tuple[int, int, int, float]
"""As :class:`Character`, before the code is turned into text."""


class Character(NamedTuple):
    """One decoded character: steps ``start`` to ``end`` (exclusive) and its probability."""

    text: str
    start: int
    end: int
    confidence: float


class Reader:
    """Reads line crops with one warm network; for one thread.

    ``language``: None decides doubts by the dictionary alone. A network whose characters take several codes is read
    greedily. ``calibration``: of the words' confidence.
    """

    def __init__(
        self,
        network: Network,
        language: Language | None = None,
        weights: Weights | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        self._network = network
        self._language = language or Language.none()
        self._weights = weights or (Weights() if language else Weights(language=0.0, character=0.0, unknown_word=0.5))
        self._texts = network.charset.single(network.plan.codes)
        self._symbols = self._language.encode(self._texts or ())
        self._surprised = language is not None
        self._calibration = calibration or Calibration()

    def read(self, lines: Sequence[LineImage]) -> list[ReadLine]:
        """The text of each line, in the order given."""
        return self.read_crops([line.pixels for line in lines])

    def read_crops(self, crops: Sequence[Crop]) -> list[ReadLine]:
        """As :meth:`read`, of grey crops alone."""
        decoded = self.decode(self._network.run(crops))
        return [
            _line(characters, crop, self._network.px_per_step(crop), self._calibration)
            for characters, crop in zip(decoded, crops, strict=True)
        ]

    def decode(self, found: Sequence[Probabilities], *, greedy: bool = False) -> list[list[Character]]:
        """The characters of each line; ``greedy`` takes the network's word for everything."""
        page = Page.of(found, self._network.charset.null, self._network.plan.codes)
        text = Text(page.codes, page.starts, page.ends, page.peaks)
        if self._texts is None:
            return [_joined(line, self._network.charset) for line in _lines(page, text)]
        if not greedy:
            surprise = page.surprise(self._language, self._symbols)
            spans = page.doubtful(surprise if self._surprised else None)
            trust = page.trust(surprise, self._weights.strange, self._weights.familiar)[page.line_of(spans.starts)]
            readings = search(page, spans, self._language, self._symbols, self._weights, trust)
            text = _replaced(page, text, spans, self._chosen(text, spans, readings))
        names = self._texts
        return [
            [Character(names[code], start, end, share) for code, start, end, share in line]
            for line in _lines(page, text)
        ]

    def _chosen(self, text: Text, spans: Spans, readings: Readings) -> Readings:
        """One reading per span, with its share of all their chance as its score."""
        scores = readings.scores
        if self._weights.unknown_word:
            scores = scores - self._weights.unknown_word * self._unknown(text, spans, readings)
        best = scores.argmax(axis=1)
        each = np.arange(len(best))
        shares = np.exp(scores - scores[each, best][:, None]).sum(axis=1)
        return Readings(readings.codes[each, best][:, None], (1 / shares).astype(np.float32)[:, None])

    def _unknown(self, text: Text, spans: Spans, readings: Readings) -> NDArray[np.float32]:
        """How many of the words that a reading touches are not in the dictionary."""
        assert self._texts is not None
        names = [self._texts[code] for code in text.codes.tolist()]
        firsts = np.searchsorted(text.starts, spans.starts).tolist()
        lasts = np.searchsorted(text.starts, spans.ends).tolist()
        counts = np.zeros(readings.scores.shape, np.float32)
        for row, column in np.argwhere(readings.scores > readings.scores.max(axis=1, keepdims=True) - _HOPELESS):
            first, last = firsts[row], lasts[row]
            head = "".join(takewhile(str.isalpha, reversed(names[max(0, first - _LONG_WORD) : first])))[::-1]
            tail = "".join(takewhile(str.isalpha, names[last : last + _LONG_WORD]))
            codes = readings.codes[row, column]
            inside = "".join(self._texts[code] for code in codes[codes >= 0].tolist())
            counts[row, column] = sum(not self._known(word) for word in _LETTERS.findall(head + inside + tail))
        return counts

    def _known(self, word: str) -> bool:
        words = self._network.data.words
        return word in words or word.lower() in words or word.capitalize() in words


class Text(NamedTuple):
    """Codes of a page with their steps and confidence, in order."""

    codes: NDArray[np.intp]
    starts: NDArray[np.intp]
    ends: NDArray[np.intp]
    shares: NDArray[np.float32]


def _replaced(page: Page, text: Text, spans: Spans, chosen: Readings) -> Text:
    """``text`` with what lies in the spans exchanged for the readings, one a span."""
    if not len(spans.starts):
        return text
    span = np.searchsorted(spans.starts, text.starts, side="right") - 1
    outside = (span < 0) | (text.starts >= spans.ends[np.maximum(span, 0)])
    rows, offsets = np.nonzero(chosen.codes[:, 0] >= 0)
    codes = chosen.codes[rows, 0, offsets]
    starts = spans.starts[rows] + offsets
    near = np.minimum(starts[:, None] + np.arange(_PEAK), spans.ends[rows, None] - 1)
    peaks = page.steps[near, codes[:, None]].max(axis=1)
    new = Text(codes, starts, starts + 1, np.sqrt(chosen.scores[rows, 0] * peaks))
    starts = np.concatenate([text.starts[outside], new.starts])
    order = np.argsort(starts, kind="stable")
    return Text(
        np.concatenate([text.codes[outside], new.codes])[order],
        starts[order],
        np.concatenate([text.ends[outside], new.ends])[order],
        np.concatenate([text.shares[outside], new.shares])[order],
    )


def _lines(page: Page, text: Text) -> list[list[Code]]:
    """The text by line, with steps counted from the line's first."""
    bounds = np.searchsorted(text.starts, page.lines).tolist()
    shifts = page.lines[page.line_of(text.starts)] if len(text.starts) else text.starts
    columns = (
        text.codes.tolist(),
        (text.starts - shifts).tolist(),
        (text.ends - shifts).tolist(),
        text.shares.tolist(),
    )
    codes = list(zip(*columns, strict=True))
    return [codes[start:end] for start, end in pairwise(bounds)]


def _joined(line: Sequence[Code], charset: Charset) -> list[Character]:
    """Characters that take several codes; a sequence that means nothing is dropped."""
    characters: list[Character] = []
    at = 0
    while at < len(line):
        for length in range(min(_MOST_CODES, len(line) - at), 0, -1):
            part = line[at : at + length]
            text = charset.texts.get(tuple(code for code, *_ in part))
            if text is not None:
                share = min(share for *_, share in part)
                characters.append(Character(text, part[0][1], part[-1][2], share))
                break
        at += length
    return characters


def _line(characters: Sequence[Character], crop: Crop, px_per_step: float, calibration: Calibration) -> ReadLine:
    """Characters joined to words, each as wide as its ink."""
    groups = [list(group) for space, group in groupby(characters, lambda found: found.text == " ") if not space]
    if not groups:
        return ReadLine((), 0.0)
    ink = _ink(crop)
    gaps = _gaps(ink)
    limits = [0.0]
    for before, after in pairwise(groups):
        limits.append(_middle(gaps, before[-1].start * px_per_step, after[0].end * px_per_step))
    limits.append(float(crop.shape[1]))
    bounds = np.searchsorted(ink, limits).tolist()
    words = []
    for group, (first, end) in zip(groups, pairwise(bounds), strict=True):
        if first < end:
            text = unicodedata.normalize("NFC", "".join(character.text for character in group))
            share = calibration(_mean([character.confidence for character in group]))
            words.append(ReadWord(text, float(ink[first]), float(ink[end - 1]) + 1, share))
    if not words:
        return ReadLine((), 0.0)
    share = sum(len(word.text) * word.confidence for word in words) / sum(len(word.text) for word in words)
    return ReadLine(tuple(words), share)


def _ink(crop: Crop) -> NDArray[np.intp]:
    """Columns with ink."""
    if not crop.size:
        return np.zeros(0, np.intp)
    darkest, paper = crop.min(axis=0), int(crop.max())
    contrast = paper - int(darkest.min())
    return np.flatnonzero(darkest < paper - _INK * contrast) if contrast >= _LEAST_CONTRAST else np.zeros(0, np.intp)


def _gaps(ink: NDArray[np.intp]) -> list[tuple[int, int]]:
    """Columns without ink between the first and the last with ink, from and to (exclusive), in order."""
    before = np.flatnonzero(np.diff(ink) > 1)
    return list(zip((ink[before] + 1).tolist(), ink[before + 1].tolist(), strict=True))


def _middle(gaps: Sequence[tuple[int, int]], left: float, right: float) -> float:
    """Middle of the widest gap between two characters; a network tells where they are only to a few pixels."""
    near = gaps[bisect_left(gaps, (left + 1, 0.0)) : bisect_left(gaps, (right, 0.0))]
    inside = [gap for gap in near if gap[1] < right]
    if not inside:
        return (left + right) / 2
    start, end = max(inside, key=lambda gap: gap[1] - gap[0])
    return (start + end) / 2


def _mean(confidences: list[float]) -> float:
    """Geometric mean: one doubtful character shows in a long word."""
    return math.exp(sum(math.log(min(max(share, 1e-6), 1.0)) for share in confidences) / len(confidences))
