"""The little that makes a side worth keeping: a page number, a stamp, a signature, a word in pale ink.

Each function puts one thing on an empty page, at a strength that a person still sees without looking twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image, ImageDraw

from benchmarks.corpus import names, penmanship, pictures, seal
from benchmarks.corpus.fonts import SERIF, Family, Fonts, Style
from benchmarks.corpus.page import Grey, Mark, Page
from benchmarks.corpus.strokes import Points, draw_strokes, initial, signature, smooth

Faint = Callable[[Page], None]
_BLUES = ((168, 72, 28), (190, 90, 40), (140, 50, 30))
_PALE_BLUES = ((215, 165, 120), (225, 185, 140), (210, 150, 110))
_BLACK = (42, 38, 36)
_PENCIL = (104, 100, 98)
_STAMP_BLUES = ((160, 60, 50), (190, 80, 60), (150, 40, 90))
_WORDS = (
    "Đã nhận đủ", "Bản chính", "Lưu hồ sơ", "Đã đối chiếu", "Chờ bổ sung", "ký thay", "Xem lại", "Hẹn thứ hai",
    "Đã thu lệ phí", "Tờ cuối", "Sao 2 bản", "Chuyển địa chính",
)  # fmt: skip


def weakened(mark: Mark, share: float, rng: np.random.Generator, grain: float = 0.0) -> Mark:
    """The mark with that share of its ink; ``grain``: how far the paper's tooth breaks it up, as pencil shows."""
    alpha = mark.alpha.astype(np.float32) * share
    if grain:
        tooth = cv2.GaussianBlur(rng.standard_normal(alpha.shape).astype(np.float32), (0, 0), 0.8) * 2.2
        alpha *= np.clip(1 - grain * np.clip(tooth, -1, 1), 0, 1)
    return replace(mark, alpha=np.clip(alpha, 0, 255).astype(np.uint8))


def _weaken_last(page: Page, low: float, high: float, grain: float = 0.0) -> None:
    share = float(page.rng.uniform(low, high))
    page.marks[-1] = weakened(page.marks[-1], share, page.rng, grain)


def _spot(page: Page, width_mm: float, height_mm: float, rim_mm: float = 14.0) -> tuple[float, float]:
    """Where a thing of this size may lie: left and top, mm."""
    return (
        float(page.rng.uniform(rim_mm, page.size.width_mm - rim_mm - width_mm)),
        float(page.rng.uniform(rim_mm, page.size.height_mm - rim_mm - height_mm)),
    )


def printed(
    page: Page,
    text: str,
    x_mm: float,
    y_mm: float,
    size_pt: float,
    share: float,
    style: Style = "regular",
    fonts: Fonts | None = None,
) -> None:
    """Toner or typewriter ink as a mark, so that it can be pale."""
    font = (fonts or page.fonts).get(style, size_pt * page.dpi / 72)
    left, top, right, bottom = font.getbbox(text)
    tile = Image.new("L", (int(right - left) + 4, int(bottom - top) + 4), 0)
    ImageDraw.Draw(tile).text((2 - left, 2 - top), text, font=font, fill=round(255 * share))
    page.marks.append(Mark(np.asarray(tile, dtype=np.uint8), round(page.px(x_mm)), round(page.px(y_mm)), (22, 22, 22)))


def page_number(page: Page) -> None:
    """A printed number alone at the foot or the head; now and then between dashes."""
    rng = page.rng
    number = int(rng.choice([1, 1, 2, int(rng.integers(1, 40))]))
    text = f"- {number} -" if rng.random() < 0.25 else f"{number}"
    x = float(rng.choice([103.0, 190.0, 20.0])) + float(rng.normal(0, 2))
    y = float(rng.choice([9.0, 14.0, 279.0, 284.0]))
    printed(page, text, x, y, float(rng.uniform(9, 14)), float(rng.uniform(0.5, 1.0)))


def red_seal(page: Page) -> None:
    """An office's seal, more or less whole."""
    x, y = _spot(page, 38, 38)
    where = names.place(page.rng)
    seal.press(page, f"ỦY BAN NHÂN DÂN {where.commune_text.upper()}", (x + 19, y + 19))
    _weaken_last(page, 0.6, 1.0)


def pale_seal(page: Page) -> None:
    """A seal pressed without ink on the pad: a fifth to a half of it."""
    red_seal(page)
    _weaken_last(page, 0.2, 0.45)


