"""Text lines: found whole, apart from each other, on their baselines."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageDraw

from models.ports import Pixels
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import find_lines
from stages.ocr.turbo.marks import find_marks
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of, lines_of, segmented

_STACKED = ["ỔẾỘ Ữ Ẫm ghế ỗ ễ ộ ợ ự ẵ ặng quyết ỷ ỵ", "Ngày lập: kỷ niệm Ổn Ấp Ế Ỡ g y q p ọ ặ ị ụ"] * 4


def _lines(image: Pixels, dpi: int = DPI) -> list[LineImage]:
    return lines_of(segmented(image, dpi))


def _ink(line: LineImage) -> int:
    return int((line.pixels < 128).sum())


def test_each_printed_line_is_one_line() -> None:
    """Twenty-four lines of prose are twenty-four lines, top to bottom."""
    found = lines_of(blocks_of(rendered.prose(24, DPI)))
    assert len(found) == 24
    tops = [line.box.top for line in found]
    assert tops == sorted(tops)


def test_stacked_marks_belong_to_their_line() -> None:
    """Accents above capitals and dots below letters lie in the crop of the line that they belong to."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, _STACKED, (30, 40), DPI, 14)
    found = lines_of(blocks_of(sheet))
    assert len(found) == len(_STACKED)
    # No ink is lost between crops, or shown in two of them, but for what touches.
    drawn = int((rendered.grey(sheet)[::2, ::2] < 128).sum())
    assert sum(map(_ink, found)) == pytest.approx(drawn, rel=0.06)


def test_tight_lines_are_not_merged() -> None:
    """Lines set so tightly that descenders touch the accents below stay apart."""
    sheet = rendered.sheet(DPI)
    for number in range(10):
        rendered.write(sheet, ["Ngày gặp Ổn quyết định phụ lục kèm theo"], (30, 40 + number * 5.2), DPI, 14)
    assert len(lines_of(blocks_of(sheet))) == 10


@settings(max_examples=6, deadline=None)
@given(st.floats(-0.5, 0.5))
def test_residual_skew_is_followed(angle_deg: float) -> None:
    """A page that leans a little has the same lines, straightened in their crops."""
    full = rendered.leaning(rendered.pixels(rendered.prose(20, DPI)), angle_deg)
    found = _lines(full)
    assert len(found) == 20
    for line in found:
        feet = line.pixels[round(line.baseline_y) - 2 :]
        assert _ink(line) > 3 * int((feet < 128).sum())


def test_curved_paper_is_followed() -> None:
    """Lines that bow by two millimetres, as near the fold of a book, are found whole."""
    full = rendered.pixels(rendered.prose(20, DPI))
    height, width = full.shape[:2]
    x = np.arange(width, dtype=np.float32)
    bow = (2 * MM) * ((x - width / 2) / (width / 2)) ** 2
    map_y = np.arange(height, dtype=np.float32)[:, None] + bow[None, :].astype(np.float32)
    map_x = np.broadcast_to(x[None, :], map_y.shape).astype(np.float32)
    bent = cv2.remap(full, map_x, map_y, cv2.INTER_LINEAR, borderValue=rendered.WHITE)
    assert len(_lines(np.asarray(bent, dtype=np.uint8))) == 20


@pytest.mark.parametrize("dpi", [150, 200, 300, 400, 600])
def test_any_resolution(dpi: int) -> None:
    """The lines do not depend on the scanner's setting, and boxes are in pixels of the full picture."""
    found = _lines(rendered.pixels(rendered.prose(12, dpi)), dpi)
    assert len(found) == 12
    assert found[0].box.left == pytest.approx(30 / 25.4 * dpi, abs=0.02 * dpi)
    assert all(line.x_height_px >= 9 for line in found)


def test_small_print_is_cropped_from_the_full_picture() -> None:
    """Seven points at half scale would be too coarse."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, rendered.LINES, (30, 40), DPI, 7)
    found = lines_of(blocks_of(sheet))
    assert len(found) == len(rendered.LINES)
    assert all(line.scale == 1.0 for line in found)
    for line in found:
        assert abs(line.pixels.shape[1] - line.box.width) <= 2


def test_wide_gap_splits_a_line() -> None:
    """Two fields on one line are two parts, left before right, in one block."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Giới tính: Nam"], (30, 40), DPI)
    rendered.write(sheet, ["Dân tộc: Kinh"], (100, 40), DPI)
    blocks = blocks_of(sheet)
    assert [len(block.lines) for block in blocks] == [2]
    assert blocks[0].lines[0].box.right < blocks[0].lines[1].box.left


