"""Words written by a pen: letters with marks, mostly joined, on a line that wavers. Every hand is its own."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

import numpy as np

from benchmarks.corpus.page import Page
from benchmarks.corpus.strokes import DIGIT_WIDTH, DIGITS, Points, draw_strokes, smooth
from models.geometry import Box

Stroke = tuple[tuple[float, float], ...]

# Skeletons like those of the digits: the baseline at 1, the top of x at 0.5, ascenders to 0, descenders to 1.4.
# The first stroke begins at the left and ends at the right, where the next letter's may be joined to it.
_LETTERS: dict[str, tuple[float, tuple[Stroke, ...]]] = {
    "a": (0.42, (((0.36, 0.56), (0.18, 0.5), (0.04, 0.75), (0.14, 0.99), (0.34, 0.72), (0.36, 0.54), (0.34, 0.88), (0.44, 0.98)),)),
    "b": (0.4, (((0.02, 0.7), (0.2, 0.2), (0.16, 0.02), (0.07, 0.3), (0.07, 0.9), (0.2, 1.0), (0.34, 0.76), (0.26, 0.56), (0.42, 0.6)),)),
    "c": (0.36, (((0.32, 0.6), (0.2, 0.5), (0.05, 0.72), (0.14, 0.98), (0.38, 0.9)),)),
    "d": (0.46, (((0.36, 0.58), (0.18, 0.52), (0.04, 0.76), (0.14, 1.0), (0.34, 0.7), (0.4, 0.0), (0.36, 0.86), (0.48, 0.98)),)),
    "e": (0.36, (((0.02, 0.82), (0.26, 0.68), (0.22, 0.5), (0.07, 0.66), (0.12, 0.98), (0.38, 0.88)),)),
    "g": (0.42, (((0.34, 0.58), (0.18, 0.5), (0.05, 0.74), (0.14, 0.98), (0.34, 0.6), (0.34, 1.2), (0.2, 1.42), (0.08, 1.26), (0.44, 0.92)),)),
    "h": (0.44, (((0.02, 0.74), (0.18, 0.2), (0.14, 0.02), (0.07, 0.4), (0.06, 1.0), (0.12, 0.66), (0.28, 0.52), (0.32, 0.9), (0.46, 0.96)),)),
    "i": (0.22, (((0.02, 0.8), (0.12, 0.52), (0.1, 0.9), (0.24, 0.94)), ((0.15, 0.3), (0.17, 0.34)))),
    "k": (0.42, (((0.02, 0.74), (0.18, 0.2), (0.13, 0.02), (0.07, 0.4), (0.06, 1.0), (0.1, 0.76), (0.32, 0.54), (0.14, 0.76), (0.3, 0.98), (0.44, 0.94)),)),
    "l": (0.24, (((0.02, 0.8), (0.2, 0.2), (0.14, 0.0), (0.08, 0.4), (0.1, 0.96), (0.26, 0.92)),)),
    "m": (0.66, (((0.02, 0.6), (0.09, 0.52), (0.08, 1.0), (0.16, 0.62), (0.27, 0.54), (0.28, 1.0), (0.36, 0.62), (0.48, 0.54), (0.5, 0.94), (0.66, 0.94)),)),
    "n": (0.46, (((0.02, 0.6), (0.09, 0.52), (0.08, 1.0), (0.16, 0.62), (0.29, 0.54), (0.31, 0.94), (0.46, 0.94)),)),
    "o": (0.4, (((0.22, 0.5), (0.05, 0.7), (0.1, 0.98), (0.28, 0.94), (0.34, 0.66), (0.22, 0.5), (0.42, 0.58)),)),
    "p": (0.42, (((0.02, 0.6), (0.1, 0.52), (0.06, 1.4), (0.1, 0.68), (0.26, 0.5), (0.34, 0.74), (0.2, 0.98), (0.1, 0.88), (0.42, 0.96)),)),
    "q": (0.44, (((0.34, 0.58), (0.18, 0.5), (0.05, 0.74), (0.14, 0.98), (0.34, 0.58), (0.32, 1.4), (0.46, 0.98)),)),
    "r": (0.34, (((0.02, 0.7), (0.12, 0.46), (0.14, 0.58), (0.3, 0.56), (0.24, 0.94), (0.36, 0.96)),)),
    "s": (0.34, (((0.02, 0.86), (0.2, 0.46), (0.28, 0.82), (0.14, 1.0), (0.05, 0.92), (0.36, 0.94)),)),
    "t": (0.3, (((0.02, 0.8), (0.15, 0.12), (0.11, 0.88), (0.18, 0.99), (0.32, 0.9)), ((0.02, 0.44), (0.28, 0.4)))),
    "u": (0.44, (((0.02, 0.62), (0.08, 0.52), (0.07, 0.9), (0.16, 1.0), (0.32, 0.6), (0.34, 0.52), (0.32, 0.9), (0.46, 0.96)),)),
    "v": (0.4, (((0.02, 0.56), (0.1, 0.54), (0.18, 0.99), (0.34, 0.54), (0.42, 0.6)),)),
    "x": (0.4, (((0.03, 0.56), (0.14, 0.52), (0.26, 0.96), (0.4, 0.92)), ((0.36, 0.52), (0.06, 0.99)))),
    "y": (0.42, (((0.02, 0.6), (0.08, 0.52), (0.08, 0.84), (0.18, 0.94), (0.32, 0.54), (0.3, 1.2), (0.18, 1.42), (0.06, 1.28), (0.42, 0.92)),)),
}  # fmt: skip
_LIKE = {"f": "k", "j": "i", "w": "v", "z": "s"}
_CAPITAL = 1.55
_MARKS: dict[str, Stroke] = {
    "\u0301": ((0.0, 0.12), (0.14, 0.0)),
    "\u0300": ((0.0, 0.0), (0.14, 0.12)),
    "\u0309": ((0.02, 0.02), (0.12, 0.0), (0.07, 0.14)),
    "\u0303": ((-0.04, 0.09), (0.04, 0.02), (0.12, 0.1), (0.2, 0.02)),
    "\u0302": ((-0.04, 0.12), (0.08, 0.0), (0.2, 0.13)),
    "\u0306": ((-0.04, 0.0), (0.08, 0.12), (0.2, 0.0)),
    "\u031b": ((0.24, 0.12), (0.32, 0.04), (0.27, -0.02)),
    "\u0323": ((0.06, 0.7), (0.09, 0.73)),
}
"""Above the letter; the dot lies far below the others' zero."""


