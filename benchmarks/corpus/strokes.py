"""What a pen writes: digits in the number and the date, signatures, and an initial at a text's end."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus.page import Grey, Mark, Page
from models.geometry import Box

Points = NDArray[np.float64]
Pen = tuple[int, int, int]

PENS: tuple[Pen, ...] = ((168, 72, 28), (190, 90, 40), (140, 50, 30), (42, 38, 36))
"""Blue, green, red of ball pens: three blues and a black."""
DIGIT_WIDTH = 0.62
"""Advance of a written digit as a share of the type size."""

# Skeletons in a box 0.5 wide and 1 high, y downwards, the baseline at 1; each stroke is a smooth curve.
DIGITS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "0": (((0.3, 0.02), (0.08, 0.25), (0.05, 0.7), (0.22, 1.0), (0.42, 0.75), (0.45, 0.3), (0.3, 0.02), (0.2, 0.08)),),
    "1": (((0.1, 0.3), (0.22, 0.18), (0.34, 0.0), (0.32, 0.35), (0.26, 0.7), (0.22, 1.02)),),
    "2": (((0.08, 0.22), (0.2, 0.02), (0.42, 0.1), (0.4, 0.38), (0.2, 0.75), (0.02, 0.98), (0.2, 0.92), (0.5, 0.98)),),
    "3": (((0.08, 0.1), (0.3, 0.0), (0.44, 0.16), (0.2, 0.44), (0.42, 0.6), (0.4, 0.88), (0.2, 1.02), (0.02, 0.9)),),
    "4": (((0.26, 0.0), (0.14, 0.3), (0.02, 0.64), (0.25, 0.64), (0.52, 0.6)), ((0.4, 0.34), (0.36, 0.7), (0.33, 1.05))),
    "5": (((0.14, 0.04), (0.1, 0.4), (0.3, 0.4), (0.44, 0.62), (0.34, 0.94), (0.02, 0.96)), ((0.13, 0.04), (0.46, 0.0))),
    "6": (((0.4, 0.0), (0.16, 0.3), (0.05, 0.7), (0.2, 1.0), (0.42, 0.82), (0.36, 0.56), (0.12, 0.62), (0.06, 0.78)),),
    "7": (((0.04, 0.06), (0.24, 0.08), (0.48, 0.03), (0.34, 0.4), (0.22, 1.04)), ((0.14, 0.52), (0.42, 0.48))),
    "8": (
        ((0.42, 0.14), (0.2, 0.0), (0.08, 0.2), (0.24, 0.46), (0.42, 0.74), (0.22, 1.0), (0.05, 0.78), (0.22, 0.5),
         (0.42, 0.26), (0.4, 0.1)),
    ),
    "9": (((0.42, 0.2), (0.22, 0.02), (0.06, 0.26), (0.2, 0.5), (0.4, 0.34), (0.44, 0.14), (0.4, 0.6), (0.28, 1.08)),),
    "/": (((0.42, -0.05), (0.25, 0.5), (0.06, 1.1)),),
}  # fmt: skip
_SCALE = 4


def smooth(points: Points, steps: int = 10) -> Points:
    """A Catmull-Rom curve through the points."""
    ends = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    t = np.linspace(0, 1, steps, endpoint=False)[:, None]
    parts = []
    for p0, p1, p2, p3 in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        a, b, c = 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3, p2 - p0
        parts.append(0.5 * (2 * p1 + c * t + a * t**2 + b * t**3))
    return np.vstack([*parts, points[-1:]])


def draw_strokes(strokes: Sequence[Points], width_px: float, rng: np.random.Generator, colour: Pen) -> tuple[Mark, Box]:
    """Ink of curves given in pixels; the pen presses unevenly. The mark and the box of its ink."""
    every = np.vstack(strokes)
    pad = width_px * 2 + 2
    left, top = np.floor(every.min(axis=0) - pad).astype(int)
    right, bottom = np.ceil(every.max(axis=0) + pad).astype(int)
    canvas = np.zeros(((bottom - top) * _SCALE, (right - left) * _SCALE), np.uint8)
    for stroke in strokes:
        path = np.round((stroke - (left, top)) * _SCALE).astype(np.int32)
        press = smooth(rng.uniform(0.7, 1.25, size=(max(4, len(path) // 12), 1)), 12)
        for number, (start, end) in enumerate(itertools.pairwise(path)):
            thick = width_px * _SCALE * float(press[min(number, len(press) - 1)][0])
            ends = (int(start[0]), int(start[1])), (int(end[0]), int(end[1]))
            cv2.line(canvas, *ends, 255, max(1, round(thick)), cv2.LINE_AA)
    size = (int(right - left), int(bottom - top))
    alpha: Grey = cv2.resize(canvas, size, interpolation=cv2.INTER_AREA).astype(np.uint8)
    low, high = every.min(axis=0), every.max(axis=0)
    return Mark(alpha, int(left), int(top), colour), Box(*map(float, (*low, *high)))


def digits_width_mm(text: str, size_mm: float) -> float:
    """Room that handwriting takes in a line set in type of that size, a little air included."""
    return size_mm * (DIGIT_WIDTH * len(text) + 0.35)


def digits(page: Page, text: str, x_mm: float, baseline_mm: float, size_mm: float) -> tuple[Mark, Box]:
    """Digits and slashes by hand on a printed line; each time a little different."""
    rng = page.rng
    height = page.px(size_mm) * float(rng.uniform(0.82, 1.0))
    slant = float(rng.uniform(0.0, 0.3))
    x, base = page.px(x_mm + size_mm * 0.15), page.px(baseline_mm) + height * float(rng.uniform(-0.02, 0.1))
    strokes = []
    for letter in text:
        for skeleton in DIGITS[letter]:
            points = np.array(skeleton) + rng.normal(0, 0.018, (len(skeleton), 2))
            points[:, 0] += slant * (1 - points[:, 1])
            strokes.append(smooth(points) * height + (x, base - height))
        x += page.px(size_mm) * DIGIT_WIDTH
    return draw_strokes(strokes, page.px(rng.uniform(0.28, 0.42)), rng, page.pen)


def signature(page: Page, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> Mark:
    """A flourish: loops that run to the right, and a long stroke through them."""
    rng = page.rng
    count = int(rng.integers(9, 16))
    # Loops whose size swells and shrinks while the hand runs on.
    turn = np.arange(count) * float(rng.uniform(1.3, 2.1)) + float(rng.uniform(0, 6))
    reach = rng.uniform(0.12, 0.42, count)
    x = np.linspace(0.15, 0.68, count) + np.cos(turn) * reach * 0.35
    y = 0.5 + np.sin(turn) * reach * float(rng.uniform(0.8, 1.3))
    loops = smooth(np.stack([x, y], axis=1), 14)
    rise = float(rng.uniform(-0.6, 0.5))
    tail = smooth(
        np.array([[0.0, 0.55 + rise * 0.4], [0.35, 0.6], [0.7, 0.5 - rise * 0.3], [1.0, 0.45 - rise * 0.6]]), 14
    )
    unit = (page.px(width_mm), page.px(height_mm))
    strokes = [curve * unit + (page.px(left_mm), page.px(top_mm)) for curve in (loops, tail)]
    return draw_strokes(strokes, page.px(rng.uniform(0.45, 0.75)), rng, page.pen)[0]


def initial(page: Page, x_mm: float, baseline_mm: float) -> Mark:
    """The small tick with which a head of office initials the end of a text."""
    rng = page.rng
    points = np.array([[0.0, 0.5], [0.15, 0.95], [0.35, 0.3], [0.5, 0.9], [0.8, 0.1], [1.0, 0.4]])
    size = page.px(rng.uniform(3.0, 6.0))
    curve = smooth(points + rng.normal(0, 0.08, points.shape), 12) * (size, size * 0.8)
    corner = np.array([page.px(x_mm), page.px(baseline_mm) - size * 0.7])
    return draw_strokes([curve + corner], page.px(0.35), rng, page.pen)[0]
