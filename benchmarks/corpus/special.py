"""Sound papers that are not an ordinary white sheet: what checks of quality must leave alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np

from benchmarks.corpus.damage import Level, scanner
from benchmarks.corpus.fonts import SERIF, Fonts
from benchmarks.corpus.layout import Run, Setting, place_text
from benchmarks.corpus.letters import letter
from benchmarks.corpus.note import sticky_note
from benchmarks.corpus.office import Order
from benchmarks.corpus.page import A4, Mark, Page, PaperSize
from benchmarks.corpus.penmanship import some_hand, write
from benchmarks.corpus.pictures import bar_code, photograph, square_code
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.corpus.seal import press
from benchmarks.corpus.texts import Writer

A3 = PaperSize(420.0, 297.0)
A5 = PaperSize(148.0, 210.0)
ID_1 = PaperSize(85.6, 53.98)
TINTS: tuple[tuple[int, int, int], ...] = (
    (222, 206, 250),
    (190, 238, 250),
    (246, 232, 205),
    (205, 240, 212),
    (168, 200, 222),
    (150, 178, 204),
)
"""Blue, green, red: the pink of land certificates, yellow, blue, green, old paper, kraft."""

Maker = Callable[[np.random.Generator, int, Level], Scan]


def _page(rng: np.random.Generator, dpi: int, size: PaperSize = A4) -> Page:
    return Page(size, dpi, Fonts(SERIF[int(rng.integers(len(SERIF)))]), rng)


def _scan(page: Page, rng: np.random.Generator, level: Level) -> Scan:
    return scan_side(page, None, scanner(rng, level), rng)


def _prose(
    page: Page, rng: np.random.Generator, size_pt: float, room: tuple[float, float, float, float], sentences: int = 60
) -> None:
    """Text from left to right (mm) and from top to bottom."""
    left, top, right, bottom = room
    writer = Writer(rng)
    y = top
    for _ in range(sentences):
        text = writer.prose(3)
        lines = len(text) * size_pt * 0.17 / (right - left) + 1
        if y + lines * size_pt * 0.46 > bottom:
            return
        y = place_text(page, "text", [Run(text)], left, right - left, y, Setting(size_pt=size_pt))


def _sheet(page: Page, rng: np.random.Generator, size_pt: float = 13.0) -> Page:
    wide, high = page.size.width_mm, page.size.height_mm
    _prose(page, rng, size_pt, (min(30.0, wide / 8), min(20.0, high / 10), wide - min(17.0, wide / 12), high - 20))
    return page


def _area(page: Page, box_mm: tuple[float, float, float, float], colour: tuple[int, int, int], *, paper: bool) -> None:
    """A filled rectangle. ``paper``: of another paper or ink that covers, else ink."""
    left, top, right, bottom = (round(page.px(mm)) for mm in box_mm)
    alpha = np.full((bottom - top, right - left), 255, np.uint8)
    page.marks.insert(0, Mark(alpha, left, top, colour, opaque=paper))


def tinted(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A letter on coloured paper."""
    page = letter(Order(rng, dpi, SERIF[int(rng.integers(len(SERIF)))])).pages[0]
    _area(page, (0, 0, 210, 297), TINTS[int(rng.integers(len(TINTS)))], paper=False)
    return _scan(page, rng, level)


