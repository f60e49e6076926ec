"""Prints whole pages to train on: letterhead, prose, lists, tables, signature blocks, in many settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from benchmarks.corpus import seal
from benchmarks.corpus.fonts import Fonts, Style
from benchmarks.corpus.page import A4, A4_LANDSCAPE, PaperSize
from benchmarks.corpus.strokes import PENS, digits, initial, signature
from benchmarks.recogniser.faces import Faces
from benchmarks.recogniser.sheet import Align, Setting, Sheet, Token
from benchmarks.recogniser.texts import Author, Corpus

_STYLES: tuple[Style, ...] = ("regular", "italic", "bold", "bolditalic")
_MARKS = "--------+++••*–aaa111☐☑  "
_FEW_WORDS = 6
_DPI, _DPI_SHARES = (150, 200, 240, 300), (0.18, 0.45, 0.12, 0.25)


def page(rng: np.random.Generator, corpus: Corpus, *, bracketed: float = 0.0) -> Sheet:
    """A printed page of any kind. ``bracketed``: share of paragraphs with some words in another style, mostly in brackets."""
    dpi = int(rng.choice(_DPI, p=_DPI_SHARES))
    tabular = rng.random() < 0.25
    size = A4_LANDSCAPE if tabular and rng.random() < 0.5 else A4
    return _Printer(rng, corpus, dpi, size, bracketed).print(tabular=tabular)


def names_page(rng: np.random.Generator) -> Sheet:
    """A page of rare names, codes and numbers alone, one or a few on a line."""
    return _Printer(rng, Corpus(), 200, A4).names()


class _Printer:
    def __init__(
        self, rng: np.random.Generator, corpus: Corpus, dpi: int, size: PaperSize, bracketed: float = 0.0
    ) -> None:
        self._rng = rng
        self._bracketed = bracketed
        self._author = Author(rng, corpus)
        self._sheet = Sheet(size, dpi, Fonts("tinos"), rng, faces=Faces.some(rng))
        self._sheet.pen = PENS[int(rng.integers(len(PENS)))]
        self._left = float(rng.uniform(15, 34))
        self._width = size.width_mm - self._left - float(rng.uniform(10, 20))
        self._bottom = size.height_mm - float(rng.uniform(12, 24))
        self._y = float(rng.uniform(10, 24))
        least = 10.5 if dpi <= 150 else 9.0
        size_pt = float(rng.choice((13.0, 14.0, 12.0, 11.0, float(rng.uniform(least, 16)))))
        leading = float(rng.choice((1.15, 1.05, 1.0, 1.3, float(rng.uniform(0.98, 1.5)))))
        self._body = Setting(
            size_pt=size_pt,
            align="justify" if rng.random() < 0.75 else "left",
            indent_mm=float(rng.choice((0.0, 10.0, 12.7))),
            leading=leading,
            after_mm=float(rng.uniform(0, 3)),
            spread_pt=float(rng.uniform(-0.25, 0.7)) if rng.random() < 0.12 else 0.0,
        )

    def print(self, *, tabular: bool) -> Sheet:
        rng = self._rng
        if rng.random() < (0.15 if tabular else 0.4):
            self._letterhead()
        elif rng.random() < 0.5:
            self._line(str(rng.integers(1, 400)), Setting(size_pt=13.0, align="centre"))
        foot = 70.0 if rng.random() < 0.35 else 0.0
        while self._y < self._bottom - foot - 8:
            if tabular and rng.random() < 0.6:
                self._table(self._bottom - foot)
            else:
                self._something(self._bottom - foot)
        if foot:
            self._signature()
        self._marks()
        return self._sheet

    def names(self) -> Sheet:
        """See :func:`names_page`."""
        while self._y < self._bottom - 8:
            text = " ".join(self._author.piece() for _ in range(int(self._rng.integers(1, 4))))
            self._paragraph(text, replace(self._body, align="left"), self._bottom)
        return self._sheet

    def _something(self, limit: float) -> None:
        roll = self._rng.random()
        if roll < 0.14:
            self._heading()
        elif roll < 0.26:
            self._list(limit)
        else:
            setting = self._body
            if self._rng.random() < 0.15:
                setting = replace(setting, size_pt=float(self._rng.uniform(10, 15)))
            self._paragraph(self._author.paragraph(), setting, limit)

    def _paragraph(self, text: str, setting: Setting, limit: float) -> None:
        self._y = self._sheet.place(self._styled(text), self._left, self._width, self._y, setting, limit)

    def _styled(self, text: str) -> list[Token]:
        """Words in one style, or with a bold beginning, or with other styles among them."""
        tokens = self._mixed(text)
        if self._bracketed and len(tokens) > _FEW_WORDS and self._rng.random() < self._bracketed:
            for _ in range(int(self._rng.integers(1, 4))):
                self._bracket(tokens)
        return tokens

    def _bracket(self, tokens: list[Token]) -> None:
        """Set one to three words in another style, mostly in brackets."""
        rng = self._rng
        count = int(rng.integers(1, 4))
        first = int(rng.integers(0, len(tokens) - count))
        style = _STYLES[int(rng.choice(4, p=(0.15, 0.6, 0.1, 0.15)))]
        texts = [token.text for token in tokens[first : first + count]]
        if rng.random() < 0.6:
            texts = " ".join(texts).join("()").split()
        tokens[first : first + count] = [Token(text, style) for text in texts]

    def _mixed(self, text: str) -> list[Token]:
        rng = self._rng
        words = text.split()
        roll = rng.random()
        if roll < 0.04:
            words = text.upper().split()
        base = _STYLES[int(rng.choice(4, p=(0.5, 0.25, 0.15, 0.1)))]
        ruled = rng.random() < 0.03
        if roll < 0.7:
            return [Token(word, base, ruled) for word in words]
        if roll < 0.8:
            head = int(rng.integers(1, 4))
            return [Token(word, "bold" if place < head else base) for place, word in enumerate(words)]
        tokens = []
        style: Style = base
        ruled = False
        for word in words:
            if rng.random() < 0.2:
                style = _STYLES[int(rng.integers(4))] if rng.random() < 0.5 else base
                ruled = rng.random() < 0.12
            tokens.append(Token(word, style, ruled))
        return tokens

    def _line(self, text: str, setting: Setting, style: Style = "regular") -> None:
        self._column([text], style, self._left, self._width, setting)

    def _column(self, rows: Sequence[str], style: Style, left: float, width: float, setting: Setting) -> None:
        for row in rows:
            tokens = [Token(word, style) for word in row.split()]
            self._y = self._sheet.place(tokens, left, width, self._y, replace(setting, after_mm=0.0))

    def _heading(self) -> None:
        text = self._author.heading()
        rng = self._rng
        if rng.random() < 0.5:
            text = text.upper()
        aligns: tuple[Align, ...] = ("centre", "centre", "left")
        align = aligns[int(rng.integers(3))]
        size_pt = self._body.size_pt + float(rng.choice((-1.0, 0.0, 0.0, 1.0, 2.0)))
        style: Style = "bold" if rng.random() < 0.75 else _STYLES[int(rng.integers(4))]
        ruled = rng.random() < 0.08
        tokens = [Token(word, style, ruled) for word in text.split()]
        inner = float(rng.uniform(0, 20)) if align == "centre" else 0.0
        setting = Setting(size_pt=size_pt, align=align, leading=self._body.leading, after_mm=1.0)
        self._y = self._sheet.place(tokens, self._left + inner, self._width - 2 * inner, self._y, setting, self._bottom)
        if rng.random() < 0.3:
            middle, half = self._left + self._width / 2, float(rng.uniform(10, 30))
            self._sheet.rule(middle - half, self._y, middle + half, self._y)
            self._y += 3.0

    def _list(self, limit: float) -> None:
        """Short items with marks, some of them far from their text, in one or two columns."""
        rng = self._rng
        mark = _MARKS[int(rng.integers(len(_MARKS)))].strip()
        setting = replace(self._body, align="left", indent_mm=0.0, after_mm=0.3)
        for number in range(int(rng.integers(3, 10))):
            sign = {"a": f"{'abcdđeghik'[number % 10]})", "1": f"{number + 1}."}.get(mark, mark)
            text = f"{sign} {self._author.finish(self._author.cell())}".strip()
            if rng.random() < 0.25:
                text += f": {self._author.piece()}"
            tokens = self._styled(text)
            if rng.random() < 0.2:
                half = self._width / 2
                foot = self._sheet.place(tokens, self._left, half - 4, self._y, setting, limit)
                tokens = self._styled(self._author.finish(self._author.cell()))
                self._y = self._sheet.place(tokens, self._left + half + 4, half - 4, self._y, setting, limit)
                self._y = max(self._y, foot)
                continue
            self._y = self._sheet.place(tokens, self._left, self._width, self._y, setting, limit)

    def _letterhead(self) -> None:
        rng = self._rng
        left, right = self._author.letterhead()
        size = float(rng.uniform(11, 13.5))
        top = self._y
        bold = len(left) - 1 - int(left[-1].startswith("V/v"))
        sheet = self._sheet
        share = float(rng.uniform(0.36, 0.42))
        wide = sheet.size.width_mm - self._left - 12
        setting = Setting(size_pt=size, align="centre", leading=float(rng.uniform(1.05, 1.25)), after_mm=0.0)
        self._column(left[: bold - 1], "regular", self._left - 6, wide * share, setting)
        self._column(left[bold - 1 : bold], "bold", self._left - 6, wide * share, setting)
        sheet.rule(self._left + 8, self._y + 0.6, self._left + wide * share - 24, self._y + 0.6)
        self._y += 3.0
        place = self._y
        if rng.random() < 0.2:
            self._by_hand(left[bold], self._left, setting)
            left = left[:bold] + left[bold + 1 :]
        self._column(left[bold:], "regular", self._left - 6, wide * share, setting)
        low, self._y = self._y, top
        column = self._left - 6 + wide * share + 2
        self._column(right[:1], "bold", column, wide * (1 - share), setting)
        self._column(right[1:2], "bold", column, wide * (1 - share), replace(setting, size_pt=size + 1))
        sheet.rule(column + 20, self._y + 0.6, column + wide * (1 - share) - 20, self._y + 0.6)
        self._y = max(place, self._y + 3.0)
        self._column(right[2:], "italic", column, wide * (1 - share), replace(setting, size_pt=size + 0.5))
        self._y = max(low, self._y) + 4

    def _by_hand(self, text: str, left: float, setting: Setting) -> None:
        """``Số: 107/QĐ`` whose number is written with a pen: print around a place of unknown text."""
        sheet = self._sheet
        y = sheet.px(self._y + setting.pitch_mm * 0.8)
        start = sheet.print(Token("Số:"), sheet.px(left), y, setting)
        mark, box = digits(
            sheet, str(self._rng.integers(1, 999)), start * 25.4 / sheet.dpi + 1, y * 25.4 / sheet.dpi, 5.0
        )
        sheet.marks.append(mark)
        sheet.unknown.append(box)
        sheet.print(Token("/" + text.rsplit("/", 1)[-1]), box.right + sheet.px(2), y, setting)
        self._y += setting.pitch_mm

    def _table(self, limit: float) -> None:
        rng, sheet = self._rng, self._sheet
        columns = int(rng.integers(3, 9 if sheet.size is A4_LANDSCAPE else 6))
        shares = rng.uniform(0.4, 2.5, columns)
        widths = shares / shares.sum() * self._width
        widths = np.maximum(widths, 20.0)
        widths[0] *= float(rng.uniform(0.5, 1.0))
        widths *= self._width / widths.sum()
        smallest = 10.0 if sheet.dpi <= 150 else 9.0
        setting = Setting(
            size_pt=float(rng.uniform(smallest, 13)), align=("left", "left", "centre", "justify")[int(rng.integers(4))],
            leading=float(rng.uniform(1.0, 1.25)), after_mm=0.0,
        )  # fmt: skip
        pad = float(rng.uniform(0.8, 2.0))
        thick = float(rng.choice((0.4, 0.6, 1.0)))
        ruled = rng.random() < 0.92
        for row in range(int(rng.integers(3, 14))):
            style: Style = (
                "bold" if row == 0 and rng.random() < 0.8 else ("regular", "regular", "italic")[int(rng.integers(3))]
            )
            cells = [[Token(word, style) for word in self._author.cell().split()[:40]] for _ in range(columns)]
            cells[0] = [Token(str(row), style)] if rng.random() < 0.5 else cells[0]
            rows = [sheet.lines_of(cell, width - 2 * pad, setting) for cell, width in zip(cells, widths, strict=True)]
            bottom = self._y + max(rows) * setting.pitch_mm + 2 * pad
            if bottom > limit:
                self._y = limit if row == 0 else self._y
                break
            x = self._left
            for cell, width in zip(cells, widths, strict=True):
                sheet.place(cell, x + pad, width - 2 * pad, self._y + pad, setting)
                if ruled:
                    sheet.rule(x, self._y, x, bottom, thick)
                x += width
            if ruled:
                sheet.rule(x, self._y, x, bottom, thick)
                sheet.rule(self._left, self._y, x, self._y, thick)
                sheet.rule(self._left, bottom, x, bottom, thick)
            self._y = bottom
        self._y += float(rng.uniform(3, 8))

    def _signature(self) -> None:
        rng, sheet = self._rng, self._sheet
        top = self._y = max(self._y + 2, self._bottom - 68)
        size = self._body.size_pt
        small = Setting(size_pt=float(rng.uniform(10, 12)), align="left", leading=1.1, after_mm=0.0)
        rows = self._author.receivers()
        self._column(rows[:1], "bolditalic", self._left, 72, replace(small, size_pt=12.0))
        self._column(rows[1:], "regular", self._left, 72, small)
        heads, name = self._author.signer()
        self._y = top
        left, wide = self._left + self._width - 84, 84.0
        self._column(heads, "bold", left, wide, Setting(size_pt=size, align="centre"))
        # Near enough that strokes and seal often reach the print.
        place = self._y + float(rng.uniform(-4, 6))
        if rng.random() < 0.8:
            sheet.marks.append(signature(sheet, left + 18, place, rng.uniform(38, 60), rng.uniform(16, 30)))
        self._y += float(rng.uniform(18, 32))
        self._column([name], "bold", left, wide, Setting(size_pt=size, align="centre"))
        if rng.random() < 0.8:
            seal.press(sheet, f"{rows[1][2:20]} TỈNH {self._author.place.province}".upper(),
                       (left + wide * float(rng.uniform(0.15, 0.4)), place + float(rng.uniform(2, 16))))  # fmt: skip

    def _marks(self) -> None:
        """Seals and pen strokes across the print."""
        rng, sheet = self._rng, self._sheet
        if rng.random() < 0.3:
            for _ in range(int(rng.integers(1, 4))):
                centre = (
                    float(rng.uniform(30, sheet.size.width_mm - 30)),
                    float(rng.uniform(30, sheet.size.height_mm - 30)),
                )
                seal.press(sheet, self._author.heading().upper()[:34], centre, faint=float(rng.uniform(0.3, 1.0)))
        if rng.random() < 0.15:
            sheet.marks.append(initial(sheet, float(rng.uniform(40, 180)), float(rng.uniform(60, 250))))
        if rng.random() < 0.06:
            x, y = float(rng.uniform(30, 120)), float(rng.uniform(40, 220))
            sheet.marks.append(signature(sheet, x, y, rng.uniform(30, 60), rng.uniform(12, 24)))
