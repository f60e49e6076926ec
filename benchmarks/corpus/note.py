"""A yellow sticky note with a few words by hand, as clerks leave them on papers."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.corpus.page import Mark, Page, PrintedBlock, PrintedLine
from benchmarks.corpus.strokes import draw_strokes, smooth
from models.geometry import Box

NOTE_MM = (76.0, 50.0)
YELLOWS = ((120, 236, 250), (150, 228, 252), (140, 245, 240))
"""Blue, green, red."""


def sticky_note(page: Page) -> tuple[tuple[Mark, ...], Box]:
    """The note's paper and its scribble, and the box (pixels of the upright page) that it hides."""
    rng = page.rng
    wide, high = (round(page.px(mm)) for mm in NOTE_MM)
    left = int(rng.integers(round(page.px(30)), page.image.width - wide - round(page.px(10))))
    top = int(rng.integers(round(page.image.height * 0.3), round(page.image.height * 0.7)))
    border = round(page.px(5))
    canvas = np.zeros((high + 2 * border, wide + 2 * border), np.uint8)
    cv2.rectangle(canvas, (border, border), (border + wide, border + high), 255, -1)
    lean = cv2.getRotationMatrix2D((canvas.shape[1] / 2, canvas.shape[0] / 2), float(rng.normal(0, 2.5)), 1.0)
    alpha = cv2.warpAffine(canvas, lean, (canvas.shape[1], canvas.shape[0])).astype(np.uint8)
    shadow = cv2.GaussianBlur(alpha, (0, 0), page.px(0.8))
    # The shadow falls to the lower right and ends below the note's own paper.
    dark = Mark(
        (shadow * 0.45).astype(np.uint8), left + round(page.px(0.8)), top + round(page.px(0.9)), (110, 110, 110)
    )
    colour = YELLOWS[int(rng.integers(len(YELLOWS)))]
    paper = Mark(alpha, left, top, colour, opaque=True)
    words = _scribble(page, left + border, top + border)
    return (dark, paper, words), Box(left + border, top + border, left + border + wide, top + border + high)


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


def _scribble(page: Page, left: int, top: int) -> Mark:
    """Three lines that look like words."""
    rng = page.rng
    strokes = []
    for row in range(3):
        x = page.px(6.0)
        for _ in range(int(rng.integers(2, 4))):
            count = int(rng.integers(7, 14))
            step = page.px(1.7)
            points = np.stack([x + np.arange(count) * step, rng.uniform(-1, 1, count) * page.px(2.0)], axis=1)
            corner = np.array([left, top + page.px(10 + row * 13)])
            strokes.append(smooth(points, 8) + corner)
            x += count * step + page.px(3.0)
            if x > page.px(55):
                break
    return draw_strokes(strokes, page.px(0.4), rng, page.pen)[0]
