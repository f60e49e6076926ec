"""Pages of every kind as they lie on the glass: leant by a known angle, under a lid, cropped, framed in black."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmarks.corpus import batch, glass, petition, pictures, seal
from benchmarks.corpus.damage import Level, scanner
from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.layout import Flow, Margins, Run, Setting, place_text
from benchmarks.corpus.office import BODY, CENTRE, Press
from benchmarks.corpus.page import A4, A4_LANDSCAPE, Page, PaperSize
from benchmarks.corpus.scan import Scan, scan_side
from benchmarks.corpus.strokes import signature
from benchmarks.ocr.desk import Desk
from benchmarks.ocr.hard import AFTERWARDS, HARD, framed
from benchmarks.ocr.kinds import KINDS as OCR_KINDS

MOST_DEG = 5.0
LEVELS: tuple[Level, ...] = ("clean", "normal", "normal", "hard", "hard")
DPI = (150, 200, 300)
Bed = Literal["cropped", "wedges", "lid", "framed"]
_A4_BED = PaperSize(222.0, 309.0)


def _paper(kind: str) -> Callable[[Desk], Page]:
    """A side of the papers that the corpus makes: any of two sides."""

    def make(desk: Desk) -> Page:
        pages = batch.KINDS[kind](replace(desk.order, pages=int(desk.order.rng.integers(1, 3)))).pages
        return pages[int(desk.order.rng.integers(len(pages)))]

    return make


def _capitals(desk: Desk) -> Page:
    """Prose in nothing but capitals: no ascenders, no descenders."""
    while desk.flow.room_mm > 50:
        desk.flow.paragraph("text", [Run(desk.writer.prose(1).upper(), "bold")], BODY)
    return desk.flow.pages[0]


def _sparse(desk: Desk) -> Page:
    """The last side of a paper, on which only two to five lines are left."""
    page, rng = desk.flow.page, desk.order.rng
    lines = desk.writer.prose(4).split()
    step = int(rng.integers(7, 13))
    text = "\n".join(" ".join(lines[at * step : (at + 1) * step]) for at in range(int(rng.integers(2, 6))))
    place_text(
        page, "text", [Run(text)], desk.flow.left_mm, 200, float(rng.uniform(18, 230)), replace(BODY, align="left")
    )
    return page


def _landscape(desk: Desk) -> Page:
    """Prose across, as certificates and reports have it."""
    order = desk.order
    margins = Margins(right_mm=float(order.rng.uniform(15, 60)), left_mm=float(order.rng.uniform(20, 60)))
    wide = replace(desk, flow=Flow(Press(order, "text", A4_LANDSCAPE).page, margins))
    return wide.fill("regular", replace(BODY, size_pt=float(order.rng.uniform(11, 16))))


def _certificate(desk: Desk) -> Page:
    """A certificate across: a frame, an emblem, a large title, few centred lines, a seal."""
    order = desk.order
    page = Press(order, "text", A4_LANDSCAPE).page()
    wide, high = page.size.width_mm, page.size.height_mm
    for inset in (9.0, 12.0):
        for ends in (
            (inset, inset, wide - inset, inset),
            (inset, high - inset, wide - inset, high - inset),
            (inset, inset, inset, high - inset),
            (wide - inset, inset, wide - inset, high - inset),
        ):
            page.rule(*ends, 1.4)
    pictures.emblem(page, (wide / 2, 32), 26)
    title = ("GIẤY CHỨNG NHẬN", "BẰNG KHEN", "CHỨNG CHỈ HÀNH NGHỀ")[int(order.rng.integers(3))]
    y = place_text(page, "type", [Run(title, "bold")], 20, wide - 40, 52, replace(CENTRE, size_pt=28.0, after_mm=4))
    for size in (16.0, 20.0, 15.0, 14.0):
        text = " ".join(desk.writer.prose(1).split()[: int(order.rng.integers(4, 14))])
        y = place_text(page, "text", [Run(text)], 30, wide - 60, y, replace(CENTRE, size_pt=size, after_mm=3))
    seal.press(page, desk.office.ring, (wide - 80, high - 45))
    page.marks.append(signature(page, wide - 85, high - 60, 45, 20))
    place_text(page, "signer", [Run(desk.signer, "bold")], wide - 120, 84, high - 30, CENTRE)
    return page


def _small_sheet(desk: Desk) -> Page:
    """An A5 sheet with a few paragraphs."""
    rng = desk.order.rng
    sheet = Press(desk.order, "text", glass.A5).page()
    text = Setting(size_pt=float(rng.uniform(10, 13)), indent_mm=8)
    y = 15.0
    for _ in range(int(rng.integers(2, 6))):
        y = place_text(sheet, "text", [Run(desk.writer.prose(1))], 14, 120, y, text)
    return sheet


def _folded(desk: Desk) -> Page:
    """Two pages side by side on an A3 sheet that was folded."""
    left, right = desk.fill("regular", BODY), Press(desk.order, "text").page()
    flow = Flow(lambda: right, Margins())
    for _ in range(int(desk.order.rng.integers(1, 6))):
        flow.paragraph("text", [Run(desk.writer.prose(1))], BODY)
    return glass.folded_a3(left, right)


def _cards(desk: Desk) -> Page:
    return glass.cards_on_bed(desk.flow.page)


TEXT: dict[str, Callable[[Desk], Page]] = {
    **OCR_KINDS,
    **HARD,
    **{kind: _paper(kind) for kind in ("decision", "letter", "birth", "declaration")},
    "capitals": _capitals,
    "sparse": _sparse,
    "landscape": _landscape,
    "certificate": _certificate,
    "small_sheet": _small_sheet,
    "folded_a3": _folded,
    "cards": _cards,
}
"""Pages on which there is something to read. ``skewed`` and ``shaded`` would be prose once more."""
for _again in ("skewed", "shaded", "framed"):
    del TEXT[_again]


def _blank(desk: Desk) -> Page:
    return desk.flow.page


def _number(desk: Desk) -> Page:
    place_text(desk.flow.page, "page_number", [Run(str(desk.order.rng.integers(2, 99)))], 0, 210, 10.0, CENTRE)
    return desk.flow.page


def _seal_alone(desk: Desk) -> Page:
    rng = desk.order.rng
    seal.press(desk.flow.page, desk.office.ring, (float(rng.uniform(40, 170)), float(rng.uniform(40, 250))))
    return desk.flow.page


def _signature_alone(desk: Desk) -> Page:
    rng, page = desk.order.rng, desk.flow.page
    page.marks.append(signature(page, float(rng.uniform(20, 140)), float(rng.uniform(20, 250)), 50, 20))
    return page


def _picture(desk: Desk) -> Page:
    pictures.photograph(desk.flow.page, 20.0, 25.0, float(desk.order.rng.uniform(90, 170)), 230.0)
    return desk.flow.page


QUIET: dict[str, Callable[[Desk], Page]] = {
    "blank": _blank,
    "number": _number,
    "seal_alone": _seal_alone,
    "signature_alone": _signature_alone,
    "picture": _picture,
}
"""Pages that show no lines of text, or next to none."""


def _petition(desk: Desk) -> Page:
    petition.petition(desk.flow.page, desk.writer)
    return desk.flow.page


def _jotting(desk: Desk) -> Page:
    petition.jotting(desk.flow.page, desk.writer)
    return desk.flow.page


HAND: dict[str, Callable[[Desk], Page]] = {"petition": _petition, "jotting": _jotting}
"""Pages on which nothing is printed but rules: their lines waver, so that no angle is theirs to a tenth of a degree."""
UNMEASURED = frozenset({"bent"})
"""Pages whose lines are no lines: they have an orientation, and no one angle."""


@dataclass(frozen=True)
class Lying:
    """One page on the glass. ``number`` and ``kind`` make it anew; ``angle_deg``: clockwise lean of its lines."""

    number: int
    kind: str
    level: Level
    dpi: int
    bed: Bed
    angle_deg: float
    scan: Scan

    @property
    def name(self) -> str:
        return f"{self.kind} {self.number}: {self.level}, {self.dpi} dpi, {self.bed}, {self.angle_deg:+.2f}°"


def lying(kind: str, number: int, dpi: tuple[int, ...] = DPI) -> Lying:
    """Print a page of the kind and scan it upright but leaning; the same arguments give the same pixels."""
    rng = np.random.default_rng([number, zlib.crc32(kind.encode())])
    level = LEVELS[int(rng.integers(len(LEVELS)))]
    at = int(rng.choice(dpi))
    desk = Desk.of(rng, at, ())
    if rng.random() < 0.25:
        desk.flow.page.fonts = Fonts("sans")
    page = (TEXT | QUIET | HAND)[kind](desk)
    angle = float(rng.uniform(-MOST_DEG, MOST_DEG) if rng.random() < 0.8 else rng.uniform(-0.6, 0.6))
    bed = _bed(page, kind, rng)
    device = scanner(rng, level)
    if bed in ("lid", "wedges"):
        lids = (12, 30, 70) if page.size != glass.A5 else (12, 30, 70, 240)
        device = replace(device, bed=int(rng.choice(lids)))
    elif kind == "cards":
        device = replace(device, bed=255)
    if bed == "lid":
        page = glass.under_lid(page, A4 if page.size == glass.A5 else _A4_BED, device.bed)
    back = Desk.of(rng, at, ()).fill("regular", BODY) if kind == "blank" else None
    scan = scan_side(page, back, device, rng, angle_deg=round(angle, 3), bound=bool(rng.random() < 0.5))
    if kind in AFTERWARDS:
        scan = replace(scan, pixels=AFTERWARDS[kind](scan.pixels, rng))
    if bed == "framed":
        scan = replace(scan, pixels=framed(scan.pixels, rng))
    return Lying(number, kind, level, at, bed, scan.angle_deg, scan)


def _bed(page: Page, kind: str, rng: np.random.Generator) -> Bed:
    """A lid shows where the sheet is smaller than the glass, or leans on it."""
    if page.size == glass.A5:
        return "lid"
    if page.size == A4 and kind != "cards":
        beds: tuple[Bed, ...] = (*("cropped",) * 5, "wedges", "wedges", "lid", "lid", "framed")
        return beds[int(rng.integers(len(beds)))]
    return "wedges" if page.size == A4_LANDSCAPE and rng.random() < 0.3 else "cropped"


def turned(scan: Scan, turn_deg: int) -> Scan:
    """The scan as it comes from glass on which the sheet lay another way: turn it clockwise by this to have it upright."""
    pixels = np.ascontiguousarray(np.rot90(scan.pixels, turn_deg // 90))
    return replace(scan, pixels=np.asarray(pixels, dtype=np.uint8), orientation_deg=turn_deg)
