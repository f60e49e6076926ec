"""Sets runs of text into justified lines, and lines into pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.corpus.fonts import Style
from benchmarks.corpus.page import PT_MM, Page, PrintedLine
from benchmarks.corpus.strokes import digits, digits_width_mm
from benchmarks.corpus.truth import BlockKind
from models.geometry import Box

Align = Literal["justify", "left", "centre", "right"]


@dataclass(frozen=True)
class Run:
    """Text in one style. ``hand``: written by pen into a gap. ``gap_mm``: a gap that nobody filled in."""

    text: str
    style: Style = "regular"
    hand: bool = False
    gap_mm: float = 0.0


@dataclass(frozen=True)
class Setting:
    """How a paragraph is set. ``leading``: line pitch as a multiple of the size; spaces in mm."""

    size_pt: float = 14.0
    align: Align = "justify"
    indent_mm: float = 0.0
    leading: float = 1.16
    after_mm: float = 1.6


@dataclass(frozen=True)
class Word:
    """Runs without a space between them."""

    pieces: tuple[Run, ...]

    @property
    def text(self) -> str:
        return "".join(piece.text for piece in self.pieces if not piece.hand)


@dataclass(frozen=True)
class Line:
    """Words of one line; ``last`` of its paragraph, so not justified."""

    words: tuple[Word, ...]
    width_mm: float
    last: bool


def words_of(runs: Sequence[Run]) -> Iterator[Word]:
    """Cut runs at their spaces; a word may hold several styles."""
    pieces: list[Run] = []
    for run in runs:
        parts = [run.text] if run.hand or run.gap_mm else run.text.split(" ")
        for number, part in enumerate(parts):
            if number > 0 and pieces:
                yield Word(tuple(pieces))
                pieces = []
            if part or run.gap_mm:
                pieces.append(Run(part, run.style, run.hand, run.gap_mm))
    if pieces:
        yield Word(tuple(pieces))


def word_width_mm(page: Page, word: Word, size_pt: float) -> float:
    """How wide a word runs, handwriting and gaps included."""
    return sum(_piece_width_mm(page, piece, size_pt) for piece in word.pieces)


def _piece_width_mm(page: Page, piece: Run, size_pt: float) -> float:
    if piece.hand:
        return digits_width_mm(piece.text, size_pt * PT_MM)
    return piece.gap_mm + (page.width_mm(piece.text, piece.style, size_pt) if piece.text else 0.0)


def break_lines(page: Page, runs: Sequence[Run], width_mm: float, setting: Setting) -> list[Line]:
    """Greedy line breaking; ``\\n`` in a run's text forces a break."""
    lines: list[Line] = []
    space = page.width_mm(" ", "regular", setting.size_pt)
    for part in _at_line_feeds(runs):
        row: list[Word] = []
        used = setting.indent_mm if not lines else 0.0
        for word in words_of(part):
            wide = word_width_mm(page, word, setting.size_pt)
            if row and used + space + wide > width_mm:
                lines.append(Line(tuple(row), used, last=False))
                row, used = [], 0.0
            used += wide + (space if row else 0.0)
            row.append(word)
        if row:
            lines.append(Line(tuple(row), used, last=True))
    return lines


def _at_line_feeds(runs: Sequence[Run]) -> Iterator[list[Run]]:
    part: list[Run] = []
    for run in runs:
        pieces = run.text.split("\n")
        for number, piece in enumerate(pieces):
            if number > 0:
                yield part
                part = []
            part.append(Run(piece, run.style, run.hand, run.gap_mm))
    yield part