@pytest.mark.parametrize(("title_pt", "pt", "note_pt"), [(28, 9, 8), (20, 13, 6)])
def test_foot_notes_and_titles_are_lines(title_pt: int, pt: int, note_pt: int) -> None:
    """Print of half and of thrice the size of the text is found whole, on one page with it."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["GIẤY KHAI SINH"], (50, 20), DPI, title_pt)
    rendered.write(sheet, [rendered.PROSE[:70]] * 12, (30, 50), DPI, pt)
    rendered.write(sheet, [rendered.PROSE[:110]] * 3, (30, 200), DPI, note_pt)
    assert len(lines_of(blocks_of(sheet))) == 1 + 12 + 3


def test_faint_print_beside_black_is_found() -> None:
    """A paragraph of pale print is as whole as the black one above it."""
    full = rendered.pixels(rendered.prose(20, DPI))
    lower = full[full.shape[0] // 3 :]
    lower[:] = 255 - ((255 - lower) * 0.5).astype(np.uint8)
    assert len(_lines(rendered.damaged(full, 3))) == 20


def test_a_streak_does_not_cut_lines() -> None:
    """A fold or a scratch of the scanner's glass runs down through the words."""
    full = rendered.pixels(rendered.prose(20, DPI))
    cv2.line(full, (1000, 0), (996, full.shape[0]), (130, 130, 130), 3)
    assert len(_lines(full)) == 20


def test_boxes_to_tick_are_no_letters() -> None:
    """The empty square before an answer is not in the line."""
    sheet = rendered.sheet(DPI)
    for row in range(6):
        rendered.write(sheet, ["Đã kết hôn"], (40, 40 + 9 * row), DPI)
        ImageDraw.Draw(sheet).rectangle(
            [30 * MM, (41 + 9 * row) * MM, 34 * MM, (45 + 9 * row) * MM], outline=0, width=3
        )
    found = lines_of(blocks_of(sheet))
    assert len(found) == 6
    assert all(line.box.left > 38 * MM for line in found)


def test_a_screen_resolution_is_not_believed() -> None:
    """Scans saved with the 72 dpi of a screen are read as the A4 that they are."""
    assert len(_lines(rendered.pixels(rendered.prose(20, DPI)), 72)) == 20


def test_a_dark_lid_is_no_print() -> None:
    """The noise of a scan that is black all over stays noise."""
    dark = np.random.default_rng(4).normal(30, 10, (1600, 1200, 1)).clip(0, 255).astype(np.uint8)
    assert _lines(np.repeat(dark, 3, axis=2)) == []


def test_underline_is_not_in_the_crop() -> None:
    """The rule under a heading is taken out."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Độc lập - Tự do - Hạnh phúc"], (60, 40), DPI)
    plain = lines_of(blocks_of(sheet))
    ImageDraw.Draw(sheet).line([60 * MM, 46.6 * MM, 110 * MM, 46.6 * MM], fill="black", width=4)
    ruled = lines_of(blocks_of(sheet))
    assert len(plain) == len(ruled) == 1
    assert _ink(ruled[0]) == pytest.approx(_ink(plain[0]), rel=0.05)


def test_holes_staples_and_edges_are_no_lines() -> None:
    """Punched holes, a staple and the scanner's dark edge hold no print."""
    full = rendered.pixels(rendered.prose(10, DPI))
    for y in (1300, 2240):
        cv2.circle(full, (140, y), 34, (40, 40, 40), -1)
    cv2.line(full, (150, 150), (220, 100), (60, 60, 60), 9)
    full[:, -12:] = 50
    assert len(_lines(full)) == 10


def test_signature_is_no_line() -> None:
    """Long thin strokes between a title and a name add nothing; the title and the name are found."""
    full = rendered.pixels(rendered.prose(6, DPI))
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["CHỦ TỊCH"], (120, 120), DPI)
    rendered.write(sheet, ["Trần Hồng Thái"], (118, 150), DPI)
    full = np.minimum(full, rendered.pixels(sheet))
    t = np.linspace(0, 1, 200)
    loop = np.stack([1400 + 600 * t + 60 * np.sin(17 * t), 1620 - 150 * t + 110 * np.sin(11 * t)], axis=1)
    cv2.polylines(full, [loop.astype(np.int32)], isClosed=False, color=(30, 30, 30), thickness=5)
    assert len(_lines(full)) == 8


