"""blank_side: single strokes of a pen that look like what binding, folding and the scanner leave."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.stages.test_blank_side import TINTS, at_150, paper, verdict


@pytest.mark.parametrize("pen", [(168, 72, 28), (120, 116, 114)])
@pytest.mark.parametrize("end", [(2250, 1090), (2180, 1120)])
def test_a_lone_line_near_an_edge_is_no_staple(pen: tuple[int, int, int], end: tuple[int, int]) -> None:
    """As long as a staple's crown, but a pen leaves less ink than wire and its shadow."""
    page = paper(TINTS[0])
    cv2.line(page, (2180, 1000), end, pen, 4, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"


@pytest.mark.parametrize("pen", [(168, 72, 28), (40, 40, 40)])
@pytest.mark.parametrize("end", [(350, 95), (240, 110), (300, 80)])
def test_a_stroke_that_runs_off_the_page_is_no_dark_edge(pen: tuple[int, int, int], end: tuple[int, int]) -> None:
    """Nearly all of it lies within 8 mm of the edge, as the scanner's shadow does; but it is thin, and goes inwards."""
    page = paper(TINTS[0])
    cv2.line(page, (260, 0), end, pen, 5, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"


@pytest.mark.parametrize("tone", [30, 60, 110])
@pytest.mark.parametrize("long", [118, 153])
def test_a_line_in_black_ink_may_be_a_crown(tone: int, long: int) -> None:
    """10 and 13 mm, as thick as wire: nobody can tell them apart, so the side is not dropped."""
    page = paper(TINTS[0])
    cv2.line(page, (300, 280), (300 + round(0.3 * long), 280 + round(0.95 * long)), (tone,) * 3, 5, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"


@pytest.mark.parametrize("x", [400, 1240, 2000])
def test_an_upright_stroke_in_pencil_is_no_fold(x: int) -> None:
    """10 mm long and pale: an edge of tape is paler, a fold is longer."""
    page = paper(TINTS[0])
    cv2.line(page, (x, 900), (x + 4, 1020), (165, 163, 162), 5, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"


def test_a_stroke_that_falls_into_pieces_is_no_dust() -> None:
    """A tick of 7 mm, dark in two places no larger than specks."""
    page = paper(TINTS[0])
    points = np.array([[1200, 1540], [1215, 1500], [1240, 1530], [1262, 1490], [1284, 1525]], np.int32)
    cv2.polylines(page, [points], False, (185, 184, 183), 5, cv2.LINE_AA)
    for at in ((1206, 1524), (1240, 1528)):
        cv2.circle(page, at, 4, (110, 110, 110), -1, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"
