"""Whether a row of printed page numbers makes sense, and how much of it speaks against an order of the pages. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Literal, NamedTuple

_BACK = 64
"""Readings looked back over: more misread numbers in a row are not skipped."""

_AROUND = 24
"""Pages on either side of a gap that have a say on whether it is one."""
_LEAST_REVERSED = 3
"""Different numbers that a stack must show before it can be said to lie backwards."""


class Reading(NamedTuple):
    """One page in order: its side, its printed number and total if they were read, and whether it has any text."""

    side: int
    number: int | None
    written: bool
    total: int | None = None


class Trouble(NamedTuple):
    """Between the sides ``before`` and ``side`` the printed numbers do not go on as they should.

    ``order``: they go back, or go on too slowly. ``gap``: numbers are left out, ``least`` to ``most`` of them
    (empty sides between may carry numbers or not). ``before`` 0: the start.
    """

    kind: Literal["order", "gap"]
    before: int
    side: int
    least: int = 0
    most: int = 0


class _Step(NamedTuple):
    """From one number to a later one: pages between them that carry text, and that do not."""

    last: int
    number: int
    written: int
    empty: int

    def verdict(self, *, may_restart: bool) -> Literal["fits", "order", "gap"]:
        """An appendix starts again: at 1, or at 2 after a first page that carries no number."""
        on = self.number - self.last
        if self.number == 1 or (may_restart and self.number <= self.written + 1):
            return "fits"
        if on > self.written + self.empty + 1:
            return "gap"
        return "fits" if on > self.written else "order"


def troubles(readings: Sequence[Reading]) -> tuple[Trouble, ...]:
    """Every place where the printed numbers and the order of the pages do not agree.

    Pages without a number between two readings may or may not be counted where they are empty.
    """
    found: list[Trouble] = []
    before, last = 0, 0
    written = empty = 0
    for page in readings:
        if page.number is None:
            written += page.written
            empty += not page.written
            continue
        step = _Step(last, page.number, written, empty)
        verdict = step.verdict(may_restart=written > 0)
        if verdict != "fits":
            on = page.number - last
            size = (on - written - empty - 1, on - written - 1) if verdict == "gap" else (0, 0)
            found.append(Trouble(verdict, before, page.side, *size))
        before, last, written, empty = page.side, page.number, 0, 0
    return tuple(found)


def believed(readings: Sequence[Reading]) -> tuple[list[Reading], tuple[int, ...]]:
    """The readings without single numbers that do not fit while those before and behind fit each other; their sides.

    Such a number is misread, or its page belongs elsewhere; no page is missing there.
    """
    numbered = [at for at, page in enumerate(readings) if page.number is not None]
    written = [0, *itertools.accumulate(int(page.written) for page in readings)]
    odd: list[int] = []
    sure = None
    for before, at, behind in zip(numbered, numbered[1:], numbered[2:], strict=False):
        if before in odd:
            continue
        if not _fits(readings, written, sure, before):
            sure = before
            continue
        sure = before
        fits_around = _fits(readings, written, before, at) and _fits(readings, written, at, behind)
        if not fits_around and _fits(readings, written, before, behind):
            odd.append(at)
    kept = [page._replace(number=None) if at in odd else page for at, page in enumerate(readings)]
    return kept, tuple(readings[at].side for at in odd)


def contradictions(readings: Sequence[Reading]) -> int:
    """The fewest printed numbers that must be misread for this order of the pages to be right.

    What the longest row of numbers that fit each other leaves out; each fits over at most 64 that do not.
    """
    rows = _rows(readings)
    return len(rows) - max(rows.values(), default=0)


def firm(readings: Sequence[Reading], trouble: Trouble) -> bool:
    """Whether the numbers on both sides of a gap are believed: each ends, or begins, the longest row on its side."""
    at = next(place for place, page in enumerate(readings) if page.side == trouble.side)
    rows = _rows(readings[max(0, at - _AROUND) : at], from_start=False)
    if trouble.before in rows and rows[trouble.before] < max(rows.values()):
        return False
    behind = _rows(readings[at : at + _AROUND], from_start=False)
    without = _rows(readings[at + 1 : at + _AROUND], from_start=False)
    return max(behind.values()) > max(without.values(), default=0)


def _rows(readings: Sequence[Reading], *, from_start: bool = True) -> dict[int, int]:
    """By side: how many numbers the longest row has that ends there; numbers between that do not fit are not believed.

    ``from_start``: a row must begin with a number that fits the document's first page.
    """
    numbered = [at for at, page in enumerate(readings) if page.number is not None]
    written = [0, *itertools.accumulate(int(page.written) for page in readings)]
    longest: list[int] = []
    for place, at in enumerate(numbered):
        best = int(not from_start or _fits(readings, written, None, at))
        for earlier in range(max(0, place - _BACK), place):
            if longest[earlier] >= max(best, 1) and _fits(readings, written, numbered[earlier], at):
                best = longest[earlier] + 1
        longest.append(best)
    return {readings[at].side: count for at, count in zip(numbered, longest, strict=True)}


def _fits(readings: Sequence[Reading], written: Sequence[int], before: int | None, at: int) -> bool:
    """Whether the number at a place fits the one before, or the document's start."""
    first = 0 if before is None else before + 1
    with_text = written[at] - written[first]
    last = 0 if before is None else readings[before].number or 0
    step = _Step(last, readings[at].number or 0, with_text, at - first - with_text)
    return step.verdict(may_restart=with_text > 0) == "fits"


def reversed_throughout(readings: Sequence[Reading]) -> bool:
    """Whether the numbers make sense from the last page to the first, and fall nearly all the way."""
    numbers = [page.number for page in readings if page.number is not None]
    falls = sum(b < a for a, b in itertools.pairwise(numbers))
    if len(set(numbers)) < _LEAST_REVERSED or 5 * falls < 4 * (len(numbers) - 1):
        return False
    return contradictions(readings[::-1]) <= len(numbers) // 4


def short_of_total(readings: Sequence[Reading]) -> tuple[int, ...]:
    """The last side of each part whose pages name a total that the part does not reach.

    Two pages at least must name the same total; pages without a number behind the last one may be the rest.
    """
    found: list[int] = []
    for part in _parts(readings):
        totals = [page.total for page in part if page.total is not None]
        numbers = [page.number for page in part if page.number is not None]
        if len(totals) < 2 or len(set(totals)) > 1 or not numbers:
            continue
        behind = len(list(itertools.takewhile(lambda page: page.number is None, reversed(part))))
        if max(numbers) + behind < totals[0]:
            found.append(part[-1].side)
    return tuple(found)


def _parts(readings: Sequence[Reading]) -> list[list[Reading]]:
    """The pages cut where the numbers start again, or another total begins."""
    parts: list[list[Reading]] = [[]]
    total = None
    for page in readings:
        if page.number == 1 or (page.total is not None and total is not None and page.total != total):
            parts.append([])
            total = None
        total = page.total or total
        parts[-1].append(page)
    return [part for part in parts if part]
