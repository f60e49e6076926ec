"""Fields of Decree 30 papers: what is printed is found where it stands, what is not there is not there."""

from __future__ import annotations

import string
from datetime import date, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.facts import MAX_FACT_BYTES, Fact, FactKey
from models.manifest import Owner
from models.text import PageText
from stages import extract
from stages.both_sides import BothSidesJudged
from stages.doctypes import doctypes
from stages.doctypes.van_ban import TYPES
from stages.extract import Extracted, Field
from stages.extraction.signature import is_name
from stages.extraction.values import (
    NumberSymbol,
    is_citizen_id,
    is_tax_code,
    make_date,
    parse_date,
    parse_number_symbol,
)
from tests.stages import desk, papers
from tests.stages.papers import page


def fields_of(*pages: PageText, declared: bool = False, owner: Owner | None = None) -> dict[str, Field]:
    """Run the stage on these sides; field names must not stand twice."""
    blobs = desk.Blobs()
    document = desk.document(blobs, [("a.jpg", b"a")], declared=(1, 1, 0) if declared else None)
    if owner is not None and document.manifest is not None:
        manifest = document.manifest.model_copy(update={"owner": owner})
        document = document.model_copy(update={"manifest": manifest})
    numbers = list(range(1, len(pages) + 1))
    selection = blobs.put(orjson.dumps(numbers))
    facts: dict[FactKey, Fact] = {
        FactKey("BothSidesJudged"): BothSidesJudged(
            rule="as_scanned", pages=len(pages), left_out=0, selection=selection
        )
    }
    for number, text in zip(numbers, pages, strict=True):
        facts[FactKey("TextRead", number)] = desk.text_read(blobs, text)
    extracted = extract.run(desk.inputs(document, facts, len(pages)), desk.ports(blobs))
    assert len(extracted.model_dump_json().encode()) <= MAX_FACT_BYTES
    assert len({field.name for field in extracted.fields}) == len(extracted.fields)
    return {field.name: field for field in extracted.fields}


def values_of(*pages: PageText) -> dict[str, str]:
    return {name: field.value for name, field in fields_of(*pages).items()}


DECISION = {
    "type_name": "Quyết định",
    "type_code": "QĐ",
    "number_symbol": "209/QĐ-UBND",
    "number": "209",
    "symbol": "QĐ-UBND",
    "issued_place": "Bạc Liêu",
    "issued_date": "2025-02-18",
    "issuing_body": "ỦY BAN NHÂN DÂN TỈNH BẠC LIÊU",
    "excerpt": "Về việc công bố Danh mục thủ tục hành chính mới ban hành trên địa bàn tỉnh Bạc Liêu",
    "signer_title": "KT. CHỦ TỊCH PHÓ CHỦ TỊCH",
    "signer_name": "Huỳnh Hữu Trí",
    "effective_from": "2025-02-18",
    "scope": "địa bàn tỉnh Bạc Liêu",
}


def test_a_decision_is_read_whole() -> None:
    """Both columns of the header, title, subject, validity and signer; and from which side each is."""
    fields = fields_of(page(*papers.DECISION_FIRST), page(*papers.DECISION_LAST))
    assert {name: field.value for name, field in fields.items()} == DECISION
    assert {name for name, field in fields.items() if field.page == 2} == {
        "signer_title",
        "signer_name",
        "effective_from",
    }
    assert all(field.source == "ocr" and field.confidence > 0.9 for field in fields.values())


def test_a_day_of_one_digit_is_doubted() -> None:
    """The law prints a leading zero: half of a handwritten day may have been read."""
    fields = fields_of(page(*papers.header(("SỞ NỘI VỤ",), "Số: 07/QĐ-SNV", "Huế, ngày 1 tháng 02 năm 2025")))
    assert fields["issued_date"].value == "2025-02-01"
    assert fields["issued_date"].confidence <= 0.5


@given(st.sampled_from([0, 90, 180, 270]), st.floats(-5, 5))
def test_the_scan_may_lie_any_way(orientation_deg: int, skew_deg: float) -> None:
    """Turned and skewed scans give the same fields as straight ones."""
    turn_deg = orientation_deg - skew_deg
    sides = [page(*printed, rotation_deg=turn_deg) for printed in (papers.DECISION_FIRST, papers.DECISION_LAST)]
    assert values_of(*sides) == DECISION


