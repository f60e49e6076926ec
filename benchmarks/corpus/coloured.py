"""Coloured things on papers that are no sticky notes: each puts its marks on a printed page.

Whoever looks for notes must pass all of these: highlighter, blue stamps, photographs, cards, tape, coloured
paper, certificates, coloured cells, logos, yellowed sheets.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from benchmarks.corpus import seal
from benchmarks.corpus.page import Grey, Mark, Page

Bgr = tuple[int, int, int]

MARKERS: tuple[Bgr, ...] = ((110, 255, 250), (150, 255, 180), (200, 170, 255), (255, 225, 160), (120, 200, 255))
CELLS: tuple[Bgr, ...] = (
    (241, 230, 220),
    (247, 235, 221),
    (218, 239, 226),
    (204, 242, 255),
    (214, 228, 252),
    (230, 184, 155),
)
"""The shades that offices give to table heads."""
PAPERS: tuple[Bgr, ...] = ((214, 200, 250), (180, 240, 252), (200, 240, 205), (248, 226, 190))
"""Pink, yellow, green and blue sheets."""


def _fill(page: Page, left: float, top: float, wide: float, high: float, colour: Bgr, *, opaque: bool = False) -> None:
    """A rectangle in mm; ink unless ``opaque``."""
    alpha = np.full((max(1, round(page.px(high))), max(1, round(page.px(wide)))), 255, np.uint8)
    page.marks.append(Mark(alpha, round(page.px(left)), round(page.px(top)), colour, opaque=opaque))


def _shape(page: Page, draw: Callable[[Grey], None], left: float, top: float, size: float, colour: Bgr) -> None:
    """Something opaque, drawn on a square of ``size`` mm."""
    alpha = np.zeros((round(page.px(size)), round(page.px(size))), np.uint8)
    draw(alpha)
    page.marks.append(Mark(alpha, round(page.px(left)), round(page.px(top)), colour, opaque=True))


def highlighter(page: Page) -> None:
    """Lines of text marked one by one, each with a stroke as high as the letters, and a paragraph painted over."""
    rng = page.rng
    colour = MARKERS[int(rng.integers(len(MARKERS)))]
    lines = [line for block in page.blocks if block.kind in ("text", "basis") for line in block.lines]
    mm = 25.4 / page.dpi
    for line in lines:
        if rng.random() < 0.4:
            box = line.box
            share = float(rng.uniform(0.3, 1.0))
            _fill(page, box.left * mm, box.top * mm, box.width * mm * share, max(box.height * mm, 4.5), colour)
    if lines and rng.random() < 0.4:
        first = int(rng.integers(len(lines)))
        for line in lines[first : first + 4]:
            box, ragged = line.box, float(rng.uniform(-5, 3))
            _fill(
                page,
                box.left * mm + float(rng.uniform(-2, 4)),
                box.top * mm - 1.5,
                box.width * mm * 0.6 + ragged,
                8,
                colour,
            )


def blue_stamp(page: Page) -> None:
    """A rectangular stamp of arrival and a blue round one."""
    rng = page.rng
    left, top = float(rng.uniform(20, 130)), float(rng.uniform(30, 220))
    blue = (190, 80, 40)
    wide, high = 60.0, 32.0
    for x, y, w, h in (
        (0, 0, wide, 0.8),
        (0, high, wide, 0.8),
        (0, 0, 0.8, high),
        (wide, 0, 0.8, high),
        (0, 10, wide, 0.5),
    ):
        _fill(page, left + x, top + y, w, h, blue)
    for row in range(2):
        for column in range(8):
            _fill(page, left + 4 + column * 6.5, top + 3 + row * 12, float(rng.uniform(2, 5)), 3.5, blue)
    seal.press(page, "VĂN PHÒNG ĐĂNG KÝ ĐẤT ĐAI", (float(rng.uniform(40, 170)), float(rng.uniform(60, 250))))
    page.marks[-1] = Mark(page.marks[-1].alpha, page.marks[-1].left_px, page.marks[-1].top_px, blue)


def many_seals(page: Page) -> None:
    """Red seals at several places, one across the edge, two over each other."""
    rng = page.rng
    for x, y in ((40, 60), (206, 150), (120, 240), (128, 246)):
        seal.press(
            page,
            "ỦY BAN NHÂN DÂN TỈNH AN LÂM",
            (x + float(rng.uniform(-8, 8)), y + float(rng.uniform(-9, 9))),
            faint=1.1,
        )


def portrait(page: Page) -> None:
    """A photograph of 3 × 4 or 4 × 6 cm glued on: a head before a blue, white or red wall."""
    rng = page.rng
    wide, high = ((30, 40), (40, 60))[int(rng.integers(2))]
    left, top = float(rng.uniform(15, 150)), float(rng.uniform(30, 200))
    wall = ((220, 150, 60), (245, 245, 245), (60, 50, 210), (240, 200, 130))[int(rng.integers(4))]
    shirt = ((250, 250, 250), (90, 60, 40), (60, 160, 60))[int(rng.integers(3))]
    _fill(page, left, top, wide, high, wall, opaque=True)
    middle = round(page.px(wide / 2))
    size = round(page.px(wide))

    def shoulders(alpha: Grey) -> None:
        cv2.ellipse(alpha, (middle, size), (round(size * 0.44), round(size * 0.36)), 0, 0, 360, 255, -1)

    def hair(alpha: Grey) -> None:
        cv2.ellipse(alpha, (middle, round(size * 0.34)), (round(size * 0.25), round(size * 0.3)), 0, 0, 360, 255, -1)

    def face(alpha: Grey) -> None:
        cv2.ellipse(alpha, (middle, round(size * 0.42)), (round(size * 0.2), round(size * 0.27)), 0, 0, 360, 255, -1)

    below = top + high - wide
    _shape(page, shoulders, left, below, wide, shirt)
    _shape(page, hair, left, below, wide, (30, 28, 26))
    _shape(page, face, left, below, wide, (150, 185, 232))


def colour_photo(page: Page) -> None:
    """A landscape of 9 × 13 cm or so: sky, hills and fields."""
    rng = page.rng
    wide, high = float(rng.uniform(80, 130)), float(rng.uniform(60, 95))
    left, top = float(rng.uniform(15, 60)), float(rng.uniform(60, 180))
    for step in range(24):
        share = step / 24
        sky = (235 - round(20 * share), 190 + round(40 * share), 120 + round(110 * share))
        field = (70, 150 - round(60 * share), 90 - round(30 * share))
        colour = sky if share < 0.5 else field
        _fill(page, left, top + high * share, wide, high / 24 + 0.2, colour, opaque=True)
    for _ in range(30):
        x, y = float(rng.uniform(0, wide - 9)), float(rng.uniform(high * 0.3, high - 8))
        tone = tuple(int(v) for v in rng.integers(20, 200, 3))
        _fill(
            page,
            left + x,
            top + y,
            float(rng.uniform(2, 9)),
            float(rng.uniform(2, 8)),
            (tone[0], tone[1], tone[2]),
            opaque=True,
        )


def card(page: Page) -> None:
    """An identity card scanned together with the sheet: 85.6 × 54 mm, tinted from one side to the other."""
    rng = page.rng
    left, top = float(rng.uniform(20, 110)), float(rng.uniform(30, 200))
    first, last = (((225, 228, 196), (188, 226, 226)), ((222, 222, 240), (196, 232, 240)))[int(rng.integers(2))]
    for step in range(32):
        share = step / 31
        b, g, r = (round(a + (z - a) * share) for a, z in zip(first, last, strict=True))
        _fill(page, left + 85.6 * step / 32, top, 85.6 / 32 + 0.1, 54, (b, g, r), opaque=True)
    _fill(page, left + 4, top + 20, 20, 26, (214, 206, 190), opaque=True)
    _fill(page, left + 8, top + 25, 12, 18, (110, 140, 190), opaque=True)
    _fill(page, left + 30, top + 5, 44, 3, (60, 50, 190))
    for row in range(6):
        _fill(page, left + 28, top + 14 + row * 6, float(rng.uniform(20, 50)), 1.8, (60, 60, 60))


def tape(page: Page) -> None:
    """Old tape over tears: strips that have turned yellow, print seen through them; one of them broad."""
    rng = page.rng
    for wide in (12.0, 19.0, 19.0, 48.0):
        colour = (int(rng.integers(170, 215)), int(rng.integers(222, 236)), int(rng.integers(238, 248)))
        long = float(rng.uniform(50, 150))
        left, top = float(rng.uniform(10, 200 - wide)), float(rng.uniform(10, 280 - long))
        if rng.random() < 0.5:
            _fill(page, left, top, wide, long, colour)
        else:
            _fill(page, min(left, 200 - long), top, long, wide, colour)


def coloured_sheet(page: Page) -> None:
    """The whole sheet is pink, yellow, green or blue."""
    colour = PAPERS[int(page.rng.integers(len(PAPERS)))]
    _fill(page, -5, -5, page.size.width_mm + 10, page.size.height_mm + 10, colour)


def certificate(page: Page) -> None:
    """A pink certificate with a frame of fine lines and a paler field inside, as of land use."""
    rng = page.rng
    wide, high = page.size.width_mm, page.size.height_mm
    if rng.random() < 0.5:
        _fill(page, -5, -5, wide + 10, high + 10, (206, 196, 250))
    else:
        _fill(page, 12, 12, wide - 24, high - 24, (206, 206, 250))
    for ring in range(3):
        inset = 12 + ring * 2.5
        for x, y, w, h in (
            (inset, inset, wide - 2 * inset, 1.2),
            (inset, high - inset, wide - 2 * inset, 1.2),
            (inset, inset, 1.2, high - 2 * inset),
            (wide - inset, inset, 1.2, high - 2 * inset),
        ):
            _fill(page, x, y, w, h, (120, 110, 220))

    def drum(alpha: Grey) -> None:
        half = alpha.shape[0] // 2
        for radius in range(4, half, max(3, half // 14)):
            cv2.circle(alpha, (half, half), radius, 200, 1 + half // 90)

    _shape(page, drum, wide / 2 - 35, high / 2 - 35, 70, (170, 165, 240))


def cells(page: Page) -> None:
    """A table with coloured head and cells: ruled or not, one cell as large as a note."""
    rng = page.rng
    ruled = bool(rng.random() < 0.6)
    top = float(rng.uniform(60, 150))
    colour = CELLS[int(rng.integers(len(CELLS)))]
    widths, heights = (45.0, 70.0, 50.0), (14.0, float(rng.uniform(30, 55)), 22.0)
    y = top
    for row, high in enumerate(heights):
        x = 22.0
        for column, wide in enumerate(widths):
            if row == 0 or (row == 1 and column == 1):
                _fill(page, x, y, wide, high, colour)
            if ruled:
                for left, above, w, h in (
                    (x, y, wide, 0.4),
                    (x, y + high, wide, 0.4),
                    (x, y, 0.4, high),
                    (x + wide, y, 0.4, high),
                ):
                    _fill(page, left, above, w, h, (30, 30, 30))
            x += wide
        y += high


def logo(page: Page) -> None:
    """A company's mark in strong colours, and a coloured band at head or foot."""
    rng = page.rng
    strong = ((170, 80, 0), (40, 30, 200), (60, 140, 0), (20, 120, 240))[int(rng.integers(4))]
    size = float(rng.uniform(22, 42))

    def emblem(alpha: Grey) -> None:
        half = alpha.shape[0] // 2
        cv2.circle(alpha, (half, half), half - 1, 255, -1)
        cv2.circle(alpha, (half, half), half // 2, 0, max(2, half // 8))

    _shape(page, emblem, float(rng.uniform(12, 30)), 8, size, strong)
    _fill(page, 0, 0 if rng.random() < 0.5 else 285, page.size.width_mm, 9, strong)


def yellowed(page: Page) -> None:
    """An old sheet: yellow all over, browner at the edges, with soft stains."""
    rng = page.rng
    _fill(page, -5, -5, page.size.width_mm + 10, page.size.height_mm + 10, (196, 228, 242))
    height, width = page.image.height, page.image.width
    field = np.zeros((height // 8, width // 8), np.uint8)
    for _ in range(4):
        centre = (int(rng.integers(field.shape[1])), int(rng.integers(field.shape[0])))
        axes = (int(rng.integers(10, 40)), int(rng.integers(10, 40)))
        cv2.ellipse(field, centre, axes, float(rng.uniform(0, 180)), 0, 360, int(rng.integers(70, 200)), -1)
    cv2.rectangle(field, (0, 0), (field.shape[1] - 1, field.shape[0] - 1), 160, 6)
    soft = cv2.GaussianBlur(field, (0, 0), 7)
    stain = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    page.marks.append(Mark(stain, 0, 0, (140, 196, 226)))


DISTRACTORS: dict[str, Callable[[Page], None]] = {
    "highlighter": highlighter,
    "blue_stamp": blue_stamp,
    "many_seals": many_seals,
    "portrait": portrait,
    "colour_photo": colour_photo,
    "card": card,
    "tape": tape,
    "coloured_sheet": coloured_sheet,
    "certificate": certificate,
    "cells": cells,
    "logo": logo,
    "yellowed": yellowed,
}
