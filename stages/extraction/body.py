"""What running text says: subject, validity, scope, and whose paper it is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from stages.extraction.fold import is_caps
from stages.extraction.layout import Passage, join
from stages.extraction.values import is_citizen_id, is_tax_code, parse_date

_MOST_SUBJECT_ROWS = 10
_SUBJECT_GAP = 1.3
"""Times the row height: a wider gap under a row ends the subject (the rule stands there)."""
_TEXT_STARTS = re.compile(
    r"^\W*(?:can cu|kinh gui|dieu \d|theo de nghi|xet de nghi|thuc hien|chuong|phan|[ivx]+\.|\d+\.)"
)
_OF_LETTER = re.compile(r"^\W*(?:v\s*/\s*v|ve viec)\b")
_DATE = r"(?:ngay\s+)?(?P<date>\d{1,2}\s*(?:thang|[/.-])\s*\d{1,2}\s*(?:,?\s*nam|[/.-])\s*\d{4})"
_VALID = r"co\s+(?:hieu\s+luc|gia\s+tri)(?:\s+(?:thi\s+hanh|su\s+dung))?"
_FROM = re.compile(rf"\bnay\s+(?:se\s+)?{_VALID}\s+(?:ke\s+)?tu\s+(?:{_DATE}|ngay\s+(?P<signing>ky|ban\s+hanh))")
_UNTIL = re.compile(rf"\b{_VALID}\s+(?:den|toi)(?:\s+het)?\s*:?\s*{_DATE}")
_FOR = re.compile(
    rf"\b{_VALID}\s+(?:trong\s+)?(?:thoi\s+han\s+|vong\s+)?(?P<count>\d{{1,3}})\s*(?:\([^)]{{0,20}}\)\s*)?"
    r"(?P<unit>ngay|thang|nam)\b"
)
_SCOPE = re.compile(
    r"\bpham\s+vi\s+(?:co\s+)?(?:hieu\s+luc|gia\s+tri|ap\s+dung|su\s+dung)\s*:\s*(?P<scope>[^.;\n]{3,200})"
)
_TERRITORY = re.compile(r"\btren\s+(?P<scope>(?:dia\s+ban|pham\s+vi|lanh\s+tho)\s+[^.;,(\n]{3,80})")
_CITIZEN = re.compile(
    r"\b(?:so\s+dinh\s+danh(?:\s+ca\s+nhan)?|can\s+cuoc(?:\s+cong\s+dan)?|cccd)(?:\s*/\s*cccd)?(?:\s+so)?\s*:?\s*(?P<id>\d{12})\b"
)
_TAX = re.compile(r"\b(?:ma\s+so\s+(?:thue|doanh\s+nghiep)|mst)\s*:?\s*(?P<id>\d{10}(?:-\d{3})?)\b")


@dataclass(frozen=True)
class Reading:
    """A value and the words that it was read from."""

    value: str
    passage: Passage


def subject_under_title(rows: Sequence[Passage]) -> Passage | None:
    """The subject (trích yếu) in the rows after the type's name: up to a gap, capitals, or the text."""
    kept: list[Passage] = []
    for row in rows[:_MOST_SUBJECT_ROWS]:
        last = kept[-1] if kept else None
        gap_px = row.box.top - last.box.bottom if last else 0.0
        if gap_px > _SUBJECT_GAP * row.box.height or is_caps(row.text) or _TEXT_STARTS.match(row.folded):
            break
        if any(c.isalpha() for c in row.text):
            kept.append(row)
    return join(kept) if kept else None


def subject_of_letter(rows: Sequence[Passage]) -> Passage | None:
    """The subject of an official letter: ``V/v …`` under the number, in the left column."""
    kept: list[Passage] = []
    for row in rows[:_MOST_SUBJECT_ROWS]:
        if not kept:
            if _OF_LETTER.match(row.folded):
                kept.append(row)
            continue
        if row.box.top - kept[-1].box.bottom > _SUBJECT_GAP * row.box.height or _TEXT_STARTS.match(row.folded):
            break
        kept.append(row)
    return join(kept) if kept else None


def effective_from(text: Passage, issued: date | None) -> Reading | None:
    """From when: ``… này có hiệu lực thi hành kể từ ngày …``; ``ngày ký`` is the date of issue, where known."""
    match = _FROM.search(text.folded)
    if match is None:
        return None
    day = issued if match["signing"] else parse_date(match["date"])
    return Reading(day.isoformat(), text.within(*match.span())) if day else None


def valid_until(text: Passage) -> Reading | None:
    """Until when (ISO 8601 date), or for how long (ISO 8601 duration, ``P6M``)."""
    match = _UNTIL.search(text.folded)
    if match and (day := parse_date(match["date"])):
        return Reading(day.isoformat(), text.within(*match.span()))
    match = _FOR.search(text.folded)
    if match and int(match["count"]):
        unit = {"ngay": "D", "thang": "M", "nam": "Y"}[match["unit"]]
        return Reading(f"P{int(match['count'])}{unit}", text.within(*match.span()))
    return None


def scope(text: Passage, subject: Passage | None) -> Reading | None:
    """Where or for what it is valid: a labelled scope, or the territory that the subject names."""
    match = _SCOPE.search(text.folded)
    where: Passage | None = text
    if match is None and subject is not None:
        match, where = _TERRITORY.search(subject.folded), subject
    if match is None or where is None:
        return None
    start, end = match.span("scope")
    return Reading(where.text[start:end].strip(), where.within(start, end))


def owner_id(text: Passage) -> Reading | None:
    """The one labelled identity number or tax code. Several different ones: nobody can say whose, so None."""
    found = [m for m in _CITIZEN.finditer(text.folded) if is_citizen_id(m["id"])]
    found += [m for m in _TAX.finditer(text.folded) if is_tax_code(m["id"])]
    if len({m["id"] for m in found}) != 1:
        return None
    return Reading(found[0]["id"], text.within(*found[0].span("id")))
