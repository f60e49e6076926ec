"""Character and word error rates of OCR against truth, and whether blocks and their order were found.

Text is compared in NFC, because ``ế`` may be written as one character or as three; white space of
any kind counts as one space. Case, digits, punctuation and diacritics count: they carry the law.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

# Different code points that print alike; OCR cannot see the difference and is not blamed for it.
_ALIKE = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00ad": None, "\ufeff": None})
_MATCH_MOST = 0.6
"""Blocks whose error is above this share of the longer one's length are not the same block."""


def normalise(text: str) -> str:
    """NFC, one space for any white space, quotes and dashes in one form each."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ALIKE).split())


def edit_distance(truth: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Least number of insertions, deletions and substitutions (Levenshtein).

    Two pages of 3000 characters take a few milliseconds.
    """
    if not truth or not found:
        return max(len(truth), len(found))
    *_, distance = _last_row(truth, found, 1)
    return distance


def search_distance(line: str, text: str) -> int:
    """Least edit distance between the line and any stretch of the text: 0 where the text holds it."""
    if not line:
        return 0
    return min(_last_row(line, text, 0), default=len(line))


def _last_row(truth: Sequence[Hashable], found: Sequence[Hashable], border: int) -> Iterator[int]:
    """Distance of the whole truth to the found items read so far, after each item (Myers 1999, Hyyrö 2003).

    One column of the table is one long integer, a bit for each item of truth. ``border`` 1: found
    items before the match cost one each; 0: a match may begin anywhere (then also yields the start).
    """
    where: dict[Hashable, int] = {}
    for place, item in enumerate(truth):
        where[item] = where.get(item, 0) | (1 << place)
    every, last = (1 << len(truth)) - 1, 1 << (len(truth) - 1)
    up, down, distance = every, 0, len(truth)
    yield distance
    for item in found:
        equal = where.get(item, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        plus = down | (every & ~(diagonal | up))
        minus = up & diagonal
        distance += bool(plus & last) - bool(minus & last)
        yield distance
        plus = (plus << 1 | border) & every
        minus = minus << 1 & every
        up = minus | (every & ~(diagonal | plus))
        down = plus & diagonal


@dataclass(frozen=True)
class Errors:
    """``edits`` against ``length`` items of truth; sums over pages add up."""

    edits: int = 0
    length: int = 0

    @property
    def rate(self) -> float:
        """Errors per item of truth; above 1 where more was invented than is there."""
        return self.edits / self.length if self.length else float(self.edits > 0)

    def __add__(self, other: Errors) -> Errors:
        return Errors(self.edits + other.edits, self.length + other.length)


def characters(truth: str, found: str) -> Errors:
    """Character errors of one text."""
    a, b = normalise(truth), normalise(found)
    return Errors(edit_distance(a, b), len(a))


def words(truth: str, found: str) -> Errors:
    """Word errors of one text."""
    a, b = normalise(truth).split(), normalise(found).split()
    return Errors(edit_distance(a, b), len(a))


def cer(truth: str, found: str) -> float:
    """Character error rate, 0 for equal texts."""
    return characters(truth, found).rate


def wer(truth: str, found: str) -> float:
    """Word error rate, 0 for equal texts."""
    return words(truth, found).rate


def lines_in_text(lines: Iterable[str], text: str) -> Errors:
    """Each printed line against the stretch of text that fits it best, wherever that stands.

    For text without places (``pdftotext``), where columns may come in any order. What was invented
    besides is not counted; :func:`score_side` counts it.
    """
    found = normalise(text)
    errors = Errors()
    for line in map(normalise, lines):
        errors += Errors(search_distance(line, found), len(line))
    return errors


@dataclass(frozen=True)
class Score:
    """``missing``: truth blocks (or lines) without a match. ``invented``: found blocks (or words) without one.

    ``order``: share of neighbouring truth items whose matches stand the right way round, 0–1.
    """

    characters: Errors
    words: Errors
    missing: int
    invented: int
    order: float


def score_blocks(truth: Sequence[str], found: Sequence[str]) -> Score:
    """Match blocks by their text, so that the order of columns and cells does not count as error.

    Pairs are taken greedily, closest first; a truth block without a match is all deletions, a found
    block without one all insertions.
    """
    wanted = [normalise(text) for text in truth if text.strip()]
    read = [normalise(text) for text in found if text.strip()]
    pairs = _matched(wanted, read)
    chars, word_errors = Errors(), Errors()
    for a, text in enumerate(wanted):
        other = read[pairs[a]] if a in pairs else ""
        chars += characters(text, other)
        word_errors += words(text, other)
    invented = [text for b, text in enumerate(read) if b not in pairs.values()]
    chars += Errors(sum(len(text) for text in invented))
    word_errors += Errors(sum(len(text.split()) for text in invented))
    order = in_order([pairs[a] for a in sorted(pairs)])
    return Score(chars, word_errors, len(wanted) - len(pairs), len(invented), order)


def _matched(wanted: Sequence[str], read: Sequence[str]) -> dict[int, int]:
    """Index of the found block for each truth block that has one."""
    found: list[tuple[float, int, int, int]] = []
    for a, text in enumerate(wanted):
        for b, other in enumerate(read):
            longest = max(len(text), len(other))
            if abs(len(text) - len(other)) > longest * _MATCH_MOST or _unlike(text, other):
                continue
            share = edit_distance(text, other) / longest
            if share <= _MATCH_MOST:
                found.append((share, abs(a - b), a, b))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, _, a, b in sorted(found):
        if a not in pairs and b not in taken:
            pairs[a] = b
            taken.add(b)
    return pairs


def _unlike(text: str, other: str) -> bool:
    """A cheap lower bound of the distance: characters that one has and the other has not."""
    counts = np.zeros(256, np.int64)
    np.add.at(counts, [ord(letter) & 255 for letter in text], 1)
    np.subtract.at(counts, [ord(letter) & 255 for letter in other], 1)
    least = max(int(counts[counts > 0].sum()), int(-counts[counts < 0].sum()))
    return least > max(len(text), len(other)) * _MATCH_MOST


def in_order(places: Sequence[int]) -> float:
    """Share of neighbours that follow each other the right way round; 1 for fewer than two."""
    if len(places) < 2:
        return 1.0
    return sum(b > a for a, b in itertools.pairwise(places)) / (len(places) - 1)
