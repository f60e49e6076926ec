"""The checks of scan quality, each on a page that has the defect and on pages that only look so."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from models.ports import Pixels
from models.quality import SEVERITIES
from models.settings import QualitySettings
from stages import blank_side, decode, deskew, paper, quality
from stages.containers import jpeg
from stages.scan_quality import coding, corners, edges, leaning, papers, scale, sharpness, tone
from stages.scan_quality.known import Known
from stages.scan_quality.levels import percentile
from tests.stages import desk, rendered

DPI = 200
SKIN = (110, 140, 196)


def known(image: Pixels, dpi: int = DPI, data: bytes | None = None) -> Known:
    """What the checks know of a picture."""
    page = rendered.PageDesk(image, dpi=dpi, data=data)
    at = desk.ports(page.blobs)
    decoded = decode.run(page.inputs(), at).model_copy(update={"colour": True})
    posed = deskew.run(page.inputs(decoded), at)
    blank = blank_side.run(page.inputs(decoded), at)
    return Known(page.side, decoded, posed, blank, page.raster, QualitySettings())


def prose() -> Pixels:
    """A page of text, a little worn: paper is not pure white, and the optics are not perfect."""
    image = rendered.pixels(rendered.prose(35, dpi=DPI)).astype(np.int16) - 8
    grain = np.random.default_rng(1).normal(0, 2, image.shape[:2])[:, :, None]
    return np.clip(image + grain, 0, 255).astype(np.uint8)


def codes(of: Known) -> set[str]:
    """All that is said of it."""
    return {seen.code for check in quality.CHECKS for seen in check(of)}


def mm(value: float) -> int:
    return round(value * DPI / 25.4)


def moved(image: Pixels, right_mm: float, down_mm: float) -> Pixels:
    """The sheet lay off the glass."""
    matrix = np.array([[1, 0, mm(right_mm)], [0, 1, mm(down_mm)]], np.float64)
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpAffine(image, matrix, size, borderValue=(247, 247, 247)), dtype=np.uint8)


def folded(image: Pixels, corner: int, lid: int) -> Pixels:
    """A corner (clockwise from the top left) folded over by 30 × 25 mm."""
    turned = np.ascontiguousarray(np.rot90(image, corner))
    a, b = mm(30), mm(25)
    tip = 2 * a * b / (a * a + b * b)
    over = np.array([[a, 0], [tip * b, tip * a], [0, b]]).astype(np.int32)
    cv2.fillPoly(turned, [over], (244, 244, 244))
    shade = np.zeros(turned.shape[:2], np.uint8)
    cv2.polylines(shade, [over], True, 60, mm(0.7))
    shade = cv2.GaussianBlur(shade, (0, 0), mm(0.4)).astype(np.uint8)
    cv2.fillPoly(turned, [np.array([[0, 0], [a, 0], [0, b]])], (lid, lid, lid))
    return np.ascontiguousarray(np.rot90(cv2.subtract(turned, cv2.merge([shade] * 3)), -corner)).astype(np.uint8)


def finger(image: Pixels, side: int, deep_mm: float = 22) -> Pixels:
    """A finger that reaches in from a side (clockwise from the top)."""
    turned = np.ascontiguousarray(np.rot90(image, side)).astype(np.float32)
    mask = np.zeros(turned.shape[:2], np.uint8)
    at = turned.shape[1] // 3
    cv2.line(mask, (at, -mm(10)), (at + mm(3), mm(deep_mm - 8)), 255, mm(16))
    soft = cv2.GaussianBlur(mask, (0, 0), mm(0.6))[:, :, None] / 255.0
    across = np.abs(np.arange(turned.shape[1]) - at)[None, :, None] / mm(9)
    skin = np.array(SKIN) * (1 - 0.35 * np.clip(across, 0, 1) ** 2)
    return np.ascontiguousarray(np.rot90((turned * (1 - soft) + skin * soft).astype(np.uint8), -side))


def test_a_good_page_has_nothing() -> None:
    """Text, and a page of a table."""
    assert codes(known(prose())) == set()
    assert codes(known(rendered.pixels(rendered.table(DPI)))) == set()


@pytest.mark.parametrize(
    ("right", "down", "where"), [(-35, 0, "mép trái"), (80, 0, "mép phải"), (0, -27.6, "mép trên")]
)
def test_text_that_runs_off_an_edge(right: float, down: float, where: str) -> None:
    """The edge is named. Blown bottom lines, as half lines, are the same turned by 180°."""
    (seen,) = edges.cut_off(known(moved(prose(), right, down)))
    assert seen == ("cut_off", where)


def test_rules_bars_and_dark_rims_are_not_cut_text() -> None:
    """A table to the edges, a letterhead's bar, the dark bed beside a skewed sheet."""
    image = Image.fromarray(prose()[:, :, ::-1])
    draw = ImageDraw.Draw(image)
    for y in range(0, image.height, mm(9)):
        draw.line((0, y, image.width, y + 12), fill="black", width=3)
    draw.rectangle((0, 0, image.width, mm(15)), fill=(20, 40, 110))
    draw.polygon([(0, image.height), (mm(4), image.height), (0, 0)], fill=(90, 90, 90))
    assert edges.cut_off(known(rendered.pixels(image))) == ()


