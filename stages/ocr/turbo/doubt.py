"""The greedy reading of a page's lines, and where it is in doubt.

All lines of a page are one array of steps, with a step of pure null between them, so that every measure is taken once
for the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.language import Language, Scores
from stages.ocr.turbo.network import Probabilities
from stages.ocr.turbo.passage import Alphabet, Passage, place

Numbers = NDArray[np.intp]

_DOUBT = 0.03
"""Weight beside the greedy reading that makes a step doubtful."""
_SUSPICION = 0.001
"""The same where the language model is surprised: the network is often wrong and sure of itself about accents."""
_SURPRISE = -5.0
"""Log-probability of a character that surprises."""
_LOOK_BACK = 2
"""A wrong character may surprise only a few characters later."""
_WEAK = 0.88
"""A character that is never more probable than this is doubtful as such."""
_SURE_NULL = 0.9
_SURE = np.float32(1 - _SUSPICION)
"""A null of more than this leaves nothing to doubt."""
_LONGEST = 40
"""Steps of one span; a longer one is smeared print that no language model saves."""


_SHRUNK = 8.0
"""So many characters of the whole page count beside a line's own."""


class Spans(NamedTuple):
    """Doubtful stretches of the page: steps ``starts`` to ``ends`` (exclusive), in order."""

    starts: Numbers
    ends: Numbers


@dataclass(frozen=True)
class Page:
    """``nulls``: chance of null at each step of all lines. ``rows``: all chances of the steps at which something else
    has any, ``(rows, codes)``, and one of pure null; ``row``: which of them each step has. ``lines``: first step of
    each line, and the end of the last.

    The greedy reading: ``codes``, first step ``starts``, last step + 1 ``ends`` and ``peaks`` of its characters.
    """

    nulls: Scores
    rows: Probabilities
    row: Numbers
    lines: Numbers
    null: int
    codes: Numbers
    starts: Numbers
    ends: Numbers
    peaks: NDArray[np.float32]

    @classmethod
    def of(cls, found: Sequence[Probabilities], null: int, codes: int) -> Page:
        """The best code of every step, repeats joined and nulls dropped."""
        between = np.ones(1, np.float32)
        nulls = np.concatenate([part for line in found for part in (line[:, null], between)] or [between])
        lines = np.cumsum([0, *(len(line) + 1 for line in found)])
        told = np.flatnonzero(nulls <= _SURE)
        # Two steps in three: copying all of a page takes longer than reading it.
        rows = np.empty((len(told) + 1, codes), np.float32)
        bounds = np.searchsorted(told, lines)
        for line, first, start, end in zip(found, lines.tolist(), bounds.tolist(), bounds[1:].tolist(), strict=False):
            rows[start:end] = line[told[start:end] - first]
        rows[-1] = np.arange(codes) == null
        row = np.full(len(nulls), len(told))
        row[told] = np.arange(len(told))
        best, peaks = np.full(len(nulls), null), nulls.copy()
        best[told] = rows[:-1].argmax(axis=1)
        peaks[told] = rows[np.arange(len(told)), best[told]]
        edges = np.flatnonzero(np.diff(best, prepend=-1))
        highest = np.maximum.reduceat(peaks, edges)
        inked = best[edges] != null
        ends = np.append(edges[1:], len(best))
        read = (best[edges[inked]], edges[inked], ends[inked], highest[inked])
        return cls(nulls, rows, row, lines, null, *read)

    def chances(self, steps: Numbers, codes: Numbers) -> Probabilities:
        """The chance of each code at its step; both of shapes that go together."""
        return np.asarray(self.rows[self.row[steps], codes])

    def line_of(self, steps: Numbers) -> Numbers:
        """Number of the line of each step."""
        return np.searchsorted(self.lines, steps, side="right") - 1

    def doubtful(self, surprise: Scores | None = None) -> Spans:
        """The spans that are worth a search; ``surprise``: log-probability of each character in its context."""
        if not len(self.codes):
            return Spans(np.zeros(0, np.intp), np.zeros(0, np.intp))
        steps = np.flatnonzero(self.nulls <= _SURE)
        after = np.searchsorted(self.starts, steps, side="right")
        left, right = np.maximum(after - 1, 0), np.minimum(after, len(self.codes) - 1)
        left_code, right_code = self.codes[left], self.codes[right]
        known = self.nulls[steps] + self.chances(steps, left_code)
        known += np.where(left_code != right_code, self.chances(steps, right_code), 0)
        limit = np.full(len(steps), _DOUBT, np.float32)
        if surprise is not None:
            near = np.zeros(len(self.codes), bool)
            odd = np.flatnonzero(surprise < _SURPRISE)
            for back in range(_LOOK_BACK + 1):
                near[np.maximum(odd - back, 0)] = True
            limit[near[left] | near[right]] = _SUSPICION
        doubt = np.zeros(len(self.nulls), bool)
        doubt[steps] = known < 1 - limit
        for weak in np.flatnonzero(self.peaks < _WEAK):
            doubt[self.starts[weak] : self.ends[weak]] = True
        return self._widened(doubt)

    def _widened(self, doubt: NDArray[np.bool_]) -> Spans:
        """Each doubtful step with all around it up to steps that are surely null; there is one between two lines."""
        quiet = np.flatnonzero((self.nulls > _SURE_NULL) & ~doubt)
        place = np.unique(np.searchsorted(quiet, np.flatnonzero(doubt)))
        starts = np.where(place > 0, quiet[np.maximum(place - 1, 0)] + 1, 0)
        ends = quiet[place]
        short = ends - starts <= _LONGEST
        return Spans(starts[short], ends[short])

    def trust(self, surprise: Scores, strange: float, familiar: float) -> Scores:
        """0-1 by line: how far the line is of the language that the model knows; see ``Weights`` for the bounds.

        The fewer characters a line has, the more it is judged by the others: an error of one is half of its surprise.
        """
        line = self.line_of(self.starts)
        size = len(self.lines) - 1
        counts = np.bincount(line, minlength=size)
        told = np.bincount(line, weights=surprise, minlength=size)
        mean = float(surprise.sum()) / max(surprise.size, 1)
        means = (told + _SHRUNK * mean) / (counts + _SHRUNK)
        shares = np.clip((means - strange) / (familiar - strange), 0, 1)
        return np.asarray(shares, np.float32)

    def passage(self, alphabet: Alphabet, space: int) -> Passage:
        """The greedy reading as the language model reads it."""
        return Passage.of(self.codes, self.line_of(self.starts), len(self.lines) - 1, alphabet, space)

    def surprise(self, language: Language, passage: Passage) -> Scores:
        """Log-probability of each greedy character after those before it."""
        told = passage.surprise(language)
        return np.asarray(told[place(np.arange(len(self.codes)), self.line_of(self.starts))])
