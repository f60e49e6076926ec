"""What every official paper shares (Decree 30/2020, Appendix I): heading, signature block, receivers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np

from benchmarks.corpus import seal
from benchmarks.corpus.fonts import Family, Fonts
from benchmarks.corpus.layout import Flow, Run, Setting, place_text
from benchmarks.corpus.names import DEPARTMENTS, Place
from benchmarks.corpus.page import A4, Page, PaperSize
from benchmarks.corpus.strokes import PENS, initial, signature
from benchmarks.corpus.texts import day_text

BODY = Setting(size_pt=14.0, indent_mm=12.0)
CENTRE = Setting(size_pt=14.0, align="centre", after_mm=0.0)
LEFT_COLUMN_MM = (20.0, 72.0)
RIGHT_COLUMN_MM = (89.0, 108.0)


@dataclass(frozen=True)
class Order:
    """What paper to print. ``pages``: printed sides to aim at. ``hand``: number and day by pen.

    ``absent``: number and day were never filled in. ``landscape``: tables lie across.
    """

    rng: np.random.Generator
    dpi: int
    family: Family
    pages: int = 1
    hand: bool = False
    absent: bool = False
    landscape: bool = True
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paper:
    """A printed document and what it says. ``fields``: None where the paper is silent."""

    kind: str
    type_code: str
    type_name: str
    pages: tuple[Page, ...]
    fields: dict[str, str | None]
    handwritten: tuple[str, ...] = ()
    owner: str | None = None


@dataclass(frozen=True)
class Office:
    """An issuing body. ``above``: parent body or empty; ``ring``: the text around its seal."""

    name: str
    code: str
    head: str
    place: Place
    above: str = ""

    @property
    def printed(self) -> str:
        return self.name.upper()

    @property
    def ring(self) -> str:
        return self.printed if not self.above else f"{self.printed} {self.place.province_text.upper()}"


@dataclass
class Press:
    """Prints the sides of one paper with one face and one pen."""

    order: Order
    kind: str
    size: PaperSize = A4
    fonts: Fonts = field(init=False)
    pen: tuple[int, int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.fonts = Fonts(self.order.family)
        self.pen = PENS[int(self.order.rng.integers(len(PENS)))]

    def page(self) -> Page:
        """An empty side."""
        return Page(self.size, self.order.dpi, self.fonts, self.order.rng, self.kind, pen=self.pen)


def some_office(rng: np.random.Generator, where: Place) -> Office:
    """A province, one of its departments, or a commune."""
    roll = rng.random()
    if roll < 0.45:
        name = f"Ủy ban nhân dân {where.province_text}"
        return Office(name, "UBND", "Chủ tịch", where)
    if roll < 0.75:
        name = list(DEPARTMENTS)[int(rng.integers(len(DEPARTMENTS)))]
        return Office(name, DEPARTMENTS[name], "Giám đốc", where, above=f"Ủy ban nhân dân {where.province_text}")
    return commune_office(where)


def commune_office(where: Place) -> Office:
    """The People's Committee of the commune."""
    return Office(f"Ủy ban nhân dân {where.commune_text}", "UBND", "Chủ tịch", where)


def nation(page: Page, left_mm: float, width_mm: float, top_mm: float) -> float:
    """Cell 1: the country's name and motto, with the rule under; the y (mm) below it."""
    setting = Setting(size_pt=12.5, align="centre", after_mm=0.0)
    y = place_text(
        page, "nation", [Run("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold")], left_mm, width_mm, top_mm, setting
    )
    setting = Setting(size_pt=13.5, align="centre", after_mm=0.0)
    y = place_text(page, "nation", [Run("Độc lập - Tự do - Hạnh phúc", "bold")], left_mm, width_mm, y, setting)
    page.rule_under(page.blocks[-1].box, 1.0, gap_mm=0.6)
    return y + 1.5


