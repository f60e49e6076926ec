"""Boxes for one character each: their walls are not read, and no table is made of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageDraw

from stages.ocr.turbo.combs import find_combs
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, blocks_of


@pytest.mark.parametrize("high_mm", [5.0, 6.4, 9.0])
def test_a_number_in_boxes_is_one_line_without_walls(high_mm: float) -> None:
    """However high the boxes are, the digits are one line of print, and no ink of the walls is in it."""
    sheet = rendered.sheet(DPI)
    pen = ImageDraw.Draw(sheet)
    for at, digit in enumerate("003068305926"):
        left = (60 + 6 * at) * MM
        pen.rectangle([left, (60 - high_mm / 2) * MM, left + 6 * MM, (60 + high_mm / 2) * MM], outline="black", width=3)
        rendered.write(sheet, [digit], (62 + 6 * at, 57.3), DPI, 12)
    rendered.write(sheet, ["Mã số thuế:"], (30, 57.3), DPI, 12)
    blocks = blocks_of(sheet)
    assert all(block.kind == "text" for block in blocks)
    lines = [line for block in blocks for line in block.lines if line.box.left > 58 * MM]
    assert 1 <= len(lines) <= 3
    full = max((line.pixels < 128).mean(axis=0).max() for line in lines)
    assert full < 0.7


def test_walls_of_a_table_are_left_to_it() -> None:
    """Narrow columns of two rows go on beyond the rule between them; so few boxes are a small table."""
    ink = np.zeros((600, 900), np.uint8)
    across, down = np.zeros_like(ink), np.zeros_like(ink)
    for y in (100, 138, 176):
        across[y : y + 2, 100:460] = 255
    down[100:178, 100:462:36] = 255
    assert find_combs(across | down, across, down.copy(), 150) is None
    one_row = down.copy()
    one_row[138:] = 0
    across[176:178] = 0
    lower = across.copy()
    assert find_combs(lower | one_row, lower, one_row, 150) is not None
    assert not one_row.any()
    assert not lower.any()
    across[:, 210:], few = 0, down.copy()
    few[:, 210:], few[138:] = 0, 0
    assert find_combs(across | few, across, few, 150) is None
