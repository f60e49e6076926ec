"""Civil status papers: the birth certificate (giấy khai sinh) and the declaration (tờ khai)."""

from __future__ import annotations

from datetime import date, timedelta

from benchmarks.corpus import names
from benchmarks.corpus.layout import Flow, Margins, Run, Setting, place_text
from benchmarks.corpus.names import Person, Place
from benchmarks.corpus.office import BODY, CENTRE, Order, Paper, Press, commune_office, nation, signature_block
from benchmarks.corpus.page import Page
from benchmarks.corpus.strokes import signature
from benchmarks.corpus.texts import Writer, day_in_words, day_text

SILENT = (
    "number_symbol", "issued_date", "issued_place", "issuing_body", "parent_body", "signer_name", "excerpt",
    "effective_from", "valid_until", "scope",
)  # fmt: skip
"""Fields of which a form may say nothing."""
LABEL = Setting(size_pt=14.0, align="left", after_mm=2.6)


def birth_certificate(order: Order) -> Paper:
    """A birth certificate with the labels of the Law on Civil Status; typed values; one side."""
    rng = order.rng
    where = names.place(rng)
    office = commune_office(where)
    issued = Writer(rng).issued
    born = issued - timedelta(days=int(rng.integers(3, 90)))
    mother = names.person(rng, "Nữ", (1985, 2004), where)
    father = names.person(rng, "Nam", (1980, 2002), where)
    child = _child(order, born, father, where)
    number = f"{rng.integers(1, 900):02d}/{issued.year}"
    signer = names.person(rng, where=where).name

    flow = Flow(Press(order, "birth_certificate").page, Margins(left_mm=27, right_mm=19))
    page = flow.page
    _frame(page)
    place_text(page, "body", [Run(office.printed.replace(" NHÂN DÂN ", " NHÂN DÂN\n"), "bold")], 18, 70, 19,
               Setting(size_pt=12.0, align="centre", after_mm=0))  # fmt: skip
    place_text(page, "number", [Run(f"Số: {number}")], 18, 70, 32, Setting(size_pt=12.5, align="centre", after_mm=0))
    flow.y_mm = nation(page, 88, 108, 19) + 14
    flow.paragraph("type", [Run("GIẤY KHAI SINH", "bold")], Setting(size_pt=21, align="centre", after_mm=5))
    _pairs(flow, (("Họ, chữ đệm, tên:", child.name.upper()),))
    _pairs(flow, (("Ngày, tháng, năm sinh:", f"{born:%d/%m/%Y}"), ("ghi bằng chữ:", day_in_words(born))))
    _pairs(flow, (("Giới tính:", child.sex), ("Dân tộc:", child.ethnic), ("Quốc tịch:", "Việt Nam")))
    _pairs(flow, (("Nơi sinh:", f"Bệnh viện đa khoa {where.province_text}"),))
    _pairs(flow, (("Quê quán:", names.place(rng).text),))
    _pairs(flow, (("Số định danh cá nhân:", child.number),))
    flow.y_mm += 2
    for role, parent in (("mẹ", mother), ("cha", father)):
        _pairs(flow, ((f"Họ, chữ đệm, tên người {role}:", parent.name),))
        _pairs(
            flow,
            (("Năm sinh:", str(parent.birth_year)), ("Dân tộc:", parent.ethnic), ("Quốc tịch:", "Việt Nam")),
        )
        _pairs(flow, (("Nơi cư trú:", parent.home),))
        flow.y_mm += 2
    _pairs(flow, (("Họ, chữ đệm, tên người đi khai sinh:", father.name),))
    _pairs(flow, (("Giấy tờ tùy thân:", f"Căn cước số {father.number}"),))
    _pairs(flow, (("Đăng ký khai sinh tại:", office.name),))
    _pairs(flow, (("Ngày, tháng, năm đăng ký:", f"{issued:%d/%m/%Y}"),))
    authority = "NGƯỜI KÝ GIẤY KHAI SINH\nCHỦ TỊCH"
    signature_block(page, authority, signer, office.ring, flow.y_mm + 3)
    fields: dict[str, str | None] = {
        **dict.fromkeys(SILENT),
        "type_code": "GKS",
        "type_name": "Giấy khai sinh",
        "number_symbol": number,
        "issued_date": issued.isoformat(),
        "issuing_body": office.printed,
        "signer_name": signer,
        "owner_id": child.number,
    }
    return Paper("birth_certificate", "GKS", "Giấy khai sinh", tuple(flow.pages), fields, owner=child.number)


