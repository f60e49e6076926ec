"""CTC beam search with a character n-gram over the doubtful spans of a page, all spans at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from stages.ocr.turbo.doubt import Numbers, Page, Spans
from stages.ocr.turbo.language import Language, States, Symbols
from stages.ocr.turbo.passage import Passage, place

Floats = NDArray[np.float32]

_LEAST = 1e-7
"""A hypothesis less probable than this share of its span's best is not worth the look-up of its n-gram."""
_NEVER = np.float32(-1e9)
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Weights:
    """``language``: of the n-gram's log-probability; ``character``: added per character, against its bias to less.
    ``unknown_word``: taken off for each word that is not in the dictionary. ``width``: hypotheses kept per span;
    ``choices``: codes looked at per step. ``strange``, ``familiar``: mean log-probability of a line's characters at
    which the language has nothing to say, or its full weight. Official prose has -0.3 to -1.9, lists of names about
    -2.3, English under a Vietnamese model -3.7 to -4.7.
    """

    language: float = 0.9
    character: float = 0.9
    unknown_word: float = 0.0
    width: int = 5
    choices: int = 6
    strange: float = -3.0
    familiar: float = -2.0


class Readings(NamedTuple):
    """The best readings of each span, best first. ``codes``: ``(spans, readings, steps)``, the code that appears at
    each step from the span's first, -1 for none; ``scores``: ``(spans, readings)``, log.
    """

    codes: Numbers
    scores: Floats


def search(
    page: Page,
    spans: Spans,
    passage: Passage,
    language: Language,
    symbols: Symbols,
    weights: Weights,
    trust: Floats,
) -> Readings:
    """Read the spans of the ``passage``. ``symbols``: the language model's symbol of each code. ``trust``: 0-1 by span,
    the share of the language's weight that counts there.
    """
    if not len(spans.starts):
        return Readings(np.zeros((0, 1, 0), np.intp), np.zeros((0, 1), np.float32))
    order = np.argsort(spans.starts - spans.ends, kind="stable")
    starts, ends, trust = spans.starts[order], spans.ends[order], trust[order]
    line = page.line_of(starts)
    before = passage.states(language, place(np.searchsorted(page.starts, starts), line), line)
    after = passage.after(place(np.searchsorted(page.starts, ends), line), line, _AFTER)
    likely = _Likely(page, starts, ends, weights.choices)
    hypotheses = _Hypotheses(before, weights.width)
    for step in range(int((ends - starts).max())):
        _advance(hypotheses, likely, step, language, symbols, weights, trust)
    tails = _tails(hypotheses.states, after, language)
    totals = hypotheses.chances() + hypotheses.language + np.float32(weights.language) * trust[:, None] * tails
    best = np.argsort(-totals, axis=1)
    back = np.argsort(order)
    return Readings(hypotheses.history(best)[back], np.take_along_axis(totals, best, axis=1)[back])


_AFTER = 5
"""Characters behind a span that the language model looks at."""


def _advance(
    hypotheses: _Hypotheses,
    likely: _Likely,
    step: int,
    language: Language,
    symbols: Symbols,
    weights: Weights,
    trust: Floats,
) -> None:
    """One step of all spans that still run: each hypothesis stays as it is, or adds one of the likely codes."""
    active = likely.active(step)
    ended, opened, last, states, known, marks = (part[:active] for part in hypotheses.parts())
    codes, chances = likely.codes[:active, step], likely.chances[:active, step]
    either = ended + opened
    stay_ended = either * likely.nulls[:active, step, None]
    stay_open = opened * likely.of(active, step, last)
    same = last[:, :, None] == codes[:, None, :]
    add = np.where(same, ended[:, :, None], either[:, :, None]) * chances[:, None, :]
    worth = add > _LEAST
    rows, columns, choices = np.nonzero(worth)
    scores, nexts = np.zeros(add.shape, np.float32), np.zeros(add.shape, np.int32)
    scores[worth], nexts[worth] = language.step(states[rows, columns], symbols[codes[rows, choices]])
    gain = np.float32(weights.language) * scores + np.float32(weights.character)
    added = known[:, :, None] + trust[:active, None, None] * gain
    grown = ((marks[:, :, None] + codes[:, None, :].astype(np.uint64) + np.uint64(1)) * _PRIME).astype(np.uint64)
    twins = (grown[:, :, :, None] == marks[:, None, None, :]) & worth[:, :, :, None]
    if twins.any():
        stay_open = stay_open + (add[:, :, :, None] * twins).sum(axis=(1, 2))
        worth &= ~twins.any(axis=3)
    hypotheses.choose(stay_ended, stay_open, np.where(worth, add, 0), (added, nexts, grown), codes)


def _tails(states: States, after: NDArray[np.int32], language: Language) -> Floats:
    """How well each hypothesis leads on to what follows its span."""
    total: Floats = np.zeros(states.shape, np.float32)
    now = states.copy()
    for symbols in after.T:
        rows = np.flatnonzero(symbols >= 0)
        wanted = np.repeat(symbols[rows, None], states.shape[1], axis=1)
        scores, now[rows] = language.step(now[rows], wanted)
        total[rows] += scores
    return total


