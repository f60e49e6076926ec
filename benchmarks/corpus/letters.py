"""Decisions (quyết định) and official letters (công văn) in the layout of Decree 30/2020."""

from __future__ import annotations

from datetime import timedelta

from benchmarks.corpus import names
from benchmarks.corpus.layout import Flow, Margins, Run, Setting
from benchmarks.corpus.office import (
    BODY,
    CENTRE,
    Office,
    Order,
    Paper,
    Press,
    date_field,
    day_runs,
    heading,
    number_runs,
    sign,
    some_office,
)
from benchmarks.corpus.strokes import initial
from benchmarks.corpus.texts import Writer, day_text

HAND_NOTE = ("number_symbol", "issued_date")


def decision(order: Order) -> Paper:
    """A decision: bases in italics, articles, signature block; ``order.pages`` sides."""
    flow, fields = decision_flow(order, "decision")
    hand = HAND_NOTE if order.hand and not order.absent else ()
    return Paper("decision", "QD", "Quyết định", tuple(flow.pages), fields, hand)


def decision_flow(order: Order, kind: str) -> tuple[Flow, dict[str, str | None]]:
    """A decision's pages, to which an appendix may be added, and its fields."""
    rng = order.rng
    where = names.place(rng)
    office = some_office(rng, where)
    writer = _writer(order, where, office)
    press = Press(order, kind)
    flow = Flow(press.page, _margins(order))
    number, symbol = _number(order), f"QĐ-{office.code}"
    flow.y_mm = heading(
        flow.page, office, number_runs(order, number, symbol), day_runs(order, _seat(office), writer.issued)
    )
    excerpt = f"Về việc {writer.hold('subject')}"
    _title(flow, excerpt)
    head = f"{office.head} {office.name}".upper()
    flow.paragraph("heading", [Run(head, "bold")], Setting(size_pt=14.0, align="centre", after_mm=3.0))
    for rule in ("basis_law", *["basis"] * int(rng.integers(2, 4 if order.pages == 1 else 7)), "proposal"):
        flow.paragraph("basis", [Run(writer.write(rule), "italic")], BODY)
    flow.need(30.0)
    flow.paragraph("heading", [Run("QUYẾT ĐỊNH:", "bold")], Setting(size_pt=14.0, align="centre", after_mm=2.0))
    _article(flow, 1, writer.write("decree_1"))
    article = _articles(flow, writer, order)
    validity = writer.write("validity")
    _article(flow, article, validity)
    _article(flow, article + 1, writer.write("carry_out"))
    _initial(flow)
    signer = names.person(rng, where=where).name
    sign(flow, office, signer, _receivers(writer, order, article + 1))
    fields = _fields(office, order, writer, ("QD", "Quyết định"), f"{number}/{symbol}", signer, excerpt)
    fields["effective_from"] = _effective_from(validity, fields["issued_date"], writer)
    return flow, fields


def letter(order: Order) -> Paper:
    """An official letter: ``V/v`` under the number, addressees, prose, signature block."""
    rng = order.rng
    where = names.place(rng)
    office = some_office(rng, where)
    writer = _writer(order, where, office)
    flow = Flow(Press(order, "letter").page, _margins(order))
    number, symbol = _number(order), f"{office.code}-{('VP', 'NC', 'TH', 'KSTT')[int(rng.integers(4))]}"
    excerpt = f"V/v {writer.hold('matter')}"
    runs = number_runs(order, number, symbol)
    flow.y_mm = heading(flow.page, office, runs, day_runs(order, _seat(office), writer.issued), excerpt)
    _addressees(flow, writer)
    flow.paragraph("text", [Run(writer.write("letter_open"))], BODY)
    point = 0
    while not _nearly_full(flow, order):
        point += 1
        flow.paragraph("text", [Run(f"{point}. {writer.prose(int(rng.integers(1, 4)))}")], BODY)
        for item in writer.several("item", (0, 2, 3)[int(rng.integers(3))]):
            flow.paragraph("text", [Run(f"- {item[0].upper()}{item[1:]}")], BODY)
    flow.paragraph("text", [Run(writer.write("letter_close"))], BODY)
    _initial(flow)
    signer = names.person(rng, where=where).name
    sign(flow, office, signer, ("Như trên;", *_receivers(writer, order, 3)[1:]))
    subject = excerpt.removeprefix("V/v ")
    fields = _fields(office, order, writer, ("CV", "Công văn"), f"{number}/{symbol}", signer, subject)
    hand = HAND_NOTE if order.hand and not order.absent else ()
    return Paper("letter", "CV", "Công văn", tuple(flow.pages), fields, hand)


def _fields(
    office: Office, order: Order, writer: Writer, kind: tuple[str, str], number_symbol: str, signer: str, excerpt: str
) -> dict[str, str | None]:
    """What a paper of Decree 30 says, under the names that extract uses. ``kind``: type code and name."""
    head, _, area = excerpt.partition("trên địa bàn ")
    return {
        "type_code": kind[0],
        "type_name": kind[1],
        "number_symbol": None if order.absent else number_symbol,
        "issued_date": date_field(order, writer.issued),
        "issued_place": _seat(office),
        "issuing_body": office.printed,
        "parent_body": office.above.upper() or None,
        "signer_name": signer,
        "excerpt": excerpt,
        "effective_from": None,
        "valid_until": None,
        "scope": f"địa bàn {area}" if area and head else None,
        "owner_id": None,
    }