def heading(page: Page, office: Office, number: list[Run], day: list[Run], about: str = "") -> float:
    """Cells 1 to 4, and 5b (``about``) of an official letter; the y (mm) below them."""
    top = 20.0
    left, wide = LEFT_COLUMN_MM
    small = Setting(size_pt=12.5, align="centre", after_mm=0.0)
    y = top
    if office.above:
        y = place_text(page, "body", [Run(_two_lines(office.above))], left, wide, y, small)
    y = place_text(page, "body", [Run(_two_lines(office.name), "bold")], left, wide, y, small)
    page.rule_under(page.blocks[-1].lines[-1].box, 0.42)
    right = nation(page, *RIGHT_COLUMN_MM, top)
    row = max(y, right) + 3.5
    y = place_text(page, "number", number, left, wide, row, Setting(size_pt=13.0, align="centre", after_mm=0.6))
    if about:
        y = place_text(page, "excerpt", [Run(about)], left + 2, wide - 4, y, Setting(size_pt=12.0, align="centre"))
    day_setting = Setting(size_pt=13.5, align="centre", after_mm=0.0)
    return max(y, place_text(page, "place_date", day, *RIGHT_COLUMN_MM, row, day_setting)) + 5.0


def _two_lines(name: str) -> str:
    """Capitals, broken before the place as offices do."""
    head = "Ủy ban nhân dân "
    return name.upper() if not name.startswith(head) else f"{head.strip().upper()}\n{name[len(head) :].upper()}"


def number_runs(order: Order, value: str, symbol: str) -> list[Run]:
    """``Số: 209/QĐ-UBND``, its number typed, written by hand, or left open."""
    if order.absent:
        return [Run("Số: "), Run("", gap_mm=9.0), Run(f"/{symbol}")]
    if order.hand:
        return [Run("Số: "), Run(value, hand=True), Run(f"/{symbol}")]
    return [Run(f"Số: {value}/{symbol}")]


def day_runs(order: Order, where: str, issued: date) -> list[Run]:
    """``An Lâm, ngày 05 tháng 01 năm 2026``, its day typed, by hand, or left open; italic."""
    text = day_text(issued)
    if order.absent:
        return [Run(f"{where}, ngày ", "italic"), Run("", gap_mm=9.0), Run(text[2:], "italic")]
    if order.hand:
        return [Run(f"{where}, ngày ", "italic"), Run(text[:2], hand=True), Run(text[2:], "italic")]
    return [Run(f"{where}, ngày {text}", "italic")]


def date_field(order: Order, issued: date) -> str | None:
    """The date as the paper tells it: None where the day was left open."""
    return None if order.absent else issued.isoformat()


def sign(flow: Flow, office: Office, signer: str, receivers: tuple[str, ...]) -> None:
    """Cells 7 to 9: receivers bottom left; authority, signature, seal and name bottom right."""
    flow.need(70.0)
    page, rng = flow.page, flow.page.rng
    top = flow.y_mm + 2.0
    notes = [Run("Nơi nhận:", "bolditalic")]
    y = place_text(page, "receivers", notes, flow.left_mm, 72.0, top, Setting(size_pt=12.0, align="left", after_mm=0.2))
    rest = "\n".join(f"- {line}" for line in receivers)
    setting = Setting(size_pt=11.0, align="left", leading=1.12)
    bottom = place_text(page, "receivers", [Run(rest)], flow.left_mm, 72.0, y, setting)
    if rng.random() < 0.6:
        page.marks.append(initial(page, flow.left_mm + 44.0, bottom - 3.0))
    flow.y_mm = max(bottom, signature_block(page, _authority(rng, office), signer, office.ring, top))


def signature_block(page: Page, authority: str, signer: str, ring: str, top_mm: float) -> float:
    """Authority, signature, seal over its left third, name; the y (mm) below."""
    rng = page.rng
    left, wide = 112.0, 84.0
    if page.size.width_mm > 250:
        left += 80.0
    setting = Setting(size_pt=14.0, align="centre", after_mm=0.0)
    y = place_text(page, "signer", [Run(authority, "bold")], left, wide, top_mm, setting)
    name_top = y + float(rng.uniform(24.0, 35.0))
    page.marks.append(
        signature(page, left + wide * 0.22, y + rng.uniform(1, 4), rng.uniform(42, 60), rng.uniform(17, 24))
    )
    if ring:
        seal.press(page, ring, (left + wide * float(rng.uniform(0.25, 0.36)), y + float(rng.uniform(9.0, 14.0))))
    return place_text(page, "signer", [Run(signer, "bold")], left, wide, name_top, setting)


def _authority(rng: np.random.Generator, office: Office) -> str:
    head = office.head.upper()
    roll = rng.random()
    if office.code == "UBND" and roll < 0.4:
        return f"TM. ỦY BAN NHÂN DÂN\n{head}"
    if roll < 0.7:
        return f"KT. {head}\nPHÓ {head}"
    return head
