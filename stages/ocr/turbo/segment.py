"""A page's printed lines, cut out, in blocks in reading order. Pure; about 35 ms for A4 at 300 dpi."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import reduce

import cv2
import numpy as np

from models.geometry import Box
from models.ports import Pixels
from stages.ink import MM_PER_INCH
from stages.ocr.turbo.bridges import bridged
from stages.ocr.turbo.crops import cut, low_letters, owners
from stages.ocr.turbo.faint import faint_print, strengthened
from stages.ocr.turbo.hand import letter_shapes
from stages.ocr.turbo.items import Group, Item
from stages.ocr.turbo.layout import reading_order
from stages.ocr.turbo.leaders import leader_end, parted
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.lines import Lines, Segment, find_lines
from stages.ocr.turbo.marks import Marks, find_marks
from stages.ocr.turbo.placed import with_written
from stages.ocr.turbo.prepare import CleanPage, prepare, without_ink
from stages.ocr.turbo.seals import Seal, find_seals, inner_ink, ring_ink, without_seals
from stages.ocr.turbo.small import with_small
from stages.ocr.turbo.tables import Table, Tables, find_tables
from stages.ocr.turbo.written import find_written

_NUMBER_LETTERS = 4
_DARK, _LIGHT, _STROKE_MM, _LEAST_PAPER = 90, 160, 4.0, 0.01
"""A page is negative where most is darker than the first and nothing of the size of strokes and more is lighter than the
second: a card on the black lid of a scanner is light paper."""
_SCREEN_DPI = 120
_A4_SHORT_IN, _A3_SHORT_IN = 8.27, 12.0


def segment(half: Pixels, dpi: int, full_grey: Callable[[], Pixels]) -> tuple[TextBlock, ...]:
    """Blocks of lines of an upright, straightened page in reading order.

    ``half``: BGR at half scale; ``dpi``: of the full picture; ``full_grey``: that picture, decoded when
    small print or a scan of little resolution asks for it.
    """
    dpi = _plausible(half, dpi)
    if _negative(half, dpi):
        half, full_grey = np.asarray(cv2.bitwise_not(half), dtype=np.uint8), _inverted(full_grey)
    page = prepare(half, dpi, full_grey)
    marks, tables, lines = _found(page)
    seals = find_seals(marks, page.dpi)
    if seals:
        page = without_ink(page, ring_ink(marks, seals))
        marks, _, lines = _found(page)
        page = without_ink(page, inner_ink(marks, lines, seals))
        marks, tables, lines = _found(page, seals)
    faint = faint_print(page.grey, page.dpi, marks, lines)
    if faint is not None:
        marks, tables, lines = _found(page, seals, faint)
        page = strengthened(page, faint)
    groups = arrange(lines, tables, marks, page.grey.shape[0])
    owner, low = owners(marks, lines), low_letters(lines)
    letters = letter_shapes(marks, lines, page.scale)

    def line(index: int) -> LineImage:
        return replace(cut(page, marks, lines, owner, low, index), letters=letters[index])

    blocks = tuple(TextBlock(tuple(line(item.index) for item in group.items), group.kind) for group in groups)
    written = find_written(page, marks, lines, tables)
    return with_written(blocks, groups, written, marks.x_height) if written else blocks


def _found(page: CleanPage, seals: tuple[Seal, ...] = (), faint: Pixels | None = None) -> tuple[Marks, Tables, Lines]:
    """Marks, tables and lines. ``seals``: whose ink was taken away; ``faint``: where print may be pale."""
    marks = find_marks(page.grey, page.dpi, page.pen, faint)
    tables = find_tables(marks)
    parts = marks.parts
    region = tables.region_of(parts.left + parts.width / 2, parts.top + parts.height / 2)
    bodies = parted(marks, find_lines(marks, region, tables.walls))
    lines = with_small(marks, bridged(marks, bodies, tables.walls), region)
    return marks, tables, without_seals(lines, marks, seals)


def _negative(half: Pixels, dpi: int) -> bool:
    """Whether the print is white on black, as on a negative: light strokes everywhere, and no light paper."""
    small = np.ascontiguousarray(half[::4, ::4, 1])
    if 2 * np.count_nonzero(small < _DARK) < small.size:
        return False
    light = cv2.threshold(small, _LIGHT, 255, cv2.THRESH_BINARY)[1]
    size = max(3, round(_STROKE_MM * dpi / 8 / MM_PER_INCH))
    paper = cv2.morphologyEx(light, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    return cv2.countNonZero(paper) < _LEAST_PAPER * small.size


def _inverted(full_grey: Callable[[], Pixels]) -> Callable[[], Pixels]:
    return lambda: np.asarray(cv2.bitwise_not(full_grey()), dtype=np.uint8)


def _plausible(half: Pixels, dpi: int) -> int:
    """The resolution, or what makes a page A4 that a screen's resolution would make larger than A3 (72, 96 dpi)."""
    short_in = 2 * min(half.shape[:2]) / dpi
    return dpi if dpi > _SCREEN_DPI or short_in < _A3_SHORT_IN else round(dpi * short_in / _A4_SHORT_IN)


