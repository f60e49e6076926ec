"""Training lines: written, printed, damaged and cut so that picture and text belong together."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from benchmarks.recogniser import render, shards
from benchmarks.recogniser.charset import EXTRA, Charset
from benchmarks.recogniser.cut import HEIGHT_PX, cut, stored, truth
from benchmarks.recogniser.damage import Scanner
from benchmarks.recogniser.rare import RARE, SIGNS, syllable
from benchmarks.recogniser.sheet import PrintedWord
from benchmarks.recogniser.texts import Author, Corpus
from models.errors import OperatorError
from models.geometry import Box
from stages.ocr.turbo import graph, traineddata
from stages.ocr.turbo.line_image import LineImage
from tests.stages.turbo import trained


@pytest.fixture(scope="module")
def charset() -> Charset:
    """Stock characters and the new ones."""
    data = traineddata.read(trained.VIE)
    return Charset.extended(data.charset, graph.plan(data.network).codes)


def line(left: float, right: float, base: float) -> LineImage:
    """A segment of a page whose x-height is 20 pixels."""
    return LineImage(np.full((60, 10), 255, np.uint8), Box(left, base - 45, right, base + 15), 45.0, 20.0, 1.0)


def word(text: str, left: float, right: float, base: float = 500.0) -> PrintedWord:
    return PrintedWord(text, left, right, base, 44.0)


def test_a_segment_says_the_words_that_lie_in_it_from_left_to_right() -> None:
    """Also where a wide gap splits a printed line, and the line below does not matter."""
    words = [word("hai", 200, 260), word("một", 100, 180), word("xa", 600, 700), word("dưới", 100, 180, 560.0)]
    assert truth(line(98, 262, 501), words) == "một hai"
    assert truth(line(598, 702, 501), words) == "xa"
    assert truth(line(300, 580, 501), words) == ""


def test_a_word_cut_in_two_makes_the_truth_doubtful() -> None:
    """So does another line's print in the middle of the crop."""
    assert truth(line(98, 230, 501), [word("một", 100, 180), word("hai", 200, 260)]) is None
    assert truth(line(98, 262, 516), [word("một", 100, 180)]) is None


def test_pages_are_cut_into_lines_that_show_what_they_say() -> None:
    """Nearly all crops of four pages have a certain text, and pictures have room for it."""
    rng = np.random.default_rng(5)
    scanner = Scanner(rng)
    certain = doubtful = 0
    for _ in range(4):
        sheet = render.page(rng, Corpus())
        found = cut(sheet, scanner.scan(sheet))
        certain, doubtful = certain + len(found.lines), doubtful + found.doubtful
        for crop in found.lines:
            assert crop.pixels.shape[0] == HEIGHT_PX
            assert crop.pixels.shape[1] > 3 * len(crop.text)
            assert crop.text == " ".join(crop.text.split())
    assert certain > 60
    assert doubtful < 0.35 * certain


def test_shards_are_the_same_again_and_are_not_made_twice(tmp_path: Path) -> None:
    """A shard depends on seed and number alone."""
    (_,) = shards.make(tmp_path / "a", [3], 1, Corpus(), lines=30)
    (_,) = shards.make(tmp_path / "b", [3], 1, Corpus(), lines=30)
    assert list(shards.make(tmp_path / "a", [3], 1, Corpus(), lines=30)) == []
    one, other = (shards.Shard.open(tmp_path / name / "00003.json") for name in "ab")
    assert one.texts == other.texts
    assert all(np.array_equal(one.pixels(at), other.pixels(at)) for at in range(len(one.texts)))


def test_stored_pixels_keep_what_the_network_would_see() -> None:
    """256 levels are enough; the darkest is 0 and the lightest 255."""
    crop = np.tile(np.array([[30, 250, 40, 240, 35, 251]], np.uint8), (50, 20))
    assert stored(crop).min() == 0
    assert stored(crop).max() == 255


def test_every_sign_of_the_rare_words_has_a_code(charset: Charset) -> None:
    """What texts print the network must be able to say, or the line is lost."""
    for text in (*RARE, *SIGNS):
        assert charset.codes(text) is not None, text
    assert charset.null == 268
    assert set(EXTRA) <= set(charset.texts)


def test_syllables_are_composed_and_spell_with_known_letters(charset: Charset) -> None:
    """Every tone on every vowel."""
    rng = np.random.default_rng(0)
    for _ in range(2000):
        text = syllable(rng)
        assert unicodedata.is_normalized("NFC", text)
        assert charset.codes(text) is not None, text


def test_old_spelling_and_typographic_marks_are_the_whole_pages() -> None:
    """One writer spells one way."""
    authors = [Author(np.random.default_rng(seed), Corpus()) for seed in range(30)]
    spelt = {author.finish('hòa "uý" - ...') for author in authors}
    assert any(text.startswith("hoà") for text in spelt)
    assert any("“" in text and "…" in text for text in spelt)
    assert any(text == 'hòa "uý" - ...' for text in spelt)


def test_texts_are_split_and_development_pages_left_out(tmp_path: Path) -> None:
    """No line is in both shares, and lines of the pages that are measured on are in none."""
    texts, pages = tmp_path / "texts", tmp_path / "pages"
    texts.mkdir()
    pages.mkdir()
    lines = [f"Điều {number}. Nội dung thứ {number} của văn bản quy phạm" for number in range(400)]
    (texts / "a.txt").write_text("\n".join(lines), encoding="utf-8")
    (pages / "p.txt").write_text("\n".join(lines[:3]), encoding="utf-8")
    learnt = set(Corpus.read(texts, held_out=False, without=pages).lines)
    kept = set(Corpus.read(texts, held_out=True, without=pages).lines)
    assert not learnt & kept
    assert kept
    assert not (learnt | kept) & set(lines[:3])
    with pytest.raises(OperatorError):
        Corpus.read(tmp_path, held_out=False, without=_broken(tmp_path))


def _broken(folder: Path) -> Path:
    """A folder with a text that is no UTF-8."""
    (folder / "bad").mkdir()
    (folder / "bad" / "x.txt").write_bytes(b"\xff\xfe\xff")
    return folder / "bad"