@dataclass(frozen=True)
class Hand:
    """How someone writes. ``slant``: of the letters; ``join``: chance that the pen stays down; ``waver``: by size."""

    slant: float
    join: float
    waver: float
    spread: float
    width_mm: float
    pen: tuple[int, int, int]


PENS = ((168, 72, 28), (150, 60, 30), (44, 40, 38), (60, 56, 54), (104, 100, 98))
"""Blue, green, red: two blues, two blacks and a pencil."""


def some_hand(rng: np.random.Generator) -> Hand:
    """A writer with a pen."""
    return Hand(
        slant=float(rng.uniform(-0.05, 0.45)),
        join=float(rng.choice([0.15, 0.6, 0.9])),
        waver=float(rng.uniform(0.02, 0.05)),
        spread=float(rng.uniform(0.95, 1.35)),
        width_mm=float(rng.uniform(0.28, 0.5)),
        pen=PENS[int(rng.integers(len(PENS)))],
    )


def write(page: Page, hand: Hand, text: str, x_mm: float, baseline_mm: float, size_mm: float) -> Box:
    """Write a line of text; ``size_mm``: of an ascender. The mark is put on the page, its box returned (pixels)."""
    rng = page.rng
    strokes: list[Points] = []
    x, drift = 0.0, 0.0
    rise = float(rng.normal(0, 0.012))
    for word in text.split():
        drift = float(rng.normal(0, 1.2 * hand.waver))
        trail: list[Points] = []
        for letter in word:
            wide, pieces = shape_of(letter, hand, rng)
            shift = np.array([x, drift + rise * x + float(rng.normal(0, hand.waver))])
            body, *rest = [piece + shift for piece in pieces]
            if trail and rng.random() >= hand.join:
                strokes.append(smooth(np.vstack(trail)))
                trail = []
            trail.append(body)
            strokes += [smooth(piece) for piece in rest]
            x += wide
        if trail:
            strokes.append(smooth(np.vstack(trail)))
        x += float(rng.uniform(0.25, 0.45))
    unit = page.px(size_mm)
    placed = [stroke * unit + (page.px(x_mm), page.px(baseline_mm) - unit) for stroke in strokes]
    mark, box = draw_strokes(placed, page.px(hand.width_mm), rng, hand.pen)
    page.marks.append(mark)
    return box


def shape_of(letter: str, hand: Hand, rng: np.random.Generator) -> tuple[float, list[Points]]:
    """Advance and strokes of one letter, slanted and never twice the same."""
    base, *marks = list(unicodedata.normalize("NFD", letter))
    low = base.lower()
    barred = low == "đ"
    low = "d" if barred else _LIKE.get(low, low)
    if low in DIGITS:
        wide, strokes = DIGIT_WIDTH * 0.9, DIGITS[low]
    else:
        wide, strokes = _LETTERS.get(low, (0.3, (((0.02, 0.95), (0.06, 0.98)),)))
    pieces = [np.array(stroke) for stroke in strokes]
    if base.isupper():
        tall = min(_CAPITAL, 1.0 / max(0.05, 1.0 - min(float(p[:, 1].min()) for p in pieces)))
        pieces = [(piece - (0.0, 1.0)) * (1.15, tall) + (0.0, 1.0) for piece in pieces]
        wide *= 1.2
    top = min(float(piece[:, 1].min()) for piece in pieces)
    if barred:
        pieces.append(np.array([[0.24, 0.2], [0.5, 0.18]]))
    for number, mark in enumerate(sorted(marks, key=lambda mark: mark not in "\u0302\u0306\u031b")):
        high = {"\u031b": 0.52, "\u0323": 0.42}.get(mark, top - 0.1 - 0.17 * number)
        pieces.append(np.array(_MARKS.get(mark, _MARKS["\u0323"])) + np.array([wide * 0.3, high]))
    slanted = []
    for piece in pieces:
        moved = piece + rng.normal(0, 0.018, piece.shape)
        moved[:, 0] = moved[:, 0] * hand.spread + hand.slant * (1 - moved[:, 1])
        slanted.append(moved)
    return wide * hand.spread, slanted


def width_mm(text: str, hand: Hand, size_mm: float) -> float:
    """About how far a text runs."""
    return size_mm * sum(0.36 if word == " " else 0.44 * hand.spread for word in text)