def _writer(order: Order, where: names.Place, office: Office) -> Writer:
    context = {
        "province": where.province,
        "place": where.commune_text,
        "body": office.name,
        "body_code": office.code,
    }
    return Writer(order.rng, context, order.lines)


def _margins(order: Order) -> Margins:
    rng = order.rng
    return Margins(right_mm=float(rng.uniform(15, 19)), left_mm=float(rng.uniform(29.5, 34)))


def _number(order: Order) -> str:
    return f"{order.rng.integers(1, 3400):02d}"


def _seat(office: Office) -> str:
    """The place name before the date: the province's, or the commune's own."""
    commune = not office.above and office.place.commune_text in office.name
    return office.place.commune if commune else office.place.province


def _title(flow: Flow, excerpt: str) -> None:
    flow.paragraph("type", [Run("QUYẾT ĐỊNH", "bold")], CENTRE)
    left = flow.left_mm
    flow.margins = Margins(flow.margins.top_mm, flow.margins.right_mm + 10, flow.margins.bottom_mm, left + 8)
    flow.paragraph("excerpt", [Run(excerpt, "bold")], CENTRE)
    flow.page.rule_under(flow.page.blocks[-1].lines[-1].box, 0.4)
    flow.margins = Margins(flow.margins.top_mm, flow.margins.right_mm - 10, flow.margins.bottom_mm, left)
    flow.y_mm += 6.0


def _article(flow: Flow, number: int, text: str) -> None:
    flow.paragraph("text", [Run(f"Điều {number}. ", "bold"), Run(text)], BODY)


def _articles(flow: Flow, writer: Writer, order: Order) -> int:
    """Articles until the paper is as long as ordered; the number of the next one."""
    rng = order.rng
    article = 2
    while not _nearly_full(flow, order):
        _article(flow, article, writer.prose(int(rng.integers(1, 3))))
        for clause in range(1, (1, 3, 4)[int(rng.integers(3))]):
            if _nearly_full(flow, order):
                break
            flow.paragraph("text", [Run(f"{clause}. {writer.sentence()}")], BODY)
            for mark, item in zip("abc", writer.several("item", (0, 2, 3)[int(rng.integers(3))]), strict=False):
                flow.paragraph("text", [Run(f"{mark}) {item[0].upper()}{item[1:]}")], BODY)
        article += 1
    return article


def _nearly_full(flow: Flow, order: Order) -> bool:
    """Whether only the closing and the signature block still fit on the last page that was ordered."""
    return len(flow.pages) > order.pages or (len(flow.pages) == order.pages and flow.room_mm < 138.0)


def _addressees(flow: Flow, writer: Writer) -> None:
    receivers = writer.several("unit", int(writer.context["body_code"] == "UBND") + 1)
    if len(receivers) == 1:
        flow.paragraph("addressee", [Run(f"Kính gửi: {receivers[0]}.")], CENTRE)
    else:
        flow.paragraph("addressee", [Run("Kính gửi:")], Setting(size_pt=14.0, align="left", indent_mm=30, after_mm=0))
        text = "\n".join(f"- {name};" for name in receivers)
        flow.margins = Margins(flow.margins.top_mm, flow.margins.right_mm, 22.0, flow.margins.left_mm + 50)
        flow.paragraph("addressee", [Run(text)], Setting(size_pt=14.0, align="left", after_mm=0))
        flow.margins = Margins(flow.margins.top_mm, flow.margins.right_mm, 22.0, flow.margins.left_mm - 50)
    flow.y_mm += 5.0


def _initial(flow: Flow) -> None:
    if flow.page.rng.random() < 0.5:
        x = flow.left_mm + float(flow.page.rng.uniform(60, 120))
        flow.page.marks.append(initial(flow.page, x, flow.y_mm - 2.0))


def _receivers(writer: Writer, order: Order, article: int) -> tuple[str, ...]:
    rng = order.rng
    own = [line for line in writer.several("receiver", int(rng.integers(3, 7))) if not line.startswith("Như")]
    letters = "".join("ABCDĐGHKLMNTV"[int(n)] for n in rng.integers(0, 13, 2))
    return (f"Như Điều {article};", *own, f"Lưu: VT, TH({letters}{rng.integers(5, 30):02d}).")


def _effective_from(text: str, issued: str | None, writer: Writer) -> str | None:
    """ISO date from which the decision holds, as its text says."""
    if text.endswith("ngày ký."):
        return issued
    for days in range(5, 60):
        day = writer.issued + timedelta(days=days)
        if f"từ ngày {day_text(day)}" in text or f"từ ngày {day:%d/%m/%Y}" in text:
            return day.isoformat()
    return None
