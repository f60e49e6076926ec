"""Error rates: right against a plain table, and fair to what an engine cannot see."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accuracy import (
    cer,
    characters,
    edit_distance,
    lines_in_text,
    normalise,
    score_blocks,
    search_distance,
    wer,
)

SHORT = st.text("ab đế", max_size=14)


def plain_distance(truth: str, found: str, *, anywhere: bool = False) -> int:
    """The textbook table (Wagner and Fischer 1974; free start and end as Sellers 1980)."""
    row = list(range(len(truth) + 1))
    best = row[-1]
    for number, item in enumerate(found, start=1):
        above, row = row, [0 if anywhere else number]
        for place, wanted in enumerate(truth, start=1):
            row.append(min(above[place] + 1, row[-1] + 1, above[place - 1] + (wanted != item)))
        best = min(best, row[-1])
    return best if anywhere else row[-1]


@given(SHORT, SHORT)
def test_distance_is_the_textbook_one(truth: str, found: str) -> None:
    """The bit-parallel distance equals the plain table's, and does not depend on the direction."""
    assert edit_distance(truth, found) == plain_distance(truth, found) == edit_distance(found, truth)


@given(SHORT, SHORT)
def test_search_is_the_textbook_one(line: str, text: str) -> None:
    """Searching a line in a text equals the plain table with a free start and end."""
    assert search_distance(line, text) == plain_distance(line, text, anywhere=True)


@given(SHORT, SHORT, SHORT)
def test_distance_obeys_the_triangle(a: str, b: str, c: str) -> None:
    """A detour is never shorter."""
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


def test_long_pages_are_compared_whole() -> None:
    """A page of 3000 characters with a cut and an addition costs just these."""
    page = "Ủy ban nhân dân tỉnh; " * 140
    assert edit_distance(page, page[:100] + page[122:] + "xyz") <= 25


def test_decomposed_letters_count_as_equal() -> None:
    """``ế`` as one character or as three is the same letter; ``ề`` is not."""
    assert cer("quyết định", unicodedata.normalize("NFD", "quyết định")) == 0
    assert characters("quyết", "quyềt").edits == 1


def test_case_and_digits_count() -> None:
    """Nothing that the law cares about is folded away."""
    assert characters("Số 12", "số 17").edits == 2


def test_layout_does_not_count() -> None:
    """Line feeds and runs of spaces are one space; look-alike quotes are one quote."""
    assert normalise("  “Điều 1.”\n\n áp  dụng – ") == '"Điều 1." áp dụng -'


def test_word_errors_count_whole_words() -> None:
    """One wrong letter is one wrong word of three."""
    assert wer("Ủy ban nhân", "Ủy bàn nhân") == 1 / 3


def test_rates_of_empty_texts() -> None:
    """Nothing read from nothing is right; something read from nothing is all wrong."""
    assert cer("", "") == 0
    assert cer("", "abc") == 1
    assert cer("abc", "") == 1


def test_columns_in_another_order_cost_nothing() -> None:
    """Blocks are matched by text; only the order score tells."""
    truth = ["ỦY BAN NHÂN DÂN", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Điều 1. Công bố kèm theo"]
    score = score_blocks(truth, [truth[1], truth[0], truth[2]])
    assert (score.characters.edits, score.missing, score.invented) == (0, 0, 0)
    assert score.order == 0.5


def test_lost_and_invented_blocks_count_in_full() -> None:
    """A block without a match is all deletions, an invented one all insertions."""
    score = score_blocks(["Điều 1. Công bố", "Nơi nhận:"], ["Điều 1. Công bố", "§§§§ ####"])
    assert (score.missing, score.invented) == (1, 1)
    assert score.characters.edits == len("Nơi nhận:") + len("§§§§ ####")


def test_lines_are_found_wherever_they_stand() -> None:
    """Two header columns that were read into one line hold both of their lines."""
    errors = lines_in_text(["ỦY BAN NHÂN DÂN", "Độc lập - Tự do"], "ỦY BAN NHÂN DÂN Độc lập – Tự do\nxyz")
    assert errors.edits == 0
    assert lines_in_text(["Nơi nhận:"], "").rate == 1
