"""What a black round seal says is no text of the page; print that runs into it is; nothing else is taken for a seal."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from benchmarks.accuracy import normalise
from models.ports import Pixels
from models.settings import OcrSettings
from stages.ocr.sheet import Picture
from stages.ocr.turbo.engine import TurboEngine
from stages.ocr.turbo.marks import find_marks
from stages.ocr.turbo.seals import Seal, find_seals
from tests.stages import rendered
from tests.support.memory_models import MemoryModels

_DPI = 200
_MM = _DPI / 25.4
_RING = "CỘNG HOÀ X.H.C.N VIỆT NAM ★ TỈNH AN GIANG ★ "
_OFFICE = ("SỞ", "GIÁO DỤC", "VÀ ĐÀO TẠO")
_BODY = ("Căn cứ Luật Tổ chức chính quyền địa phương;", "Theo đề nghị của Giám đốc Sở Giao thông vận tải")
_NAME = "Nguyễn Thiện Phú"
_RADIUS = 17.0


def _page(title: str = "KT. GIÁM ĐỐC") -> Image.Image:
    """A paper's end: prose, the signer's title and name."""
    sheet = rendered.sheet(_DPI)
    rendered.write(sheet, _BODY, (30, 40), _DPI, 14)
    rendered.write(sheet, [title], (110, 70), _DPI, 14)
    rendered.write(sheet, [_NAME], (110, 110), _DPI, 14)
    return sheet


def _press(
    sheet: Image.Image, at_mm: tuple[float, float], *, radius_mm: float = _RADIUS, ring: str = _RING, gap: float = 0.0
) -> None:
    """A seal in black. ``gap``: share of its rings that is worn away."""
    draw = ImageDraw.Draw(sheet)
    x, y, radius = at_mm[0] * _MM, at_mm[1] * _MM, radius_mm * _MM
    pieces = 8
    for share, width in ((1.0, 4), (0.93, 2), (0.66, 2)):
        box = [x - share * radius, y - share * radius, x + share * radius, y + share * radius]
        for begin in range(0, 360, 360 // pieces):
            draw.arc(box, begin, begin + 360 / pieces * (1 - gap), fill="black", width=width)
    font = ImageFont.truetype(rendered.FONT, round(0.16 * radius))
    for number, letter in enumerate(ring):
        angle = 2 * math.pi * number / len(ring)
        tile = Image.new("L", (60, 60), 0)
        ImageDraw.Draw(tile).text((30, 30), letter, font=font, fill=255, anchor="mm")
        turned = tile.rotate(-math.degrees(angle), Image.Resampling.BICUBIC)
        place = x + 0.8 * radius * math.sin(angle) - 30, y - 0.8 * radius * math.cos(angle) - 30
        sheet.paste((0, 0, 0), (round(place[0]), round(place[1])), turned)
    rendered.write(sheet, _OFFICE, (at_mm[0] - 8, at_mm[1] - 8), _DPI, 9)


def _bilevel(sheet: Image.Image) -> Pixels:
    return np.where(rendered.grey(sheet) < 140, 0, 255).astype(np.uint8)


def _seals(picture: Pixels) -> tuple[Seal, ...]:
    """In pixels of a picture of 200 dpi; the working scale is 150."""
    grey = np.asarray(cv2.resize(picture, None, fx=0.75, fy=0.75, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return find_seals(find_marks(grey, 150), 150)


@pytest.fixture(scope="module")
def engine() -> TurboEngine:
    return TurboEngine(OcrSettings(), MemoryModels())


def _read(engine: TurboEngine, picture: Pixels) -> list[str]:
    return [normalise(line.text) for line in engine.read(Picture(picture, _DPI)).lines()]


@pytest.mark.parametrize("at_mm", [(60.0, 95.0), (104.0, 90.0), (140.0, 200.0)])
def test_what_a_black_seal_says_is_no_text(engine: TurboEngine, at_mm: tuple[float, float]) -> None:
    """Beside the print or alone on the paper, the page reads as without it."""
    sheet = _page()
    plain = _read(engine, _bilevel(sheet))
    assert set(plain) == {*_BODY, "KT. GIÁM ĐỐC", _NAME}
    _press(sheet, at_mm)
    assert sorted(_read(engine, _bilevel(sheet))) == sorted(plain)


@pytest.mark.parametrize("bilevel", [True, False])
def test_a_title_that_begins_in_the_seal_is_read(engine: TurboEngine, *, bilevel: bool) -> None:
    """The ring and its letters run through ``PHÓ``; the rest of the title and all else is as without a seal."""
    sheet = _page("PHÓ GIÁM ĐỐC")
    _press(sheet, (106, 86))
    found = _read(engine, _bilevel(sheet) if bilevel else rendered.grey(sheet))
    assert len(found) == 4
    assert {*_BODY, _NAME} <= set(found)
    [title] = set(found) - {*_BODY, _NAME}
    assert title.endswith("GIÁM ĐỐC")
    assert len(title) <= len("PHÓ GIÁM ĐỐC") + 1


def test_a_line_that_stands_on_the_ring_is_read(engine: TurboEngine) -> None:
    """The ring's top runs through the feet of a few letters in the middle of a line."""
    sheet = rendered.sheet(_DPI)
    rendered.write(sheet, ["SỞ VĂN HOÁ, THỂ THAO VÀ DU LỊCH"], (60, 60), _DPI, 14)
    _press(sheet, (100, 64.4 + _RADIUS))
    [found] = _read(engine, _bilevel(sheet))
    assert sum(a != b for a, b in zip(found, "SỞ VĂN HOÁ, THỂ THAO VÀ DU LỊCH", strict=False)) <= 2
    assert len(found) == len("SỞ VĂN HOÁ, THỂ THAO VÀ DU LỊCH")