def test_a_seal_across_the_edge_is_not_cut_text() -> None:
    """dấu giáp lai: red letters that are cut are meant to be."""
    image = Image.fromarray(prose()[:, :, ::-1])
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(rendered.FONT, mm(4))
    for row in range(12):
        draw.text((image.width - mm(2), mm(80 + row * 5)), "ỦY BAN", fill=(200, 40, 50), font=font)
    assert edges.cut_off(known(rendered.pixels(image))) == ()


@pytest.mark.parametrize("corner", range(4))
@pytest.mark.parametrize("lid", [40, 247])
def test_folded_corners(corner: int, lid: int) -> None:
    """Dark behind, or as white as the paper: then only the fold's shadow tells."""
    names = ("góc trên bên trái", "góc trên bên phải", "góc dưới bên phải", "góc dưới bên trái")
    (seen,) = corners.folded_corner(known(folded(prose(), corner, lid)))
    assert seen == ("folded_corner", names[corner])


def test_dark_corners_that_are_no_folds() -> None:
    """A rectangle of ink, the wedges of a skewed sheet on a dark bed, a wide dark rim."""
    boxed, wedged, rimmed = prose(), prose(), prose()
    boxed[: mm(25), : mm(30)] = 40
    turn = cv2.getRotationMatrix2D((mm(105), mm(148)), 3, 1.0)
    size = (wedged.shape[1], wedged.shape[0])
    wedged = np.asarray(cv2.warpAffine(wedged, turn, size, borderValue=(60, 60, 60)), dtype=np.uint8)
    rimmed[:, : mm(8)] = 70
    rimmed[: mm(5)] = 70
    for image in (boxed, wedged, rimmed):
        assert corners.folded_corner(known(image)) == ()


@pytest.mark.parametrize("side", range(4))
def test_fingers(side: int) -> None:
    """At each edge, by its name."""
    names = ("mép trên", "mép phải", "mép dưới", "mép trái")
    assert edges.fingers(known(finger(prose(), side))) == (("fingers", names[side]),)


def test_warm_paper_seals_and_notes_are_no_fingers() -> None:
    """A pink sheet, kraft, a red bar, a yellow note at the edge."""
    pink = (prose() * np.array([0.87, 0.8, 0.98])).astype(np.uint8)
    kraft = (prose() * np.array([0.58, 0.7, 0.8])).astype(np.uint8)
    noted, barred = prose(), prose()
    noted[mm(60) : mm(110), : mm(76)] = (120, 236, 250)
    barred[: mm(20)] = (60, 50, 190)
    for image in (pink, kraft, noted, barred):
        assert edges.fingers(known(image)) == ()


@settings(deadline=None, max_examples=12)
@given(st.floats(0.6, 0.97))
def test_a_frame_around_a_shrunk_sheet_tells_the_scale(share: float) -> None:
    """Found to 1.5 %, unless the sheet has become a known paper."""
    page = cv2.convertScaleAbs(rendered.pixels(rendered.prose(6, dpi=100)), alpha=0.95)
    high, wide = page.shape[:2]
    size = (round(wide * share), round(high * share))
    whole = np.full((high, wide, 3), 255, np.uint8)
    top, left = (high - size[1]) // 2, (wide - size[0]) // 2
    whole[top : top + size[1], left : left + size[0]] = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
    found = scale.fitted_share(known(whole, 100))
    near = {paper.paper_name(210 * share * off, 297 * share * off) for off in (0.985, 1.0, 1.015)}
    assert found == (pytest.approx(share, abs=0.015) if near == {"other"} else found)


def test_white_margins_are_no_frame() -> None:
    """Clean white paper around text."""
    assert scale.fitted_share(known(rendered.pixels(rendered.prose(dpi=DPI)))) is None