class _Likely:
    """Per span (longest first) and step: the chance of null, and of the few likeliest codes."""

    def __init__(self, page: Page, starts: Numbers, ends: Numbers, choices: int) -> None:
        self._page, self._starts = page, starts
        self._lengths = ends - starts
        longest = int(self._lengths.max())
        inside = np.arange(longest) < self._lengths[:, None]
        rows = page.rows[page.row[(starts[:, None] + np.arange(longest))[inside]]]
        self.nulls = np.zeros((len(starts), longest), np.float32)
        self.nulls[inside] = rows[:, page.null]
        rows[:, page.null] = -1
        self.codes = np.zeros((len(starts), longest, choices), np.intp)
        self.chances = np.zeros((len(starts), longest, choices), np.float32)
        each = np.arange(len(rows))
        for choice in range(choices):
            best = rows.argmax(axis=1)
            self.codes[inside, choice] = best
            self.chances[inside, choice] = rows[each, best]
            rows[each, best] = -1

    def active(self, step: int) -> int:
        """How many spans have this step."""
        return int((self._lengths > step).sum())

    def of(self, active: int, step: int, codes: NDArray[np.int32]) -> Floats:
        """Chance of ``codes``; that of no code (-1) is 0."""
        found = self._page.chances(self._starts[:active, None] + step, np.maximum(codes, 0))
        return np.asarray(np.where(codes >= 0, found, 0), np.float32)


class _Hypotheses:
    """``width`` hypotheses of each span. ``ended``/``opened``: chance that it ends in a null or in its last code, as
    a share of the best one's; ``marks``: hash of its codes, which tells that two are the same.
    """

    def __init__(self, before: States, width: int) -> None:
        shape = (len(before), width)
        self.ended: Floats = np.zeros(shape, np.float32)
        self.ended[:, 0] = 1
        self.opened: Floats = np.zeros(shape, np.float32)
        self.last = np.full(shape, -1, np.int32)
        self.states: States = np.repeat(before[:, None], width, axis=1)
        self.language: Floats = np.zeros(shape, np.float32)
        self.marks = np.repeat(np.arange(1, width + 1, dtype=np.uint64)[None] << np.uint64(40), len(before), axis=0)
        self._grown: list[tuple[Numbers, Numbers]] = []

    def parts(self) -> tuple[NDArray[Any], ...]:
        return self.ended, self.opened, self.last, self.states, self.language, self.marks

    def chances(self) -> Floats:
        """Log of the chance of each."""
        return _log(self.ended + self.opened)

    def choose(
        self,
        stay_ended: Floats,
        stay_open: Floats,
        add: Floats,
        added: tuple[Floats, States, NDArray[np.uint64]],
        codes: Numbers,
    ) -> None:
        """Keep the best of those that stay and those that grow by one of ``codes``."""
        active, width, choices = add.shape
        add = add.reshape(active, -1)
        scores, states, marks = (part.reshape(active, -1) for part in added)
        ended = np.concatenate([stay_ended, np.zeros_like(add)], axis=1)
        opened = np.concatenate([stay_open, add], axis=1)
        language = np.concatenate([self.language[:active], scores], axis=1)
        keep = np.argpartition(-(_log(ended + opened) + language), width - 1, axis=1)[:, :width]
        row = np.arange(active)[:, None]
        parent = np.where(keep < width, keep, (keep - width) // choices)
        code = np.where(keep < width, -1, codes[row, (keep - width) % choices])
        self.last[:active] = np.where(code >= 0, code, self.last[row, parent])
        self.states[:active] = np.concatenate([self.states[:active], states], axis=1)[row, keep]
        self.marks[:active] = np.concatenate([self.marks[:active], marks], axis=1)[row, keep]
        self.language[:active] = language[row, keep]
        most = np.maximum((ended + opened)[row, keep].max(axis=1, keepdims=True), np.float32(1e-30))
        self.ended[:active], self.opened[:active] = ended[row, keep] / most, opened[row, keep] / most
        self._grown.append((parent, code))

    def history(self, columns: Numbers) -> Numbers:
        """``(spans, columns, steps)``: the code that each of ``columns`` grew by at each step, -1 for none."""
        found = np.full((*columns.shape, len(self._grown)), -1, np.intp)
        now = columns.copy()
        for step in range(len(self._grown) - 1, -1, -1):
            parent, code = self._grown[step]
            row = np.arange(len(parent))[:, None]
            found[: len(parent), :, step] = code[row, now[: len(parent)]]
            now[: len(parent)] = parent[row, now[: len(parent)]]
        return found


def _log(chances: Floats) -> Floats:
    return np.where(chances > 0, np.log(np.maximum(chances, np.float32(1e-30))), _NEVER).astype(np.float32)
