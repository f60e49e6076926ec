"""blank_side: what an empty page may show, and what is ink however little of it there is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from models.ports import Pixels
from models.settings import BlankSettings
from stages import blank_side
from stages.decode import Decoded
from tests.stages import desk, rendered

TINTS = [(250, 248, 245), (250, 215, 200), (190, 235, 190)]


def paper(tint: tuple[int, int, int]) -> Pixels:
    return rendered.pixels(rendered.sheet(300, tint))


def verdicts(image: Pixels) -> set[str]:
    """Of a page scanned at 300 dpi: as it is, and worn."""
    seen: set[str] = set()
    for scan in (image, rendered.damaged(image, 2)):
        half = np.asarray(cv2.resize(scan, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        seen.add(blank_side.judge(blank_side.measure(half, 150), BlankSettings()))
    return seen


def empty(_: Pixels) -> None:
    """Nothing at all."""


def number(page: Pixels) -> None:
    cv2.putText(page, "1", (1240, 200), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 30, 30), 4)


def pencil(page: Pixels) -> None:
    cv2.line(page, (800, 900), (1300, 1000), (120, 120, 120), 5)


def stamp(page: Pixels) -> None:
    cv2.circle(page, (1500, 2500), 200, (90, 90, 225), 10)


def signature(page: Pixels) -> None:
    points = np.array([[800, 2000], [900, 1900], [1000, 2100], [1100, 1850], [1250, 2050]])
    cv2.polylines(page, [points.astype(np.int32)], False, (150, 60, 40), 6)


def dirt(page: Pixels) -> None:
    """Two punch holes, dark edges, a wedge beside the skewed sheet, a folded corner, dust."""
    for y in (1300, 2250):
        cv2.circle(page, (140, y), 34, (35, 35, 35), -1)
    page[:, :14] = 45
    page[-20:] = 60
    cv2.fillPoly(page, [np.array([[0, 0], [2480, 0], [2480, 90]], np.int32)], (35, 35, 35))
    cv2.fillPoly(page, [np.array([[2480, 3508], [2250, 3508], [2480, 3250]], np.int32)], (90, 90, 90))
    for x, y in np.random.default_rng(4).integers(150, 2300, (25, 2)):
        cv2.circle(page, (int(x), int(y)), 2, (60, 60, 60), -1)


def show_through(page: Pixels) -> None:
    """Print of the other side, mirrored, blurred and pale."""
    back = rendered.grey(rendered.prose(30, 300))[:, ::-1]
    pale = cv2.GaussianBlur(np.ascontiguousarray(back), (0, 0), 4).astype(np.float64) / 255
    page[:] = (page * (1 - 0.15 * (1 - pale[:, :, None]))).astype(np.uint8)


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("mark", [number, pencil, stamp, signature])
def test_ink(mark: Callable[[Pixels], None], tint: tuple[int, int, int]) -> None:
    """A page number alone, a pencil line, a stamp, a signature: the side is kept."""
    page = paper(tint)
    mark(page)
    assert verdicts(page) == {"ink"}


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("mark", [empty, dirt])
def test_blank(mark: Callable[[Pixels], None], tint: tuple[int, int, int]) -> None:
    """Paper of any tint, with what scanners and punches leave on it."""
    page = paper(tint)
    mark(page)
    assert verdicts(page) == {"blank"}


def test_show_through_is_not_ink() -> None:
    """The other side's print is not on this side; on a worn scan it may be a doubt."""
    page = paper(TINTS[0])
    show_through(page)
    assert verdicts(page) <= {"blank", "unsure"}


def test_show_through_does_not_hide_ink() -> None:
    """A page number on a thin sheet counts all the same."""
    page = paper(TINTS[0])
    show_through(page)
    number(page)
    assert verdicts(page) == {"ink"}


def test_a_streak_of_the_scanner_is_a_doubt() -> None:
    """It may be dirt on the glass or a line that strikes the page out: nobody drops it unseen."""
    page = paper(TINTS[0])
    cv2.line(page, (700, 0), (700, 3507), (110, 110, 110), 3)
    assert verdicts(page) == {"unsure"}


def test_a_black_picture_is_a_doubt() -> None:
    """The lid was open, or the lamp is dead: that is not a blank sheet."""
    assert verdicts(np.full((3508, 2480, 3), 12, np.uint8)) == {"unsure"}


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 3)])
def test_any_size_is_measured(size: tuple[int, int]) -> None:
    """No picture is too small to say something about."""
    found = blank_side.measure(np.full((*size, 3), 250, np.uint8), 300)
    assert blank_side.judge(found, BlankSettings()) == "blank"


def test_print_whose_dpi_is_wrong_is_not_dust() -> None:
    """A small picture taken for 300 dpi has letters of half a millimetre."""
    line = rendered.pixels(rendered.prose(12, 60))[80:500, 60:480]
    assert blank_side.judge(blank_side.measure(line, 300), BlankSettings()) != "blank"


def test_the_stage() -> None:
    """A page of text is ink; the share is what the fact says."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose()))
    known = Decoded(width_px=1240, height_px=1754, dpi=150, channels=3, colour=True)
    fact = blank_side.run(page.inputs(known), desk.ports(page.blobs))
    assert fact.verdict == "ink"
    assert 0.01 < fact.ink < 0.3
