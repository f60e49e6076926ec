"""Tables without rules and labels beside values that wrap: read by rows, cell after cell."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from models.geometry import Box
from stages.ocr.turbo.items import Item
from stages.ocr.turbo.rows import rows_below
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of, holds, lines_of, segmented

X = 10.0


def _item(index: int, left: float, foot: float, width: float) -> Item:
    return Item(Box(left, foot - 1.5 * X, left + width, foot + 0.3 * X), foot, index)


def _table(*cells: tuple[float, float, float]) -> list[Item]:
    """Items of ``(left, foot, width)``, in x-heights, numbered in the order in which they are to be read."""
    items = [_item(index, left * X, foot * X, width * X) for index, (left, foot, width) in enumerate(cells)]
    return sorted(items, key=lambda item: (item.foot, item.box.left))


def _read(items: list[Item]) -> list[list[int]] | None:
    rows = rows_below(items, X)
    return None if rows is None else [[item.index for item in row] for row in rows]


def test_a_value_is_read_whole_before_the_next_label() -> None:
    """Lines of a value that wraps belong to the label beside its first."""
    cells = [
        (0, 10, 8),
        (20, 10, 30),
        (20, 12.6, 25),
        (0, 15.5, 12),
        (20, 15.5, 28),
        (0, 18.5, 6),
        (20, 18.5, 30),
        (20, 21.1, 9),
    ]
    assert _read(_table(*cells)) == [[0, 1, 2], [3, 4], [5, 6, 7]]


def test_cells_that_wrap_side_by_side_are_read_one_after_the_other() -> None:
    """In a row the columns are read from left to right, each with all its lines."""
    row = [(0, 2), (6, 14), (6, 9), (24, 12), (24, 5)]
    cells = [
        (left, 10 + 8 * number + 2.6 * (at in (2, 4)), width)
        for number in range(3)
        for at, (left, width) in enumerate(row)
    ]
    assert _read(_table(*cells)) == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9], [10, 11, 12, 13, 14]]


def test_columns_of_a_newspaper_are_no_rows() -> None:
    """Their lines fill the columns, although every left one has another beside it."""
    assert _read(_table(*[(25 * side, 10 + 2.6 * row, 22) for side in range(2) for row in range(12)])) is None


def test_a_header_and_a_signature_block_are_no_rows() -> None:
    """Centred lines keep to no margin; receivers have no title beside each."""
    header = [(4, 10, 16), (2, 12.6, 20), (6, 15.2, 12), (30, 10, 40), (38, 12.6, 24), (34, 15.2, 30)]
    assert _read(_table(*header)) is None
    block = [*((0, 10 + 2.2 * row, 15) for row in range(6)), (40, 10, 12), (38, 12.6, 16), (38, 24, 16)]
    assert _read(_table(*block)) is None


def test_what_follows_a_table_is_not_in_it() -> None:
    """Sums end where the two signers begin, who stand at other margins."""
    sums = [(0, 10, 12), (60, 10, 8), (0, 12.6, 14), (61, 12.6, 7), (0, 15.2, 9), (60, 15.2, 8)]
    signers = [(8, 20, 14), (50, 20, 14), (8, 22.6, 14), (50, 22.6, 14)]
    assert _read(_table(*sums, *signers)) == [[0, 1], [2, 3], [4, 5]]


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 40)), min_size=1, max_size=40))
def test_nothing_is_read_twice_or_passed_over(cells: list[tuple[int, int, int]]) -> None:
    """Rows hold each item once, the first of all among them."""
    items = _table(*cells)
    rows = rows_below(items, X)
    found = [item.index for row in rows or () for item in row]
    assert len(found) == len(set(found))
    assert rows is None or items[0].index in found


def test_fields_tied_by_leaders_are_read_by_lines() -> None:
    """However many fields a line of a form has, its leaders tie them together."""
    sheet = rendered.sheet(DPI)
    for row in range(4):
        for at in range(3):
            rendered.write(
                sheet,
                [("Lý do:", "Nơi cấp:", "Số CCCD:")[(row + at) % 3] + "." * 22],
                (25 + 55 * at, 40 + 9 * row),
                DPI,
                12,
            )
    found = lines_of(blocks_of(sheet))
    assert [holds(line, 27 + 55 * (n % 3), 43 + 9 * (n // 3)) for n, line in enumerate(found)] == [True] * 12


def test_the_colon_before_a_leader_stays_whole() -> None:
    """Its lower dot looks like the leader's first."""
    lines = [lines_of(blocks_of(_form(text)))[0] for text in ("Lý do:", "Lý do:" + "." * 60)]
    plain, led = (np.asarray(line.pixels < 128) for line in lines)
    assert abs(int(plain.sum()) - int(led.sum())) <= 0.02 * plain.sum()
    assert lines[0].box.right == pytest.approx(lines[1].box.right, abs=4)