def test_lines_of_prose_under_a_seal_are_not_lost(engine: TurboEngine) -> None:
    """They begin as they did, and what the seal does not reach is the same."""
    sheet = rendered.prose(16, _DPI)
    plain = _read(engine, _bilevel(sheet))
    _press(sheet, (90, 55))
    found = _read(engine, _bilevel(sheet))
    assert set(plain[7:]) <= set(found)
    assert {" ".join(line.split()[:2]) for line in plain[:7]} <= {" ".join(line.split()[:2]) for line in found}


@pytest.mark.parametrize("radius_mm", [13.0, 17.0, 21.0])
@pytest.mark.parametrize("gap", [0.0, 0.3])
def test_seals_of_all_sizes_are_found_also_worn(radius_mm: float, gap: float) -> None:
    """Centre and radius to half a millimetre, though a signature runs through."""
    sheet = _page()
    _press(sheet, (104, 95), radius_mm=radius_mm, gap=gap)
    ImageDraw.Draw(sheet).line([100 * _MM, 108 * _MM, 125 * _MM, 88 * _MM, 160 * _MM, 100 * _MM], "black", 4)
    [seal] = _seals(_bilevel(sheet))
    found = [side * 25.4 / 150 for side in (seal.x, seal.y, seal.radius)]
    assert found == pytest.approx([104, 95, radius_mm], abs=0.5)


def _logo(sheet: Image.Image) -> None:
    draw = ImageDraw.Draw(sheet)
    draw.ellipse([60 * _MM, 80 * _MM, 92 * _MM, 112 * _MM], outline="black", width=6)
    rendered.write(sheet, ["VN"], (67, 87), _DPI, 40)


def _disc(sheet: Image.Image) -> None:
    ImageDraw.Draw(sheet).ellipse([60 * _MM, 80 * _MM, 92 * _MM, 112 * _MM], fill="black")


def _title(sheet: Image.Image) -> None:
    rendered.write(sheet, ["OOO"], (40, 120), _DPI, 130)


def _table(sheet: Image.Image) -> None:
    draw = ImageDraw.Draw(sheet)
    for row in range(5):
        for column in range(4):
            box = [(30 + 36 * column) * _MM, (130 + 30 * row) * _MM, (66 + 36 * column) * _MM, (160 + 30 * row) * _MM]
            draw.rectangle(box, outline="black", width=3)
            rendered.write(sheet, ["Số thứ tự", "của hồ sơ"], (33 + 36 * column, 134 + 30 * row), _DPI)


def _square(sheet: Image.Image) -> None:
    """The stamp of an incoming paper."""
    ImageDraw.Draw(sheet).rectangle([60 * _MM, 80 * _MM, 92 * _MM, 112 * _MM], outline="black", width=6)
    rendered.write(sheet, ["CÔNG VĂN", "ĐẾN", "Ngày"], (63, 85), _DPI)


def _scribble(sheet: Image.Image) -> None:
    turns = np.linspace(0, 9 * math.pi, 400)
    points = [((90 + 4 * t + 12 * math.sin(t)) * _MM, (100 - 10 * math.cos(1.3 * t)) * _MM) for t in turns]
    ImageDraw.Draw(sheet).line(points, "black", 4)


def _nothing(sheet: Image.Image) -> None:
    rendered.write(sheet, _BODY, (30, 130), _DPI)


@pytest.mark.parametrize("draw", [_logo, _disc, _title, _table, _square, _scribble, _nothing])
def test_nothing_else_is_a_seal(draw: Callable[[Image.Image], None]) -> None:
    """A round logo without print along its ring, a disc, round letters, cells, framed stamps, loops of a pen, plain print."""
    sheet = _page()
    draw(sheet)
    assert _seals(_bilevel(sheet)) == ()
    assert _seals(rendered.grey(sheet)) == ()


def test_dense_print_is_no_seal() -> None:
    assert _seals(_bilevel(rendered.prose(40, _DPI))) == ()
