"""Readings of single values: number and symbol, dates, identity numbers. Nothing is repaired or guessed."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

from stages.extraction.fold import fold

FIRST_YEAR = 1945
"""No paper of this State is older."""

_SYMBOL = r"[A-ZĐ][A-Za-zĐđ]{0,7}(?:-[A-ZĐƯƠÂÊÔĂ][A-Za-zĐđƯưƠơÂâÊêÔôĂă0-9&.]{0,14}){0,3}"
_NUMBER = re.compile(rf"(?P<number>[0-9]{{1,6}})/(?P<symbol>(?:(?:19|20)\d\d/)?{_SYMBOL})")
_REGISTER = re.compile(r"(?P<number>\d{1,6})/(?:19|20)\d\d")
_SYMBOL_ALONE = re.compile(rf"(?:^|[^A-Za-zĐđ])(?P<symbol>(?:(?<=/)(?:19|20)\d\d/)?{_SYMBOL})$")
_MAX_SYMBOL_CHARS = 30
"""codeNotation of Circular 05/2025."""
_DATE = re.compile(r"(?P<d>\d{1,2})\s*(?:thang|[/.-])\s*(?P<m>\d{1,2})\s*(?:,?\s*nam|[/.-])\s*(?P<y>\d{4})(?!\d)")
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


class NumberSymbol(NamedTuple):
    """``whole`` as printed without spaces, with ``number`` before its first slash and ``symbol`` after it.

    A year in the number (``118/2025/NĐ-CP``) belongs to the symbol. A register's number (``119/2024``) has
    no symbol. Each may be absent; ``whole`` is, when ``number`` is.
    """

    whole: str | None = None
    number: str | None = None
    symbol: str | None = None


def parse_number_symbol(text: str) -> NumberSymbol:
    """What follows ``Số:``. A number that is not digits only, or no number at all, is absent."""
    tight = re.sub(r"\s+", "", text.replace("⁄", "/").replace("∕", "/").replace("Ð", "Đ"))
    tight = re.sub(r"[–—]", "-", tight).replace("ĐĐ", "Đ").strip(".,;:'\"_-")
    found = _NUMBER.fullmatch(tight)
    if found and len(found["symbol"]) <= _MAX_SYMBOL_CHARS:
        return NumberSymbol(tight, found["number"], found["symbol"])
    if register := _REGISTER.fullmatch(tight):
        return NumberSymbol(tight, register["number"])
    alone = _SYMBOL_ALONE.search(tight)
    if alone and "-" in alone["symbol"] and len(alone["symbol"]) <= _MAX_SYMBOL_CHARS:
        return NumberSymbol(symbol=alone["symbol"])
    return NumberSymbol()


def parse_date(text: str) -> date | None:
    """The one date in ``dd/mm/yyyy``, ``dd-mm-yyyy`` or ``dd tháng mm năm yyyy``; None when any part is off."""
    found = _DATE.search(fold(text))
    return make_date(found["d"], found["m"], found["y"]) if found else None


def make_date(day: str, month: str, year: str) -> date | None:
    """A calendar date out of printed digits, or None."""
    if not re.fullmatch(r"\d{1,2}", day) or not re.fullmatch(r"\d{1,2}", month) or not re.fullmatch(r"\d{4}", year):
        return None
    if int(year) < FIRST_YEAR:
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def is_citizen_id(text: str) -> bool:
    """Whether this can be a personal identity number: 12 digits, born 1900 to 2399 (Circular 07/2016 Art 7)."""
    return re.fullmatch(r"0\d{11}", text, re.ASCII) is not None


def is_tax_code(text: str) -> bool:
    """Whether this is a tax code with a right check digit: 10 digits, or 10-3 (Circular 105/2020 App 1)."""
    if not re.fullmatch(r"\d{10}(?:-\d{3})?", text, re.ASCII):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_TAX_WEIGHTS, text, strict=False))
    return total % 11 != 0 and 10 - total % 11 == int(text[9])
