"""Handwriting in the place of print, and what is learnt from it."""

from __future__ import annotations

import numpy as np

from benchmarks.corpus.fonts import Fonts
from benchmarks.corpus.page import A4
from benchmarks.recogniser.faces import Faces
from benchmarks.recogniser.pen import learnt
from benchmarks.recogniser.penned import pen_in
from benchmarks.recogniser.sheet import Setting, Sheet, Token


def _sheet() -> Sheet:
    """Twenty lines of print."""
    sheet = Sheet(A4, 100, Fonts("tinos"), np.random.default_rng(1), faces=Faces("Tinos"))
    tokens = [
        Token(text) for text in ["Số", "12/QĐ-UBND", "ngày", "08", "tháng", "6", "năm", "2010", "của", "Ủy", "ban"] * 18
    ]
    sheet.place(tokens, 20, 170, 20, Setting(size_pt=14))
    return sheet


def test_a_pen_takes_the_place_of_print() -> None:
    """Each written word stands where one was printed, and is no longer among the printed; a number's rest stays."""
    found = []
    for seed in range(12):
        sheet = _sheet()
        before = {(round(word.left), round(word.baseline)): word for word in sheet.words}
        pen_in(sheet, np.random.default_rng(seed))
        assert len(sheet.marks) == len(sheet.unknown)
        assert len(sheet.words) + len(sheet.unknown) <= len(before) + sum(w.text.startswith("/") for w in sheet.words)
        for box in sheet.unknown:
            assert any(abs(y - (box.top + box.bottom) / 2) < 20 for _, y in before)
        found.append(([word.text for word in sheet.words], sheet.unknown))
    assert any(boxes for _, boxes in found)
    assert any("/QĐ-UBND" in words for words, _ in found)
    assert any(not boxes for _, boxes in found), "some pages have no handwriting"


def test_the_same_stream_writes_the_same() -> None:
    """Boxes and pixels."""
    one, other = _sheet(), _sheet()
    for sheet in (one, other):
        pen_in(sheet, np.random.default_rng(7))
    assert one.unknown == other.unknown
    assert np.array_equal(np.asarray(one.image), np.asarray(other.image))


def test_a_pen_is_learnt() -> None:
    """From states of which one differs, and only among others; told by the mean of their traits."""
    rng = np.random.default_rng(2)
    states = rng.normal(0, 1, (3000, 6)).astype(np.float32)
    hand = states[:, 2] > 1.0
    pen = learnt(states, hand, "network", traits=4)
    told = pen.odds(states @ pen.weights(6)[:, :-1].T + pen.weights(6)[:, -1]) > 0
    assert (told == hand).mean() > 0.9
    assert pen.network == "network"
