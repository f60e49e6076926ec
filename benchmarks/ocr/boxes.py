"""Pages with what an engine read drawn on them, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.ocr.contest import Run
from benchmarks.ocr.pages import OcrPage

_COLOURS = ("#c0392b", "#2980b9", "#27ae60", "#8e44ad", "#d68910")


def write_boxes(folder: Path, runs: Sequence[Run], pages: Sequence[OcrPage]) -> None:
    """``folder/engine/kind/page.png`` at half size: words boxed, a colour for each block, lines joined in order."""
    for told in runs:
        for page in pages:
            if page.name in told.answers:
                path = folder / told.name / f"{page.name}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                draw(page.path, told.answers[page.name].blocks).save(path)


def draw(scan: Path, blocks: list[list[list[tuple[str, list[float]]]]]) -> Image.Image:
    """The scan at half size with the boxes of its words and a thread from line to line in reading order."""
    with Image.open(scan) as opened:
        image = opened.convert("RGB").resize((opened.width // 2, opened.height // 2))
    pen = ImageDraw.Draw(image)
    thread: list[tuple[float, float]] = []
    for number, block in enumerate(blocks):
        colour = _COLOURS[number % len(_COLOURS)]
        for line in block:
            for _, box in line:
                pen.rectangle([value / 2 for value in box], outline=colour)
            thread += [(line[0][1][0] / 2 - 8, (line[0][1][1] + line[0][1][3]) / 4)]
    pen.line(thread, fill="#888", width=1)
    return image
