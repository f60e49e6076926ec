"""Pages wholly written by hand, as citizens hand them in: petitions and jottings, on plain, ruled or squared paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.corpus import names, penmanship
from benchmarks.corpus.page import Mark, Page, PrintedLine
from benchmarks.corpus.penmanship import Hand
from benchmarks.corpus.strokes import signature
from benchmarks.corpus.texts import Writer

_PALE = ((226, 196, 176), (216, 178, 196), (205, 205, 200))
"""Blue, green, red: how school paper is ruled."""
_RED = (170, 150, 240)
_TITLES = ("ĐƠN XIN XÁC NHẬN", "ĐƠN ĐỀ NGHỊ", "GIẤY ỦY QUYỀN", "GIẤY CAM ĐOAN", "BẢN TƯỜNG TRÌNH", "Đơn khiếu nại")


def petition(page: Page, writer: Writer) -> None:
    """A head, a title, paragraphs over most of the page, a signature and the name."""
    rng = page.rng
    hand, size, pitch = _begin(page)
    right = page.size.width_mm - float(rng.uniform(8, 20))
    left = float(rng.uniform(18, 35))
    y = float(rng.uniform(14, 22)) + size
    heads = ("Cộng hòa xã hội chủ nghĩa Việt Nam", "Độc lập - Tự do - Hạnh phúc") if rng.random() < 0.8 else ()
    for text in (*heads, _TITLES[int(rng.integers(len(_TITLES)))], f"Kính gửi: {names.place(rng).commune_text}"):
        y = _centred(page, hand, text, (left, right), y, size) + pitch
    bottom = float(rng.uniform(150, page.size.height_mm - 55))
    while y < bottom:
        for line in _broken(writer.prose(int(rng.integers(1, 4))), hand, size, right - left):
            y = _line(page, hand, line, left, y, size) + pitch
    middle = (left + right) / 2
    y = _centred(page, hand, "Người làm đơn", (middle, right), y, size) + 3
    page.marks.append(signature(page, middle + 15, y, 42, 17))
    _centred(page, hand, names.person(rng).name, (middle, right), y + 17 + size, size)


def jotting(page: Page, writer: Writer) -> None:
    """Three to eight lines somewhere on the page."""
    rng = page.rng
    hand, size, pitch = _begin(page)
    left, y = float(rng.uniform(18, 60)), float(rng.uniform(20, 180))
    width = float(rng.uniform(90, page.size.width_mm - left - 10))
    for line in _broken(writer.prose(6), hand, size, width)[: int(rng.integers(3, 9))]:
        y = _line(page, hand, line, left, y, size) + pitch


def _begin(page: Page) -> tuple[Hand, float, float]:
    """Rule the paper, or not, and take a pen: the hand, how high it writes and from line to line (mm)."""
    rng = page.rng
    hand = penmanship.some_hand(rng)
    page.pen = hand.pen
    size, pitch = float(rng.uniform(4.5, 7.0)), float(rng.uniform(8.0, 11.0))
    paper = rng.random()
    if paper < 0.5:
        _ruled(page, pitch, squared=bool(paper < 0.2))
        hand = replace(hand, waver=hand.waver * 0.7)
    return hand, size, pitch


def _ruled(page: Page, pitch_mm: float, *, squared: bool) -> None:
    """Lines across, those of squares down the page too, and a margin in red."""
    rng = page.rng
    colour = _PALE[int(rng.integers(len(_PALE)))]
    step = pitch_mm / 2 if squared else pitch_mm
    wide, high = page.size.width_mm, page.size.height_mm
    for y in np.arange(float(rng.uniform(8, 25)), high - 4, step):
        _rule(page, (0.0, float(y)), (wide, 0.2), colour)
    for x in np.arange(4.0, wide, step) if squared else ():
        _rule(page, (float(x), 0.0), (0.2, high), colour)
    if rng.random() < 0.6:
        _rule(page, (float(rng.uniform(12, 30)), 0.0), (0.3, high), _RED)


def _rule(page: Page, at_mm: tuple[float, float], size_mm: tuple[float, float], colour: tuple[int, int, int]) -> None:
    width, height = (max(1, round(page.px(side))) for side in size_mm)
    left, top = (round(page.px(side)) for side in at_mm)
    page.marks.append(Mark(np.full((height, width), 255, np.uint8), left, top, colour))


def _broken(text: str, hand: Hand, size_mm: float, width_mm: float) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and penmanship.width_mm(longer, hand, size_mm) > width_mm:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _centred(
    page: Page, hand: Hand, text: str, ends_mm: tuple[float, float], baseline_mm: float, size_mm: float
) -> float:
    left, right = ends_mm
    room = (right - left - penmanship.width_mm(text, hand, size_mm)) / 2
    return _line(page, hand, text, left + max(0.0, room), baseline_mm, size_mm)


def _line(page: Page, hand: Hand, text: str, left_mm: float, baseline_mm: float, size_mm: float) -> float:
    """Write it and return its baseline."""
    box = penmanship.write(page, hand, text, left_mm, baseline_mm, size_mm)
    page.add("handwriting", [PrintedLine(text, box)], printed=False)
    return baseline_mm
