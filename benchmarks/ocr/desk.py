"""What a generated page is made with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.corpus import names
from benchmarks.corpus.fonts import SERIF, Style
from benchmarks.corpus.layout import Flow, Margins, Run, Setting
from benchmarks.corpus.office import Office, Order, Press, some_office
from benchmarks.corpus.page import Page
from benchmarks.corpus.texts import Writer


@dataclass(frozen=True)
class Desk:
    """What a page is made with: one random stream and face, one office, one signer."""

    order: Order
    flow: Flow
    writer: Writer
    office: Office
    signer: str

    @classmethod
    def of(cls, rng: np.random.Generator, dpi: int, lines: tuple[str, ...]) -> Desk:
        family = SERIF[int(rng.integers(len(SERIF)))]
        order = Order(rng=rng, dpi=dpi, family=family, landscape=bool(rng.random() < 0.5), lines=lines)
        margins = Margins(right_mm=float(rng.uniform(15, 19)), left_mm=float(rng.uniform(29.5, 34)))
        where = names.place(rng)
        office = some_office(rng, where)
        context = {
            "province": where.province,
            "place": where.commune_text,
            "body": office.name,
            "body_code": office.code,
        }
        flow = Flow(Press(order, "text").page, margins)
        return cls(order, flow, Writer(rng, context, lines), office, names.person(rng, where=where).name)

    def fill(self, style: Style, setting: Setting, room_mm: float = 12.0) -> Page:
        """Paragraphs in one style until so much of the page is left."""
        pitch_mm = setting.size_pt * 25.4 / 72 * setting.leading
        while self.flow.room_mm > room_mm + 6 * pitch_mm:
            text = self.writer.prose(int(self.order.rng.integers(1, 4)))
            self.flow.paragraph("text", [Run(text, style)], setting)
        return self.flow.pages[0]
