"""paging: rows of printed numbers, whatever OCR makes of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages.order.paging import Reading, believed, contradictions, firm, reversed_throughout, short_of_total, troubles

PARTS = st.lists(st.tuples(st.integers(1, 8), st.booleans()), min_size=1, max_size=4)
"""Length of each part, and whether its first page carries a number."""


def row(numbers: Sequence[int | None]) -> list[Reading]:
    return [Reading(side, number, written=True) for side, number in enumerate(numbers, start=1)]


def printed(parts: Sequence[tuple[int, bool]]) -> list[int | None]:
    return [n if n > 1 or first else None for length, first in parts for n in range(1, length + 1)]


@settings(deadline=None)
@given(PARTS)
def test_healthy_rows_contradict_nothing(parts: list[tuple[int, bool]]) -> None:
    """Decisions, appendices that start again, contracts, one behind the other."""
    readings = row(printed(parts))
    assert troubles(readings) == ()
    assert contradictions(readings) == 0
    assert believed(readings) == (readings, ())
    assert not reversed_throughout(readings)


@settings(deadline=None)
@given(PARTS, st.data())
def test_no_more_contradictions_than_misread_numbers(parts: list[tuple[int, bool]], data: st.DataObject) -> None:
    """Whatever OCR reads instead; and without them the row is healthy again."""
    numbers = printed(parts)
    wrong = data.draw(st.sets(st.integers(0, len(numbers) - 1), max_size=3))
    for at in wrong:
        numbers[at] = data.draw(st.one_of(st.none(), st.integers(1, 40)))
    assert contradictions(row(numbers)) <= len(wrong)


@settings(deadline=None)
@given(st.integers(4, 12), st.data())
def test_an_exchange_of_two_numbered_pages_is_seen(length: int, data: st.DataObject) -> None:
    """As scanned at least two numbers are wrong, unless it only looks like the start of an appendix."""
    numbers: list[int | None] = list(range(1, length + 1))
    a = data.draw(st.integers(0, length - 2))
    b = data.draw(st.integers(a + 1, length - 1))
    numbers[a], numbers[b] = numbers[b], numbers[a]
    assert contradictions(row(numbers)) >= 1
    if b < length - 1 and a > 0:
        assert contradictions(row(numbers)) == 2 if b - a > 1 else contradictions(row(numbers)) >= 1


@pytest.mark.parametrize(
    ("numbers", "odd"),
    [
        ([None, 2, 9, 4, 5], (3,)),
        ([1, 2, 8, 4, 5, 1, 2], (3,)),
        ([4, 5, 1, 7], (3,)),
        ([None, 2, 4, 3, 5], ()),
        ([None, 2, 4, 5], ()),
        ([None, 3, 3, None, 5], ()),
        ([None, 2, 13, 4, 5, 6, 17, 8], (3, 7)),
    ],
)
def test_single_odd_numbers_are_told_from_pages_that_moved(numbers: list[int | None], odd: tuple[int, ...]) -> None:
    """The pages around a misread number go on; around a swap, and around a page that is missing, they do not."""
    kept, found = believed(row(numbers))
    assert found == odd
    assert [page.side for page in kept if page.number is None and numbers[page.side - 1] is not None] == list(odd)


@pytest.mark.parametrize(
    ("numbers", "sure"),
    [
        ([None, 2, 4, 5, 6], True),
        ([None, 2, 4], True),
        ([None, 2, 9, 4, 5], False),
        ([None, 7, 9, 3, 4], False),
        ([None, 2, 5, 6, 4, 5, 6], False),
    ],
)
def test_gaps_are_firm_where_the_numbers_around_them_agree(numbers: list[int | None], sure: bool) -> None:
    """A misread number looks like a gap that the numbers behind it do not confirm."""
    readings = row(numbers)
    gap = next(trouble for trouble in troubles(readings) if trouble.kind == "gap")
    assert firm(readings, gap) is sure


def test_a_gap_knows_how_many_numbers_are_left_out() -> None:
    """An empty side between may have carried one of them."""
    readings = [Reading(1, 1, written=True), Reading(2, None, written=False), Reading(3, 5, written=True)]
    (gap,) = troubles(readings)
    assert (gap.least, gap.most) == (2, 3)


@settings(deadline=None)
@given(st.integers(3, 30), st.booleans(), st.integers(0, 2))
def test_a_stack_that_lay_backwards(length: int, first: bool, unread: int) -> None:
    """From the last page to the first, some numbers not read."""
    numbers = printed([(length, first)])[::-1]
    for at in range(0, length, max(2, length // (unread + 1))):
        numbers[at] = None if unread else numbers[at]
    read = [number for number in numbers if number is not None]
    assert reversed_throughout(row(numbers)) is (len(read) >= 3)


@pytest.mark.parametrize(
    ("shown", "short"),
    [
        ([(1, 5), (2, 5), (3, 5)], (3,)),
        ([(1, 3), (2, 3), (3, 3)], ()),
        ([(1, 5), (2, 5), (None, None), (None, None), (None, None)], ()),
        ([(1, 2), (2, 2), (1, 4), (2, 4)], (4,)),
        ([(2, 5)], ()),
        ([(1, 5), (2, 8)], ()),
        ([(1, 3), (2, 3), (1, 3), (2, 3), (3, 3)], (2,)),
    ],
)
def test_totals_that_the_pages_do_not_reach(shown: list[tuple[int | None, int | None]], short: tuple[int, ...]) -> None:
    """At least two pages of a part must name the same total."""
    readings = [Reading(side, n, True, total) for side, (n, total) in enumerate(shown, start=1)]
    assert short_of_total(readings) == short


def test_long_documents_are_judged_in_little_work() -> None:
    """Four thousand pages with a misread number on every tenth."""
    numbers: list[int | None] = [n if n % 10 else 7 for n in range(1, 4001)]
    assert contradictions(row(numbers)) <= 400
