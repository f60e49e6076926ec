"""Reading order and blocks."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models.geometry import Box
from stages.ocr.turbo.items import Item
from stages.ocr.turbo.layout import reading_order
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, blocks_of, holds, lines_of

_LEFT = ["ỦY BAN NHÂN DÂN", "TỈNH LÂM ĐỒNG", "Số: 349/QĐ-UBND"]
_RIGHT = ["CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "Lâm Đồng, ngày 20 tháng 02 năm 2025"]
_BODY = [" ".join(rendered.WORDS[n * 12 : n * 12 + 12]) for n in range(5)]


def _header() -> Image.Image:
    sheet = rendered.sheet(DPI)
    for row in range(3):
        # Centred in their columns, as the decree has it.
        rendered.write(sheet, [_LEFT[row]], ((32, 37, 34)[row], 20 + 7 * row), DPI, 12)
        rendered.write(sheet, [_RIGHT[row]], ((95, 112, 103)[row], 20 + 7 * row), DPI, 12)
    rendered.write(sheet, ["QUYẾT ĐỊNH"], (92, 50), DPI, 14)
    rendered.write(sheet, _BODY, (30, 65), DPI, 13)
    return sheet


def test_header_is_read_left_block_first() -> None:
    """Bodies and number, then nation, motto, place and date (Decree 30), then the text across the page."""
    blocks = blocks_of(_header())
    kinds = [block.kind for block in blocks for _ in block.lines]
    assert kinds[:6] == ["header_left"] * 3 + ["header_right"] * 3
    assert set(kinds[6:]) == {"text"}
    assert len(kinds) == 6 + 1 + len(_BODY)


def test_signature_block_is_read_after_the_receivers() -> None:
    """The list of receivers is read whole before the signer's title that stands beside it."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, _BODY, (30, 30), DPI)
    receivers = ["Nơi nhận:", "- Như Điều 3;", "- Văn phòng Chính phủ;", "- Cổng Thông tin điện tử tỉnh;", "- Lưu: VT."]
    rendered.write(sheet, receivers, (30, 92), DPI, 11)
    rendered.write(sheet, ["KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"], (120, 88), DPI, 13)
    rendered.write(sheet, ["Trần Hồng Thái"], (119, 125), DPI, 13)
    found = lines_of(blocks_of(sheet))[len(_BODY) :]
    assert len(found) == len(receivers) + 3
    assert all(line.box.right < 100 / 25.4 * DPI for line in found[: len(receivers)])
    assert all(line.box.left > 100 / 25.4 * DPI for line in found[len(receivers) :])


def test_two_columns_are_read_one_after_the_other() -> None:
    """English in two columns, as in a journal."""
    sheet = rendered.sheet(DPI)
    words = ("the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "near", "the", "river", "bank")
    column = [" ".join((words * 9)[n * 5 : n * 5 + 7]) for n in range(20)]
    for left in (25, 110):
        rendered.write(sheet, column, (left, 30), DPI)
    found = lines_of(blocks_of(sheet))
    assert len(found) == 40
    assert all(line.box.left < 60 / 25.4 * DPI for line in found[:20])


def test_fields_side_by_side_are_read_by_lines() -> None:
    """Rows of a form are read row by row, although a gutter runs through them."""
    sheet = rendered.sheet(DPI)
    for row in range(4):
        rendered.write(sheet, ["Giới tính: Nam" + " và" * (row % 2)], (30, 40 + 9 * row), DPI)
        rendered.write(sheet, ["Dân tộc: Kinh"], (110, 40 + 9 * row), DPI)
    found = lines_of(blocks_of(sheet))
    assert [holds(line, 112, 43 + 9 * (n // 2)) for n, line in enumerate(found)] == [False, True] * 4


def test_page_number_is_known() -> None:
    """A lone number above the text is not part of it."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["12"], (104, 12), DPI)
    rendered.write(sheet, _BODY, (30, 25), DPI)
    blocks = blocks_of(sheet)
    assert blocks[0].kind == "page_number"
    assert len(blocks[0].lines) == 1


def test_paragraphs_are_apart() -> None:
    """A larger distance ends a block."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, _BODY, (30, 30), DPI)
    rendered.write(sheet, _BODY, (30, 85), DPI)
    assert [len(block.lines) for block in blocks_of(sheet)] == [len(_BODY), len(_BODY)]


_BOXES = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 1600), st.integers(5, 400), st.integers(8, 60)), max_size=60
)


def _items(boxes: Sequence[tuple[int, int, int, int]]) -> list[Item]:
    return [
        Item(Box(left, top, left + width, top + height), top + height, index)
        for index, (left, top, width, height) in enumerate(boxes)
    ]


@given(_BOXES)
def test_every_item_comes_once(boxes: list[tuple[int, int, int, int]]) -> None:
    """Whatever stands on the page, nothing is lost and nothing is read twice."""
    groups = reading_order(_items(boxes), 14.0, 1754)
    assert sorted(item.index for group in groups for item in group.items) == list(range(len(boxes)))


@given(_BOXES, st.randoms(use_true_random=False))
def test_order_does_not_depend_on_the_input_order(boxes: list[tuple[int, int, int, int]], random: Random) -> None:
    """The same boxes in another order are read alike, unless two of them begin at the same point."""
    items = [item for n, item in enumerate(_items(boxes)) if boxes[n] not in boxes[:n]]
    items = [
        item
        for n, item in enumerate(items)
        if (item.foot, item.box.left) not in [(i.foot, i.box.left) for i in items[:n]]
    ]
    mixed = list(items)
    random.shuffle(mixed)
    assert reading_order(mixed, 14.0, 1754) == reading_order(items, 14.0, 1754)


def test_a_table_without_rules_is_read_by_rows() -> None:
    """More columns right of the widest gap than left of it are still rows."""
    sheet = rendered.sheet(DPI)
    for row in range(8):
        cells = (str(row + 1), ("Lê An", "Trần Thị Ngọc", "Phan Bá")[row % 3], "1984", "xã Nậm Khắt", "2024")
        for left, cell in zip((25, 35, 85, 105, 150), cells, strict=True):
            rendered.write(sheet, [cell], (left, 40 + 7 * row), DPI, 11)
    found = lines_of(blocks_of(sheet))
    assert len(found) == 40
    assert [line.box.left > 150 / 25.4 * DPI - 9 for line in found] == [False, False, False, False, True] * 8
