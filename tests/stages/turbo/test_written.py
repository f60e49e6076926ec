"""Words by a coloured pen are marked where they stand; what a pen draws is no word, and print stays what it is."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from benchmarks.corpus import penmanship
from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import A4, Page
from models.ports import Pixels
from models.settings import OcrSettings
from models.text import Line, PageText, Word
from stages.ocr.sheet import Picture
from stages.ocr.turbo.engine import TurboEngine
from stages.ocr.turbo.hand import MOST_CONFIDENCE
from tests.stages import rendered
from tests.support.memory_models import MemoryModels

_DPI = 200
_MM = _DPI / 25.4
_BLUE, _RED = (168, 72, 28), (50, 50, 205)
_TOP_MM = 150.0


@pytest.fixture(scope="module")
def engine() -> TurboEngine:
    return TurboEngine(OcrSettings(), MemoryModels())


def _sheet(*lines: tuple[str, float, float]) -> Pixels:
    """Prose, and below it lines of print at places in mm."""
    image = rendered.prose(16, _DPI)
    for text, left, top in lines:
        rendered.write(image, [text], (left, top), _DPI)
    return rendered.pixels(image)


def _write(
    sheet: Pixels,
    text: str,
    x_mm: float,
    baseline_mm: float,
    *,
    pen: tuple[int, int, int] = _BLUE,
    size_mm: float = 4.5,
) -> None:
    """A pen's words, from a point on."""
    page = Page(A4, _DPI, Fonts("tinos"), np.random.default_rng(4))
    hand = penmanship.some_hand(page.rng)
    penmanship.write(page, hand, text, x_mm, baseline_mm, size_mm)
    for mark in page.marks:
        height, width = mark.alpha.shape
        part = sheet[mark.top_px : mark.top_px + height, mark.left_px : mark.left_px + width]
        share = mark.alpha[:, :, None] / 255.0
        part[:] = (part * (1 - share) + np.array(pen) * share).astype(np.uint8)


def _read(engine: TurboEngine, sheet: Pixels) -> PageText:
    return engine.read(Picture(sheet, _DPI))


def _by_hand(text: PageText) -> list[Word]:
    return [word for word in text.words() if word.hand]


def _printed(text: PageText) -> list[Word]:
    return [word for word in text.words() if not word.hand]


def _line_with(text: PageText, part: str) -> Line:
    return next(line for line in text.lines() if part in line.text)


@pytest.mark.parametrize("pen", [_BLUE, _RED])
def test_a_number_filled_in_is_marked_and_stands_in_order(engine: TurboEngine, pen: tuple[int, int, int]) -> None:
    """``Số: 209 /QĐ-UBND`` with the number by pen, between its label and the code, in one line; the print is as without it."""
    sheet = _sheet(("Số:", 30, _TOP_MM), ("/QĐ-UBND", 49, _TOP_MM))
    before = _read(engine, sheet)
    _write(sheet, "209", 38.5, _TOP_MM + 4.2, pen=pen)
    after = _read(engine, sheet)
    words = _line_with(after, "QĐ-UBND").words
    assert [word.hand for word in words] == [False, True, False]
    assert words[1].confidence <= MOST_CONFIDENCE
    assert 37 * _MM < words[1].box.left < words[1].box.right < 50 * _MM
    assert [(w.text, w.confidence, w.box) for w in _printed(after)] == [
        (w.text, w.confidence, w.box) for w in _printed(before)
    ]


def test_a_day_filled_into_a_line_is_marked(engine: TurboEngine) -> None:
    """Two numbers in one printed line, in their order."""
    sheet = _sheet(("Bạc Liêu, ngày         tháng         năm 2025", 60, _TOP_MM))
    _write(sheet, "18", 89.5, _TOP_MM + 4.2)
    _write(sheet, "02", 111, _TOP_MM + 4.2)
    found = _line_with(_read(engine, sheet), "Bạc")
    assert found.text == "Bạc Liêu, ngày tháng năm 2025"
    assert [word.hand for word in found.words] == [False] * 3 + [True, False, True] + [False] * 2