def _form(text: str) -> Image.Image:
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, [text] * 3, (30, 40), DPI, 13)
    return sheet


def test_dashes_and_letters_alone_in_cells_are_lines() -> None:
    """A dash, a cross and a head of two thin letters; a speck is none."""
    sheet = rendered.sheet(DPI)
    pen = ImageDraw.Draw(sheet)
    words = [
        ["TT", "Đơn vị", "Số hồ sơ"],
        ["1", "Xã Tam Quan", "-"],
        ["2", "Xã Yên Nghĩa", "x"],
        ["3", "Xã Gia Hòa", ""],
    ]
    for row, cells in enumerate(words):
        for at, cell in enumerate(cells):
            left = (30, 50, 110)[at]
            pen.rectangle(
                [left * MM, (40 + 9 * row) * MM, (left + (20, 60, 30)[at]) * MM, (49 + 9 * row) * MM],
                outline="black",
                width=3,
            )
            rendered.write(sheet, [cell], (left + 5, 41.5 + 9 * row), DPI, 12)
    pen.rectangle([120 * MM, 72 * MM, 120 * MM + 4, 72 * MM + 4], fill="black")
    found = [block for block in blocks_of(sheet) if block.kind == "cell"]
    assert len(found) == 11
    assert [len(block.lines) for block in found] == [1] * 11


def test_a_page_number_finer_than_the_only_title_is_found() -> None:
    """A title page has too little small print to be seen as such."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["113"], (104, 12), DPI, 13)
    rendered.write(sheet, ["TM. ỦY BAN NHÂN DÂN"], (60, 120), DPI, 24)
    first, second = lines_of(blocks_of(sheet))
    assert holds(first, 106, 15)
    assert second.box.width > 5 * first.box.width


@pytest.mark.parametrize("colour", [(60, 40, 200), (190, 60, 40)])
def test_the_stamp_of_an_incoming_paper_is_no_print(colour: tuple[int, int, int]) -> None:
    """The office's name in the frame of a stamp, red or blue; a red title without a frame is print."""
    for framed in (True, False):
        image = rendered.pixels(rendered.prose(6, DPI)).copy()
        layer = rendered.sheet(DPI)
        rendered.write(layer, ["ỦY BAN NHÂN DÂN XÃ"], (40, 200), DPI, 11)
        if framed:
            ImageDraw.Draw(layer).rectangle([35 * MM, 198 * MM, 95 * MM, 220 * MM], outline="black", width=4)
        ink = rendered.grey(layer)[..., None] < 128
        image = np.where(ink, np.array(colour, np.uint8), image)
        below = [line for line in lines_of(segmented(image)) if line.box.top > 190 * MM]
        assert bool(below) is not framed


def test_the_answer_above_a_rule_is_a_line_of_its_own() -> None:
    """So that a label is never lost with what a hand wrote beside it; an underline ends with its words."""
    sheet = rendered.sheet(DPI)
    pen = ImageDraw.Draw(sheet)
    rendered.write(sheet, ["Quê quán: xã Chiềng Bôm", "Quê quán: xã Chiềng Bôm"], (30, 40), DPI, 13)
    pitch = round(1.5 * 13 * DPI / 72)
    for row, end in enumerate((180.0, 78.0)):
        y = int(40 * MM) + row * pitch + round(1.08 * 13 * DPI / 72)
        pen.line([53 * MM, y, end * MM, y], fill="black", width=3)
    first = [line.box for line in lines_of(blocks_of(sheet))]
    assert [round(box.left / MM) for box in first] == [30, 52, 30]
    assert first[0].right < 55 * MM < first[2].right
