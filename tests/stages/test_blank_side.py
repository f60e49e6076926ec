"""blank_side: what an empty page may show, and what is ink however little of it there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.facts import FactKey
from models.ports import Pixels
from models.settings import BlankSettings
from stages import blank_side, ink, survey
from stages.blank import brown
from stages.count import Counted
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
        seen.add(verdict(half, 150))
    return seen


def verdict(image: Pixels, dpi: float) -> str:
    """Of a picture at this resolution."""
    return blank_side.judge(blank_side.measure(survey.of(image, dpi), lambda: rendered.grey_of(image)), BlankSettings())


def at_150(page: Pixels) -> Pixels:
    """A page drawn at 300 dpi, scanned at 150."""
    return np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)


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


@pytest.mark.parametrize("grey", [110, 200, 255])
def test_a_streak_of_the_scanner_is_dirt(grey: int) -> None:
    """Dirt on the glass of a feeder draws a line from edge to edge that never leans."""
    page = paper(TINTS[1])
    cv2.line(page, (700, 0), (700, 3507), (grey, grey, grey), 3)
    assert verdicts(page) == {"blank"}


def test_a_line_that_strikes_the_page_out_is_never_dropped() -> None:
    """It ends on the paper, or leans: nobody drops it unseen."""
    page = paper(TINTS[0])
    cv2.line(page, (700, 300), (700, 3200), (110, 110, 110), 3)
    assert "blank" not in verdicts(page)
    page = paper(TINTS[0])
    cv2.line(page, (640, 0), (760, 3507), (110, 110, 110), 4)
    assert "blank" not in verdicts(page)
    page = paper(TINTS[0])
    cv2.line(page, (300, 3200), (2100, 300), (150, 60, 40), 4)
    assert verdicts(page) == {"ink"}


def test_a_black_picture_is_a_doubt() -> None:
    """The lid was open, or the lamp is dead: that is not a blank sheet."""
    assert verdicts(np.full((3508, 2480, 3), 12, np.uint8)) == {"unsure"}


@pytest.mark.parametrize("size", [(1, 1), (2, 900), (900, 3)])
def test_any_size_is_measured(size: tuple[int, int]) -> None:
    """No picture is too small to say something about."""
    assert verdict(np.full((*size, 3), 250, np.uint8), 300) == "blank"


def test_print_whose_dpi_is_wrong_is_not_dust() -> None:
    """A small picture taken for 300 dpi has letters of half a millimetre."""
    line = rendered.pixels(rendered.prose(12, 60))[80:500, 60:480]
    assert verdict(line, 300) != "blank"


def test_the_stage() -> None:
    """A page of text is ink; the share is what the fact says."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose()))
    known = Decoded(width_px=1240, height_px=1754, dpi=150, channels=3, colour=True)
    fact = blank_side.run(page.inputs(known), desk.ports(page.blobs))
    assert fact.verdict == "ink"
    assert 0.01 < fact.ink < 0.3


@pytest.mark.parametrize("duplex", [True, False])
def test_a_small_picture_of_the_marks_is_kept_where_backs_were_scanned(duplex: bool) -> None:
    """A few kilobytes that the fact refers to; without backs nobody needs it."""
    page = rendered.PageDesk(rendered.pixels(rendered.prose()))
    known = Decoded(width_px=1240, height_px=1754, dpi=150, channels=3, colour=True)
    counted = Counted(pages=2, notes=0, duplex=duplex, declared=True)
    inputs = page.inputs(known)
    inputs = replace(inputs, facts=dict(inputs.facts) | {FactKey("Counted"): counted})
    fact = blank_side.run(inputs, desk.ports(page.blobs))
    assert fact.blobs() == ((fact.marks,) if duplex else ())
    if fact.marks is not None:
        assert len(page.blobs.get(fact.marks)) < 40_000


def legs(page: Pixels) -> None:
    """Two legs in line in a corner."""
    cv2.line(page, (120, 140), (165, 130), (90, 90, 95), 6)
    cv2.line(page, (215, 119), (260, 109), (90, 90, 95), 6)


def pricks(page: Pixels) -> None:
    """Of a staple that was drawn out, with rust around them."""
    for at in ((300, 260), (440, 250)):
        cv2.circle(page, at, 16, (150, 190, 215), -1)
        cv2.circle(page, at, 4, (60, 80, 90), -1)


def folds(page: Pixels) -> None:
    """Dark and light flanks across the whole sheet."""
    for y in (1170, 2340):
        page[y : y + 5] = (page[y : y + 5] * 0.86).astype(np.uint8)
        page[y + 5 : y + 10] = np.minimum(page[y + 5 : y + 10].astype(np.uint16) * 1.08, 255).astype(np.uint8)


@pytest.mark.parametrize("tint", TINTS)
@pytest.mark.parametrize("mark", [pricks, folds])
def test_what_binding_and_pockets_leave_is_blank(mark: Callable[[Pixels], None], tint: tuple[int, int, int]) -> None:
    page = paper(tint)
    mark(page)
    assert verdicts(page) == {"blank"}


