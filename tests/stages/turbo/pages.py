"""Rendered pages for the segmentation's tests, at 300 dpi, and where their lines were found."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

from models.geometry import Box
from models.ports import Pixels
from stages.ocr.turbo.line_image import LineImage, TextBlock
from stages.ocr.turbo.segment import segment
from tests.stages import rendered

DPI = 300
MM = DPI / 25.4


def halved(full: Pixels) -> Pixels:
    """BGR at half scale, as the codec gives it."""
    height, width = full.shape[:2]
    return np.asarray(cv2.resize(full, (width // 2, height // 2), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def grey(full: Pixels) -> Pixels:
    """The full picture in grey."""
    return np.asarray(cv2.cvtColor(full, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def segmented(full: Pixels, dpi: int = DPI) -> tuple[TextBlock, ...]:
    """The blocks of a BGR page."""
    return segment(halved(full), dpi, lambda: grey(full))


def blocks_of(image: Image.Image) -> tuple[TextBlock, ...]:
    """The blocks of a drawn page."""
    return segmented(rendered.pixels(image))


def lines_of(blocks: tuple[TextBlock, ...]) -> list[LineImage]:
    """All lines in reading order."""
    return [line for block in blocks for line in block.lines]


def holds(line: LineImage, x_mm: float, y_mm: float) -> bool:
    """Whether a point of the page lies in the line's box."""
    box: Box = line.box
    return box.left <= x_mm * MM < box.right and box.top <= y_mm * MM < box.bottom
