"""glass and lying: sheets on a scanner's glass, and the truth about how they lie."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.corpus import glass
from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import A4, Page, PaperSize
from benchmarks.corpus.scan import put
from benchmarks.page_stages.lying import lying, turned
from benchmarks.page_stages.posing import Found, seen


def page(size: PaperSize = A4) -> Page:
    return Page(size, 60, Fonts("liberation"), np.random.default_rng(4))


def test_a_lid_is_dark_all_around_the_sheet() -> None:
    """Nothing of the sheet is covered, and nothing beside it is left white."""
    bed = PaperSize(222.0, 309.0)
    found = glass.under_lid(page(), bed, 30)
    light = np.full(np.asarray(found.image).shape, 238, np.uint8)
    for mark in found.marks:
        put(light, mark)
    sheet = light > 128
    assert sheet.sum() == pytest.approx(page().image.width * page().image.height, rel=0.01)
    assert not sheet[0].any()
    assert not sheet[:, 0].any()
    assert not sheet[-1].any()
    assert not sheet[:, -1].any()


def test_a_folded_sheet_holds_both_pages() -> None:
    left, right = page(), page()
    left.text(30, 40, "bên trái", "regular", 20)
    right.text(30, 40, "bên phải", "regular", 20)
    found = np.asarray(glass.folded_a3(left, right).image)
    width = left.image.width
    assert np.array_equal(found[:, :width], np.asarray(left.image))
    assert np.array_equal(found[: right.image.height, width : width + right.image.width], np.asarray(right.image))


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_truth_is_what_the_stage_finds(turn: int) -> None:
    """Angle and turn mean the same to the generator and to deskew."""
    sheet = lying("capitals", 3, (150,))
    again = lying("capitals", 3, (150,))
    assert np.array_equal(sheet.scan.pixels, again.scan.pixels)
    found = Found(sheet, turn, seen(turned(sheet.scan, turn)))
    assert found.turned_right
    assert found.error_deg == pytest.approx(0, abs=0.1)