def arrange(lines: Lines, tables: Tables, marks: Marks, height_px: int) -> tuple[Group, ...]:
    """Groups of line indices in reading order, tables opened up into their cells."""
    x = marks.x_height
    cells: dict[int, list[Item]] = {}
    for index, line in enumerate(lines.segments):
        cells.setdefault(line.region, []).append(_item(line, index, marks))
    free = cells.pop(0, [])
    opened: list[tuple[Group, ...]] = []
    for table in tables.tables:
        stray = [item for item in free if _inside(item, table.box)]
        free = [item for item in free if not _inside(item, table.box)]
        opened.append(_rows_of(table, tables, cells, stray, x, height_px))
        if opened[-1]:
            free.append(Item(table.box, table.box.bottom, -len(opened)))
    for rows in tables.open_rows:
        within = [[item for item in free if item.index >= 0 and _inside(item, row)] for row in rows]
        # Rules under the lines of a text have one line each.
        if 2 * sum(_side_by_side(items) for items in within) < len(rows):
            continue
        around = [item.box for items in within for item in items]
        taken = {item.index for items in within for item in items}
        free = [item for item in free if item.index not in taken]
        opened.append(tuple(_cell(items, x, height_px) for items in within if items))
        free.append(Item(reduce(Box.union, around), rows[-1].bottom, -len(opened)))
    groups: list[Group] = []
    for place, group in enumerate(reading_order(free, x, height_px)):
        run: list[Item] = []
        for item in group.items:
            if item.index >= 0:
                run.append(item)
                continue
            if run:
                groups.append(Group(group.kind, tuple(run)))
                run = []
            groups += opened[-item.index - 1]
        if run:
            kind = "page_number" if place == 0 and _is_page_number(run, height_px) else group.kind
            groups.append(Group(kind, tuple(run)))
    return tuple(groups)


def _inside(item: Item, box: Box) -> bool:
    across, down = item.box.centre
    return box.left < across < box.right and box.top < down < box.bottom


def _side_by_side(items: list[Item]) -> bool:
    """Whether some of a row stand beside each other."""
    ordered = sorted(items, key=lambda item: item.box.left)
    return any(a.box.right < b.box.left for a, b in itertools.pairwise(ordered))


def _rows_of(
    table: Table, tables: Tables, cells: dict[int, list[Item]], stray: list[Item], x_height: float, height_px: int
) -> tuple[Group, ...]:
    """The table's cells as groups; lines of cells whose rules have a hole come where their cell would."""
    found = [(tables.boxes[cell], _cell(cells[cell], x_height, height_px)) for cell in table.cells if cell in cells]
    for item in sorted(stray, key=lambda item: (item.foot, item.box.left)):
        after = [place for place, (box, _) in enumerate(found) if _follows(box, item)]
        found.insert(after[0] if after else len(found), (item.box, Group("cell", (item,))))
    return tuple(group for _, group in found)


def _follows(box: Box, item: Item) -> bool:
    """Whether a cell is read after a line that stands in no cell."""
    return box.top > item.box.centre[1] or (box.bottom > item.box.centre[1] and box.left > item.box.centre[0])


def _item(line: Segment, index: int, marks: Marks) -> Item:
    middle = (line.left + line.right) / 2
    foot = line.baseline(middle)
    # The band, not the ink: a slope or a tall bracket must not make lines overlap.
    right = leader_end(marks, foot, line.right)
    box = Box(line.left, foot - 1.5 * line.x_height, right, foot + 0.3 * line.x_height)
    return Item(box, foot, index, line.letters)


def _cell(items: list[Item], x_height: float, height_px: int) -> Group:
    """All lines of a cell as one group."""
    inner = reading_order(items, x_height, height_px)
    return Group("cell", tuple(item for group in inner for item in group.items))


def _is_page_number(run: list[Item], height_px: int) -> bool:
    return len(run) == 1 and run[0].letters <= _NUMBER_LETTERS and run[0].box.bottom < 0.12 * height_px