def test_an_answer_on_a_leader_follows_its_label(engine: TurboEngine) -> None:
    """A name on a line of dots; what is not filled in has no words."""
    sheet = _sheet(
        *((f"{label} {'.' * 90}", 30, _TOP_MM + 10 * n) for n, label in enumerate(("Họ và tên:", "Ghi chú:")))
    )
    _write(sheet, "trần văn hòa", 56, _TOP_MM + 4.0, size_mm=5.5)
    text = _read(engine, sheet)
    assert any(word.hand for word in _line_with(text, "Họ và tên").words)
    assert all(_TOP_MM * _MM - 30 < word.box.top < (_TOP_MM + 8) * _MM for word in _by_hand(text))


def _signature(sheet: Pixels) -> None:
    points = [(140, 175), (150, 155), (156, 178), (163, 158), (168, 176), (185, 166)]
    cv2.polylines(sheet, [np.array([(x * _MM, y * _MM) for x, y in points], np.int32)], False, _BLUE, 4, cv2.LINE_AA)


def _seal(sheet: Pixels) -> None:
    centre = round(150 * _MM), round(170 * _MM)
    cv2.circle(sheet, centre, round(17 * _MM), _RED, 6, cv2.LINE_AA)
    for turn in range(0, 360, 24):
        x, y = (round(150 * _MM + 105 * np.cos(np.radians(turn))), round(170 * _MM + 105 * np.sin(np.radians(turn))))
        cv2.putText(sheet, "B", (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.8, _RED, 3, cv2.LINE_AA)


def _stamp(sheet: Pixels) -> None:
    cv2.rectangle(sheet, (round(28 * _MM), 1160), (round(80 * _MM), 1360), _RED, 4)
    cv2.putText(sheet, "CONG VAN DEN", (round(34 * _MM), 1230), cv2.FONT_HERSHEY_SIMPLEX, 1.0, _RED, 3, cv2.LINE_AA)


def _tick(sheet: Pixels) -> None:
    points = np.array([(24 * _MM, 27 * _MM), (25.5 * _MM, 29.5 * _MM), (28.5 * _MM, 23 * _MM)], np.int32)
    cv2.polylines(sheet, [points], False, _BLUE, 4, cv2.LINE_AA)


def _underline(sheet: Pixels) -> None:
    cv2.line(sheet, (round(40 * _MM), round(30.5 * _MM)), (round(70 * _MM), round(30.9 * _MM)), _BLUE, 4, cv2.LINE_AA)


def _ring(sheet: Pixels) -> None:
    cv2.ellipse(sheet, (round(50 * _MM), round(35 * _MM)), (90, 28), 0, 0, 360, _BLUE, 4, cv2.LINE_AA)


def _struck_out(sheet: Pixels) -> None:
    cv2.line(sheet, (round(36 * _MM), round(42.2 * _MM)), (round(66 * _MM), round(41.6 * _MM)), _BLUE, 4, cv2.LINE_AA)


@pytest.mark.parametrize("draw", [_signature, _seal, _stamp, _tick, _underline, _ring])
def test_what_a_pen_draws_is_no_word(engine: TurboEngine, draw: Callable[[Pixels], None]) -> None:
    """Nor does it change the words of the print."""
    sheet = _sheet()
    before = _read(engine, sheet)
    draw(sheet)
    after = _read(engine, sheet)
    assert not _by_hand(after)
    assert [word.text for word in _printed(after)] == [word.text for word in _printed(before)]


def test_a_stroke_through_print_is_no_word(engine: TurboEngine) -> None:
    """What is struck out is print, or in doubt."""
    sheet = _sheet()
    _struck_out(sheet)
    assert not _by_hand(_read(engine, sheet))


@pytest.mark.parametrize("quality", [30, 60, 90])
def test_colour_that_the_codec_adds_to_black_print_is_no_word(engine: TurboEngine, quality: int) -> None:
    """Beside a blue line of print is black print; saved as a bad JPEG it has coloured edges."""
    sheet = _sheet()
    _underline(sheet)
    _seal(sheet)
    data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    assert not _by_hand(_read(engine, np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)))
