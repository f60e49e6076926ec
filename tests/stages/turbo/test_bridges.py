"""Letters that hang together with a seal or a signature stay in their line; a hand beside print stays out of it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from models.ports import Pixels
from stages.ocr.turbo.line_image import LineImage
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, holds, lines_of, segmented

_TITLE, _X_MM, _Y_MM = "PHÓ CHỦ TỊCH", 120.0, 150.0
_INK = (30, 30, 30)


def _page() -> tuple[Pixels, float]:
    """Prose with a title of a signature block under it, and where the title ends (mm)."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, [_TITLE], (_X_MM, _Y_MM), DPI)
    title = rendered.pixels(sheet)
    right_mm = float(np.flatnonzero((title < 128).any(axis=(0, 2)))[-1]) / MM
    return np.minimum(rendered.pixels(rendered.prose(8, DPI)), title), right_mm


def _pen(page: Pixels, points_mm: list[tuple[float, float]]) -> None:
    cv2.polylines(page, [np.round(np.array(points_mm) * MM).astype(np.int32)], isClosed=False, color=_INK, thickness=4)


def _title(page: Pixels) -> list[LineImage]:
    """Lines at the height of the title."""
    return [line for line in lines_of(segmented(page)) if line.box.top < (_Y_MM + 3) * MM < line.box.bottom]


def _shift(line: LineImage, plain: LineImage) -> float:
    return max(abs(line.box.left - plain.box.left), abs(line.box.right - plain.box.right)) / MM


@settings(max_examples=12, deadline=None)
@given(st.floats(2.0, 24.0), st.floats(8.0, 30.0))
@example(19.22, 8.1)
def test_a_pen_through_the_title_leaves_it_whole(at_mm: float, fall_mm: float) -> None:
    """Two strokes of a signature through letters of a short line, and it is one line from end to end."""
    page, _ = _page()
    [plain] = _title(page)
    for move in (0.0, 4.0):
        x = _X_MM + min(at_mm + move, 26.0)
        _pen(page, [(x, _Y_MM + 3.5), (x - 3, _Y_MM + 7), (x - 14, _Y_MM + 7 + fall_mm), (x + 2, _Y_MM + 12)])
    found = _title(page)
    assert len(found) == 1
    assert _shift(found[0], plain) < 1.0


def test_a_ring_through_words_does_not_break_the_line() -> None:
    """A seal copied in grey, with strokes over it, hides letters in the middle of a line of print."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Ủy ban nhân dân tỉnh được thực hiện theo hướng thuận lợi"], (30, 60), DPI)
    page = rendered.pixels(sheet)
    [plain] = lines_of(segmented(page))
    for radius_mm in (5.0, 7.0, 9.0):
        cv2.circle(page, (round(70 * MM), round(57 * MM)), round(radius_mm * MM), (60, 60, 60), 5, cv2.LINE_AA)
    found = [line for line in lines_of(segmented(page)) if holds(line, 35, 63) or holds(line, 90, 63)]
    assert len(found) == 1
    assert _shift(found[0], plain) < 1.0


@pytest.mark.parametrize("gap_mm", [0.8, 2.0, 5.0])
def test_a_signature_beside_print_is_no_part_of_it(gap_mm: float) -> None:
    """A hand that begins on the title's baseline and runs away from it does not make the line longer."""
    page, right_mm = _page()
    [plain] = _title(page)
    begin = right_mm + gap_mm
    loops = [(begin + 14 * t, _Y_MM + 3 - 9 * t + 4 * np.sin(21 * t)) for t in np.linspace(0, 1, 120)]
    _pen(page, [*loops, (begin - 20, _Y_MM + 40)])
    assert min(_shift(line, plain) for line in _title(page)) < 0.5


def test_two_columns_with_a_signature_between_stay_two() -> None:
    """Loops of a pen over the space between two columns do not make one line of them."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Nơi nhận: như trên"], (60, _Y_MM), DPI)
    rendered.write(sheet, [_TITLE], (_X_MM, _Y_MM), DPI)
    page = rendered.pixels(sheet)
    plain = lines_of(segmented(page))
    assert len(plain) == 2
    start, end = plain[0].box.right / MM + 1, plain[1].box.left / MM - 1
    t = np.linspace(0, 1, 200)
    _pen(page, list(zip(start + (end - start) * t, _Y_MM + 3 + 7 * np.sin(25 * t), strict=True)))
    assert len([line for line in lines_of(segmented(page)) if holds(line, 62, 153) or holds(line, 125, 153)]) == 2
