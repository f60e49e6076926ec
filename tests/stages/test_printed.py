"""printed: page numbers in all the forms that papers have, and numbers that are none."""

from __future__ import annotations

import pytest

from stages.order.printed import Printed, printed
from stages.page_text import Line, Text, Word

WIDTH, HEIGHT = 1654, 2339
TOP, BOTTOM, RIGHT, LEFT = (827, 118), (827, 2245), (1450, 2245), (260, 2245)


def line(text: str, centre: tuple[float, float], confidence: float = 0.9) -> Line:
    words, x = [], centre[0] - 7 * len(text)
    box = (x, centre[1] - 15, x + 14 * len(text), centre[1] + 15)
    for word in text.split():
        words.append(Word(word, (x, centre[1] - 15, x + 14 * len(word), centre[1] + 15), confidence))
        x += 14 * (len(word) + 1)
    return Line(words, box)


def read(*lines: Line) -> Printed:
    body = [line("Điều 1. Công bố kèm theo Quyết định này danh mục", (827, 900 + 60 * n)) for n in range(3)]
    return printed(Text(WIDTH, HEIGHT, 0.0, [*lines, *body]))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2", (2, None)),
        ("- 2 -", (2, None)),
        ("– 12 –", (12, None)),
        ("Trang 2", (2, None)),
        ("TRANG 2/5", (2, 5)),
        ("2/5", (2, 5)),
        ("2 / 5", (2, 5)),
        ("Trang 2 trên 5", (2, 5)),
        ("Page 2 of 5", (2, 5)),
        ("| 2 |", (2, None)),
        ("7/5", (None, None)),
        ("0", (None, None)),
        ("0/5", (None, None)),
        ("iii", (None, None)),
        ("2025", (None, None)),
        ("2a", (None, None)),
        ("12/2025", (None, None)),
    ],
)
def test_forms_of_numbers(text: str, found: tuple[int | None, int | None]) -> None:
    """At the top centre and at the bottom alike; a number above its total is misread."""
    assert read(line(text, TOP)) == found
    assert read(line(text, BOTTOM)) == found


def test_a_number_that_names_itself_may_stand_anywhere_in_the_outermost_row() -> None:
    """In a corner, or at the end of a header or footer line."""
    assert read(line("Trang 2/5", LEFT)) == (2, 5)
    assert read(line("Hợp đồng số 12/HĐ-2025 Trang 2/5", (600, 2245))) == (2, 5)
    assert read(line("Công ty An Lâm", (300, 110)), line("Trang 3/4", (1400, 114))) == (3, 4)
    assert read(line("2", LEFT)) == (None, None), "a bare number at the left is a note, or of a list"
    assert read(line("xem Trang 2/5", (600, 1500))) == (None, None)


def test_a_row_of_numbers_numbers_the_columns_of_a_table() -> None:
    """It stands at the top of each page on which the table goes on."""
    row = [line(str(n), (300 + 260 * n, 150)) for n in range(1, 5)]
    assert read(*row) == (None, None)
    assert read(line("2", TOP), *row) == (2, None), "the page number stands above it"


def test_a_number_that_is_read_badly_is_not_read() -> None:
    """A pen went over it."""
    assert read(line("7", TOP, 0.4)) == (None, None)


def test_an_empty_page_says_nothing() -> None:
    assert printed(Text(WIDTH, HEIGHT, 0.0, [])) == (None, None)
