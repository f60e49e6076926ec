"""Decisions with a ruled table as their appendix, portrait or landscape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from benchmarks.corpus import seal
from benchmarks.corpus.layout import Line, Run, Setting, break_lines, place_line, place_text
from benchmarks.corpus.letters import HAND_NOTE, decision_flow
from benchmarks.corpus.office import Order, Paper, Press
from benchmarks.corpus.page import A4, A4_LANDSCAPE, PT_MM, Page
from benchmarks.corpus.texts import Writer

CELL = Setting(size_pt=12.0, align="left", leading=1.14)
HEAD = replace(CELL, align="centre")
PAD_MM = 1.2


@dataclass(frozen=True)
class Column:
    """A table column. ``share`` of the table's width; ``rule``: grammar rule of its cells, or empty."""

    title: str
    share: float
    rule: str = ""


COLUMNS = (
    Column("STT", 0.055),
    Column("Tên thủ tục hành chính", 0.215, "procedure"),
    Column("Thời hạn giải quyết", 0.2, "delay"),
    Column("Địa điểm thực hiện", 0.19, "office"),
    Column("Phí, lệ phí (nếu có)", 0.12, "fee"),
    Column("Căn cứ pháp lý", 0.22, "ground"),
)
NARROW = (
    COLUMNS[0],
    replace(COLUMNS[1], share=0.36),
    replace(COLUMNS[2], share=0.335),
    replace(COLUMNS[4], share=0.25),
)


def table(order: Order) -> Paper:
    """A decision on its first sides, then a table: at least two sides, ``order.pages`` of them."""
    front = replace(order, pages=max(1, order.pages // 2))
    flow, fields = decision_flow(front, "decision")
    writer = Writer(order.rng, {"province": "", "place": "xã"})
    size = A4_LANDSCAPE if order.landscape else A4
    press = Press(order, "table", size)
    pages = list(flow.pages)
    reference = f"(Kèm theo Quyết định số {fields['number_symbol'] or '      /QĐ-UBND'} của {fields['issuing_body']})"
    ring = _ring(flow.pages)
    while len(pages) < max(order.pages, len(flow.pages) + 1):
        page = press.page()
        page.pen = flow.page.pen
        page.number = len(pages) + 1
        pages.append(page)
        _appendix_page(page, writer, reference, ring, first=len(pages) == len(flow.pages) + 1)
    hand = HAND_NOTE if order.hand and not order.absent else ()
    return Paper("table", "QD", "Quyết định", tuple(pages), fields, hand)


def _ring(pages: Sequence[Page]) -> str:
    return next(block.lines[0].text for page in pages for block in page.blocks if block.kind == "seal")


def _appendix_page(page: Page, writer: Writer, reference: str, ring: str, *, first: bool) -> None:
    wide = page.size.width_mm
    centre = Setting(size_pt=13.5, align="centre", after_mm=0.0)
    y = place_text(page, "page_number", [Run(str(page.number))], 0, wide, 9.0, centre) + 4
    if first:
        title = f"PHỤ LỤC\nDANH MỤC THỦ TỤC HÀNH CHÍNH {writer.write('change').upper()}"
        y = place_text(page, "heading", [Run(title, "bold")], 30, wide - 60, y, centre)
        y = place_text(page, "text", [Run(reference, "italic")], 30, wide - 60, y, centre) + 3
        seal.press(page, ring, (52.0 + float(page.rng.uniform(-4, 8)), y - 9.0), faint=0.9)
    _rows(page, writer, y + 2)


def _rows(page: Page, writer: Writer, top_mm: float) -> None:
    """Rows until the page is full; every cell is a block."""
    columns = COLUMNS if page.size is A4_LANDSCAPE else NARROW
    left, wide = 22.0, page.size.width_mm - 40.0
    widths = [column.share * wide for column in columns]
    y = _row(page, [[Run(column.title, "bold")] for column in columns], left, widths, top_mm, HEAD)
    names = writer.several("procedure", 12)
    number = 0
    limit = page.size.height_mm - 24.0 - 10.0 * float(page.rng.random())
    while True:
        number += 1
        cells = [[Run(_cell(writer, column, number, names))] for column in columns]
        if y + _height(page, cells, widths, CELL) > limit:
            return
        y = _row(page, cells, left, widths, y, CELL)


def _cell(writer: Writer, column: Column, number: int, names: Sequence[str]) -> str:
    if not column.rule:
        return str(number)
    if column.rule == "procedure":
        return names[(number - 1) % len(names)]
    if column.rule == "ground":
        return "\n".join(f"- {line}" for line in writer.several("ground", 2))
    return writer.write(column.rule)


def _broken(page: Page, cells: Sequence[list[Run]], widths: Sequence[float], setting: Setting) -> list[list[Line]]:
    return [break_lines(page, runs, width - 2 * PAD_MM, setting) for runs, width in zip(cells, widths, strict=True)]


def _height(page: Page, cells: Sequence[list[Run]], widths: Sequence[float], setting: Setting) -> float:
    most = max(len(lines) for lines in _broken(page, cells, widths, setting))
    return most * setting.size_pt * PT_MM * setting.leading + 2 * PAD_MM


def _row(
    page: Page, cells: Sequence[list[Run]], left: float, widths: Sequence[float], top: float, setting: Setting
) -> float:
    """Print one row with its rules; the y (mm) of its lower rule."""
    pitch = setting.size_pt * PT_MM * setting.leading
    bottom = top + _height(page, cells, widths, setting)
    x = left
    for lines, width in zip(_broken(page, cells, widths, setting), widths, strict=True):
        printed = [
            place_line(page, line, x + PAD_MM, width - 2 * PAD_MM, top + PAD_MM + pitch * (number + 0.8), setting,
                       first=number == 0)
            for number, line in enumerate(lines)
        ]  # fmt: skip
        page.add("cell", printed)
        page.rule(x, top, x, bottom, 0.5)
        x += width
    page.rule(x, top, x, bottom, 0.5)
    page.rule(left, top, x, top, 0.5)
    page.rule(left, bottom, x, bottom, 0.5)
    return bottom
