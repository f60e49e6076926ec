"""Administrative documents of Decree 30/2020 (văn bản hành chính): decisions, official letters, plans …"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from stages.doctypes.doctype import DocType, Pages
from stages.extraction import body
from stages.extraction.field import MAX_RAW_CHARS, MAX_VALUE_CHARS, Field, shorten
from stages.extraction.fold import is_caps, letters
from stages.extraction.header import Header, after_so, body_groups, body_name, date_parts, find_header
from stages.extraction.layout import Page, Passage, join
from stages.extraction.signature import Signature, find_signature
from stages.extraction.values import NumberSymbol, make_date, parse_number_symbol

FIRST_SIDES = 3
"""The header stands on one of the first sides: a cover may come before it."""
_TITLE_DEEPEST = 0.6
"""Share of the page's height above which the type's name stands."""


ONE_DIGIT_CONFIDENCE = 0.5
"""At most this for a day of one digit: Decree 30 prints a leading zero, so the other digit may be lost."""
NAME_ALONE_CONFIDENCE = 0.5
"""At most this for a signer's name whose title cannot be read: a seal may hide a part of it."""


class PaperType(NamedTuple):
    """One of the 29 types of Decree 30/2020 Art 7, with its abbreviation in Appendix III."""

    name: str
    abbreviation: str


LETTER = PaperType("Công văn", "")
TYPES = (
    PaperType("Nghị quyết", "NQ"),
    PaperType("Quyết định", "QĐ"),
    PaperType("Chỉ thị", "CT"),
    PaperType("Quy chế", "QC"),
    PaperType("Quy định", "QyĐ"),
    PaperType("Thông cáo", "TC"),
    PaperType("Thông báo", "TB"),
    PaperType("Hướng dẫn", "HD"),
    PaperType("Chương trình", "CTr"),
    PaperType("Kế hoạch", "KH"),
    PaperType("Phương án", "PA"),
    PaperType("Đề án", "ĐA"),
    PaperType("Dự án", "DA"),
    PaperType("Báo cáo", "BC"),
    PaperType("Biên bản", "BB"),
    PaperType("Tờ trình", "TTr"),
    PaperType("Hợp đồng", "HĐ"),
    PaperType("Công điện", "CĐ"),
    PaperType("Bản ghi nhớ", "BGN"),
    PaperType("Bản thỏa thuận", "BTT"),
    PaperType("Giấy ủy quyền", "GUQ"),
    PaperType("Giấy mời", "GM"),
    PaperType("Giấy giới thiệu", "GGT"),
    PaperType("Giấy nghỉ phép", "GNP"),
    PaperType("Phiếu gửi", "PG"),
    PaperType("Phiếu chuyển", "PC"),
    PaperType("Phiếu báo", "PB"),
    PaperType("Thư công", ""),
    LETTER,
)
_BY_LETTERS = {letters(kind.name): kind for kind in TYPES}


def recognises(pages: Pages) -> float:
    """Sure with a header that has a number and a date; half sure with one of the two."""
    for page in pages[:FIRST_SIDES]:
        header = find_header(page)
        if header is not None:
            return 0.4 + 0.3 * (header.number is not None) + 0.3 * (header.dated is not None)
    return 0.0


def read(pages: Pages) -> tuple[Field, ...]:
    """Every field that the pages show. What cannot be read whole is left out."""
    text = join(row for page in pages for row in page.rows)
    first, header = _first(pages)
    issued: date | None = None
    fields: list[Field] = []
    subject: Passage | None = None
    if first is not None and header is not None:
        number = parse_number_symbol(after_so(header.number).text) if header.number else NumberSymbol()
        title = _title(first)
        subject = body.subject_under_title(first.rows[title[1] + 1 :]) if title else None
        subject = subject or body.subject_of_letter(header.subject)
        fields += _type(title, number, header, subject, first)
        fields += _number(number, header)
        issued = _issued(header)
        fields += _dated(header, issued)
        fields += _bodies(header)
    if subject is not None:
        fields.append(_field("excerpt", _subject_value(subject), subject, subject.confidence))
    signature = next((s for s in (find_signature(page) for page in pages) if s is not None), None)
    if signature is not None:
        fields += _signed(signature)
    for name, reading in (
        ("effective_from", body.effective_from(text, issued)),
        ("valid_until", body.valid_until(text)),
        ("scope", body.scope(text, subject)),
        ("owner_id", body.owner_id(text)),
    ):
        if reading is not None:
            fields.append(_field(name, reading.value, reading.passage, reading.passage.weakest))
    return tuple(fields)


