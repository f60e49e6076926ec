"""Leaders of dots and dotted rules are no print."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from PIL import ImageDraw

from stages.ink import components
from stages.ocr.turbo.dotted import dotted
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of, lines_of, segmented


def test_a_leader_is_not_in_the_line() -> None:
    """The line of a form ends with its label, whether or not the page leans a little."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Nơi cư trú: " + "." * 80] * 4, (30, 40), DPI)
    for full in (rendered.pixels(sheet), rendered.leaning(rendered.pixels(sheet), 0.4)):
        found = lines_of(segmented(full))
        assert len(found) == 4
        assert all(line.box.right < 65 * MM for line in found)


def test_an_ellipsis_stays() -> None:
    """Three dots belong to the text."""
    sheet = rendered.sheet(DPI)
    rendered.write(sheet, ["Giấy tờ tùy thân..."], (30, 40), DPI)
    plain = rendered.sheet(DPI)
    rendered.write(plain, ["Giấy tờ tùy thân"], (30, 40), DPI)
    (dots,), (none,) = lines_of(blocks_of(sheet)), lines_of(blocks_of(plain))
    assert dots.box.right > none.box.right + 1 * MM


@pytest.mark.parametrize("pitch_px", [9, 11])
def test_a_table_of_dots_is_read_by_cells(pitch_px: int) -> None:
    """Rules of dots make cells like any others."""
    sheet = rendered.sheet(DPI)
    pen = ImageDraw.Draw(sheet)
    for row in range(4):
        for at in range(int(25 * MM), int(175 * MM), pitch_px):
            pen.rectangle([at, (30 + 16 * row) * MM, at + 4, (30 + 16 * row) * MM + 3], fill="black")
    for column in range(4):
        for at in range(int(30 * MM), int(78 * MM), pitch_px):
            pen.rectangle([(25 + 50 * column) * MM, at, (25 + 50 * column) * MM + 3, at + 4], fill="black")
    for row in range(3):
        for column in range(3):
            rendered.write(sheet, ["Thời hạn", "giải quyết"], (28 + 50 * column, 31 + 16 * row), DPI, 12)
    blocks = blocks_of(sheet)
    assert [block.kind for block in blocks] == ["cell"] * 9
    assert [len(block.lines) for block in blocks] == [2] * 9


def test_letters_are_no_dots() -> None:
    """Print full of dots and accents has no row of them."""
    grey = np.asarray(rendered.grey(rendered.prose(20, DPI)), dtype=np.uint8)
    parts = components(cv2.threshold(grey, 128, 255, cv2.THRESH_BINARY_INV)[1])
    masks = [np.zeros(grey.shape, np.uint8) for _ in range(2)]
    assert not dotted(parts, DPI, *masks).any()
    assert not any(mask.any() for mask in masks)


def test_unsteady_marks_are_no_row() -> None:
    """The broken bars of letters stand on one level, but not evenly."""
    mask = np.zeros((100, 400), np.uint8)
    for left in (10, 32, 40, 62, 70, 92, 100, 122):
        mask[50:54, left : left + 5] = 255
    parts = components(mask)
    assert not dotted(parts, 300, np.zeros_like(mask), np.zeros_like(mask)).any()
