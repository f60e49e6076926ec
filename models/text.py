"""What OCR read on one side: blocks in reading order, lines, words.

Boxes are pixels of the scanned image (before any rotation), axis-aligned, origin top left.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.base import Confidence, Model
from models.geometry import Box


class Word(Model):
    """One word (NFC). ``confidence`` 0–1. ``hand``: written by a pen, so ``text`` is a guess that nobody may rely on."""

    text: str
    box: Box
    confidence: Confidence
    hand: bool = False


class Line(Model):
    """One line, words in reading order, print and handwriting."""

    words: tuple[Word, ...]
    box: Box

    @property
    def printed(self) -> tuple[Word, ...]:
        """The words that no hand wrote."""
        return tuple(w for w in self.words if not w.hand)

    @property
    def text(self) -> str:
        """What is printed."""
        return " ".join(w.text for w in self.printed)

    @property
    def confidence(self) -> float:
        """Mean over the printed characters of the line; 0 without any."""
        total = sum(len(w.text) for w in self.printed)
        return sum(w.confidence * len(w.text) for w in self.printed) / total if total else 0.0


class Block(Model):
    """Lines that belong together: a paragraph, a header column, a table cell."""

    lines: tuple[Line, ...]
    box: Box

    @property
    def text(self) -> str:
        return "\n".join(text for line in self.lines if (text := line.text))


class PageText(Model):
    """All text of one side. ``rotation_deg`` turns the scan upright (clockwise, orientation and skew)."""

    width_px: int
    height_px: int
    rotation_deg: float = 0.0
    engine: str = ""
    blocks: tuple[Block, ...] = ()

    @property
    def text(self) -> str:
        """Printed text in reading order; blocks apart by an empty line."""
        return "\n\n".join(text for block in self.blocks if (text := block.text))

    def lines(self) -> Iterator[Line]:
        """Every line in reading order."""
        for block in self.blocks:
            yield from block.lines

    def words(self) -> Iterator[Word]:
        """Every word in reading order."""
        for line in self.lines():
            yield from line.words