def word_stamp(page: Page) -> None:
    """A framed stamp in blue or violet: SAO Y, ĐÃ THU."""
    _framed(page, ("SAO Y BẢN CHÍNH", "ĐÃ THU LỆ PHÍ", "CÔNG VĂN ĐẾN")[int(page.rng.integers(3))], 13.0)
    _weaken_last(page, 0.3, 0.9, 0.3)


def date_stamp(page: Page) -> None:
    """A small date in stamp ink, framed or not."""
    rng = page.rng
    day = f"{rng.integers(1, 29):02d} -{rng.integers(1, 13):02d}- {rng.integers(2015, 2027)}"
    _framed(page, day, float(rng.uniform(9, 12)), frame=bool(rng.random() < 0.4))
    _weaken_last(page, 0.3, 0.9, 0.3)


def _framed(page: Page, text: str, size_pt: float, *, frame: bool = True) -> None:
    rng = page.rng
    font = Fonts("sans").get("bold", size_pt * page.dpi / 72)
    left, top, right, bottom = font.getbbox(text)
    pad = round(page.px(2.0))
    tile = Image.new("L", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad), 0)
    draw = ImageDraw.Draw(tile)
    draw.text((pad - left, pad - top), text, font=font, fill=255)
    if frame:
        thick = max(1, round(page.px(0.35)))
        draw.rectangle((1, 1, tile.width - 2, tile.height - 2), outline=255, width=thick)
    turned = tile.rotate(float(rng.normal(0, 6)), Image.Resampling.BICUBIC, expand=True)
    x, y = _spot(page, turned.width / page.px(1), turned.height / page.px(1))
    colours = (*_STAMP_BLUES, *seal.REDS)
    alpha: Grey = np.asarray(turned, dtype=np.uint8)
    page.marks.append(Mark(alpha, round(page.px(x)), round(page.px(y)), colours[int(rng.integers(len(colours)))]))


def _signed(page: Page, pens: tuple[tuple[int, int, int], ...]) -> None:
    page.pen = pens[int(page.rng.integers(len(pens)))]
    wide, high = float(page.rng.uniform(22, 45)), float(page.rng.uniform(9, 18))
    page.marks.append(signature(page, *_spot(page, wide, high), wide, high))


def pen_signature(page: Page) -> None:
    """Blue or black, by a pen that writes."""
    _signed(page, (*_BLUES, _BLACK))
    _weaken_last(page, 0.5, 1.0)


def pencil_signature(page: Page) -> None:
    _signed(page, (_PENCIL,))
    _weaken_last(page, 0.28, 0.9, 0.5)


def initials(page: Page) -> None:
    """The tick of a head of office, 3 to 6 mm."""
    page.pen = (*_BLUES, _BLACK, _PENCIL)[int(page.rng.integers(5))]
    page.marks.append(initial(page, *_spot(page, 8, 8)))
    _weaken_last(page, 0.5, 1.0)


def _written(page: Page, text: str, pen: tuple[int, int, int], size_mm: float, width_mm: float) -> None:
    hand = replace(penmanship.some_hand(page.rng), pen=pen, width_mm=width_mm)
    wide = min(penmanship.width_mm(text, hand, size_mm), 150.0)
    x, y = _spot(page, wide, 2 * size_mm)
    penmanship.write(page, hand, text, x, y + size_mm, size_mm)


def pencil_line(page: Page) -> None:
    """One line of writing in pencil, pressed lightly."""
    rng = page.rng
    text = " ".join(_WORDS[int(n)] for n in rng.integers(0, len(_WORDS), int(rng.integers(1, 4))))
    _written(page, text, _PENCIL, float(rng.uniform(3.5, 6)), float(rng.uniform(0.3, 0.55)))
    _weaken_last(page, 0.25, 0.8, 0.5)


def pale_word(page: Page) -> None:
    """A word or a number in light blue."""
    rng = page.rng
    text = _WORDS[int(rng.integers(len(_WORDS)))].split()[0] if rng.random() < 0.6 else str(rng.integers(10, 4000))
    _written(page, text, _PALE_BLUES[int(rng.integers(3))], float(rng.uniform(4, 7)), float(rng.uniform(0.3, 0.5)))
    _weaken_last(page, 0.55, 1.0, 0.2)