def banner(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A company's letter: a dark bar over the whole width, at the foot another one."""
    page = _page(rng, dpi)
    _prose(page, rng, 12, (25, 50, 190, 260))
    colour = ((110, 40, 20), (30, 20, 150), (40, 40, 40))[int(rng.integers(3))]
    _area(page, (0, 0, 210, float(rng.uniform(12, 32))), colour, paper=False)
    _area(page, (0, 297 - float(rng.uniform(4, 12)), 210, 297), colour, paper=False)
    return _scan(page, rng, level)


def table_to_edge(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A table whose rules run off the sheet on all sides."""
    page = _page(rng, dpi)
    writer = Writer(rng)
    columns = [0.0, 18.0, 75.0, 120.0, 165.0, 210.0]
    for x in columns[1:-1]:
        page.rule(x, 0, x, 297)
    for y in np.arange(12.0, 297.0, 19.0):
        page.rule(0, float(y), 210, float(y))
        for left, right in pairwise(columns):
            text = writer.prose(1)[: int((right - left) * 0.9)]
            place_text(page, "cell", [Run(text)], left + 4, right - left - 8, float(y) + 2, Setting(size_pt=10))
    return _scan(page, rng, level)


def card(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A citizen's card, cut out."""
    return _scan(_card(rng, max(dpi, 300)), rng, level)


def _card(rng: np.random.Generator, dpi: int) -> Page:
    page = _page(rng, dpi, ID_1)
    for row, text in enumerate(("CĂN CƯỚC", "Số: 0910840123", "Họ và tên: NGUYỄN VĂN AN", "Ngày sinh: 01/02/1984")):
        place_text(page, "text", [Run(text)], 32, 50, 8 + row * 9, Setting(size_pt=7))
    _area(
        page, (0, 0, 85.6, 54), ((235, 226, 200), (205, 225, 238), (215, 240, 225))[int(rng.integers(3))], paper=False
    )
    photograph(page, 4, 16, 22, 30)
    square_code(page, 66, 5, 14)
    return page


def on_glass(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A card, or an A5 sheet, on a scanner's glass of A4 size under a white, grey or black lid."""
    if rng.random() < 0.5:
        small = _scan(_card(rng, dpi), rng, "clean")
    else:
        small = _scan(_sheet(_page(rng, dpi, A5), rng, 11), rng, "clean")
    glass = _page(rng, dpi)
    scan = _scan(glass, rng, level)
    lid = int(rng.choice([250, 200, 120, 30]))
    pixels = np.clip(scan.pixels.astype(np.int16) + lid - 255, 0, 255).astype(np.uint8)
    top, left = (int(rng.uniform(5, 40) * dpi / 25.4) for _ in range(2))
    lean = float(rng.normal(0, 2))
    high, wide = small.pixels.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), lean, 1.0)
    turn[:, 2] += (left, top)
    size = (pixels.shape[1], pixels.shape[0])
    over = cv2.warpAffine(small.pixels, turn, size)
    mask = cv2.warpAffine(np.full((high, wide), 255, np.uint8), turn, size)
    shadow = cv2.GaussianBlur(mask, (0, 0), 0.5 * dpi / 25.4)
    dimmed = (pixels * (1 - 0.25 * (shadow[:, :, None] / 255.0))).astype(np.uint8)
    return replace(scan, pixels=np.where(mask[:, :, None] > 127, over, dimmed).astype(np.uint8))


def receipt(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A thermal slip: narrow, long, grey print."""
    page = _page(rng, dpi, PaperSize(float(rng.choice([57.0, 80.0])), float(rng.uniform(110, 230))))
    _prose(page, rng, 8, (4, 6, page.size.width_mm - 4, page.size.height_mm - 30))
    bar_code(page, 8, page.size.height_mm - 24, page.size.width_mm - 16, 12)
    page.image.paste(page.image.point(lambda level: 255 - int((255 - level) * 0.62)))
    return _scan(page, rng, level)


def spread(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A folded A3 sheet, opened: two pages and the shadow of the fold."""
    page = _page(rng, dpi, A3)
    for left in (0.0, 210.0):
        _prose(page, rng, 13, (left + 28, 20, left + 193, 275), 25)
    width = round(page.px(6))
    fold = np.repeat((40 * np.exp(-(np.linspace(-3, 3, width) ** 2))).astype(np.uint8)[None, :], page.image.height, 0)
    page.marks.append(Mark(fold, page.image.width // 2 - width // 2, 0, (60, 60, 60)))
    return _scan(page, rng, level)


def slip(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A small form, cut by hand."""
    size = PaperSize(float(rng.uniform(90, 140)), float(rng.uniform(80, 190)))
    return _scan(_sheet(_page(rng, dpi, size), rng, 11), rng, level)


def photo(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A photograph on its own paper."""
    size = ((102.0, 152.0), (90.0, 130.0), (40.0, 60.0), (30.0, 40.0))[int(rng.integers(4))]
    page = _page(rng, max(dpi, 300), PaperSize(*size))
    photograph(page, 0, 0, *size)
    _area(page, (0, 0, *size), TINTS[int(rng.integers(len(TINTS)))], paper=False)
    return _scan(page, rng, level)


def photo_page(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A page that is half photograph, up to its edges."""
    page = _sheet(_page(rng, dpi), rng)
    photograph(page, 0, 150, 210, 147)
    return _scan(page, rng, level)


def edge_seal(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A seal pressed across the right edges of the sheets (dấu giáp lai)."""
    page = _sheet(_page(rng, dpi), rng)
    press(page, "ỦY BAN NHÂN DÂN XÃ QUẢNG HÀ", (210 + float(rng.uniform(-12, 4)), float(rng.uniform(90, 200))))
    return _scan(page, rng, level)


def noted(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A sticky note on the page."""
    page = _sheet(_page(rng, dpi), rng)
    marks, _ = sticky_note(page)
    return scan_side(page, None, scanner(rng, level), rng, notes=marks)


def by_hand(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A letter written with pen or pencil."""
    page = _page(rng, dpi)
    writer, hand = Writer(rng), some_hand(rng)
    for row in range(int(rng.integers(3, 24))):
        write(page, hand, writer.prose(2)[:45], 25, 30 + row * 10, 4.5)
    return _scan(page, rng, level)


def small_print(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """The back of a contract in 7 points."""
    return _scan(_sheet(_page(rng, dpi), rng, 7.0), rng, level)


def large_print(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A notice in 26 points."""
    return _scan(_sheet(_page(rng, dpi), rng, 26.0), rng, level)


def a5(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """A form of half size."""
    return _scan(_sheet(_page(rng, dpi, A5), rng, 11), rng, level)


def few_words(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """The last page: two lines and a number."""
    page = _page(rng, dpi)
    place_text(page, "text", [Run(Writer(rng).prose(1))], 30, 160, 25, Setting())
    place_text(page, "page_number", [Run("7")], 0, 210, 10, Setting(align="centre"))
    return _scan(page, rng, level)


def empty(rng: np.random.Generator, dpi: int, level: Level) -> Scan:
    """The back of a letter, with what shines through."""
    front = letter(Order(rng, dpi, SERIF[int(rng.integers(len(SERIF)))])).pages[0]
    return scan_side(_page(rng, dpi), front, scanner(rng, level), rng)


SPECIAL: Mapping[str, Maker] = {
    maker.__name__: maker
    for maker in (tinted, banner, table_to_edge, card, on_glass, receipt, spread, slip, photo, photo_page, edge_seal, noted,
                  by_hand, small_print, large_print, a5, few_words, empty)
}  # fmt: skip
"""By name."""
