"""One proposed value, and how it is kept small."""

from __future__ import annotations

from typing import Literal

from models.base import Confidence, Model

MAX_VALUE_CHARS = 500
"""Circular 05/2025 gives a subject 500 characters."""
MAX_RAW_CHARS = 120


class Field(Model):
    """One proposed value. ``value`` normalised (dates ISO 8601), ``raw`` as printed, ``page`` the side.

    ``source``: ``manifest`` or ``ocr``. ``raw`` is cut short where it is long; the page's text has it all.
    """

    name: str
    value: str
    raw: str
    source: Literal["manifest", "ocr"]
    page: int = 0
    confidence: Confidence = 1.0


def shorten(text: str, most_chars: int) -> str:
    """The text, cut at a word with an ellipsis where it is too long."""
    if len(text) <= most_chars:
        return text
    cut = text[: most_chars - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip() + "…"