@pytest.mark.parametrize("tint", TINTS)
def test_the_legs_of_a_staple_are_a_doubt(tint: tuple[int, int, int]) -> None:
    """Two dashes in black ink look alike: the other side has to say."""
    page = paper(tint)
    legs(page)
    assert "blank" not in verdicts(page)
    found = blank_side.marked(survey.of(at_150(page), 150))
    assert (found.doubts, [wire.legs for wire in found.wires]) == (("staple",), [True])


@pytest.mark.parametrize("tone", [(30, 30, 30), (70, 68, 66), (168, 72, 28)])
@pytest.mark.parametrize("at", [(2100, 300), (150, 1700), (400, 150)])
@pytest.mark.parametrize("thick", [5, 7])
def test_dashes_as_far_apart_as_legs_are_no_staple(tone: tuple[int, int, int], at: tuple[int, int], thick: int) -> None:
    """12 mm from end to end, upright or lying, near each edge."""
    for along, over in ((1, 0), (0, 1), (0.7, 0.7)):
        page = paper(TINTS[0])
        for start, end in ((0, 50), (92, 142)):
            ends = [(round(at[0] + far * along), round(at[1] + far * over)) for far in (start, end)]
            cv2.line(page, ends[0], ends[1], tone, thick, cv2.LINE_AA)
        assert verdict(at_150(page), 150) != "blank"


@pytest.mark.parametrize("text", ["18", "- 18 -", "36", "10", "8"])
@pytest.mark.parametrize("down_mm", [9, 284])
def test_digits_that_touch_are_no_hole(text: str, down_mm: float) -> None:
    """Two digits in 10 to 14 points are as large and as round as a punch's hole, at few dots an inch."""
    for pt in (10, 12, 14):
        words = rendered.sheet(300, TINTS[0])
        rendered.write(words, [text], (190, down_mm), 300, pt=pt)
        page = rendered.pixels(words)
        for share in (0.25, 1 / 3):
            small = np.asarray(cv2.resize(page, None, fx=share, fy=share, interpolation=cv2.INTER_AREA), dtype=np.uint8)
            assert verdict(small, 300 * share) != "blank"


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_a_stroke_at_a_folded_corner_is_no_part_of_it(flip: tuple[int, int]) -> None:
    """The corner is the scanner's bed; a line of 12 mm that begins there is not."""
    page = paper(TINTS[0])
    cv2.fillPoly(page, [np.array([[0, 0], [230, 0], [0, 200]], np.int32)], (150, 150, 150))
    flipped = np.ascontiguousarray(page[:: flip[0], :: flip[1]])
    assert verdict(at_150(flipped), 150) == "blank"
    cv2.line(page, (90, 110), (180, 225), (60, 60, 60), 5, cv2.LINE_AA)
    flipped = np.ascontiguousarray(page[:: flip[0], :: flip[1]])
    assert verdict(at_150(flipped), 150) != "blank"


@pytest.mark.parametrize("at", [(300, 280), (2200, 280), (300, 3300)])
def test_a_sheet_number_in_a_corner_is_no_staple(at: tuple[int, int]) -> None:
    """The digit 1 by pencil, 7 mm: a bar, where staples are."""
    page = paper(TINTS[0])
    cv2.line(page, at, (at[0] + 8, at[1] + 83), (110, 110, 112), 5)
    assert verdicts(page) <= {"ink", "unsure"}


def test_a_page_number_beside_a_speck_is_no_rust() -> None:
    """12 mm from a round speck, as far as the holes of a staple lie apart."""
    page = paper(TINTS[0])
    rendered_page = rendered.sheet(300)
    rendered.write(rendered_page, ["8"], (18, 12), 300)
    page = np.minimum(page, rendered.pixels(rendered_page))
    cv2.circle(page, (round(31 * 300 / 25.4), round(15 * 300 / 25.4)), 9, (60, 60, 60), -1)
    assert "blank" not in verdicts(page)


@given(
    st.sampled_from([0.5, 0.62, 0.75]),
    st.integers(200, 2100),
    st.integers(200, 3200),
    st.sampled_from([(250, 248, 245), (205, 225, 235), (235, 215, 195)]),
)
@settings(max_examples=15, deadline=None)
def test_a_word_is_never_lost(share: float, x: int, y: int, tint: tuple[int, int, int]) -> None:
    """Wherever it stands and on whatever paper: a pale word is not blank."""
    page = paper(tint)
    words = rendered.sheet(300)
    rendered.write(words, ["Lưu"], (x * 25.4 / 300, y * 25.4 / 300), 300)
    ink = 255 - rendered.grey(words)
    page = (page * (1 - (1 - share) * ink[:, :, None] / 255.0)).astype(np.uint8)
    half = np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert verdict(half, 150) != "blank"