def test_letters_that_no_printer_makes() -> None:
    """A4 that claims twice its resolution is A6 in print of six points."""
    assert [seen.code for seen in scale.wrong_scale(known(prose(), 2 * DPI))] == ["wrong_scale"]
    assert scale.wrong_scale(known(prose())) == ()


def test_blur_and_motion() -> None:
    """Out of focus, or smeared one way; a blank sheet is neither, however soft."""
    page = prose()
    soft = np.asarray(cv2.GaussianBlur(page, (0, 0), mm(1) * 0.35), dtype=np.uint8)
    smear = np.asarray(cv2.blur(page, (mm(1.6), 1)), dtype=np.uint8)
    bare = np.asarray(cv2.GaussianBlur(rendered.pixels(rendered.sheet(DPI)), (0, 0), 5), dtype=np.uint8)
    assert [[seen.code for seen in sharpness.sharp(known(image))] for image in (page, soft, smear, bare)] == [
        [],
        ["blurred"],
        ["blurred"],
        [],
    ]


@settings(deadline=None, max_examples=30)
@given(st.floats(0.45, 1.6))
def test_edges_are_as_wide_as_their_blur(sigma_px: float) -> None:
    """To a quarter of a pixel, for blurs that a pixel can show."""
    sharp = np.full((120, 120), 240, np.uint8)
    sharp[20:100, 20:60] = 30
    sharp[50:70, 60:110] = 30
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma_px), dtype=np.uint8)
    found = sharpness.edges_px(soft)
    assert found is not None
    assert found.across == pytest.approx(sigma_px, abs=0.25)
    assert found.down == pytest.approx(sigma_px, abs=0.25)


@pytest.mark.parametrize("dpi", [80, 90])
def test_enlarged_pictures(dpi: int) -> None:
    """Scanned coarsely and blown up to 200 dpi: the spectrum is empty where a scan's is not."""
    page = prose()
    small = cv2.resize(page, None, fx=dpi / DPI, fy=dpi / DPI, interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (page.shape[1], page.shape[0]), interpolation=cv2.INTER_CUBIC)
    assert [seen.code for seen in sharpness.sharp(known(np.asarray(large, dtype=np.uint8)))] == ["upsampled"]


def test_light() -> None:
    """Print that is nearly gone, paper that is nearly black."""
    page = prose().astype(np.float64)
    assert [seen.code for seen in tone.washed_out(known((255 - (255 - page) * 0.25).astype(np.uint8)))] == [
        "washed_out"
    ]
    assert [seen.code for seen in tone.too_dark(known((page * 0.35).astype(np.uint8)))] == ["too_dark"]
    kraft = (page * np.array([0.58, 0.7, 0.8])).astype(np.uint8)
    assert tone.too_dark(known(kraft)) == tone.washed_out(known(kraft)) == ()


def test_show_through_is_noted_where_it_disturbs() -> None:
    """Print of the back at a third of its strength."""
    page = prose()
    behind = cv2.GaussianBlur(255 - cv2.flip(page, 1), (0, 0), mm(0.2))
    assert tone.show_through(known(page)) == ()
    shone = cv2.subtract(page, cv2.convertScaleAbs(np.roll(behind, mm(3), 0), alpha=0.33)).astype(np.uint8)
    assert [seen.code for seen in tone.show_through(known(shone))] == ["show_through"]


@pytest.mark.parametrize("angle", [-13.0, -8.0, 8.0, 13.0])
def test_sheets_that_lean_too_far(angle: float) -> None:
    """The angle is said; what deskew straightens is no matter."""
    assert leaning.skewed(known(rendered.leaning(prose(), angle / abs(angle) * 3))) == ()
    (seen,) = leaning.skewed(known(rendered.leaning(prose(), angle)))
    assert seen.code == "skewed"
    assert abs(int(seen.detail.split()[1].rstrip("°")) - abs(angle)) <= 1


def jpeg_of(image: Pixels, quality_: int) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image[:, :, ::-1]).save(out, "JPEG", quality=quality_, dpi=(DPI, DPI))
    return out.getvalue()


@settings(deadline=None)
@given(st.integers(2, 98))
def test_quality_is_read_from_the_tables(quality_: int) -> None:
    """Pillow's number comes back, to the rounding of small tables."""
    table = jpeg.luminance_table(jpeg_of(np.zeros((16, 16, 3), np.uint8), quality_))
    assert table is not None
    assert abs(coding.jpeg_quality(table) - quality_) <= 1


@given(st.binary(max_size=400))
def test_tables_of_any_bytes(tail: bytes) -> None:
    """Damaged tables are none; nothing else is raised but what reading a header raises."""
    data = jpeg.MAGIC + b"\xdb" + (len(tail) + 2).to_bytes(2) + tail + b"\xff\xd9"
    table = jpeg.luminance_table(data)
    assert table is None or len(table) == 64


