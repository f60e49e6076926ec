"""The text of one side as later stages read it: plain tuples, three times as quick as the model.

The blob was written by the ocr stage from :class:`models.text.PageText` and its hash was checked when
it was read, so nothing is validated again. What a hand wrote is left out: neither fields nor the copy's
text layer may say what is only guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from models.stage import Inputs, Ports
from stages.ocr.stage import TextRead

_KEPT = 32
"""Texts kept in memory, 150 KB each: sequence, assemble and extract read the same ones."""

Edges = Sequence[float]
"""Left, top, right and bottom, in pixels of the scan."""


class Word(NamedTuple):
    """One word (NFC). ``confidence`` 0–1."""

    text: str
    box: Edges
    confidence: float


class Line(NamedTuple):
    """One printed line, words in reading order."""

    words: Sequence[Word]
    box: Edges

    @property
    def text(self) -> str:
        return " ".join([word.text for word in self.words])

    @property
    def confidence(self) -> float:
        """Mean over the characters of the line; 0 for an empty line."""
        total = sum(len(word.text) for word in self.words)
        return sum(word.confidence * len(word.text) for word in self.words) / total if total else 0.0


class Text(NamedTuple):
    """All lines of one side in reading order. ``rotation_deg`` turns the scan upright (clockwise)."""

    width_px: int
    height_px: int
    rotation_deg: float
    lines: Sequence[Line]

    def words(self) -> Iterator[Word]:
        """Every word in reading order."""
        for line in self.lines:
            yield from line.words


def text_of(inputs: Inputs, ports: Ports, side: int) -> Text:
    """What OCR read on this side."""
    return parse(ports.blobs.get(inputs.fact(TextRead, side).text))


@lru_cache(maxsize=_KEPT)
def parse(blob: bytes) -> Text:
    """The text out of the JSON of a :class:`models.text.PageText`; several stages read it, one after the other."""
    page = orjson.loads(blob)
    lines = [found for block in page["blocks"] for line in block["lines"] if (found := _line(line)) is not None]
    return Text(page["width_px"], page["height_px"], page["rotation_deg"], lines)


def _line(line: dict[str, Any]) -> Line | None:
    """The line without handwriting; None where nothing else is on it."""
    words = [
        Word(word["text"], word["box"], word["confidence"]) for word in line["words"] if not word.get("hand", False)
    ]
    if len(words) == len(line["words"]):
        return Line(words, line["box"])
    if not words:
        return None
    left, top, right, bottom = zip(*(word.box for word in words), strict=True)
    return Line(words, (min(left), min(top), max(right), max(bottom)))
