"""What is on papers and is not text: photographs, emblems, square codes and bar codes."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.corpus.page import Grey, Mark, Page

BLACK = (20, 20, 20)


def photograph(page: Page, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> None:
    """A grey picture of someone: a backdrop, shoulders, a head, hair, and the grain of a halftone."""
    rng = page.rng
    height, width = round(page.px(height_mm)), round(page.px(width_mm))
    soft = rng.uniform(0.1, 0.5, (6, 5)).astype(np.float32)
    ink = np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC) * 255, dtype=np.float32)
    middle = width // 2
    for centre, axes, dark in (
        ((middle, height), (width * 0.45, height * 0.3), 190),
        ((middle, int(height * 0.45)), (width * 0.24, height * 0.26), 70),
        ((middle, int(height * 0.26)), (width * 0.25, height * 0.13), 235),
        ((int(width * 0.42), int(height * 0.45)), (width * 0.03, height * 0.012), 220),
        ((int(width * 0.58), int(height * 0.45)), (width * 0.03, height * 0.012), 220),
        ((middle, int(height * 0.6)), (width * 0.07, height * 0.012), 170),
    ):
        cv2.ellipse(ink, centre, (max(1, int(axes[0])), max(1, int(axes[1]))), 0, 0, 360, dark, -1, cv2.LINE_AA)
    pitch = float(rng.uniform(0.25, 0.45)) * page.dpi / 25.4
    y, x = np.mgrid[:height, :width].astype(np.float32)
    screen = np.sin(2 * np.pi * (x + y) / pitch) * np.sin(2 * np.pi * (x - y) / pitch) * float(rng.choice([0.0, 70.0]))
    alpha = np.clip(ink + screen + rng.normal(0, 8, ink.shape), 0, 255).astype(np.uint8)
    page.marks.append(Mark(alpha, round(page.px(left_mm)), round(page.px(top_mm)), BLACK))


def emblem(page: Page, centre_mm: tuple[float, float], diameter_mm: float) -> None:
    """A round emblem in black, red or two colours: a wreath of ears, a star, a wheel, a ribbon with letters."""
    rng = page.rng
    size = round(page.px(diameter_mm))
    face = np.zeros((size, size), np.uint8)
    radius, middle = size / 2 - 2, size / 2
    thin = max(1, size // 70)
    for turn in np.linspace(0.18, 0.88, 26):
        for side in (-1, 1):
            angle = np.pi * (0.5 + side * turn)
            for reach in (0.82, 0.94):
                at = (int(middle + reach * radius * np.cos(angle)), int(middle + reach * radius * np.sin(angle)))
                axes = (max(2, size // 22), max(1, size // 60))
                cv2.ellipse(face, at, axes, float(np.degrees(angle)) + 60 * side, 0, 360, 255, -1, cv2.LINE_AA)
    cv2.circle(face, (int(middle), int(middle)), int(radius * 0.68), 255, thin, cv2.LINE_AA)
    star = [
        (middle + r * np.sin(np.pi * n / 5), middle - 0.2 * radius - r * np.cos(np.pi * n / 5))
        for n, r in enumerate([0.3 * radius, 0.12 * radius] * 5)
    ]
    cv2.fillPoly(face, [np.array(star, np.int32)], 255, cv2.LINE_AA)
    cv2.circle(face, (int(middle), int(middle + 0.42 * radius)), int(radius * 0.2), 255, 3 * thin, cv2.LINE_AA)
    band = (int(middle - 0.7 * radius), int(middle + 0.72 * radius)), (int(middle + 0.7 * radius), int(size - 2))
    cv2.rectangle(face, *band, 150, -1)
    colour = (BLACK, (40, 30, 190), (60, 60, 60))[int(rng.integers(3))]
    left, top = round(page.px(centre_mm[0]) - middle), round(page.px(centre_mm[1]) - middle)
    page.marks.append(Mark(face, left, top, colour))


def square_code(page: Page, left_mm: float, top_mm: float, side_mm: float) -> None:
    """A square of random modules with the three finders of a QR code."""
    count = int(page.rng.choice([25, 33, 41]))
    modules = (page.rng.random((count, count)) < 0.5).astype(np.uint8)
    for row, column in ((0, 0), (0, count - 7), (count - 7, 0)):
        modules[max(0, row - 1) : row + 8, max(0, column - 1) : column + 8] = 0
        modules[row : row + 7, column : column + 7] = 1
        modules[row + 1 : row + 6, column + 1 : column + 6] = 0
        modules[row + 2 : row + 5, column + 2 : column + 5] = 1
    _stamp(page, modules, left_mm, top_mm, side_mm, side_mm)


def bar_code(page: Page, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> None:
    """Bars of one to three modules, as Code 128 has them."""
    widths = page.rng.integers(1, 4, 81)
    bars = np.repeat(np.arange(81) % 2 == 0, widths).astype(np.uint8)[None, :]
    _stamp(page, bars, left_mm, top_mm, width_mm, height_mm)


def _stamp(page: Page, modules: Grey, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> None:
    size = (round(page.px(width_mm)), round(page.px(height_mm)))
    alpha = cv2.resize(modules * 255, size, interpolation=cv2.INTER_NEAREST)
    page.marks.append(Mark(np.asarray(alpha, dtype=np.uint8), round(page.px(left_mm)), round(page.px(top_mm)), BLACK))
