"""What a page says, as the language model reads it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.language import ROOT, Language, Scores, States, Symbols

Numbers = NDArray[np.intp]

_PIECE = 6
"""Characters that the language model reads in one go."""
CONTEXT = 7
"""Characters in front of another that the language model looks at."""


class Alphabet(NamedTuple):
    """By code of the network: its symbol in the language model, and whether it is a small letter."""

    symbols: Symbols
    small: NDArray[np.bool_]

    @classmethod
    def of(cls, language: Language, texts: Sequence[str]) -> Self:
        return cls(language.encode(texts), np.array([text.islower() for text in texts], bool))


@dataclass(frozen=True)
class Passage:
    """Lines of a page in reading order, with a space in front of each line and behind the last: ``symbols``.

    A line that begins with a small letter goes on with the sentence of the line before: ``breaks`` are the spaces at
    which the model forgets what it has read. ``before``, ``behind``: by line, where the text starts that it is read
    after, and where the one ends that it leads on to.
    """

    symbols: Symbols
    breaks: NDArray[np.bool_]
    before: Numbers
    behind: Numbers

    @classmethod
    def of(cls, codes: Numbers, line: Numbers, lines: int, alphabet: Alphabet, space: int) -> Self:
        """``codes``: of all characters; ``line``: number of the line of each, of ``lines``."""
        each = np.arange(lines + 1)
        first = np.searchsorted(line, each)
        opens = first + each
        symbols = np.full(len(codes) + lines + 1, space, np.int32)
        symbols[place(np.arange(len(codes)), line)] = alphabet.symbols[codes]
        written = np.diff(first) > 0
        goes_on = np.zeros(lines + 1, bool)
        goes_on[1:-1] = written[1:] & written[:-1]
        goes_on[:-1][goes_on[:-1]] = alphabet.small[codes[first[:-1][goes_on[:-1]]]]
        breaks = np.zeros(len(symbols), bool)
        breaks[opens[~goes_on]] = True
        before = np.maximum.accumulate(np.where(goes_on, 0, opens))[:-1]
        ends = np.where(goes_on, len(symbols), opens + 1)
        return cls(symbols, breaks, before, np.minimum.accumulate(ends[::-1])[::-1][1:])

    def surprise(self, language: Language) -> Scores:
        """Log-probability of each symbol after those before it. All pieces are read side by side."""
        total = len(self.symbols)
        begins = np.arange(0, total, _PIECE)
        scores = np.zeros(total, np.float32)
        now = np.full(len(begins), ROOT, np.int32)
        for offset in range(-CONTEXT, _PIECE):
            at = begins + offset
            lanes = np.flatnonzero((at >= 0) & (at < total))
            at = at[lanes]
            now[lanes[self.breaks[at]]] = ROOT
            found, now[lanes] = language.step(now[lanes], self.symbols[at])
            if offset >= 0:
                scores[at] = found
        return scores

    def states(self, language: Language, places: Numbers, line: Numbers) -> States:
        """The state of the language in front of each of ``places``, which are in ``line``."""
        now = np.full(len(places), ROOT, np.int32)
        for back in range(CONTEXT, 0, -1):
            at = places - back
            lanes = np.flatnonzero(at >= self.before[line])
            _, now[lanes] = language.step(now[lanes], self.symbols[at[lanes]])
        return now

    def after(self, places: Numbers, line: Numbers, count: int) -> Symbols:
        """``(places, count)``: the symbols from each of ``places`` on, -1 beyond the end."""
        at = places[:, None] + np.arange(count)
        symbols = self.symbols[np.minimum(at, len(self.symbols) - 1)]
        return np.where(at < self.behind[line][:, None], symbols, -1).astype(np.int32)


def place(character: Numbers, line: Numbers) -> Numbers:
    """Where a character of a line stands among the symbols of its passage."""
    return character + line + 1
