"""Probabilities per step to text: greedy where the network is certain, a beam with a language model where not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.beam import Readings, Weights, search
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.doubt import Page, Spans
from stages.ocr.turbo.hand import parted
from stages.ocr.turbo.language import Language
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import Crop, Network, Probabilities
from stages.ocr.turbo.passage import Alphabet
from stages.ocr.turbo.traineddata import Charset
from stages.ocr.turbo.words import Floats, Letters, Numbers, ReadLine, words

_PEAK = 3
"""Steps from a character's first in which its probability is looked for."""
_MOST_CODES = 9
"""Codes of one character, in Tesseract's recoder."""
_HOPELESS = 6.0
"""A reading so far (log) behind the best is not looked up in the dictionary."""
_LONG_WORD = 20
_LETTERS = re.compile(r"[^\W\d_]+")


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
        self._alphabet = Alphabet.of(self._language, self._texts or ())
        self._surprised = language is not None
        self._calibration = calibration or Calibration()

    def read(self, lines: Sequence[LineImage]) -> list[ReadLine]:
        """The text of each line, in the order given."""
        return self.read_crops([line.pixels for line in lines])

    def read_crops(self, crops: Sequence[Crop]) -> list[ReadLine]:
        """As :meth:`read`, of grey crops alone."""
        looks = self._network.look(crops)
        letters = self._letters([look.chances for look in looks])
        traits = [look.traits for look in looks if look.traits is not None]
        if self._network.pen is not None:
            letters = letters._replace(parted=parted(letters, traits, self._network.pen))
        px_per_step = np.array([self._network.px_per_step(crop) for crop in crops], np.float64)
        found = words(letters, crops, px_per_step, self._calibration)
        return [line._replace(traits=look.traits) for line, look in zip(found, looks, strict=True)]

    def decode(self, found: Sequence[Probabilities], *, greedy: bool = False) -> list[list[Character]]:
        """The characters of each line; ``greedy`` takes the network's word for everything."""
        letters = self._letters(found, greedy=greedy)
        columns = (letters.texts, letters.starts.tolist(), letters.ends.tolist(), letters.shares.tolist())
        characters = [Character(*one) for one in zip(*columns, strict=True)]
        bounds = np.searchsorted(letters.lines, np.arange(len(found) + 1)).tolist()
        return [characters[start:end] for start, end in pairwise(bounds)]

    def _letters(self, found: Sequence[Probabilities], *, greedy: bool = False) -> Letters:
        page = Page.of(found, self._network.charset.null, self._network.plan.codes)
        text = Text(page.codes, page.starts, page.ends, page.peaks)
        if self._texts is None:
            return _joined(page, text, self._network.charset)
        if not greedy:
            passage = page.passage(self._alphabet, self._language.symbols.get(" ", 0))
            surprise = page.surprise(self._language, passage)
            spans = page.doubtful(surprise if self._surprised else None)
            trust = page.trust(surprise, self._weights.strange, self._weights.familiar)[page.line_of(spans.starts)]
            readings = search(page, spans, passage, self._language, self._alphabet.symbols, self._weights, trust)
            text = _replaced(page, text, spans, self._chosen(text, spans, readings))
        return _placed(page, [self._texts[code] for code in text.codes.tolist()], text.starts, text.ends, text.shares)

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
    peaks = page.chances(near, codes[:, None]).max(axis=1)
    new = Text(codes, starts, starts + 1, np.sqrt(chosen.scores[rows, 0] * peaks))
    starts = np.concatenate([text.starts[outside], new.starts])
    order = np.argsort(starts, kind="stable")
    return Text(
        np.concatenate([text.codes[outside], new.codes])[order],
        starts[order],
        np.concatenate([text.ends[outside], new.ends])[order],
        np.concatenate([text.shares[outside], new.shares])[order],
    )


def _placed(page: Page, texts: Sequence[str], starts: Numbers, ends: Numbers, shares: Floats) -> Letters:
    """Characters with their line, and their steps counted from its first."""
    lines = page.line_of(starts)
    return Letters(texts, lines, starts - page.lines[lines], ends - page.lines[lines], shares)


def _joined(page: Page, text: Text, charset: Charset) -> Letters:
    """Characters that take several codes; a sequence that means nothing is dropped."""
    texts: list[str] = []
    parts: list[tuple[int, int]] = []
    codes = text.codes.tolist()
    for first, beyond in pairwise(np.searchsorted(text.starts, page.lines).tolist()):
        at = first
        while at < beyond:
            for length in range(min(_MOST_CODES, beyond - at), 0, -1):
                known = charset.texts.get(tuple(codes[at : at + length]))
                if known is not None:
                    texts.append(known)
                    parts.append((at, at + length))
                    break
            at += length
    first, end = np.array(parts, np.intp).reshape(-1, 2).T
    shares = np.array([text.shares[start:stop].min() for start, stop in parts], np.float32)
    return _placed(page, texts, text.starts[first], text.ends[end - 1], shares)