def place_line(
    page: Page, line: Line, left_mm: float, width_mm: float, baseline_mm: float, setting: Setting, *, first: bool
) -> PrintedLine:
    """Print one line; handwriting is drawn in its gap and recorded as a block of its own."""
    indent = setting.indent_mm if first else 0.0
    space = page.width_mm(" ", "regular", setting.size_pt)
    x = left_mm + indent
    free = width_mm - line.width_mm
    if setting.align == "justify" and not line.last and len(line.words) > 1:
        space += free / (len(line.words) - 1)
    elif setting.align == "centre":
        x += free / 2
    elif setting.align == "right":
        x += free
    box: Box | None = None
    for word in line.words:
        for piece in word.pieces:
            if piece.hand:
                _write_by_hand(page, piece.text, x, baseline_mm, setting.size_pt)
            elif piece.text:
                ink = page.text(x, baseline_mm, piece.text, piece.style, setting.size_pt)
                box = ink if box is None else box.union(ink)
            x += _piece_width_mm(page, piece, setting.size_pt)
        x += space
    printed = " ".join(word.text for word in line.words if word.text)
    at = page.px(left_mm), page.px(baseline_mm)
    return PrintedLine(printed, box or Box(at[0], at[1], at[0] + 1, at[1] + 1))


def _write_by_hand(page: Page, text: str, x_mm: float, baseline_mm: float, size_pt: float) -> None:
    mark, box = digits(page, text, x_mm, baseline_mm, size_pt * PT_MM)
    page.marks.append(mark)
    page.add("handwriting", [PrintedLine(text, box)], printed=False)


def place_text(
    page: Page, kind: BlockKind, runs: Sequence[Run], left_mm: float, width_mm: float, top_mm: float, setting: Setting
) -> float:
    """Set a block at a fixed place of one page; the y (mm) below it."""
    pitch = setting.size_pt * PT_MM * setting.leading
    y = top_mm
    printed = []
    for number, line in enumerate(break_lines(page, runs, width_mm, setting)):
        baseline = y + pitch * 0.8
        printed.append(place_line(page, line, left_mm, width_mm, baseline, setting, first=number == 0))
        y += pitch
    page.add(kind, printed)
    return y + setting.after_mm


@dataclass(frozen=True)
class Margins:
    """Decree 30: top and bottom 20–25 mm, left 30–35 mm, right 15–20 mm."""

    top_mm: float = 20.0
    right_mm: float = 17.0
    bottom_mm: float = 22.0
    left_mm: float = 31.0


class Flow:
    """Text that runs over pages; from page 2 the number stands centred in the top margin."""

    def __init__(self, new_page: Callable[[], Page], margins: Margins) -> None:
        self._new_page = new_page
        self.margins = margins
        self.pages: list[Page] = [new_page()]
        self.y_mm = margins.top_mm

    @property
    def page(self) -> Page:
        return self.pages[-1]

    @property
    def width_mm(self) -> float:
        return self.page.size.width_mm - self.margins.left_mm - self.margins.right_mm

    @property
    def left_mm(self) -> float:
        return self.margins.left_mm

    @property
    def room_mm(self) -> float:
        """Height that is left on this page."""
        return self.page.size.height_mm - self.margins.bottom_mm - self.y_mm

    def turn(self) -> None:
        """Start the next page and print its number."""
        self.pages.append(self._new_page())
        number = len(self.pages)
        page = self.page
        page.number = number
        setting = Setting(size_pt=13.5, align="centre")
        place_text(page, "page_number", [Run(str(number))], 0.0, page.size.width_mm, 10.0, setting)
        self.y_mm = self.margins.top_mm

    def need(self, height_mm: float) -> None:
        """Turn the page unless so much room is left."""
        if self.room_mm < height_mm:
            self.turn()

    def paragraph(self, kind: BlockKind, runs: Sequence[Run], setting: Setting) -> None:
        """Set a paragraph, over the page's end where it must."""
        pitch = setting.size_pt * PT_MM * setting.leading
        printed: list[PrintedLine] = []
        for number, line in enumerate(break_lines(self.page, runs, self.width_mm, setting)):
            if self.room_mm < pitch:
                self.page.add(kind, printed)
                printed = []
                self.turn()
            baseline = self.y_mm + pitch * 0.8
            first = number == 0
            printed.append(place_line(self.page, line, self.left_mm, self.width_mm, baseline, setting, first=first))
            self.y_mm += pitch
        self.page.add(kind, printed)
        self.y_mm += setting.after_mm
