"""Papers that the segmentation once broke on: found by printing kinds of page that it had never seen."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from models.ports import Pixels
from stages.ocr.turbo.fills import filled
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of, grey, holds, lines_of, segmented

_WIDE = " ".join(rendered.WORDS[:12])
_SANS = "/usr/share/fonts/truetype/dejavu/DejaVuSerif.ttf"


def _grid(sheet: Image.Image, tops: list[float], lefts: list[float], width_px: int = 3) -> None:
    draw = ImageDraw.Draw(sheet)
    for y in tops:
        draw.line([lefts[0] * MM, y * MM, lefts[-1] * MM, y * MM], fill=(40, 40, 40), width=width_px)
    for x in lefts:
        draw.line([x * MM, tops[0] * MM, x * MM, tops[-1] * MM], fill=(40, 40, 40), width=width_px)


@pytest.mark.parametrize("room_mm", [1.2, 2.0, 3.0])
def test_text_close_to_a_table_is_not_cut(room_mm: float) -> None:
    """Stems of letters in the continuation of a rule are no more of it: the table ends at its border."""
    sheet = rendered.sheet(DPI)
    tops, lefts = [60.0, 70.0, 80.0], [30.0 + 6 * n for n in range(25)]
    _grid(sheet, tops, lefts)
    rendered.write(sheet, [_WIDE], (30, 60 - room_mm - 5.2), DPI)
    rendered.write(sheet, [_WIDE], (30, 80 + room_mm - 1.2), DPI)
    found = lines_of(blocks_of(sheet))
    assert len(found) == 2
    assert all(line.box.width > 105 * MM for line in found)


def test_underlines_beside_the_edge_of_the_glass_are_no_table() -> None:
    """A dark strip along two edges of the scan and long underlined lines enclose nothing."""
    sheet = rendered.sheet(DPI)
    draw = ImageDraw.Draw(sheet)
    draw.rectangle([0, 0, 8, sheet.height], fill=(60, 60, 60))
    draw.rectangle([0, sheet.height - 8, round(125 * MM), sheet.height], fill=(60, 60, 60))
    for row in range(6):
        rendered.write(sheet, [_WIDE], (30, 40 + 12 * row), DPI)
        draw.line([30 * MM, (45.4 + 12 * row) * MM, 172 * MM, (45.4 + 12 * row) * MM], fill=(20, 20, 20), width=3)
    found = lines_of(blocks_of(sheet))
    assert len(found) == 6
    assert all(line.box.width > 105 * MM for line in found)


def test_small_wide_faces_set_tightly_keep_their_rows() -> None:
    """Receivers in a face with a high ``x``, smaller than the page's print: two rows, and each ``g`` in its own."""
    sheet = rendered.prose(8, DPI)
    small = ImageFont.truetype(_SANS, round(9 * DPI / 72))
    draw = ImageDraw.Draw(sheet)
    rows = [
        "- Thường trực HĐND tỉnh;",
        "- CT, các PCT UBND tỉnh;",
        "- Sở Tư pháp, Sở Nội vụ;",
        "- Lưu: VT, NC, ngày gửi.",
    ]
    pitch = 1.12 * 9 * DPI / 72
    for number, text in enumerate(rows * 2):
        draw.text((30 * MM, 100 * MM + number * pitch), text, fill=(20, 20, 20), font=small)
    found = [line for line in lines_of(blocks_of(sheet)) if line.box.top > 95 * MM]
    assert len(found) == 8
    assert all(line.box.height < 1.6 * pitch for line in found)


def test_fields_after_typed_blanks_are_read_by_lines() -> None:
    """``Ông: …   Chức vụ: …``: the second part follows the first at one distance, wherever that ends."""
    sheet = rendered.sheet(DPI)
    names = ["- Ông: Nguyễn Thành Tuấn", "- Bà: Phạm Thị Mỹ Hằng Nga", "- Ông: Võ Liễu"]
    font = ImageFont.truetype(rendered.FONT, round(13 * DPI / 72))
    for row, name in enumerate(names):
        rendered.write(sheet, [name], (40, 40 + 8 * row), DPI)
        rendered.write(sheet, ["Chức vụ: Chuyên viên"], (52 + font.getlength(name) / MM, 40 + 8 * row), DPI)
    found = lines_of(blocks_of(sheet))
    assert [round((line.box.bottom / MM - 45) / 8) for line in found] == [0, 0, 1, 1, 2, 2]