@pytest.mark.parametrize("bars", [4, 7, 30])
def test_a_bar_code_at_the_margin_is_no_row_of_staples(bars: int) -> None:
    """Bars of 12 mm at the head of the page, as long and as near to the edge as staples."""
    page = paper(TINTS[0])
    rng = np.random.default_rng(3)
    left = 1000
    for _ in range(bars):
        wide = int(rng.integers(4, 12))
        page[150:292, left : left + wide] = 60
        left += wide + int(rng.integers(8, 20))
    assert "blank" not in verdicts(page)


def ring(page: Pixels, tone: tuple[float, float, float]) -> None:
    """A ring of 32 mm, 1.5 mm broad; ``tone``: what is missing of blue, green and red."""
    shape = np.zeros(page.shape[:2], np.uint8)
    cv2.circle(shape, (1200, 1700), 190, 255, 18, cv2.LINE_AA)
    page[:] = (page * (1 - shape[:, :, None] / 255.0 * np.array(tone))).astype(np.uint8)


@pytest.mark.parametrize("tint", [(225, 238, 243), (238, 212, 196)])
def test_a_ring_that_damp_left_is_told_by_its_colour(tint: tuple[int, int, int]) -> None:
    """Brown, it is a stain; red or grey, it may be a pale seal's and is not dropped."""
    for tone, seen in (((0.11, 0.08, 0.05), True), ((0.11, 0.11, 0.02), False), ((0.1, 0.1, 0.1), False)):
        page = paper(tint)
        ring(page, tone)
        half = np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
        assert (verdict(half, 150) == "blank") is seen


@pytest.mark.parametrize("least", [0.3, 0.6])
def test_dust_on_a_pale_number_does_not_hide_it(least: float) -> None:
    """What is left when the speck is gone is judged by itself."""
    page = paper(TINTS[0])
    words = rendered.sheet(300)
    rendered.write(words, ["27"], (100, 280), 300)
    ink = 255 - rendered.grey(words)
    y, x = (int(v) for v in np.argwhere(ink > 200)[len(np.argwhere(ink > 200)) // 3])
    page = (page * (1 - least * ink[:, :, None] / 255.0)).astype(np.uint8)
    cv2.circle(page, (x, y), 5, (20, 20, 20), -1)
    half = np.asarray(cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    assert verdict(half, 150) != "blank"


@pytest.mark.parametrize("share", [0.06, 0.12, 0.3])
def test_a_streak_takes_nothing_from_what_it_crosses(share: float) -> None:
    """Of any darkness it is dirt; a number under it stays."""
    page = paper(TINTS[0])
    words = rendered.sheet(300)
    rendered.write(words, ["27"], (100, 280), 300)
    streaked = page.copy()
    streaked[:, 1195:1199] = (streaked[:, 1195:1199] * (1 - share)).astype(np.uint8)
    assert verdicts(streaked) == {"blank"}
    assert "blank" not in verdicts(np.minimum(streaked, rendered.pixels(words)))


@pytest.mark.parametrize("flip", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
def test_the_crease_of_a_folded_corner_is_no_ink(flip: tuple[int, int]) -> None:
    """A line that cuts a corner off; one like it elsewhere is not dropped."""
    page = paper(TINTS[0])
    cv2.line(page, (0, 230), (180, 0), (195, 194, 192), 6, cv2.LINE_AA)
    assert verdict(at_150(np.ascontiguousarray(page[:: flip[0], :: flip[1]])), 150) == "blank"
    page = paper(TINTS[0])
    cv2.line(page, (700, 930), (880, 700), (195, 194, 192), 6, cv2.LINE_AA)
    assert verdict(at_150(page), 150) != "blank"


@pytest.mark.parametrize(
    ("width", "dark", "seen"), [(1, 90, "blank"), (3, 170, "unsure"), (4, 150, "unsure"), (4, 90, "ink")]
)
def test_a_hair_is_told_from_a_pencil_at_full_resolution(width: int, dark: int, seen: str) -> None:
    """A curve of 8 mm, 0.08 mm broad or 0.34 mm: the small picture shows both alike."""
    page = paper((248, 248, 248))
    turn = np.linspace(0, 2.2, 30)
    curve = np.stack([1200 + 45 * np.cos(turn), 1500 + 45 * np.sin(turn)], axis=1)
    cv2.polylines(page, [np.round(curve * 16).astype(np.int32)], False, (dark,) * 3, width, cv2.LINE_AA, 4)
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    small = survey.of(at_150(page), 150)
    judged = blank_side.judge(blank_side.measure(small, lambda: grey), BlankSettings())
    assert judged == seen if seen == "blank" else judged != "blank"


@pytest.mark.parametrize(("core", "is_rust"), [((93, 137, 174), True), ((61, 101, 123), False)])
def test_a_black_stroke_on_brown_paper_is_no_rust(core: tuple[int, int, int], is_rust: bool) -> None:
    """Only its rim is brown."""
    page = np.full((400, 300, 3), (196, 246, 255), np.uint8)
    paper = page.copy()
    page[40:52, 250:256] = (150, 195, 220)
    page[41:51, 251:255] = core
    marks = ink.components((page[:, :, 0] < 160).view(np.uint8))
    assert brown.rust(marks, page, paper, 100.0).any() == is_rust
