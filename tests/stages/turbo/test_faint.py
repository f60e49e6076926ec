"""Print that fades within its lines is found and read; what shines through the paper, as pale as that, is not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.ports import Pixels
from stages.ocr.turbo.faint import faint_print, strengthened
from stages.ocr.turbo.lines import Lines, find_lines
from stages.ocr.turbo.marks import Marks, Mask, find_marks
from stages.ocr.turbo.prepare import CleanPage, prepare
from tests.stages import rendered
from tests.stages.turbo.pages import DPI, MM, grey, halved, lines_of, segmented

_ROWS = 12
_FADED = 0.25
"""Share of its blackness that faded print keeps."""


def _faded(page: Pixels, columns: tuple[float, float], share: float = _FADED) -> Pixels:
    """The page with paler print between two columns (mm)."""
    found = page.astype(np.float32)
    here = slice(*(round(side * MM) for side in columns))
    found[:, here] = 255 - (255 - found[:, here]) * share
    return found.round().astype(np.uint8)


def _shining_through(page: Pixels, share: float = _FADED) -> Pixels:
    """The page with print of its back, dimmed and spread by the paper."""
    back = cv2.GaussianBlur(page[:, ::-1], (0, 0), 4.0).astype(np.float32)
    back = np.roll(back, round(2.2 * MM), axis=0)  # between the lines, as it happens
    return np.asarray(np.minimum(page, 255 - (255 - back) * share).round(), dtype=np.uint8)


def _found(page: Pixels) -> tuple[CleanPage, Marks, Lines]:
    clean = prepare(halved(page), DPI, lambda: grey(page))
    marks = find_marks(clean.grey, clean.dpi, clean.pen)
    return clean, marks, find_lines(marks, np.zeros(len(marks.parts.area), np.int64), None)


def _faint(clean: CleanPage, marks: Marks, lines: Lines) -> Mask | None:
    return faint_print(clean.grey, clean.dpi, marks, lines)


@pytest.mark.parametrize("columns", [(28.0, 60.0), (70.0, 95.0), (110.0, 175.0)])
@pytest.mark.parametrize("dpi", [200, DPI])
def test_lines_go_on_where_the_toner_fades(columns: tuple[float, float], dpi: int) -> None:
    whole = rendered.pixels(rendered.prose(_ROWS, DPI))
    size = tuple(round(side * dpi / DPI) for side in whole.shape[1::-1])
    clear, pale = (
        lines_of(segmented(np.asarray(cv2.resize(page, size, interpolation=cv2.INTER_AREA), np.uint8), dpi))
        for page in (whole, _faded(whole, columns))
    )
    assert len(pale) == len(clear) == _ROWS
    for before, after in zip(clear, pale, strict=True):
        assert abs(before.box.left - after.box.left) < MM
        assert abs(before.box.right - after.box.right) < MM


def test_what_shines_through_is_no_faint_print() -> None:
    page = _shining_through(rendered.pixels(rendered.prose(_ROWS, DPI)))
    assert _faint(*_found(page)) is None
    assert len(lines_of(segmented(page))) == _ROWS


def test_pale_print_is_shown_as_dark_as_the_rest() -> None:
    whole = rendered.pixels(rendered.prose(_ROWS, DPI))
    page = _faded(whole, (70.0, 95.0))
    clean, marks, lines = _found(page)
    faint = _faint(clean, marks, lines)
    assert faint is not None
    half = slice(round(75 * MM / 2), round(90 * MM / 2))
    before, after = (shown.grey[:, half].min() for shown in (clean, strengthened(clean, faint)))
    assert before > 180
    assert after < 140


def test_even_print_is_not_looked_at_twice() -> None:
    page = rendered.pixels(rendered.prose(_ROWS, DPI))
    assert _faint(*_found(page)) is None