def declaration(order: Order) -> Paper:
    """A declaration for civil registration: labels, typed answers, day by hand, the citizen's signature."""
    rng = order.rng
    where = names.place(rng)
    asker = names.person(rng, where=where)
    other = names.person(rng, born=(2005, 2026), where=where)
    writer = Writer(rng, {"place": where.commune_text, "province": where.province}, order.lines)
    flow = Flow(Press(order, "declaration").page, Margins(left_mm=30, right_mm=18))
    flow.y_mm = nation(flow.page, 30, 162, 20) + 6
    about = ("ĐĂNG KÝ KHAI SINH", "CẤP BẢN SAO TRÍCH LỤC HỘ TỊCH", "THAY ĐỔI, CẢI CHÍNH HỘ TỊCH")[int(rng.integers(3))]
    title = f"Tờ khai {about.lower()}"
    flow.paragraph("type", [Run(f"TỜ KHAI {about}", "bold")], Setting(size_pt=15, align="centre", after_mm=5))
    flow.paragraph("addressee", [Run(f"Kính gửi: {commune_office(where).name}")], CENTRE)
    flow.y_mm += 4
    _pairs(flow, (("Họ, chữ đệm, tên người yêu cầu:", asker.name.upper()),))
    _pairs(flow, (("Nơi cư trú:", asker.home),))
    _pairs(flow, (("Giấy tờ tùy thân:", f"Căn cước số {asker.number}"),))
    _pairs(flow, (("Quan hệ với người được khai sinh:", ("cha", "mẹ", "ông", "bà")[int(rng.integers(4))]),))
    flow.paragraph("text", [Run("Đề nghị cơ quan đăng ký cho người dưới đây:", "bold")], BODY)
    _pairs(flow, (("Họ, chữ đệm, tên:", other.name.upper()),))
    _pairs(
        flow, (("Ngày, tháng, năm sinh:", f"{rng.integers(1, 29):02d}/{rng.integers(1, 13):02d}/{other.birth_year}"),)
    )
    _pairs(flow, (("Giới tính:", other.sex), ("Dân tộc:", other.ethnic), ("Quốc tịch:", "Việt Nam")))
    _pairs(flow, (("Số định danh cá nhân:", other.number),))
    _pairs(flow, (("Quê quán:", names.place(rng).text),))
    point = 0
    while len(flow.pages) < order.pages or (order.pages > 1 and flow.room_mm > 150):
        point += 1
        flow.paragraph("text", [Run(f"{point}. {writer.prose(2)}")], BODY)
    flow.need(80)
    pledge = "Tôi cam đoan những nội dung khai trên đây là đúng sự thật và chịu trách nhiệm trước pháp luật."
    flow.paragraph("text", [Run(pledge)], BODY)
    _close_declaration(flow, order, asker, where, writer.issued)
    fields: dict[str, str | None] = {
        **dict.fromkeys(SILENT),
        "type_code": "TK",
        "type_name": title,
        "issued_date": writer.issued.isoformat(),
        "issued_place": where.commune,
        "owner_id": asker.number,
    }
    hand = ("issued_date",) if order.hand else ()
    return Paper("declaration", "TK", title, tuple(flow.pages), fields, hand, owner=asker.number)


def _child(order: Order, born: date, father: Person, where: Place) -> Person:
    child = names.person(order.rng, born=(born.year, born.year), where=where)
    surname = father.name.split()[0]
    rest = child.name.split(" ", 1)[1]
    return Person(f"{surname} {rest}", child.sex, child.birth_year, child.number, father.ethnic, father.home)


def _pairs(flow: Flow, pairs: tuple[tuple[str, str], ...]) -> None:
    """One line of labels and values, or more where they are too long; one block."""
    runs = []
    for label, value in pairs:
        runs += [Run(f" {label} "), Run(f"{value} ", "bold"), Run("", gap_mm=7.0)]
    flow.paragraph("label", runs[:-1], LABEL)


def _frame(page: Page) -> None:
    """The double rule around a certificate."""
    for inset, width_pt in ((9.0, 1.6), (11.0, 0.5)):
        right, bottom = page.size.width_mm - inset, page.size.height_mm - inset
        for ends in (
            (inset, inset, right, inset),
            (inset, bottom, right, bottom),
            (inset, inset, inset, bottom),
            (right, inset, right, bottom),
        ):
            page.rule(*ends, width_pt)


def _close_declaration(flow: Flow, order: Order, asker: Person, where: Place, issued: date) -> None:
    page = flow.page
    text = day_text(issued)
    day = [Run(text[:2], "italic", hand=order.hand), Run(text[2:], "italic")]
    y = place_text(page, "place_date", [Run(f"Làm tại: {where.commune}, ngày ", "italic"), *day], 92, 104,
                   flow.y_mm + 4, Setting(size_pt=13.5, align="centre", after_mm=1))  # fmt: skip
    y = place_text(page, "signer", [Run("Người yêu cầu", "bold")], 92, 104, y, CENTRE)
    page.marks.append(signature(page, 125, y + 3, 42, 17))
    place_text(page, "signer", [Run(asker.name)], 92, 104, y + 26, CENTRE)
