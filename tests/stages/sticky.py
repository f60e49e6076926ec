"""Sticky notes on rendered pages, and scans of them as a counter's scanner makes them."""

from __future__ import annotations

import cv2
import numpy as np

from models.ports import Pixels
from stages import survey
from stages.survey import Survey
from tests.stages import rendered

DPI = 150
MM = DPI / 25.4
YELLOW, PINK, GREEN, BLUE, ORANGE = (
    (130, 238, 250),
    (190, 160, 250),
    (160, 240, 185),
    (243, 212, 160),
    (110, 190, 252),
)
"""Blue, green, red."""
COLOURS = (YELLOW, PINK, GREEN, BLUE, ORANGE)
Bgr = tuple[int, int, int]


def page(lines: int = 26) -> Pixels:
    """A page of print, 150 dpi."""
    return rendered.pixels(rendered.prose(lines, DPI))


def stick(
    image: Pixels,
    middle_mm: tuple[float, float] = (105.0, 130.0),
    size_mm: tuple[float, float] = (76.0, 76.0),
    colour: Bgr = YELLOW,
    lean_deg: float = 3.0,
) -> Pixels:
    """The page with a note on it: shadow, paper, three words by hand."""
    out = image.copy()
    middle = (middle_mm[0] * MM, middle_mm[1] * MM)
    size = (size_mm[0] * MM, size_mm[1] * MM)
    corners = cv2.boxPoints((middle, size, lean_deg))
    shadow = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(shadow, [np.round(corners + 1.0 * MM).astype(np.int32)], 110)
    soft = np.asarray(cv2.GaussianBlur(shadow, (0, 0), 0.8 * MM), dtype=np.float32)[:, :, None]
    out = (out * (1 - soft / 255 * 0.6)).astype(np.uint8)
    cv2.fillPoly(out, [np.round(corners).astype(np.int32)], colour)
    for row in range(3):
        across = np.linspace(-0.35, 0.25, 40)
        x = middle[0] + across * size[0]
        y = middle[1] + (row - 1) * size[1] * 0.25 + np.sin(across * 60 + row) * 1.6 * MM
        curve = np.round(np.stack([x, y], axis=1)).astype(np.int32)
        cv2.polylines(out, [curve], isClosed=False, color=(150, 70, 30), thickness=2, lineType=cv2.LINE_AA)
    return np.asarray(out, dtype=np.uint8)


def scanned(image: Pixels, seed: int, lean_deg: float = 0.0, shift_px: tuple[int, int] = (0, 0)) -> Pixels:
    """One passage through the scanner: leaning, shifted, worn, and back from its JPEG."""
    matrix = np.array([[1.0, 0.0, shift_px[0]], [0.0, 1.0, shift_px[1]]])
    size = (image.shape[1], image.shape[0])
    moved = np.asarray(cv2.warpAffine(image, matrix, size, borderValue=rendered.WHITE), dtype=np.uint8)
    return rendered.damaged(rendered.leaning(moved, lean_deg) if lean_deg else moved, seed)


def surveyed(image: Pixels) -> Survey:
    """The reduced picture that stages share."""
    return survey.of(image, DPI)