def test_page_numbers_follow_their_titles() -> None:
    """A table of contents is read by lines, although its titles fill their column."""
    sheet = rendered.sheet(DPI)
    for row in range(8):
        rendered.write(sheet, [" ".join(rendered.WORDS[row : row + 10])], (30, 40 + 8 * row), DPI)
        rendered.write(sheet, [str(11 + 9 * row)], (180, 40 + 8 * row), DPI)
    found = lines_of(blocks_of(sheet))
    assert [line.box.left > 170 * MM for line in found] == [False, True] * 8


def test_a_table_with_rules_across_only_is_read_by_rows() -> None:
    """Centred heads and ragged columns make no columns where rules part the rows."""
    sheet = rendered.sheet(DPI)
    draw = ImageDraw.Draw(sheet)
    lefts = (32.0, 100.0, 128.0, 158.0)
    for row in range(7):
        draw.line([30 * MM, (40 + 8 * row) * MM, 180 * MM, (40 + 8 * row) * MM], fill=(40, 40, 40), width=3)
        cells = ["Số hộ nghèo" + " và cận nghèo" * (row % 2), "hộ", "1.25" * (1 + row % 2), "97,3"]
        for left, cell in zip(lefts, cells, strict=True):
            rendered.write(sheet, [cell], (left + (9 if row == 0 else 0), 41.2 + 8 * row), DPI, 11)
    draw.line([30 * MM, 96 * MM, 180 * MM, 96 * MM], fill=(40, 40, 40), width=3)
    found = lines_of(blocks_of(sheet))
    assert [line.box.left > 150 * MM for line in found] == [False, False, False, True] * 7


def _halftone(level: int, grain: float) -> Pixels:
    """Text on a grey that a printer made of dots and a scanner saw with grain; plain text below."""
    full = rendered.pixels(rendered.prose(24, DPI)).copy()
    head = full[round(20 * MM) : round(75 * MM), round(25 * MM) : round(190 * MM)]
    rows, columns = np.indices(head.shape[:2])
    dots = np.where((rows + columns) % 6 < 3, level - 45, level + 45)
    noise = np.random.default_rng(4).normal(0, grain, head.shape[:2])
    head[:] = np.minimum(head, np.clip(dots + noise, 0, 255).astype(np.uint8)[:, :, None])
    return full


@pytest.mark.parametrize(("level", "grain"), [(205, 10), (205, 45), (180, 30)])
def test_print_on_a_grey_fill_is_read(level: int, grain: float) -> None:
    """The lines are those of the page without the fill, and the fill is taken off their crops."""
    found = lines_of(segmented(_halftone(level, grain)))
    assert len(found) == 24
    assert all(float(np.median(line.pixels)) > 225 for line in found)


def test_paper_without_fill_has_none() -> None:
    """Neither dense print nor an uneven lamp is a fill."""
    page = rendered.prose(40, DPI)
    half = cv2.resize(grey(rendered.pixels(page)), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    assert filled(np.asarray(half, dtype=np.uint8), DPI / 2) is None


def _photograph(full: Pixels, box_mm: tuple[float, float, float, float]) -> None:
    """A dark picture with edges as straight as rules."""
    left, top, right, bottom = (round(side * MM) for side in box_mm)
    part = np.full((bottom - top, right - left), 60, np.uint8)
    part[:, :: round(4 * MM)] = 170
    part[round(10 * MM) :: round(9 * MM)] = 120
    full[top:bottom, left:right] = part[:, :, None]


def test_the_caption_of_a_picture_is_read() -> None:
    """Print three millimetres below a picture is no part of it, nor cut by what runs down in it."""
    full = rendered.pixels(rendered.sheet(DPI)).copy()
    _photograph(full, (30, 40, 120, 100))
    sheet = Image.fromarray(np.ascontiguousarray(full[:, :, ::-1]))
    rendered.write(sheet, [_WIDE], (30, 102), DPI)
    found = lines_of(blocks_of(sheet))
    assert [line for line in found if holds(line, 100, 105)]
    (caption,) = (line for line in found if line.box.top > 95 * MM)
    assert caption.box.width > 105 * MM


@pytest.mark.parametrize("pt", [30, 36, 44])
def test_a_very_large_title_is_a_line(pt: int) -> None:
    """Its stems are as long as rules, but it is read as one line."""
    sheet = rendered.prose(6, DPI)
    rendered.write(sheet, ["BẰNG KHEN"], (40, 130), DPI, pt)
    (line,) = (line for line in lines_of(blocks_of(sheet)) if line.box.top > 110 * MM)
    assert line.box.width > 5 * pt * DPI / 72
