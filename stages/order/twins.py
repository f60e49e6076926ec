"""Sides that were captured twice: the picture and the text must both say so. Pure.

Forms of one kind have one layout and differ in what was filled in: print shows in the words, a pen in the picture.
Sides with next to nothing on them are alike by nature and are never twins.
"""

from __future__ import annotations

import difflib
import itertools
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from stages.fingerprint import Fingerprinted, Likeness, likeness
from stages.page_text import Word

_LEAST_INK = 0.003
"""Share of a side, a line and a half of print on A4: less than that is too little to tell sides apart."""
_WHOLE, _WORST = 0.15, 0.42
"""Captured again, at most 0.12 of the ink lies elsewhere, and 0.41 at the worst place (rules of a table most)."""
_STANDS_OUT, _LEAST_USUAL = 3.3, 0.05
"""Captured again, the worst place is more than this times the usual one in two sides of 46; where the same writer put
one other name into a form, in seven forms of ten. Both were measured on the papers that the limits were chosen on."""
_FEW_WORDS = 20
_MUCH_TEXT = 60
"""So many words that are the same outweigh page numbers that differ: one of those is misread."""
_WORST_ALONE = 0.3
"""Where there is hardly any text to agree, the picture must fit better."""
_SAME_TEXT = 0.85
"""Share of the words; two readings of one bad scan differ in one word of ten."""
_SURE = 0.85
"""Confidence from which a word that reads otherwise is another word."""
_MISREAD, _LONG_TEXT = 2, 100
"""So many words, and one more for each hundred, may be misread with certainty; a number counts for two."""


class Look(NamedTuple):
    """What is compared of a side. ``written``: not judged blank. ``number``: printed, if one was read."""

    side: int
    written: bool
    number: int | None
    words: Sequence[Word]
    fingerprint: Fingerprinted


class Twin(NamedTuple):
    """``side`` shows again what ``of`` shows."""

    of: int
    side: int


def twins(looks: Sequence[Look], *, duplex: bool) -> tuple[Twin, ...]:
    """Sides that repeat the side before them; of duplex scans also sheets that repeat the sheet before."""
    found = {b.side: Twin(a.side, b.side) for a, b in itertools.pairwise(looks) if alike(a, b)}
    if duplex:
        for at in range(2, len(looks) - 1, 2):
            before, after = looks[at - 2 : at], looks[at : at + 2]
            pairs = list(zip(before, after, strict=True))
            same = [alike(a, b) for a, b in pairs]
            if any(same) and all(
                like or not (a.written or b.written) for like, (a, b) in zip(same, pairs, strict=True)
            ):
                for like, (a, b) in zip(same, pairs, strict=True):
                    if like:
                        found[b.side] = Twin(a.side, b.side)
    return tuple(found[side] for side in sorted(found))


def alike(one: Look, other: Look) -> bool:
    """Whether two sides are the same side, captured twice."""
    if not (one.written and other.written) or min(one.fingerprint.ink, other.fingerprint.ink) < _LEAST_INK:
        return False
    other_number = None not in (one.number, other.number) and one.number != other.number
    if other_number and min(len(one.words), len(other.words)) < _MUCH_TEXT:
        return False
    few = min(len(one.words), len(other.words)) < _FEW_WORDS
    if few and max(len(one.words), len(other.words)) > 2 * _FEW_WORDS:
        return False
    if not few and not same_text(one.words, other.words):
        return False
    return same_picture(likeness(one.fingerprint, other.fingerprint), words=not few)


def same_picture(found: Likeness, *, words: bool = True) -> bool:
    """Whether two pictures may be captures of one side. ``words``: the sides have text that can tell them apart too."""
    most = min(_WORST if words else _WORST_ALONE, _STANDS_OUT * max(found.usual, _LEAST_USUAL))
    return found.whole <= _WHOLE and found.worst <= most


def same_text(one: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether two sides read the same, but for what is misread."""
    before, after = [word.text for word in one], [word.text for word in other]
    total = len(before) + len(after)
    if 2.0 * sum((Counter(before) & Counter(after)).values()) < _SAME_TEXT * total:
        return False
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    blocks = matcher.get_opcodes()
    shared = sum(i2 - i1 for what, i1, i2, _, _ in blocks if what == "equal")
    if 2.0 * shared < _SAME_TEXT * total:
        return False
    pairs = [
        pair
        for what, i1, i2, j1, j2 in blocks
        if what == "replace"
        for pair in zip(one[i1:i2], other[j1:j2], strict=False)
    ]
    return sum(_otherness(a, b) for a, b in pairs) <= _MISREAD + min(len(one), len(other)) // _LONG_TEXT


def _otherness(a: Word, b: Word) -> int:
    """2: another number, read with certainty. 1: another word. 0: perhaps the same, misread."""
    if min(a.confidence, b.confidence) < _SURE:
        return 0
    digits = ["".join(filter(str.isdigit, word.text)) for word in (a, b)]
    if digits[0] and digits[1] and digits[0] != digits[1]:
        return 2
    return int(difflib.SequenceMatcher(None, a.text, b.text).ratio() < 0.5)