def test_an_official_letter_has_its_subject_under_its_number() -> None:
    """A letter has no type name: ``V/v`` tells, and the parent body stands above the issuing one."""
    fields = values_of(
        page(
            *papers.header(
                ("UBND TỈNH QUẢNG NINH", "SỞ NGOẠI VỤ"),
                "Số: 85/SNgV-VP",
                "Quảng Ninh, ngày 05 tháng 01 năm 2026",
                ("V/v số hóa hồ sơ thủ tục", "hành chính năm 2026"),
            ),
            ("Kính gửi: Các sở, ban, ngành.", 560, 560),
            *papers.text_rows(("Thực hiện Công văn số 9318/VPCP-KSTT ngày 18 tháng 11 năm 2024,",), 700),
        )
    )
    assert fields == {
        "type_name": "Công văn",
        "number_symbol": "85/SNgV-VP",
        "number": "85",
        "symbol": "SNgV-VP",
        "issued_place": "Quảng Ninh",
        "issued_date": "2026-01-05",
        "parent_body": "UBND TỈNH QUẢNG NINH",
        "issuing_body": "SỞ NGOẠI VỤ",
        "excerpt": "số hóa hồ sơ thủ tục hành chính năm 2026",
    }


def test_a_draft_has_neither_number_nor_date() -> None:
    """Blanks stay blanks, though other documents with numbers and dates are quoted below."""
    fields = values_of(
        page(
            *papers.header(("SỞ NGOẠI VỤ",), "Số:        /KH-SNgV", "Quảng Ninh, ngày     tháng 5 năm 2021"),
            ("KẾ HOẠCH", 760, 420),
            ("Thực hiện Quyết định số 468/QĐ-TTg ngày 27/3/2021", 420, 466),
        )
    )
    assert fields["symbol"] == "KH-SNgV"
    assert fields["issued_place"] == "Quảng Ninh"
    assert fields["type_name"] == "Kế hoạch"
    assert not {"number", "number_symbol", "issued_date"} & set(fields)


@pytest.mark.parametrize(
    "dated", ["Huế, ngày 4B tháng 02 năm 2025", "Huế, ngày 30 tháng 02 năm 2025", "Huế, ngày tháng năm"]
)
def test_a_date_that_cannot_be_is_absent(dated: str) -> None:
    """Half-read and impossible dates are not repaired."""
    fields = values_of(page(*papers.header(("SỞ NỘI VỤ",), "Số: 7/QĐ-SNV", dated)))
    assert "issued_date" not in fields
    assert fields["issued_place"] == "Huế"


def test_a_date_after_receipt_is_doubted() -> None:
    """A paper cannot be issued after it was handed in."""
    dated = f"Huế, ngày 05 tháng 12 năm {desk.RECEIVED.year + 10}"
    doubted = fields_of(page(*papers.header(("SỞ NỘI VỤ",), "Số: 7/QĐ-SNV", dated)))["issued_date"]
    assert doubted.confidence <= 0.3


def test_digits_that_stick_out_are_doubted() -> None:
    """Handwriting is read wrong with great confidence, so its confidence is capped."""
    text = page(*papers.DECISION_FIRST)
    raw = orjson.loads(text.model_dump_json())
    for block in raw["blocks"]:
        for word in block["lines"][0]["words"]:
            if word["text"] == "18":
                word["box"][1] -= 12
                word["box"][3] += 6
    fields = fields_of(PageText.model_validate(raw))
    assert fields["issued_date"].confidence <= 0.5
    assert fields["issued_place"].confidence > 0.9


def test_the_manifest_wins_and_the_paper_stands_beside_it() -> None:
    """Declared fields come from the manifest; what is printed instead is kept to compare."""
    owner = Owner(kind="citizen", id="038099012345")
    fields = fields_of(page(*papers.DECISION_FIRST), declared=True, owner=owner)
    for name, value in (("type_code", "DC.QD"), ("type_name", "Quyết định"), ("owner_id", "038099012345")):
        assert (fields[name].value, fields[name].source, fields[name].page) == (value, "manifest", 0)
    assert fields["printed_type_code"].value == "QĐ"


