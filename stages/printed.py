"""Printed page numbers: where they stand on a page, and whether a row of them makes sense. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from models.geometry import Affine, Box
from stages.page_text import Line, Text

_NUMBER = re.compile(r"[-–—\s.·]*(?:trang\s*)?(\d{1,3})(?:\s*/\s*\d{1,3})?[-–—\s.·]*", re.IGNORECASE)
_TOP_ZONE = 0.12
_BOTTOM_ZONE = 0.10
"""Share of the page height in which a page number stands (Decree 30: in the top margin of 20–25 mm)."""
_OFF_CENTRE = 0.08
"""Share of the page width by which a top number may miss the middle; a scan is not laid down exactly."""
_LEAST_CONFIDENCE = 0.5


class Reading(NamedTuple):
    """One page in order: its side, its printed number if one was read, and whether it has any text."""

    side: int
    number: int | None
    written: bool


class Trouble(NamedTuple):
    """Between the sides ``before`` and ``side`` the printed numbers do not go on as they should.

    ``order``: they go back, or go on too slowly. ``gap``: a number is left out. ``before`` 0: the start.
    """

    kind: Literal["order", "gap"]
    before: int
    side: int


def printed_number(text: Text) -> int | None:
    """The page number at the top centre (Decree 30) or in the bottom margin of the upright page, or None.

    The line must hold nothing else and be the outermost of the page.
    """
    turn = Affine.rotation(text.rotation_deg, (text.width_px / 2, text.height_px / 2), (0.0, 0.0))
    placed = [(turn.point(*Box(*line.box).centre), line) for line in text.lines if line.words]
    if not placed:
        return None
    page = turn.hull(Box(0.0, 0.0, text.width_px, text.height_px))
    (x, y), first = min(placed, key=_height)
    centred = abs(x - page.centre[0]) <= _OFF_CENTRE * page.width
    if centred and y - page.top <= _TOP_ZONE * page.height:
        found = _number(first)
        if found is not None:
            return found
    (x, y), last = max(placed, key=_height)
    right_of_left_margin = x - page.left >= 0.35 * page.width
    if right_of_left_margin and page.bottom - y <= _BOTTOM_ZONE * page.height:
        return _number(last)
    return None


def _height(placed: tuple[tuple[float, float], Line]) -> float:
    return placed[0][1]


def _number(line: Line) -> int | None:
    match = _NUMBER.fullmatch(line.text)
    if match is None or line.confidence < _LEAST_CONFIDENCE:
        return None
    return int(match[1]) or None


def troubles(readings: Sequence[Reading], *, one_start: bool = False) -> tuple[Trouble, ...]:
    """Every place where the printed numbers and the order of the pages do not agree.

    Pages without a number between two readings may or may not be counted where they are empty.
    An appendix starts again: at 1, or at 2 after a first page that carries no number. ``one_start``:
    the first number that was read counts from the document's first page, not from an appendix.
    """
    found: list[Trouble] = []
    before, last = 0, 0
    written = empty = 0
    for page in readings:
        if page.number is None:
            written += page.written
            empty += not page.written
            continue
        step = page.number - last
        least, most = written + 1, written + empty + 1
        may_restart = written > 0 and not (one_start and before == 0)
        restarts = page.number == 1 or (may_restart and page.number <= written + 1)
        if not restarts and step > most:
            found.append(Trouble("gap", before, page.side))
        elif not restarts and step < least:
            found.append(Trouble("order", before, page.side))
        before, last, written, empty = page.side, page.number, 0, 0
    return tuple(found)
