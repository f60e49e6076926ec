"""The header of a Decree 30 document: left who and which number, right where and when."""

from __future__ import annotations

import re
from dataclasses import dataclass

from stages.extraction.fold import fold, is_caps, letters
from stages.extraction.layout import Page, Passage, join, part

_MOTTO = frozenset(("cong", "hoa", "xa", "hoi", "chu", "nghia", "viet", "nam"))
_MOTTO_WORDS = 5
_DEEPEST = 0.3
"""Share of the page's height in which a header begins."""
_DEEP = 0.16
"""Share of the page's height from the motto down to number and date: three bodies of two lines fit."""
_REACH = 0.12
"""Share of the page's width in which the columns may part, to either side of the motto's left edge."""
_NUMBER = re.compile(r"^\W*so\s*(?:[:;.]\s*(?P<a>.*)|(?P<b>[\d/].*))$")
_DATED = re.compile(r"\b(?P<day>ng[ao]y)\b(?P<d>.*?)\bth[ao]ng\b(?P<m>.*?)\bn[ao]m\b(?P<y>.*)$")
_BODY_STARTS = re.compile(
    r"so|bo|cuc|chicuc|tongcuc|vanphong|trungtam|phong|ban|uyban|ubnd|hoi|hdnd|thanhtra|congan|truong|"
    r"benhvien|haiquan|khobac|baohiem|vien|toaan|chinhphu|quochoi|thutuong|tinhuy|thanhuy|huyenuy|"
    r"quanuy|danguy|chinhanh|congty|lien|mattran|doan|dang|kiemtoan|nganhang|doi|tram"
)
_TERRITORIES = ("tinh", "thanhpho", "huyen", "quan", "thixa", "xa", "phuong", "thitran", "dackhu", "tp")
_SPACING = {"uybannhandan": "ỦY BAN NHÂN DÂN", "hoidongnhandan": "HỘI ĐỒNG NHÂN DÂN"}


@dataclass(frozen=True)
class Header:
    """What stands where. ``number``: after ``Số:``. ``bodies``: lines of parent and issuing body.

    ``subject``: left column under the number (``V/v …`` of an official letter). ``dated``: the row of
    place and date. ``bottom_px``: where the header ends.
    """

    bodies: tuple[Passage, ...]
    number: Passage | None
    subject: tuple[Passage, ...]
    dated: Passage | None
    bottom_px: float


def find_header(page: Page) -> Header | None:
    """The header of this side, or None where neither motto nor number with date shows one."""
    high = [row for row in page.rows if row.box.top < _DEEPEST * page.height_px]
    motto = next((row for row in high if _motto_left(row) is not None), None)
    edge_px = (_motto_left(motto) if motto else None) or 0.42 * page.width_px
    if motto is not None:
        top_px, bottom_px = motto.box.top - 2 * motto.box.height, motto.box.top + _DEEP * page.height_px
        high = [row for row in high if row.box.bottom > top_px and row.box.top < bottom_px]
    parted = [part(row, edge_px, _REACH * page.width_px) for row in high]
    lefts = [left for left, _ in parted if left.words]
    at = next((n for n, left in enumerate(lefts) if _NUMBER.match(left.folded)), None)
    dated = next((right for _, right in parted if right.words and _DATED.search(right.folded)), None)
    if motto is None and (at is None or dated is None):
        return None
    bodies = lefts[:at] if at is not None else _above(lefts, dated or motto)
    number = lefts[at] if at is not None else None
    bottoms = [p.box.bottom for p in (motto, number, dated) if p is not None]
    return Header(
        bodies=_heading(bodies),
        number=number,
        subject=tuple(lefts[at + 1 :]) if at is not None else (),
        dated=dated,
        bottom_px=max(bottoms),
    )


def after_so(number: Passage) -> Passage:
    """What stands after ``Số:``, possibly nothing."""
    match = _NUMBER.match(number.folded)
    assert match is not None
    return number.after(match.start("a") if match["a"] is not None else match.start("b"))


def date_parts(dated: Passage) -> tuple[str, str, str, str]:
    """Place, day, month and year as printed, each possibly empty or unreadable."""
    match = _DATED.search(dated.folded)
    assert match is not None
    text = dated.text
    place = text[: match.start("day")].strip(" ,.;:")
    day, month = (text[match.start(k) : match.end(k)].strip() for k in ("d", "m"))
    return place, day, month, text[match.start("y") :].strip(" .,;")


def body_groups(lines: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """The lines joined to bodies: parent bodies first, the issuing body last.

    ``ỦY BAN NHÂN DÂN`` and ``TỈNH BẠC LIÊU`` are one body; ``SỞ Y TẾ`` begins another.
    """
    groups: list[list[Passage]] = []
    for line in lines:
        start = letters(line.text)
        territory = start.startswith(_TERRITORIES) and not start.startswith(("tinhuy", "huyenuy", "quanuy", "xauy"))
        if groups and (territory or not _BODY_STARTS.match(start)):
            groups[-1].append(line)
        else:
            groups.append([line])
    return tuple(join(group) for group in groups)


def body_name(group: Passage) -> str:
    """The body's name; the spaces of two frequent words that OCR joins are put right."""
    words = group.text.strip(" -–—_.,:;'\"").split()
    for count in range(len(words), 0, -1):
        spaced = _SPACING.get(letters("".join(words[:count])))
        if spaced and words[:count] != spaced.split():
            return " ".join([spaced, *words[count:]])
    return " ".join(words)


def _motto_left(row: Passage) -> float | None:
    """Left edge of ``CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM`` in this row, or None."""
    hits = [word for word in row.words if fold(word.text).strip(".,-") in _MOTTO]
    if len(hits) >= _MOTTO_WORDS and is_caps(row.text):
        return min(word.box.left for word in hits)
    return None


def _above(lefts: list[Passage], limit: Passage | None) -> list[Passage]:
    return [left for left in lefts if limit is not None and left.box.centre[1] < limit.box.top]


def _heading(lines: list[Passage]) -> tuple[Passage, ...]:
    """The lines in capitals just above the number; anything else up there is a stamp or dirt."""
    kept: list[Passage] = []
    for line in reversed(lines):
        if is_caps(line.text):
            kept.insert(0, line)
        elif kept and letters(line.text):
            break
    return tuple(kept)
