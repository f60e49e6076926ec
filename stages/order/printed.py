"""Printed page numbers: where they stand on a page, and in which forms. Pure.

Decree 30 puts a bare number at the top centre. Contracts and forms have ``Trang 2/5`` in a corner or at the end of a
header line; the total after the slash says how long the paper is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from models.geometry import Affine, Box
from stages.page_text import Line, Text

_OF = r"(?:\s*(?:/|trên|of)\s*(\d{1,3}))"
_NUMBER = re.compile(rf"[-–—\s.·|]*(?:trang|page|tr\.)?\s*(\d{{1,3}}){_OF}?[-–—\s.·|]*", re.IGNORECASE)
_NAMED = re.compile(rf"[-–—\s.·|]*(?:trang|page)\s*:?\s*(\d{{1,3}}){_OF}?[-–—\s.·|]*", re.IGNORECASE)
_AT_END = re.compile(rf".*\b(?:trang|page)\s*:?\s*(\d{{1,3}}){_OF}[-–—\s.·|]*", re.IGNORECASE)
_TOP_ZONE = 0.12
_BOTTOM_ZONE = 0.10
"""Share of the page height in which a page number stands (Decree 30: in the top margin of 20–25 mm)."""
_OFF_CENTRE = 0.08
"""Share of the page width by which a top number may miss the middle; a scan is not laid down exactly."""
_SAME_ROW = 0.008
"""Share of the page height within which lines stand beside each other."""
_LEAST_CONFIDENCE = 0.5


class Printed(NamedTuple):
    """What a page says about its place: its number, and how many pages there are, where it says so."""

    number: int | None = None
    total: int | None = None


class _Placed(NamedTuple):
    """A line and the middle of it on the upright page."""

    x: float
    y: float
    line: Line


def printed(text: Text) -> Printed:
    """The page number at the top centre (Decree 30) or in the bottom margin of the upright page, if there is one.

    It must be on the page's outermost row, alone unless it names itself (``Trang 2/5``). A row of several
    bare numbers numbers the columns of a table. A number above its total is misread.
    """
    turn = Affine.rotation(text.rotation_deg, (text.width_px / 2, text.height_px / 2), (0.0, 0.0))
    placed = [_Placed(*turn.point(*Box(*line.box).centre), line) for line in text.lines if line.words]
    if not placed:
        return Printed()
    page = turn.hull(Box(0.0, 0.0, text.width_px, text.height_px))
    first, last = min(found.y for found in placed), max(found.y for found in placed)
    near = _SAME_ROW * page.height
    if first - page.top <= _TOP_ZONE * page.height:
        middle, reach = page.centre[0], _OFF_CENTRE * page.width
        found = _of_row([row for row in placed if row.y <= first + near], middle - reach, middle + reach)
        if found.number is not None:
            return found
    if page.bottom - last <= _BOTTOM_ZONE * page.height:
        right_of_left_margin = page.left + 0.35 * page.width
        return _of_row([row for row in placed if row.y >= last - near], right_of_left_margin, page.right)
    return Printed()


def printed_number(text: Text) -> int | None:
    """The number of :func:`printed`."""
    return printed(text).number


def _of_row(row: Sequence[_Placed], left: float, right: float) -> Printed:
    """The number on a row; a bare one must stand between the two places, and be the only one."""
    sure = [found for found in row if found.line.confidence >= _LEAST_CONFIDENCE]
    named = [match for found in sure for form in (_NAMED, _AT_END) if (match := form.fullmatch(found.line.text))]
    if named:
        return _checked(named[0])
    bare = [(found, match) for found in sure if (match := _NUMBER.fullmatch(found.line.text)) is not None]
    if len(bare) != 1 or not left <= bare[0][0].x <= right:
        return Printed()
    return _checked(bare[0][1])


def _checked(match: re.Match[str]) -> Printed:
    number = int(match[1])
    total = int(match[2]) if match[2] is not None else None
    if number == 0 or (total is not None and number > total):
        return Printed()
    return Printed(number, total)
