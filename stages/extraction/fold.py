"""Vietnamese text without marks, for finding words that OCR gave the wrong mark."""

from __future__ import annotations

import unicodedata

_LETTERS = str.maketrans({"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "⁄": "/", "∕": "/", "–": "-", "—": "-"})


def fold(text: str) -> str:
    """Lower case without marks, one character for each of NFC ``text``, so that positions stay the same."""
    return "".join(_fold_one(c) for c in text)


def _fold_one(char: str) -> str:
    base = unicodedata.normalize("NFD", char.translate(_LETTERS))[0].lower()
    return base if len(base) == 1 else char


def letters(text: str) -> str:
    """Only the folded letters and digits: equal for texts that differ in spaces, marks and punctuation."""
    return "".join(c for c in fold(text) if c.isalnum())


def is_caps(text: str) -> bool:
    """Whether the letters are capitals; one in six may be misread."""
    cased = [c for c in text if c.isalpha()]
    return len(cased) >= 2 and sum(c.isupper() for c in cased) * 6 >= len(cased) * 5
