"""Ruled tables: cells in order, worn rules, frames that are no tables."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw

from models.ports import Pixels
from stages.ocr.turbo.line_image import TextBlock
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of, holds, segmented

_COLUMNS = (20, 35, 95, 150, 200, 277)
_ROWS = (40, 52, 80, 110)


def _cells(blocks: tuple[TextBlock, ...]) -> list[TextBlock]:
    return [block for block in blocks if block.kind == "cell"]


def _table(*, sides: bool = True, thick: int = 3) -> Image.Image:
    """Three rows of five cells on a landscape page; the first column holds a number."""
    sheet = rendered.sheet(DPI, landscape=True)
    draw = ImageDraw.Draw(sheet)
    for y in _ROWS:
        draw.line([_COLUMNS[0] * MM, y * MM, _COLUMNS[-1] * MM, y * MM], fill=(70, 70, 70), width=thick)
    for x in _COLUMNS if sides else _COLUMNS[1:-1]:
        draw.line([x * MM, _ROWS[0] * MM, x * MM, _ROWS[-1] * MM], fill=(70, 70, 70), width=thick)
    for row, top in enumerate(_ROWS[:-1]):
        for column, left in enumerate(_COLUMNS[:-1]):
            texts = [str(row + 1)] if column == 0 else ["Thủ tục hành", "chính mới ban"][: 1 if row == 0 else 2]
            rendered.write(sheet, texts, (left + 3, top + 3), DPI, 11)
    return sheet


def _in_order(cells: list[TextBlock]) -> bool:
    places = [(left + 4, top + 5) for top in _ROWS[:-1] for left in _COLUMNS[:-1]]
    return len(cells) == 15 and all(holds(cell.lines[0], *place) for cell, place in zip(cells, places, strict=True))


@pytest.mark.parametrize("thick", [1, 3, 7])
@pytest.mark.parametrize("sides", [True, False])
def test_cells_come_row_by_row(sides: bool, thick: int) -> None:
    """Every cell is a block of its own, in row-major order, also where the outer rules are missing."""
    cells = _cells(blocks_of(_table(sides=sides, thick=thick)))
    assert _in_order(cells)
    assert [len(cell.lines) for cell in cells] == [1] * 5 + [1, 2, 2, 2, 2] * 2


def test_worn_rules_hold() -> None:
    """A break of a millimetre and a half in each side of each cell does not join it to its neighbours."""
    full = rendered.pixels(_table())
    gap = round(1.5 * MM)
    for first, second in pairwise(_COLUMNS):
        for row in _ROWS:
            x, y = round((first + second) / 2 * MM), round(row * MM)
            full[y - 4 : y + 5, x : x + gap] = 255
    for first, second in pairwise(_ROWS):
        for column in _COLUMNS:
            x, y = round(column * MM), round((first + second) / 2 * MM)
            full[y : y + gap, x - 4 : x + 5] = 255
    assert _in_order(_cells(segmented(full)))


def test_a_cell_over_two_rows_comes_where_it_begins() -> None:
    """The merged cell is read with its first row; the cells of the second row follow."""
    full = rendered.pixels(_table())
    y = round(_ROWS[2] * MM)
    full[y - 5 : y + 6, round(_COLUMNS[2] * MM) + 6 : round(_COLUMNS[3] * MM) - 6] = 255
    cells = _cells(segmented(full))
    assert len(cells) == 14
    assert len(cells[7].lines) == 4
    assert holds(cells[10].lines[0], _COLUMNS[0] + 4, _ROWS[2] + 5)


def test_text_around_a_table_stays_around_it() -> None:
    """What stands above is read before the cells, what stands below after them."""
    sheet = _table()
    rendered.write(sheet, ["DANH MỤC THỦ TỤC HÀNH CHÍNH"], (90, 25), DPI)
    rendered.write(sheet, ["Danh mục này có hai thủ tục hành chính."], (30, 120), DPI)
    kinds = [block.kind for block in blocks_of(sheet)]
    assert kinds == ["text", *["cell"] * 15, "text"]


def test_a_frame_around_the_page_is_no_table() -> None:
    """Certificates have a double frame; their text is text."""
    sheet = rendered.prose(12, DPI)
    draw = ImageDraw.Draw(sheet)
    for inset, width in ((8, 6), (11, 2)):
        draw.rectangle([inset * MM, inset * MM, (210 - inset) * MM, (297 - inset) * MM], outline="black", width=width)
    blocks = blocks_of(sheet)
    assert {block.kind for block in blocks} == {"text"}
    assert sum(len(block.lines) for block in blocks) == 12


def test_a_leaning_table_keeps_its_cells() -> None:
    """What straightening leaves of the skew does not matter."""
    full: Pixels = rendered.leaning(rendered.pixels(_table()), 0.15)
    cells = _cells(segmented(full))
    assert len(cells) == 15
    for row in range(3):
        lefts = [cell.lines[0].box.left for cell in cells[row * 5 : row * 5 + 5]]
        assert all(a < b for a, b in pairwise(lefts))


def test_rules_are_not_in_the_crops() -> None:
    """Text that touches a rule is cropped without it."""
    sheet = _table(thick=5)
    rendered.write(sheet, ["Giá"], (_COLUMNS[3] + 0.6, _ROWS[1] + 18), DPI, 11)
    for cell in _cells(blocks_of(sheet)):
        for line in cell.lines:
            dark = (line.pixels < 128).mean(axis=0)
            assert dark[:1].max() < 0.9
            run = cv2.erode((line.pixels < 128).astype(np.uint8), np.ones((1, 60), np.uint8))
            assert not run.any()


def test_lines_do_not_cross_a_rule() -> None:
    """Columns that only rules part, each with a pitch of its own, are not read across or into each other."""
    sheet = rendered.sheet(DPI)
    for row in range(8):
        rendered.write(sheet, ["Trong 01 ngày đối với"], (30, 40 + 6.2 * row), DPI, 12)
        rendered.write(sheet, ["Không thu phí, lệ phí"], (76, 42.5 + 5.7 * row), DPI, 12)
    ImageDraw.Draw(sheet).line([74.5 * MM, 36 * MM, 74.5 * MM, 95 * MM], fill=(50, 50, 50), width=3)
    found = [line for block in blocks_of(sheet) for line in block.lines]
    assert len(found) == 16
    assert all(line.box.right < 76 * MM or line.box.left > 73 * MM for line in found)


def test_the_stem_of_a_letter_is_no_rule() -> None:
    """A ring of a seal that goes on where the stem of a capital ends makes one stroke, longer than letters are."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["DANH MỤC THỦ TỤC HÀNH CHÍNH"], (40, 60), DPI, 14)
    (whole,) = (line for block in blocks_of(sheet) for line in block.lines)
    middle = (whole.box.left + whole.box.right) / 2
    ImageDraw.Draw(sheet).line([middle, 57 * MM, middle, 66 * MM], fill=(60, 60, 60), width=3)
    (crossed,) = (line for block in blocks_of(sheet) for line in block.lines if block.lines)
    assert (crossed.box.left, crossed.box.right) == pytest.approx((whole.box.left, whole.box.right), abs=4)
