"""Lines of a scanned page as sohoa's own segmentation cuts them, each with what is printed on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.recogniser.damage import Scan
from benchmarks.recogniser.sheet import PrintedWord, Sheet
from models.geometry import Box
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.network import normalise
from stages.ocr.turbo.segment import segment

HEIGHT_PX = 36
"""As the installed networks take a line."""
_MOST_PX = 2400
_OFF_X = 0.6
"""Baselines further apart than this many x-heights (of the word) are of different lines."""
_CUT_SHARE = 0.12
"""A word of which more than this lies outside the box, by its width, makes the truth doubtful."""
_BODY, _INSIDE = 0.22, 0.1
"""Middle of a letter's body above its baseline, and how far inside the crop it lies when it can be read; by type size."""
_LEAST_PX = 3.6
"""Width of a character at 36 px of height; narrower, the text is not that of the picture."""


class CutLine(NamedTuple):
    """``pixels``: uint8 (36, width), 0 black to 255 white, as :func:`normalise` gives them."""

    pixels: NDArray[np.uint8]
    text: str


class Cut(NamedTuple):
    """``lines`` whose text is certain; ``doubtful``: how many more were found; ``blank``: with no print at all."""

    lines: tuple[CutLine, ...]
    blank: tuple[CutLine, ...]
    doubtful: int


def cut(sheet: Sheet, scan: Scan) -> Cut:
    """All lines of a page."""
    lines, blank, doubtful = [], [], 0
    for line, text in segments(sheet, scan):
        shown = stored(line.pixels)
        if text is None or not 0 < shown.shape[1] <= _MOST_PX or len(text) * _LEAST_PX > shown.shape[1]:
            doubtful += 1
        elif text:
            lines.append(CutLine(shown, text))
        else:
            blank.append(CutLine(shown, ""))
    return Cut(tuple(lines), tuple(blank), doubtful)


def segments(sheet: Sheet, scan: Scan) -> list[tuple[LineImage, str | None]]:
    """Every segment of a page with what is printed on it; None where that is in doubt."""
    words = [moved(word, scan) for word in sheet.words]
    unknown = [scan.placed.hull(box) for box in sheet.unknown]
    return [
        (line, None if any(_touches(line.box, box) for box in unknown) else truth(line, words))
        for line in segmented(scan)
    ]


def segmented(scan: Scan) -> list[LineImage]:
    """Every segment of a page in reading order."""
    pixels = scan.pixels
    height, width = pixels.shape[:2]
    grey = pixels if pixels.ndim == 2 else np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
    half = cv2.resize(pixels, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    if half.ndim == 2:
        half = cv2.cvtColor(half, cv2.COLOR_GRAY2BGR)
    blocks = segment(np.asarray(half, dtype=np.uint8), scan.dpi, lambda: grey)
    return [line for block in blocks for line in block.lines]


def stored(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A crop as the network takes it, in 256 levels."""
    return np.asarray(np.round((normalise(crop, HEIGHT_PX) + 1) * 127.5), dtype=np.uint8)


def truth(line: LineImage, words: Sequence[PrintedWord]) -> str | None:
    """What is printed on a crop, from left to right; None where that is in doubt."""
    box = line.box
    base = box.top + line.baseline_y * line.scale
    found = []
    for word in words:
        inside = min(word.right, box.right) - max(word.left, box.left)
        if inside <= 0 or not box.top < word.baseline < box.bottom + word.size_px:
            continue
        off = abs(word.baseline - base) / (0.45 * word.size_px)
        share = inside / max(1.0, word.right - word.left)
        if off > _OFF_X:
            # A neighbour; where its body lies inside the crop, nobody knows what is to be read.
            if share > 0.5 and box.top + _INSIDE * word.size_px < word.baseline - _BODY * word.size_px < box.bottom:
                return None
            continue
        if share < 1 - _CUT_SHARE and (word.right - word.left) - inside > 0.12 * word.size_px:
            if share < _CUT_SHARE:
                continue
            return None
        found.append(word)
    return " ".join(word.text for word in sorted(found, key=lambda word: word.left))


def moved(word: PrintedWord, scan: Scan) -> PrintedWord:
    """The word where it stands on the scan."""
    left, base = scan.placed.point(word.left, word.baseline)
    right, end = scan.placed.point(word.right, word.baseline)
    return PrintedWord(word.text, left, right, (base + end) / 2, word.size_px)


def _touches(one: Box, other: Box) -> bool:
    return min(one.right, other.right) > max(one.left, other.left) and min(one.bottom, other.bottom) > max(
        one.top, other.top
    )
