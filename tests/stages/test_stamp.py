"""The stamp's words, its place and its typeface."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Defect, Rejected
from models.settings import SignerSettings
from stages import stamp

FONT = SignerSettings().font
VIETNAMESE = "aàảãáạăằẳẵắặâầẩẫấậđeèẻẽéẹêềểễếệiìỉĩíịoòỏõóọôồổỗốộơờởỡớợuùủũúụưừửữứựyỳỷỹýỵ"
WORDS = st.text(VIETNAMESE + VIETNAMESE.upper() + "bcghklmnpqrstvx-,.()&0123456789", min_size=1, max_size=25)
AGENCIES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join).map(lambda name: name[:200])
SIDES_PT = st.floats(100.0, 3400.0)

DECREE_30 = re.compile(
    r"^(?P<form>SAO Y|SAO LỤC|TRÍCH SAO)\s*[;,\n]\s*(?P<org>[^;\n]+?)\s*[;,\n]\s*"
    r"(?P<ts>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))$"
)
"""How readers of such stamps parse them."""


@pytest.fixture(scope="module")
def font() -> bytes:
    """The default stamp font."""
    return FONT.read_bytes()


def test_the_words_are_those_of_decree_30() -> None:
    """Form, body, time in the Vietnamese zone to the second; a test copy says so on a line of its own."""
    at = datetime(2026, 11, 21, 2, 15, 30, 999999, tzinfo=UTC)
    (line,) = stamp.sao_y("Sở Tư pháp tỉnh Quảng Ninh", at, is_test=False)
    assert line == "SAO Y; Sở Tư pháp tỉnh Quảng Ninh; 2026-11-21T09:15:30+07:00"
    assert DECREE_30.match(line)
    assert stamp.sao_y("x", at, is_test=True)[1:] == ("BẢN THỬ NGHIỆM, KHÔNG CÓ GIÁ TRỊ PHÁP LÝ",)
    (line,) = stamp.conversion("Sở Tư pháp", at)
    assert line == "Bản điện tử chuyển đổi từ văn bản giấy; Sở Tư pháp; 2026-11-21T09:15:30+07:00"
    assert "SAO Y" not in line


@given(agency=AGENCIES, width=SIDES_PT, height=SIDES_PT, left=st.floats(-50, 50), bottom=st.floats(-50, 50))
def test_it_stays_inside_every_page(agency: str, width: float, height: float, left: float, bottom: float) -> None:
    """Whatever the paper and the name: within the margin, at the top right, no word lost."""
    lines = stamp.sao_y(agency, datetime(2026, 1, 2, tzinfo=UTC), is_test=True)
    placed = stamp.layout(lines, (left, bottom, left + width, bottom + height), FONT.read_bytes())
    x0, y0, x1, y1 = placed.rect
    near = 1e-6
    assert x0 >= left + stamp.MARGIN_PT - near
    assert y0 >= bottom + stamp.MARGIN_PT - near
    assert x1 == pytest.approx(left + width - stamp.MARGIN_PT)
    assert y1 == pytest.approx(bottom + height - stamp.MARGIN_PT)
    assert "".join("".join(placed.lines).split()) == "".join("".join(lines).split())
    for line in placed.lines:
        assert placed.face.width(line) / 1000 * placed.type_pt <= placed.width_pt + near


@pytest.mark.parametrize("size", [(595.276, 841.89), (841.89, 595.276), (841.89, 1190.55), (420.0, 595.3)])
def test_on_office_paper_it_is_10_pt_in_the_top_margin(size: tuple[float, float], font: bytes) -> None:
    """The longest name of a real body stands in three lines of 10 pt and leaves the national motto alone."""
    name = (
        "Trung tâm Phục vụ hành chính công và Kiểm soát thủ tục hành chính - Văn phòng Ủy ban nhân dân tỉnh Quảng Ninh"
    )
    lines = stamp.sao_y(name, datetime(2026, 1, 2, tzinfo=UTC), is_test=True)
    placed = stamp.layout(lines, (0, 0, *size), font)
    assert placed.type_pt == 10
    assert len(placed.lines) <= 3
    assert size[1] - placed.bottom_pt <= 20 / 25.4 * 72


def test_a_page_without_room_is_refused(font: bytes) -> None:
    """A page smaller than its margins cannot be stamped: it is no page of a paper."""
    with pytest.raises(Rejected) as caught:
        stamp.layout(("SAO Y",), (0, 0, 16, 16), font)
    assert caught.value.code == "page_too_small"
    assert "6 × 6 mm" in caught.value.message


def test_a_font_without_vietnamese_letters_is_refused() -> None:
    """A font that would draw boxes is found by its character map, not by looking."""
    latin = Path("/usr/share/fonts/truetype/liberation2/LiberationSerif-Regular.ttf").read_bytes()
    with pytest.raises(Defect, match="no glyph") as caught:
        stamp.layout(("SAO Y; 東京",), (0, 0, 595, 842), latin)
    assert caught.value.code == "bad_font"


@pytest.mark.parametrize("junk", [b"", b"\x00\x01\x00\x00", b"OTTO", b"%PDF-1.7"])
def test_a_file_that_is_no_font_is_refused(junk: bytes) -> None:
    """The setting is named, whatever the file holds."""
    with pytest.raises(Defect) as caught:
        stamp.layout(("SAO Y",), (0, 0, 595, 842), junk)
    assert caught.value.code == "bad_font"


def test_decomposed_names_are_composed(font: bytes) -> None:
    """A name typed with combining accents prints like any other."""
    placed = stamp.layout(("Sơ\u0309 Tư pha\u0301p",), (0, 0, 595, 842), font)
    assert placed.lines == ("Sở Tư pháp",)


def test_agencies_share_one_typeface() -> None:
    """A font is cut once for all of them; only a letter from elsewhere needs another cut."""
    font = FONT.read_bytes()
    one = stamp.typeface(font, frozenset("Sở Y tế; 2026-11-21T09:15:30+07:00"))
    assert stamp.typeface(font, frozenset("ỦY BAN NHÂN DÂN TỈNH ĐẮK LẮK")) is one
    assert one.glyphs.keys() >= stamp.COMMON
    assert "Ω" in stamp.typeface(font, frozenset("Ω")).glyphs
