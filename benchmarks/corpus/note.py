"""Sticky notes with a few words by hand, as clerks leave them on papers: giấy ghi chú."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.corpus.page import Mark, Page, PrintedBlock, PrintedLine
from benchmarks.corpus.strokes import draw_strokes, smooth
from models.geometry import Box

Bgr = tuple[int, int, int]

YELLOWS: tuple[Bgr, ...] = ((120, 236, 250), (150, 228, 252), (140, 245, 240))
"""Blue, green, red."""
COLOURS: dict[str, tuple[Bgr, ...]] = {
    "yellow": (*YELLOWS, (176, 244, 252), (70, 240, 250)),
    "pink": ((200, 176, 250), (170, 110, 250), (215, 200, 252)),
    "green": ((160, 240, 190), (90, 240, 170), (180, 236, 200)),
    "blue": ((245, 220, 180), (240, 200, 130), (246, 228, 200)),
    "orange": ((110, 190, 252), (70, 160, 250), (150, 206, 252)),
}
"""Pastel and neon papers as a scanner sees them."""
SIZES_MM = ((76.0, 76.0), (76.0, 51.0), (38.0, 51.0), (76.0, 127.0), (102.0, 102.0), (102.0, 152.0), (51.0, 38.0))
"""Width and height of the pads that are sold."""


@dataclass(frozen=True)
class NoteLook:
    """One note. ``left_mm`` and ``top_mm``: of its corner before it leans, may lie off the sheet. Degrees clockwise."""

    width_mm: float = 76.0
    height_mm: float = 50.0
    colour: Bgr = YELLOWS[0]
    lean_deg: float = 0.0
    left_mm: float = 60.0
    top_mm: float = 100.0
    words: bool = True


def drawn_look(page: Page) -> NoteLook:
    """A yellow note of the usual size in the middle third of a page."""
    rng = page.rng
    width, height = page.size.width_mm, page.size.height_mm
    left = float(rng.uniform(30, width - 76 - 10))
    top = float(rng.uniform(height * 0.3, height * 0.7))
    colour = YELLOWS[int(rng.integers(len(YELLOWS)))]
    return NoteLook(colour=colour, lean_deg=float(rng.normal(0, 2.5)), left_mm=left, top_mm=top)


def any_look(page: Page, colour: str, *, at_edge: bool = False) -> NoteLook:
    """A note of any size on any place of the page. ``at_edge``: a part of it hangs over the sheet's edge."""
    rng = page.rng
    wide, high = SIZES_MM[int(rng.integers(len(SIZES_MM)))]
    across, down = page.size.width_mm - wide, page.size.height_mm - high
    left, top = float(rng.uniform(4, across - 4)), float(rng.uniform(4, down - 4))
    if at_edge:
        hanging = float(rng.uniform(0.1, 0.45))
        left = (-hanging * wide, across + hanging * wide, left)[int(rng.integers(3))]
        if 0 < left < across:
            top = (-hanging * high, down + hanging * high)[int(rng.integers(2))]
    tone = COLOURS[colour][int(rng.integers(len(COLOURS[colour])))]
    return NoteLook(wide, high, tone, float(rng.normal(0, 4)), left, top, words=bool(rng.random() < 0.9))


def sticky_note(page: Page, look: NoteLook | None = None) -> tuple[tuple[Mark, ...], Box]:
    """The note's paper and its scribble, and the box (pixels of the upright page) that it hides."""
    look = look or drawn_look(page)
    wide, high = round(page.px(look.width_mm)), round(page.px(look.height_mm))
    border = round(page.px(5)) + abs(round(max(wide, high) * np.sin(np.radians(look.lean_deg)) / 2))
    left, top = round(page.px(look.left_mm)) - border, round(page.px(look.top_mm)) - border
    canvas = np.zeros((high + 2 * border, wide + 2 * border), np.uint8)
    cv2.rectangle(canvas, (border, border), (border + wide, border + high), 255, -1)
    lean = cv2.getRotationMatrix2D((canvas.shape[1] / 2, canvas.shape[0] / 2), -look.lean_deg, 1.0)
    alpha = cv2.warpAffine(canvas, lean, (canvas.shape[1], canvas.shape[0])).astype(np.uint8)
    shadow = cv2.GaussianBlur(alpha, (0, 0), page.px(0.8))
    # The shadow falls to the lower right and ends below the note's own paper.
    dark = Mark(
        (shadow * 0.45).astype(np.uint8), left + round(page.px(0.8)), top + round(page.px(0.9)), (110, 110, 110)
    )
    paper = Mark(alpha, left, top, look.colour, opaque=True)
    words = (_scribble(page, look, left + border, top + border),) if look.words else ()
    box = Box(left + border, top + border, left + border + wide, top + border + high)
    return (dark, paper, *words), box


def uncovered(blocks: list[PrintedBlock], hidden: Box) -> list[PrintedBlock]:
    """What can still be read: lines that the note touches are gone; the note itself is a block."""
    kept = []
    for block in blocks:
        lines = tuple(line for line in block.lines if not _touch(line.box, hidden))
        if lines:
            kept.append(PrintedBlock(block.kind, lines, block.printed))
    return [*kept, PrintedBlock("note", (PrintedLine("", hidden),), printed=False)]


def _touch(box: Box, other: Box) -> bool:
    across = box.left < other.right and other.left < box.right
    return across and box.top < other.bottom and other.top < box.bottom


def _scribble(page: Page, look: NoteLook, left: int, top: int) -> Mark:
    """Lines that look like words, as many as the note has room for."""
    rng = page.rng
    strokes = []
    for row in range(max(1, int((look.height_mm - 12) / 13))):
        x = page.px(6.0)
        for _ in range(int(rng.integers(2, 4))):
            count = int(rng.integers(7, 14))
            step = page.px(1.7)
            if x + count * step > page.px(look.width_mm - 4):
                count = max(3, int((page.px(look.width_mm - 4) - x) / step))
            points = np.stack([x + np.arange(count) * step, rng.uniform(-1, 1, count) * page.px(2.0)], axis=1)
            corner = np.array([left, top + page.px(10 + row * 13)])
            strokes.append(smooth(points, 8) + corner)
            x += count * step + page.px(3.0)
            if x > page.px(look.width_mm - 21):
                break
    return draw_strokes(strokes, page.px(0.4), rng, page.pen)[0]