@pytest.mark.parametrize("level", [0, 128, 255])
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (40, 600), (1754, 1240)])
def test_nothing_on_nothing(level: int, size: tuple[int, int]) -> None:
    """Empty, grey and black pictures of any size have no lines."""
    assert segmented_plain(size, level) == ()


def segmented_plain(size: tuple[int, int], level: int) -> tuple[object, ...]:
    """The blocks of a picture of one level."""
    return segmented(np.full((size[0] * 2, size[1] * 2, 3), level, np.uint8))


def test_noise_ends() -> None:
    """A page of blots gives crops that can be read, and ends."""
    rng = np.random.default_rng(5)
    soft = cv2.GaussianBlur(rng.integers(0, 255, (1200, 1200)).astype(np.float32), (0, 0), 5)
    blots = np.where(soft > soft.mean() - soft.std(), 255, 0).astype(np.uint8)
    for line in _lines(np.asarray(cv2.merge([blots] * 3), dtype=np.uint8)):
        assert line.pixels.size
        assert line.box.width > 0


@pytest.mark.parametrize("share", [0.15, 0.22])
def test_a_pale_page_is_found(share: float) -> None:
    """All print of a worn ribbon is paler than what counts as ink beside black print."""
    full = rendered.pixels(rendered.prose(20, DPI))
    pale = 255 - ((255 - full.astype(float)) * share)
    assert len(_lines(pale.astype(np.uint8))) == 20


def test_the_back_shining_through_is_no_print() -> None:
    """A mirrored page, paler still, stays unseen beside print and on an empty side."""
    full = rendered.pixels(rendered.prose(6, DPI))
    back = 255 - (255 - rendered.pixels(rendered.prose(30, DPI))[:, ::-1].astype(float)) * 0.06
    assert len(_lines(np.minimum(full, back.astype(np.uint8)))) == 6
    assert _lines(back.astype(np.uint8)) == []


def test_a_pale_page_of_coarse_grain_is_found() -> None:
    """Grain as black as print is no print: not on a pale page, and not on paper without any."""
    rng = np.random.default_rng(5)
    pale = 255 - (255 - rendered.pixels(rendered.prose(12, DPI)).astype(np.float32)) * 0.3
    for page, least in ((pale, 12), (np.full_like(pale, 230.0), 0)):
        grain = rng.normal(0, 12, page.shape[:2])[..., None] - 120.0 * (rng.random(page.shape[:2]) < 0.002)[..., None]
        found = lines_of(segmented(np.clip(page + grain, 0, 255).astype(np.uint8)))
        assert len(found) == least


def test_white_on_black_is_read() -> None:
    """A negative has the lines of its picture; a light card on a black lid is none."""
    page = rendered.pixels(rendered.prose(12, DPI))
    assert len(lines_of(segmented(255 - page))) == 12
    lid = np.full_like(page, 12)
    lid[: page.shape[0] // 3, : page.shape[1] // 2] = page[: page.shape[0] // 3, : page.shape[1] // 2]
    assert lines_of(segmented(lid))


def test_long_strokes_through_small_print_end() -> None:
    """Strokes that hang far below their row and belong to it all the same do not part it: each part must be smaller."""
    grey = np.full((400, 1000), 255, np.uint8)
    for x in range(100, 900, 20):
        for foot in (60, 120, 300, 360):
            grey[foot - 14 : foot, x : x + 12] = 0
        grey[190:200, x : x + 9] = 0
    for x in (112, 312, 512, 712):
        grey[186:220, x : x + 7] = 0
    marks = find_marks(grey, 150)
    found = find_lines(marks, np.zeros(len(marks.parts.area), np.int64))
    assert sum(180 < line.middle_y < 210 for line in found.segments) >= 1


def test_an_ellipsis_lies_whole_in_its_line() -> None:
    """The dots that follow the stop at a line's end are the line's, though the last stand far from its letters."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Người lao động phát tài liệu"], (30, 40), DPI, 14)
    end = np.argwhere(rendered.grey(sheet) < 128)[:, 1].max()
    foot, draw = 44.2 * MM, ImageDraw.Draw(sheet)
    for dot in range(4):
        left = float(end) + (1.2 + 1.9 * dot) * MM
        draw.rectangle((left, foot, left + 0.45 * MM, foot + 0.45 * MM), fill=(0, 0, 0))
    (line,) = lines_of(blocks_of(sheet))
    assert line.box.right > end + (1.2 + 1.9 * 3) * MM