def bar_code(page: Page) -> None:
    """A label's bars, alone."""
    wide, high = float(page.rng.uniform(22, 45)), float(page.rng.uniform(5, 12))
    pictures.bar_code(page, *_spot(page, wide, high), wide, high)
    _weaken_last(page, 0.4, 1.0)


def dot_matrix(page: Page) -> None:
    """A line or a few of a needle printer whose ribbon is worn out."""
    rng = page.rng
    font = Fonts("sans").get("regular", 11)
    x, y = _spot(page, 75, 25)
    share = float(rng.uniform(0.18, 0.55))
    pitch, dot = page.px(0.36), page.px(0.13)
    for row in range(int(rng.integers(1, 5))):
        text = f"{rng.integers(10**8, 10**9)} {rng.integers(10, 99)}/{rng.integers(10, 99)} VND {rng.integers(10, 999)}.000"
        _, top, right, bottom = font.getbbox(text)
        tile = Image.new("1", (int(right) + 1, int(bottom - top) + 1), 0)
        ImageDraw.Draw(tile).text((0, -top), text, font=font, fill=1)
        pins = np.argwhere(np.asarray(tile))
        alpha = np.zeros((round((tile.height + 2) * pitch), round((tile.width + 2) * pitch)), np.uint8)
        for down, across in pins:
            at = (round((across + 1) * pitch * 16), round((down + 1) * pitch * 16))
            cv2.circle(
                alpha, at, round(max(0.6, dot) * 16), round(255 * share * rng.uniform(0.6, 1.1)), -1, cv2.LINE_AA, 4
            )
        page.marks.append(Mark(alpha, round(page.px(x)), round(page.px(y + 5.2 * row)), (30, 26, 26)))


def strike(page: Page) -> None:
    """A line of the pen across the page, as blank space is cancelled."""
    rng = page.rng
    pen = (*_BLUES, _BLACK, _PENCIL)[int(rng.integers(5))]
    start = np.array([rng.uniform(25, 60), rng.uniform(200, 270)])
    end = np.array([rng.uniform(140, 190), rng.uniform(30, 110)])
    t = np.linspace(0, 1, 6)[:, None]
    path = (start + (end - start) * t + rng.normal(0, 1.0, (6, 2))) * page.px(1)
    page.marks.append(draw_strokes([smooth(path, 12)], page.px(float(rng.uniform(0.3, 0.5))), rng, pen)[0])
    _weaken_last(page, 0.5, 1.0)


def few_lines(page: Page) -> None:
    """The end of a printed text: two lines of a paragraph, pale or not."""
    rng = page.rng
    share, y = float(rng.uniform(0.35, 1.0)), float(rng.uniform(18, 60))
    for row in range(int(rng.integers(1, 4))):
        words = " ".join(_WORDS[int(n)].lower() for n in rng.integers(0, len(_WORDS), 4))
        printed(page, words, 30.0, y + 6.5 * row, 13.0, share)


def _stroked(page: Page, strokes: list[Points], width_mm: float) -> None:
    """Strokes, mm, by any pen or pencil."""
    page.pen = (*_BLUES, _BLACK, _BLACK, _PENCIL)[int(page.rng.integers(6))]
    page.marks.append(draw_strokes([one * page.px(1) for one in strokes], page.px(width_mm), page.rng, page.pen)[0])


def _at_edge(page: Page, long_mm: float) -> tuple[Points, Points]:
    """The middle and the half of a line that lies where staples do, and as they lie, mm."""
    rng = page.rng
    x, y = float(rng.uniform(7, 20)), float(rng.uniform(7, 20))
    if rng.random() < 0.4:
        y = float(rng.uniform(20, page.size.height_mm - 20))
    turn = float(rng.choice([0.0, np.pi / 4, -np.pi / 4, np.pi / 2])) + float(rng.normal(0, 0.15))
    middle = np.array([page.size.width_mm - x if rng.random() < 0.5 else x, y])
    return middle, np.array([np.cos(turn), np.sin(turn)]) * long_mm / 2


def edge_line(page: Page) -> None:
    """One stroke of a pen near an edge, as long as a staple's crown and as thick."""
    middle, half = _at_edge(page, float(page.rng.uniform(9, 14)))
    along = np.linspace(-1, 1, 6)[:, None]
    path = middle + along * half + page.rng.normal(0, 0.12, (6, 2))
    _stroked(page, [smooth(path)], float(page.rng.uniform(0.3, 0.65)))
    _weaken_last(page, 0.6, 1.0)