def test_an_owner_is_named_only_when_there_is_one() -> None:
    """One labelled number is proposed; two different ones could be anybody's."""
    one = ("Số định danh cá nhân: 038099012345", "CCCD số 038099012345")
    two = (*one, "Căn cước công dân số: 001099012345")
    assert values_of(page(*papers.DECISION_FIRST, *papers.text_rows(one, 1300)))["owner_id"] == "038099012345"
    assert "owner_id" not in values_of(page(*papers.DECISION_FIRST, *papers.text_rows(two, 1300)))


@pytest.mark.parametrize(
    ("sentence", "value"),
    [
        ("Giấy phép này có giá trị đến ngày 31/12/2027.", "2027-12-31"),
        ("có hiệu lực đến hết ngày 01 tháng 3 năm 2028.", "2028-03-01"),
        ("Giấy giới thiệu này có giá trị trong thời hạn 06 (sáu) tháng kể từ ngày ký.", "P6M"),
        ("Quyết định này có hiệu lực thi hành kể từ ngày ký.", None),
        ("có giá trị đến ngày 31/13/2027.", None),
    ],
)
def test_until_when_it_is_valid(sentence: str, value: str | None) -> None:
    """A last day or a duration; a first day is no last day."""
    fields = values_of(page(*papers.DECISION_FIRST, *papers.text_rows((sentence,), 1300)))
    assert fields.get("valid_until") == value


def test_a_signer_without_recipients_beside() -> None:
    """The title alone marks the block; text in capitals elsewhere does not."""
    fields = values_of(
        page(*papers.DECISION_FIRST), page(*papers.signature(("TL. BỘ TRƯỞNG", "CHÁNH VĂN PHÒNG"), "Lê Thị Ánh", 900))
    )
    assert fields["signer_title"] == "TL. BỘ TRƯỞNG CHÁNH VĂN PHÒNG"
    assert fields["signer_name"] == "Lê Thị Ánh"


def test_half_a_signer_is_no_signer() -> None:
    """A seal hides the family name: what is left stands off centre, or unreadable marks stand beside it."""
    whole = papers.signature(("GIÁM ĐỐC",), "Vàng Thị Lụa", 900, ("Nơi nhận:",))
    lost = (*whole[:-1], papers.centred("Thị Lụa", 1190, 1150))
    hidden = (*whole[:-1], papers.centred("Thị Lụa", 1150, 1150), ("⁄N§", 1020, 1160))
    assert values_of(page(*papers.DECISION_FIRST), page(*whole))["signer_name"] == "Vàng Thị Lụa"
    for block in (lost, hidden):
        fields = values_of(page(*papers.DECISION_FIRST), page(*block))
        assert "signer_name" not in fields
        assert fields["signer_title"] == "GIÁM ĐỐC"


def test_a_signer_whose_title_is_lost_is_doubted() -> None:
    """The seal hides the title; the name beside ``Nơi nhận`` is proposed with little confidence."""
    block = papers.signature((), "Lê Thành Đô", 900, ("Nơi nhận:",))
    assert fields_of(page(*papers.DECISION_FIRST), page(*block))["signer_name"].confidence <= 0.5


def test_nothing_is_made_up_for_other_papers() -> None:
    """A page of tables, an empty page and no page at all give no fields."""
    table = papers.text_rows(("STT Tên thủ tục Số lượng", "1 Cấp giấy phép 12/2024", "Số: 12"), 900)
    assert values_of(page(*table)) == {}
    assert values_of(page()) == {}
    assert values_of() == {}


def test_a_long_subject_is_cut_and_the_fact_stays_small() -> None:
    """Ten rows of Vietnamese letters do not make a fact too large."""
    rows = tuple((f"Về {'ộứữệ ' * 18}", 200.0, 466.0 + n * papers.PITCH_PX) for n in range(10))
    fields = fields_of(page(*papers.DECISION_FIRST[:7], *rows), page(*papers.DECISION_LAST), declared=True)
    assert fields["excerpt"].value.endswith("…")
    assert fields["signer_name"].value == "Huỳnh Hữu Trí"


@given(st.lists(st.text("ộứữ aB", max_size=500), max_size=16))
def test_any_fields_fit(values: list[str]) -> None:
    """Whatever was read, the fact fits into the ledger."""
    fields = [Field(name=f"field_{n}", value=v, raw=v, source="ocr") for n, v in enumerate(values)]
    fitted = extract.fit(fields)
    assert len(fitted.model_dump_json().encode()) <= MAX_FACT_BYTES
    assert isinstance(fitted, Extracted)


