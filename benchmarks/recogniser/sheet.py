"""A page under print that remembers where each word stands, because segmentation cuts lines where it likes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from benchmarks.corpus.fonts import Style
from benchmarks.corpus.page import PT_MM, Page
from benchmarks.recogniser.faces import Faces
from models.geometry import Box

Align = Literal["justify", "left", "centre", "right"]


class Token(NamedTuple):
    """A word to be printed. ``ruled``: underlined."""

    text: str
    style: Style = "regular"
    ruled: bool = False


class PrintedWord(NamedTuple):
    """Pixels of the upright page."""

    text: str
    left: float
    right: float
    baseline: float
    size_px: float


@dataclass(frozen=True)
class Setting:
    """How a paragraph is set. ``leading``: line pitch by size. ``spread_pt``: air between letters."""

    size_pt: float
    align: Align = "justify"
    indent_mm: float = 0.0
    leading: float = 1.15
    after_mm: float = 1.5
    spread_pt: float = 0.0

    @property
    def pitch_mm(self) -> float:
        return self.size_pt * PT_MM * self.leading


@dataclass
class Sheet(Page):
    """``words``: all that is printed. ``unknown``: places whose text nobody knows, as handwriting."""

    faces: Faces = field(default_factory=lambda: Faces("Tinos"))
    words: list[PrintedWord] = field(default_factory=list)
    unknown: list[Box] = field(default_factory=list)

    def word_px(self, token: Token, setting: Setting) -> float:
        """How wide a word runs."""
        size = setting.size_pt * self.dpi / 72
        wide = sum(font.getlength(part) for part, font in self.faces.pieces(token.text, token.style, size))
        return float(wide) + setting.spread_pt * self.dpi / 72 * len(token.text)

    def print(self, token: Token, x: float, y: float, setting: Setting) -> float:
        """Print a word from its baseline (pixels); the x where it ends."""
        size = setting.size_pt * self.dpi / 72
        spread = setting.spread_pt * self.dpi / 72
        start = x
        printed = ""
        for part, font in self.faces.pieces(token.text, token.style, size):
            printed += part
            for piece in part if spread else (part,):
                self.draw.text((x, y), piece, font=font, fill=0, anchor="ls")
                x += float(font.getlength(piece)) + spread
        if token.ruled:
            below = y + size * 0.13
            self.draw.line((start, below, x, below), fill=0, width=max(1, round(size * 0.05)))
        if printed:
            self.words.append(PrintedWord(printed, start, x - spread, y, size))
        return x

    def place(self, tokens: Sequence[Token], left_mm: float, width_mm: float, top_mm: float, setting: Setting,
              limit_mm: float = 1e9) -> float:  # fmt: skip
        """Set a paragraph; the y (mm) below it. Lines below ``limit_mm`` are left out."""
        y = top_mm
        size = setting.size_pt * self.dpi / 72
        space = self.word_px(Token("n n"), setting) - 2 * self.word_px(Token("n"), setting)
        width = self.px(width_mm)
        for row, used, first, last in _broken(self, tokens, width, space, setting):
            if y + setting.pitch_mm > limit_mm:
                break
            x, gap = self.px(left_mm) + (self.px(setting.indent_mm) if first else 0.0), space
            free = width - used
            if setting.align == "justify" and not last and len(row) > 1:
                gap += min(free / (len(row) - 1), size)
            elif setting.align == "centre":
                x += free / 2
            elif setting.align == "right":
                x += free
            for token in row:
                end = self.print(token, x, self.px(y + setting.pitch_mm * 0.8), setting)
                x = end + gap
            y += setting.pitch_mm
        return y + setting.after_mm

    def lines_of(self, tokens: Sequence[Token], width_mm: float, setting: Setting) -> int:
        """How many lines a paragraph takes."""
        return len(_broken(self, tokens, self.px(width_mm), self.word_px(Token("n"), setting) / 2, setting))


def _broken(
    sheet: Sheet, tokens: Sequence[Token], width: float, space: float, setting: Setting
) -> list[tuple[list[Token], float, bool, bool]]:
    """Rows: words, width used (pixels), whether the first or the last of the paragraph."""
    rows: list[tuple[list[Token], float, bool, bool]] = []
    row: list[Token] = []
    used = sheet.px(setting.indent_mm)
    for token in tokens:
        wide = sheet.word_px(token, setting)
        if row and used + space + wide > width:
            rows.append((row, used, not rows, False))
            row, used = [], 0.0
        used += wide + (space if row else 0.0)
        row.append(token)
    if row:
        rows.append((row, used, not rows, True))
    return rows