def dashes(page: Page) -> None:
    """Two dashes in line near an edge, as far apart as the legs of a staple."""
    middle, half = _at_edge(page, float(page.rng.uniform(9.5, 13.5)))
    inner = float(page.rng.uniform(0.15, 0.45))
    at = (-1, -inner, inner, 1)
    first, first_end, second, second_end = (middle + half * far + page.rng.normal(0, 0.1, 2) for far in at)
    both = [np.linspace(first, first_end, 8), np.linspace(second, second_end, 8)]
    _stroked(page, both, float(page.rng.uniform(0.35, 0.65)))
    _weaken_last(page, 0.7, 1.0)


def thin_curve(page: Page) -> None:
    """A hook or a bracket of a thin pen, bent like a hair."""
    rng = page.rng
    bends = float(rng.uniform(0, 2 * np.pi)) + np.cumsum(rng.normal(0, 0.35, 8))
    step = float(rng.uniform(4, 14)) / 8
    path = np.cumsum(np.stack([np.cos(bends), np.sin(bends)], axis=1), axis=0) * step
    path += _spot(page, *np.ptp(path, axis=0)) - path.min(axis=0)
    _stroked(page, [smooth(path, 6)], float(rng.uniform(0.25, 0.4)))
    _weaken_last(page, 0.5, 1.0)


def pale_print(page: Page) -> None:
    """A few printed words in any face, by worn toner or a stamp's ink, as what was left of a printed side."""
    rng = page.rng
    family: Family = (*SERIF, "sans")[int(rng.integers(4))]
    style: Style = ("regular", "bold", "italic", "bolditalic")[int(rng.integers(4))]
    words = " ".join(_WORDS[int(n)] for n in rng.integers(0, len(_WORDS), 3)).split()
    first = int(rng.integers(len(words)))
    text = " ".join(words[first : first + int(rng.integers(1, 5))])
    text = text.upper() if rng.random() < 0.2 else text.lower()
    x, y = _spot(page, 60, 8)
    share = float(rng.uniform(0.16, 0.6))
    printed(page, text, x, y, float(rng.uniform(8, 14)), share, style, Fonts(family))
    if rng.random() < 0.25:
        page.marks[-1] = replace(page.marks[-1], colour=_STAMP_BLUES[int(rng.integers(3))])


def rules(page: Page) -> None:
    """Printed rules: what a table, a title or a place to sign leaves, alone."""
    rng = page.rng
    thick, share = page.px(float(rng.uniform(0.2, 0.45))), float(rng.uniform(0.4, 1.0))
    wide, high = float(rng.uniform(8, 70)), float(rng.uniform(4, 12))
    tile = np.zeros((round(page.px(high)) + 4, round(page.px(wide)) + 4), np.float32)
    across, upright = rng.random() < 0.75, rng.random() < 0.35
    thin = max(1, round(thick))
    if across or not upright:
        tile[1 : 1 + thin, 1:-1] = min(1.0, thick)
    if upright:
        for x in rng.integers(1, tile.shape[1] - thin - 1, int(rng.integers(1, 4))):
            tile[1:-1, x : x + thin] = min(1.0, thick)
    x, y = _spot(page, wide, high)
    alpha: Grey = np.asarray(np.clip(tile * share * 255, 0, 255), dtype=np.uint8)
    page.marks.append(Mark(alpha, round(page.px(x)), round(page.px(y)), (22, 22, 22)))


INKS: dict[str, Faint] = {
    "page_number": page_number,
    "red_seal": red_seal,
    "pale_seal": pale_seal,
    "word_stamp": word_stamp,
    "date_stamp": date_stamp,
    "pen_signature": pen_signature,
    "pencil_signature": pencil_signature,
    "initial": initials,
    "pencil_line": pencil_line,
    "pale_word": pale_word,
    "bar_code": bar_code,
    "dot_matrix": dot_matrix,
    "strike": strike,
    "few_lines": few_lines,
    "edge_line": edge_line,
    "dashes": dashes,
    "thin_curve": thin_curve,
    "pale_print": pale_print,
    "rules": rules,
}
"""By name."""
