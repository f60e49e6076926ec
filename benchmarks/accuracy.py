"""Character and word error rates of OCR against truth, and whether blocks and their order were found.

Text is compared in NFC, because ``ế`` may be written as one character or as three; white space of
any kind counts as one space. Case, digits, punctuation and diacritics count: they carry the law.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.corpus.truth import SideTruth
from models.geometry import Box
from models.text import PageText

# Different code points that print alike; OCR cannot see the difference and is not blamed for it.
_ALIKE = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\u00ad": None, "\ufeff": None})
_MATCH_MOST = 0.6
"""Blocks whose error is above this share of the longer one's length are not the same block."""


def normalise(text: str) -> str:
    """NFC, one space for any white space, quotes and dashes in one form each."""
    return " ".join(unicodedata.normalize("NFC", text).translate(_ALIKE).split())


def edit_distance(truth: Sequence[Hashable], found: Sequence[Hashable]) -> int:
    """Least number of insertions, deletions and substitutions (Levenshtein, after Myers 1999).

    Bit-parallel on Python's long integers: one column of the table is one integer, so two pages
    of 3000 characters take a few milliseconds.
    """
    if not truth or not found:
        return max(len(truth), len(found))
    where: dict[Hashable, int] = {}
    for place, item in enumerate(truth):
        where[item] = where.get(item, 0) | (1 << place)
    every = (1 << len(truth)) - 1
    last = 1 << (len(truth) - 1)
    up, down, distance = every, 0, len(truth)
    for item in found:
        equal = where.get(item, 0)
        diagonal = (((equal & up) + up) ^ up) | equal | down
        plus = down | (every & ~(diagonal | up))
        minus = up & diagonal
        if plus & last:
            distance += 1
        elif minus & last:
            distance -= 1
        plus = (plus << 1 | 1) & every
        minus = minus << 1 & every
        up = minus | (every & ~(diagonal | plus))
        down = plus & diagonal
    return distance


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


@dataclass(frozen=True)
class SideScore:
    """One side. ``missing`` and ``invented``: blocks without a match. ``order``: share of neighbouring
    truth blocks whose matches stand in the same order, 0–1."""

    characters: Errors
    words: Errors
    missing: int
    invented: int
    order: float


def score_blocks(truth: Sequence[str], found: Sequence[str]) -> SideScore:
    """Match blocks by their text, so that the order of columns and cells does not count as error.

    Pairs are taken greedily, closest first; a truth block without a match is all deletions, a found
    block without one all insertions. Found text may be cut into blocks in another way than the
    truth, so a found block that holds several truth blocks should be cut into lines by the caller.
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
    return SideScore(chars, word_errors, len(wanted) - len(pairs), len(invented), _order(pairs))


def score_side(truth: SideTruth, found: PageText) -> SideScore:
    """Score one side line by line, as printed; what lies on seals, handwriting and notes is not counted.

    Lines are matched by their text and place. Boxes of both are pixels of the scanned image.
    """
    hidden = [block.box for block in truth.blocks if not block.printed]
    kept = [
        " ".join(word.text for word in line.words if not any(_inside(word.box, box) for box in hidden))
        for line in found.lines()
    ]
    return score_blocks([line.text for block in truth.blocks if block.printed for line in block.lines], kept)


def _inside(box: Box, other: Box) -> bool:
    """Whether the box's centre lies in the other."""
    x, y = box.centre
    return other.left <= x < other.right and other.top <= y < other.bottom


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


def _order(pairs: dict[int, int]) -> float:
    """Share of neighbouring matched blocks that follow each other the right way round."""
    places = [pairs[a] for a in sorted(pairs)]
    if len(places) < 2:
        return 1.0
    return sum(b > a for a, b in itertools.pairwise(places)) / (len(places) - 1)
