"""Vietnamese text without marks, for finding words that OCR gave the wrong mark."""

from __future__ import annotations

import unicodedata

_ALIKE = {"đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "⁄": "/", "∕": "/", "–": "-", "—": "-"}


class _Folding(dict[int, str]):
    """A table for ``str.translate`` that learns each character when it first meets it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        base = _ALIKE.get(char) or unicodedata.normalize("NFD", char)[0].lower()
        self[code] = base if len(base) == 1 else char
        return self[code]


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Lower case without marks, one character for each of NFC ``text``, so that positions stay the same."""
    return text.translate(_FOLDING)


def letters(text: str) -> str:
    """Only the folded letters and digits: equal for texts that differ in spaces, marks and punctuation."""
    return "".join(c for c in fold(text) if c.isalnum())


def is_caps(text: str) -> bool:
    """Whether the letters are capitals; one in six may be misread."""
    cased = [c for c in text if c.isalpha()]
    return len(cased) >= 2 and sum(c.isupper() for c in cased) * 6 >= len(cased) * 5
