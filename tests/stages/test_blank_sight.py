"""The network that looks at what is doubtful on a side: its windows, its arithmetic, what it takes for dirt and for ink."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus.backs import Draw, HardSide, draw
from benchmarks.page_stages.blank import raster
from models.ports import Pixels
from models.settings import BlankSettings
from stages import blank_side, survey
from stages.blank import sight, windows
from stages.survey import Survey

DPI = 100.0
MM = DPI / 25.4


def dotted(x: int, y: int, radius_mm: float = 0.6, shape: tuple[int, int] = (1169, 827)) -> tuple[Survey, Pixels]:
    """A white sheet at 100 dpi with a black dot, and its pixels at 200 dpi."""
    sheet = np.full((shape[0] * 2, shape[1] * 2), 240, np.uint8)
    cv2.circle(sheet, (2 * x, 2 * y), round(radius_mm * 2 * MM), 30, -1, cv2.LINE_AA)
    small = np.asarray(cv2.resize(sheet, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return survey.of(np.asarray(cv2.merge([small] * 3), dtype=np.uint8), DPI), sheet


@settings(max_examples=40, deadline=None)
@given(x=st.integers(12, 815), y=st.integers(12, 1157))
def test_a_place_is_in_the_middle_of_its_windows(x: int, y: int) -> None:
    seen, full = dotted(x, y)
    found = windows.windows(seen, full, np.array([[x, y]], np.float32))
    half = windows.CELLS // 2
    for window in (found.near[0, 0], found.around[0, 1], found.far[0, 0]):
        middle = int(window[half - 1 : half + 1, half - 1 : half + 1].max())
        assert middle > 60
        assert middle >= 0.9 * int(window.max())
    for window, dpi in ((found.near[0, 0], windows.NEAR_DPI), (found.around[0, 1], windows.AROUND_DPI)):
        dark = np.argwhere(window > 60)
        assert np.abs(dark.mean(axis=0) - (windows.CELLS - 1) / 2).max() <= 1.0
        assert np.ptp(dark, axis=0).max() + 1 == pytest.approx(1.2 * dpi / 25.4, abs=2.5)


def test_windows_tell_where_the_picture_ends() -> None:
    seen, full = dotted(400, 600)
    found = windows.windows(seen, full, np.array([[0, 0], [400, 600], [826, 1168]], np.float32))
    inside = found.around[:, 3]
    assert inside[1].min() == 127
    assert (inside[0, :28, :28] == 0).all()
    assert (inside[0, 36:, 36:] == 127).all()
    assert (inside[2, 36:, 36:] == 0).all()
    assert (inside[2, :28, :28] == 127).all()


def test_no_place_no_window() -> None:
    seen, full = dotted(400, 600)
    found = windows.windows(seen, full, np.zeros((0, 2), np.float32))
    assert [part.shape for part in found] == [(0, 1, 64, 64), (0, 4, 64, 64), (0, 2, 64, 64)]
    assert sight.judged(found).shape == (0, 3)


def test_places_are_the_darkest_of_each_square() -> None:
    level = np.zeros((240, 240), np.uint8)
    doubtful = np.zeros_like(level)
    for x, y, dark, marked in ((30, 30, 90, True), (34, 34, 50, True), (150, 90, 70, True), (200, 200, 255, False)):
        level[y - 1 : y + 2, x - 1 : x + 2] = dark
        doubtful[y - 1 : y + 2, x - 1 : x + 2] = 255 if marked else 0
    found = windows.places(doubtful, level, 10.0)
    assert found.tolist() == [[30, 30], [150, 90]]
    assert windows.places(doubtful, level, 10.0, most=1).tolist() == [[30, 30]]
    assert windows.places(np.zeros_like(level), level, 10.0).shape == (0, 2)


def test_many_windows_are_judged_as_each_alone() -> None:
    seen, full = dotted(400, 600)
    at = np.array([[x, y] for x in (20, 200, 400, 700, 800) for y in (20, 300, 600, 1100)], np.float32)
    together = sight.judged(windows.windows(seen, full, at))
    assert together.shape == (20, 3)
    np.testing.assert_allclose(together.sum(axis=1), 1.0, atol=1e-5)
    for number in (0, 7, 19):
        alone = sight.judged(windows.windows(seen, full, at[number : number + 1]))
        np.testing.assert_allclose(alone[0], together[number], atol=1e-4)


def side_of(case: Draw) -> tuple[blank_side.InkMeasure, blank_side.InkMeasure]:
    """Before the network looked, and after."""
    side = raster(HardSide(case).back(), case.dpi)
    seen = side.once(survey.survey)
    return blank_side.marked(seen, side.full_grey), blank_side.measure(seen, side.full_grey)


@pytest.mark.parametrize(("seed", "number"), [(92, 43), (93, 111), (91, 339)])
def test_what_the_rules_overlook_is_seen(seed: int, number: int) -> None:
    """A pale seal on a fold, pale print: nothing is doubtful to the rules, and the side is not dropped all the same."""
    before, after = side_of(draw(seed, number))
    assert blank_side.judge(before, BlankSettings()) == "blank"
    assert blank_side.judge(after, BlankSettings()) == "unsure"
    assert after.doubts == ("sight",)


def test_dirt_is_told() -> None:
    """Of blank sides that the rules doubt, most need nobody's eye, nor their sheet's other side: those with no print behind."""
    cases = [draw(91, number) for number in range(0, 240, 2)]
    cases = [case for case in cases if not {"staple", "hair", "show_through"} & set(case.kinds)]
    doubted = [after for before, after in map(side_of, cases) if before.doubts]
    seen = [blank_side.judge(after, BlankSettings()) for after in doubted]
    assert len(seen) >= 5
    assert seen.count("blank") > len(seen) / 2
