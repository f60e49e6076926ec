"""One side of a paper while it is being printed: text in black on white, and marks in colour over it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from benchmarks.corpus.fonts import Fonts, Style
from benchmarks.corpus.truth import BlockKind
from models.geometry import Box

Grey = NDArray[np.uint8]
PT_MM = 25.4 / 72


@dataclass(frozen=True)
class PaperSize:
    """Millimetres, as the text stands upright."""

    width_mm: float
    height_mm: float


A4 = PaperSize(210.0, 297.0)
A4_LANDSCAPE = PaperSize(297.0, 210.0)


@dataclass(frozen=True)
class Mark:
    """Ink or paper put over the print. ``alpha``: 0–255 coverage; ``colour``: blue, green, red.

    ``opaque``: covers what is below (a sticky note); else it darkens it, as ink does.
    """

    alpha: Grey
    left_px: int
    top_px: int
    colour: tuple[int, int, int]
    opaque: bool = False


@dataclass(frozen=True)
class PrintedLine:
    """A line and its box in pixels of the upright page."""

    text: str
    box: Box


@dataclass(frozen=True)
class PrintedBlock:
    """A block of the upright page; ``printed`` False for seals, handwriting and signatures."""

    kind: BlockKind
    lines: tuple[PrintedLine, ...]
    printed: bool = True

    @property
    def box(self) -> Box:
        box = self.lines[0].box
        for line in self.lines[1:]:
            box = box.union(line.box)
        return box


@dataclass
class Page:
    """A side under the typesetter's hands. Lengths in mm from the top left corner; sizes in points."""

    size: PaperSize
    dpi: int
    fonts: Fonts
    rng: np.random.Generator
    kind: str = "text"
    number: int | None = None
    pen: tuple[int, int, int] = (168, 72, 28)
    blocks: list[PrintedBlock] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.image = Image.new("L", (round(self.px(self.size.width_mm)), round(self.px(self.size.height_mm))), 255)
        self.draw = ImageDraw.Draw(self.image)

    def px(self, mm: float) -> float:
        """Millimetres in pixels."""
        return mm * self.dpi / 25.4

    def width_mm(self, text: str, style: Style, size_pt: float) -> float:
        """How wide the text runs."""
        return float(self.fonts.get(style, size_pt * self.dpi / 72).getlength(text)) * 25.4 / self.dpi

    def text(self, x_mm: float, baseline_mm: float, text: str, style: Style, size_pt: float) -> Box:
        """Print text from its baseline; its box in pixels."""
        font = self.fonts.get(style, size_pt * self.dpi / 72)
        at = (self.px(x_mm), self.px(baseline_mm))
        self.draw.text(at, text, font=font, fill=0, anchor="ls")
        left, top, right, bottom = font.getbbox(text, anchor="ls")
        return Box(at[0] + left, at[1] + top, at[0] + right, at[1] + bottom)

    def rule(self, x1_mm: float, y1_mm: float, x2_mm: float, y2_mm: float, width_pt: float = 0.6) -> None:
        """A straight printed line."""
        ends = (self.px(x1_mm), self.px(y1_mm), self.px(x2_mm), self.px(y2_mm))
        self.draw.line(ends, fill=0, width=max(1, round(width_pt * self.dpi / 72)))

    def rule_under(self, box: Box, share: float, gap_mm: float = 0.9) -> None:
        """A centred rule below a line, as wide as that share of it (Decree 30: 1/3 to 1/2, or the whole)."""
        centre, half = box.centre[0], box.width * share / 2
        y = box.bottom + self.px(gap_mm)
        width = max(1, round(0.6 * self.dpi / 72))
        self.draw.line((centre - half, y, centre + half, y), fill=0, width=width)

    def add(self, kind: BlockKind, lines: list[PrintedLine], *, printed: bool = True) -> None:
        """Record a block in reading order; a block without lines is none."""
        kept = tuple(line for line in lines if line.text or not printed)
        if kept:
            self.blocks.append(PrintedBlock(kind, kept, printed))
