"""Handwriting is marked as such, and print is not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.corpus import penmanship
from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import A4, Page
from models.geometry import Box
from models.ports import Pixels
from models.text import Block, Line, PageText, Word
from stages import page_text
from stages.ocr.turbo.hand import DOUBTED, by_hand, letter_shapes, measures, trust
from stages.ocr.turbo.line_image import LineImage
from stages.ocr.turbo.lines import Lines, find_lines
from stages.ocr.turbo.marks import Marks, find_marks
from stages.ocr.turbo.words import ReadLine, ReadWord
from tests.stages import rendered
from tests.stages.turbo.pages import DPI
from tests.stages.turbo.test_pen import PEN

_WORKING_DPI = 150


def _written(seed: int) -> Pixels:
    """Four lines by one hand, in black, as they lie on the working copy."""
    page = Page(A4, _WORKING_DPI, Fonts("tinos"), np.random.default_rng(seed))
    hand = penmanship.some_hand(page.rng)
    for row in range(4):
        penmanship.write(page, hand, "Nguyễn Văn Hòa đã nhận giấy", 30, 50 + 15 * row, 6.5)
    sheet = np.full((page.image.height, page.image.width), 255, np.uint8)
    for mark in page.marks:
        height, width = mark.alpha.shape
        part = sheet[mark.top_px : mark.top_px + height, mark.left_px : mark.left_px + width]
        np.minimum(part, 255 - mark.alpha, out=part)
    return sheet


def _found(grey: Pixels) -> tuple[Marks, Lines]:
    marks = find_marks(grey, _WORKING_DPI)
    return marks, find_lines(marks, np.zeros(len(marks.parts.area), np.int64))


def _unruly(grey: Pixels) -> float:
    """Mean off of feet, heads and widths over all letters."""
    letters = np.concatenate(letter_shapes(*_found(grey), 1.0))
    return float(letters[:, 1:].sum(axis=1).mean())


def test_letters_of_print_keep_to_their_line() -> None:
    """The same measures tell five hands from print."""
    print_off = _unruly(np.asarray(rendered.grey(rendered.prose(12, _WORKING_DPI)), dtype=np.uint8))
    assert all(_unruly(_written(seed)) > 3 * print_off for seed in range(5))


def test_a_line_that_leans_is_print() -> None:
    """Letters are measured against those beside them."""
    full = rendered.leaning(rendered.pixels(rendered.prose(12, _WORKING_DPI)), 0.8)
    assert _unruly(np.ascontiguousarray(full[:, :, 0])) < 0.2


def _line(letters: list[tuple[float, float, float, float]], top: float = 0.0) -> LineImage:
    shapes = np.array(letters, dtype=float).reshape(-1, 4)
    return LineImage(np.zeros((20, 400), np.uint8), Box(100, top, 500, top + 20), 15.0, 8.0, 1.0, shapes)


def _read(*words: tuple[str, float, bool]) -> ReadLine:
    """Text, confidence, and whether the network sees a pen's strokes. A word is 90 pixels wide, a step ten."""
    read = tuple(ReadWord(text, 100.0 * n, 100.0 * n + 90, share) for n, (text, share, _) in enumerate(words))
    strokes = np.full((40, 1), -3.0, np.float32)
    for n, (_, _, pen) in enumerate(words):
        strokes[10 * n : 10 * n + 9] = 3.0 if pen else -3.0
    return ReadLine(read, 0.5, strokes)


_WILD, _TAME = (0.8, 0.7, 0.5), (0.0, 0.0, 0.0)


def _letters(*kinds: tuple[float, float, float]) -> list[tuple[float, float, float, float]]:
    """Two letters for each word."""
    return [(100.0 + 100 * n + x, *kind) for n, kind in enumerate(kinds) for x in (20.0, 60.0)]


def test_the_answer_is_marked_and_its_label_is_not() -> None:
    """A label in print, two words by hand behind it."""
    line = _line(_letters(_TAME, _TAME, _WILD, _WILD))
    read = _read(("Họ", 1.0, False), ("tên:", 0.99, False), ("7Huyầu", 0.5, True), ("l2.", 0.4, True))
    assert by_hand([line], [read], PEN) == [(False, False, True, True)]


def test_a_neat_number_is_marked() -> None:
    """Digits that keep to line and height, and are read surely: only the strokes tell."""
    line = _line(_letters(_TAME, _TAME, _TAME))
    read = _read(("ngày", 1.0, False), ("02", 0.99, True), ("tháng", 1.0, False))
    assert by_hand([line], [read], PEN) == [(False, True, False)]


@pytest.mark.parametrize("kind", [_TAME, _WILD])
def test_what_is_read_surely_is_print(kind: tuple[float, float, float]) -> None:
    """Whatever it looks like: an ornate face, a broken line."""
    assert by_hand([_line(_letters(kind))], [_read(("quyết", 0.99, False))], PEN) == [(False,)]


def test_bad_print_is_no_handwriting() -> None:
    """Doubt alone does not mark a word whose strokes are print."""
    assert by_hand([_line(_letters(_TAME))], [_read(("X", 0.5, False))], PEN) == [(False,)]


def test_what_is_read_surely_is_doubted_though_it_looks_written() -> None:
    """Italics in upright print, or a neat hand: it stays, with little confidence."""
    line = _line(_letters(_TAME, _TAME))
    read = _read(("mục", 1.0, False), ("(hai)", 0.96, True))
    assert trust([line], [read], PEN) == [(1.0, DOUBTED)]


def test_a_line_by_hand_is_marked_whole() -> None:
    """One word that happens to be read surely does not stand out as print."""
    line = _line(_letters(_WILD, _WILD, _WILD, _TAME))
    read = _read(("gạ", 0.4, True), ("diÁ", 0.5, True), ("nghy", 0.3, True), ("của", 0.9, True))
    assert by_hand([line], [read], PEN) == [(True, True, True, True)]


_WORDS = st.tuples(st.sampled_from(["a", "quyết", "12"]), st.floats(0, 1), st.booleans())


@settings(deadline=None)
@given(st.lists(st.tuples(st.lists(_WORDS, max_size=4), st.booleans()), max_size=6))
def test_every_word_has_its_answer(rows: list[tuple[list[tuple[str, float, bool]], bool]]) -> None:
    """Lines without words, letters or strokes too; measures are finite."""
    lines = [_line([], 30.0 * n) for n in range(len(rows))]
    read = [_read(*words) if seen else _read(*words)._replace(traits=None) for words, seen in rows]
    assert [len(one) for one in by_hand(lines, read, PEN)] == [len(words) for words, _ in rows]
    assert np.isfinite(measures(lines, read, PEN)).all()


def test_nobody_downstream_sees_a_guess() -> None:
    """Text, confidence, fields and the copy's text layer are of print alone; the guess stays in the blob."""
    box = Box(0, 0, 10, 10)
    label = Word(text="Số:", box=box, confidence=0.9)
    guess = Word(text="402", box=Box(20, 0, 40, 12), confidence=0.3, hand=True)
    lines = (Line(words=(label, guess), box=Box(0, 0, 40, 12)), Line(words=(guess,), box=guess.box))
    page = PageText(width_px=100, height_px=100, blocks=(Block(lines=lines, box=Box(0, 0, 40, 12)),))
    assert page.text == "Số:"
    assert lines[0].confidence == 0.9
    assert lines[1].confidence == 0.0
    later = page_text.parse(page.model_dump_json().encode())
    assert [line.text for line in later.lines] == ["Số:"]
    assert tuple(later.lines[0].box) == tuple(box)
    assert DPI == 2 * _WORKING_DPI