@given(st.dates(date(1945, 1, 1), date(2999, 12, 31)))
def test_every_real_date_is_read(day: date) -> None:
    """All three printed forms, with and without leading zeros."""
    assert parse_date(f"ngày {day.day:02d} tháng {day.month:02d} năm {day.year}") == day
    assert parse_date(f"{day.day} tháng {day.month} năm {day.year}") == day
    assert parse_date(f"{day.day}/{day.month}/{day.year}") == day
    assert parse_date(f"{day.day:02d}-{day.month:02d}-{day.year}") == day


@given(
    st.text(string.printable, max_size=4), st.text(string.printable, max_size=4), st.text(string.printable, max_size=5)
)
def test_no_other_text_is_a_date(day: str, month: str, year: str) -> None:
    """What is read as a date is exactly the digits that are printed."""
    made = make_date(day, month, year)
    if made is not None:
        assert (int(day), int(month), int(year)) == (made.day, made.month, made.year)
        assert made - timedelta(days=1) < made


@given(
    st.integers(1, 99_999),
    st.sampled_from([t.abbreviation for t in TYPES if t.abbreviation]),
    st.sampled_from(["UBND", "SNgV", "SGTVT", "BTNMT", "VPCP-KSTT", "HĐND"]),
    st.sampled_from(["{}/{}-{}", "{} / {} - {}", "{} /{}–{}", "{}⁄{}-{}."]),
)
def test_every_number_and_symbol_is_read(number: int, kind: str, body: str, form: str) -> None:
    """However the slash and the dash are set."""
    expected = NumberSymbol(f"{number:02d}/{kind}-{body}", f"{number:02d}", f"{kind}-{body}")
    assert parse_number_symbol(form.format(f"{number:02d}", kind, body)) == expected


@given(st.text("0123456789lOoZ¿‡%?/ ", min_size=1, max_size=6))
def test_a_number_is_digits_or_absent(scrawl: str) -> None:
    """A scrawl before the symbol never becomes a number that is not printed."""
    read = parse_number_symbol(f"{scrawl}/QĐ-UBND")
    tight = scrawl.replace(" ", "")
    number, _, year = tight.partition("/")
    assert read.number is None or (read.number == number and number.isdigit())
    assert read.symbol in ("QĐ-UBND", f"{year}/QĐ-UBND", None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("118/2025/NĐ-CP", NumberSymbol("118/2025/NĐ-CP", "118", "2025/NĐ-CP")),
        ("119/2024", NumberSymbol("119/2024", "119")),
        ("/KH-SNgV", NumberSymbol(symbol="KH-SNgV")),
        ("‡⁄10QĐ-UBND", NumberSymbol(symbol="QĐ-UBND")),
        ("¿02 /QĐÐ-UBND", NumberSymbol(symbol="QĐ-UBND")),
        ("5⁄42 /QĐÐ-UBND", NumberSymbol(symbol="QĐ-UBND")),
        ("", NumberSymbol()),
        ("..........", NumberSymbol()),
    ],
)
def test_numbers_and_symbols_as_engines_read_them(text: str, expected: NumberSymbol) -> None:
    """Readings of real scans; handwriting that broke is absent, the printed symbol stays."""
    assert parse_number_symbol(text) == expected


def test_identity_numbers_are_checked() -> None:
    """Shape of a citizen's number, check digit of a tax code (domain section 5)."""
    assert is_citizen_id("038099012345")
    assert not is_citizen_id("38099012345")
    assert all(is_tax_code(code) for code in ("0100233488", "0100112437", "0100109106", "0100109106-001"))
    assert not is_tax_code("0100109107")


def test_names_of_persons() -> None:
    """Title case and nothing else."""
    assert all(is_name(name) for name in ("Trần Hồng Thái", "Lê Thành Đô", "Y Thông"))
    assert not any(is_name(text) for text in ("CHỦ TỊCH", "Lưu: VT", "Nguyễn", "chịu trách nhiệm", "Ngày 12"))


def test_every_document_type_is_found() -> None:
    """A file in the folder is a document type; the 29 types of Decree 30 are complete."""
    assert [doctype.name for doctype in doctypes()] == ["van_ban"]
    assert len(TYPES) == 29
    assert len({t.abbreviation for t in TYPES if t.abbreviation}) == 27