def _first(pages: Pages) -> tuple[Page | None, Header | None]:
    for page in pages[:FIRST_SIDES]:
        header = find_header(page)
        if header is not None:
            return page, header
    return None, None


def _title(page: Page) -> tuple[PaperType, int] | None:
    """The type's name in capitals on a row of its own, and which row that is."""
    for at, row in enumerate(page.rows):
        if row.box.top > _TITLE_DEEPEST * page.height_px or not is_caps(row.text):
            continue
        kind = _BY_LETTERS.get(letters(row.text))
        if kind is not None:
            return kind, at
    return None


def _type(
    title: tuple[PaperType, int] | None, number: NumberSymbol, header: Header, subject: Passage | None, page: Page
) -> Iterator[Field]:
    """The type by its printed name, else by the symbol; a letter has no name, but ``V/v`` under its number."""
    kind: PaperType | None = None
    where: Passage | None = None
    if title is not None:
        kind, where = title[0], page.rows[title[1]]
    elif number.symbol:
        head = number.symbol.split("/")[-1].split("-")[0]
        kind, where = next((k for k in TYPES if k.abbreviation == head), None), header.number
        if kind is None and subject is not None:
            kind = LETTER
    if kind is not None and where is not None:
        yield _field("type_name", kind.name, where, where.weakest)
        if kind.abbreviation:
            yield _field("type_code", kind.abbreviation, where, where.weakest)


def _number(number: NumberSymbol, header: Header) -> Iterator[Field]:
    if header.number is None:
        return
    where = after_so(header.number)
    if number.whole:
        yield _field("number_symbol", number.whole, where, where.weakest)
    if number.number:
        yield _field("number", number.number, where, where.first_chars(len(number.number)).weakest)
    if number.symbol:
        yield _field("symbol", number.symbol, where, where.last_chars(len(number.symbol)).weakest)


def _issued(header: Header) -> date | None:
    if header.dated is None:
        return None
    _, day, month, year = date_parts(header.dated)
    return make_date(day, month, year)


def _dated(header: Header, issued: date | None) -> Iterator[Field]:
    if header.dated is None:
        return
    place = date_parts(header.dated)[0]
    if any(c.isalpha() for c in place) and not any(c.isdigit() for c in place):
        yield _field("issued_place", place, header.dated.within(0, len(place)), None)
    if issued is not None:
        start = header.dated.text.index(place) + len(place)
        where = header.dated.after(start)
        confidence = where.weakest
        if len(date_parts(header.dated)[1]) == 1:
            confidence = min(confidence, ONE_DIGIT_CONFIDENCE)
        yield _field("issued_date", issued.isoformat(), where, confidence, where.text.strip(" ,.;"))


def _bodies(header: Header) -> Iterator[Field]:
    groups = body_groups(header.bodies)
    for name, group in (("issuing_body", groups[-1:]), ("parent_body", groups[-2:-1])):
        for body_rows in group:
            yield _field(name, body_name(body_rows), body_rows, None)


def _signed(signature: Signature) -> Iterator[Field]:
    if signature.title is not None:
        yield _field("signer_title", signature.title.text, signature.title, None)
    if signature.name is not None:
        confidence = signature.name.confidence
        if signature.title is None:  # then nothing shows that the name is whole
            confidence = min(confidence, NAME_ALONE_CONFIDENCE)
        yield _field("signer_name", signature.name.text, signature.name, confidence)


def _subject_value(subject: Passage) -> str:
    """The subject without the ``V/v`` of letters."""
    text = subject.text
    head, _, rest = text.partition(" ")
    return rest if letters(head) == "vv" else text


def _field(name: str, value: str, where: Passage, confidence: float | None, raw: str | None = None) -> Field:
    return Field(
        name=name,
        value=shorten(value, MAX_VALUE_CHARS),
        raw=shorten(where.text if raw is None else raw, MAX_RAW_CHARS),
        source="ocr",
        page=where.pages[0] if where.pages else 0,
        confidence=round(where.confidence if confidence is None else confidence, 3),
    )


DOCTYPE = DocType("van_ban", recognises, read)