def test_coarse_and_sound_compression() -> None:
    """Quality 20 is flagged, 60 is not."""
    page = prose()
    assert coding.coarse_jpeg(known(page, data=jpeg_of(page, 20))) == (("coarse_jpeg", "mức 20/100"),)
    assert coding.coarse_jpeg(known(page, data=jpeg_of(page, 60))) == ()


def test_lost_and_wrong_data_inside_a_jpeg() -> None:
    """Bytes that went missing or wrong; a sound file of a page that only looks like it passes."""
    page = prose()
    data = bytearray(jpeg_of(page, 80))
    middle = len(data) // 2
    wrong = bytes(data[:middle] + bytes(600) + data[middle + 600 :])
    (seen,) = coding.broken_jpeg(known(page, data=wrong))
    assert seen.code in {"broken_jpeg", "doubtful_jpeg"}
    half = page.copy()
    half[page.shape[0] // 2 :] = half[page.shape[0] // 2 :] // 2 + 20
    grey = page.copy()
    grey[mm(100) : mm(160)] = 128
    for image in (half, grey):
        assert coding.broken_jpeg(known(image, data=jpeg_of(image, 80))) == ()


def test_the_filled_head_of_a_table_is_not_looked_at_again() -> None:
    """Decoding once more costs as much as all other checks; the margins beside the head tell it from damage."""
    page = prose()
    head = page.copy()
    head[mm(120) : mm(135), mm(25) : -mm(20)] = 200
    lower = page.copy()
    lower[mm(120) :] = lower[mm(120) :] // 2 + 20
    assert not coding.suspected(known(head))
    assert coding.suspected(known(lower))


@pytest.mark.parametrize("lid", [40, 130, 200])
def test_a_card_on_the_glass_is_a_card(lid: int) -> None:
    """Its size is its own, not the glass's; with a black lid that is noted."""
    glass = np.full((mm(297), mm(210), 3), lid, np.uint8)
    card = np.full((mm(54), mm(85.6), 3), (235, 226, 214), np.uint8)
    cv2.putText(card, "CAN CUOC 0910840123", (mm(8), mm(20)), cv2.FONT_HERSHEY_SIMPLEX, 1.2, (30, 30, 30), 3)
    glass[mm(20) : mm(20) + card.shape[0], mm(30) : mm(30) + card.shape[1]] = card
    of = known(glass)
    assert (of.format.paper, of.format.kind) == ("ID-1", "card")
    assert codes(of) == ({"dark_lid"} if lid < 70 else set())


@given(st.sampled_from(sorted(paper.PAPERS)))
def test_every_known_paper_has_a_kind(name: str) -> None:
    """None of them is "other"."""
    assert papers.kind_of(name, *paper.PAPERS[name], photographic=False) != "other"


@given(st.floats(20, 1200), st.floats(20, 1200), st.booleans())
def test_kinds_do_not_depend_on_the_turn(width: float, height: float, photographic: bool) -> None:
    """Upright or across."""
    name = paper.paper_name(width, height)
    kinds = {papers.kind_of(name, a, b, photographic=photographic) for a, b in ((width, height), (height, width))}
    assert len(kinds) == 1


@given(st.lists(st.integers(0, 255), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_percentiles(values: list[int], share: float) -> None:
    """The least level that so many pixels do not exceed."""
    level = percentile(np.array([values], np.uint8), share)
    assert sum(value <= level for value in values) >= share * len(values) - 1e-3
    assert sum(value < level for value in values) <= share * len(values) + 1e-3


BREAKS: dict[str, Callable[[], Pixels]] = {
    "one pixel": lambda: np.full((1, 1, 3), 200, np.uint8),
    "a line": lambda: np.full((3, 2000, 3), 30, np.uint8),
    "black": lambda: np.zeros((1200, 900, 3), np.uint8),
    "noise": lambda: np.random.default_rng(3).integers(0, 256, (900, 700, 3)).astype(np.uint8),
    "white": lambda: np.full((900, 700, 3), 255, np.uint8),
    "stripes": lambda: np.repeat(np.arange(1000) % 2 * 255, 700).reshape(1000, 700, 1).repeat(3, 2).astype(np.uint8),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_nothing_breaks_on_odd_pictures(kind: str) -> None:
    """Whatever is said of them, no check raises."""
    assert codes(known(BREAKS[kind]())) <= set(SEVERITIES)
