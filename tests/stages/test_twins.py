"""fingerprint and twins: the same side again, another side, another form."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from models.errors import Defect
from models.ports import Pixels
from stages import deskew, fingerprint
from stages.deskew import Deskewed
from stages.fingerprint import NOTHING_ALIKE, Fingerprinted, likeness
from stages.order.twins import Look, Twin, alike, same_picture, same_text, twins
from stages.page_text import Word
from stages.survey import of
from tests.stages import rendered

WORDS = tuple(Word(word, (0, 0, 1, 1), 0.93) for word in rendered.WORDS)


def fingerprint_of(image: Pixels, dpi: int = 150, declared: Literal[0, 180] = 0) -> Fingerprinted:
    """Through pose and grid, as the stage does it."""
    found = deskew.pose(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8), dpi, declared)
    pose = Deskewed(
        orientation_deg=found.orientation_deg, orientation_confidence=1.0, skew_deg=found.skew_deg, skew_confidence=1.0
    )
    return fingerprint.pack(*fingerprint.grid(of(image, dpi), pose))


def form(name: str, seed: int = 1) -> Image.Image:
    """A printed form with one line filled in by pen: strokes of their own for every name."""
    image = rendered.prose(18)
    draw = ImageDraw.Draw(image)
    rng = np.random.default_rng([seed, *name.encode()])
    x = 300.0
    for _ in name:
        ends = [(x + float(rng.uniform(0, 14)), 1420 + float(rng.uniform(-22, 8))) for _ in range(4)]
        draw.line(ends, fill=(60, 40, 130), width=3)
        x += 16 + float(rng.uniform(0, 12))
    return image


def captured(image: Image.Image, *, shift: tuple[int, int] = (0, 0), lean_deg: float = 0.0, seed: int = 0) -> Pixels:
    """Another capture: elsewhere on the glass, leaning, with other noise and JPEG."""
    moved = np.roll(rendered.pixels(image), shift, (0, 1))
    return rendered.damaged(rendered.leaning(moved, lean_deg), seed)


@pytest.mark.parametrize(
    ("shift", "lean_deg"), [((0, 0), 0.0), ((7, -5), 0.0), ((-20, 25), 0.6), ((3, 2), -1.5), ((30, -40), 1.0)]
)
def test_a_second_capture_is_like_the_first(shift: tuple[int, int], lean_deg: float) -> None:
    """Shifted by up to 7 mm, leaning, with other noise and other JPEG."""
    image = form("Nguyễn Thị Hòa")
    found = likeness(
        fingerprint_of(captured(image, seed=1)), fingerprint_of(captured(image, shift=shift, lean_deg=lean_deg, seed=2))
    )
    assert same_picture(found), found


def test_a_sheet_that_was_turned_round_is_like_itself() -> None:
    """The second time it went through head first: the grid is of the upright side."""
    image = rendered.prose(30)
    again = np.ascontiguousarray(captured(image, seed=2)[::-1, ::-1])
    assert same_picture(likeness(fingerprint_of(captured(image, seed=1)), fingerprint_of(again)))


def test_a_form_that_someone_else_filled_in_is_another_side() -> None:
    """One name by pen on a page of print: next to nothing of the whole, all of its place."""
    one, other = (
        fingerprint_of(captured(form("Nguyễn Thị Hòa"))),
        fingerprint_of(captured(form("Trần Văn Bình"), seed=3)),
    )
    assert likeness(one, other).whole < 0.12
    assert not same_picture(likeness(one, other))


def test_another_page_of_the_same_layout_is_another_side() -> None:
    """Prose that begins elsewhere."""
    other = rendered.sheet()
    rendered.write(other, [" ".join((rendered.WORDS * 9)[7 + n * 11 : 18 + n * 11]) for n in range(18)], (30, 25))
    assert likeness(fingerprint_of(captured(form("x"))), fingerprint_of(captured(other))).worst > 0.5


def test_sides_of_other_sizes_are_never_alike() -> None:
    """A receipt and a page; a page and a table across."""
    page, table = fingerprint_of(captured(rendered.prose())), fingerprint_of(captured(rendered.table()))
    slip = fingerprint_of(captured(rendered.prose())[:600, :500])
    assert likeness(page, table) == likeness(page, slip) == NOTHING_ALIKE


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_grids_come_back_from_the_fact(rows: int, columns: int, seed: int) -> None:
    """Within a level, of whatever size; and the fact stays small."""
    cells = np.random.default_rng(seed).uniform(0, 0.5, (rows, columns)).astype(np.float32)
    fact = fingerprint.pack(cells, 2.5)
    assert len(fact.model_dump_json()) < 4096
    back = fingerprint.unpack(fact)
    assert back.shape == (rows, columns)
    assert np.abs(np.sqrt(back) - np.sqrt(cells / 0.5)).max(initial=0) <= 0.5 / 7 + 1e-6


def test_a_side_of_noise_still_fits_into_a_fact() -> None:
    """Nothing of it can be deflated: it keeps its coarser levels."""
    cells = np.random.default_rng(0).uniform(0, 0.5, (119, 84)).astype(np.float32)
    fact = fingerprint.pack(cells, 2.5)
    assert len(fact.model_dump_json()) < 4096
    assert np.abs(np.sqrt(fingerprint.unpack(fact)) - np.sqrt(cells / 0.5)).max() < 0.5


def test_a_damaged_fingerprint_is_our_fault() -> None:
    fact = fingerprint.pack(np.zeros((4, 4), np.float32), 3.5)
    with pytest.raises(Defect, match="fingerprint_damaged"):
        fingerprint.unpack(fact.model_copy(update={"cells": "????"}))


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (9, 7), (600, 400), (30, 9000), (9000, 30)])
@pytest.mark.parametrize("dpi", [1, 200, 9999])
def test_pictures_of_any_shape_have_a_fingerprint(shape: tuple[int, int], dpi: int) -> None:
    """A pixel, a page that is all ink, a strip; and files that claim any resolution."""
    pose = Deskewed(orientation_deg=90, orientation_confidence=0.0, skew_deg=1.0, skew_confidence=0.0)
    image = np.random.default_rng(3).integers(0, 255, (*shape, 3)).astype(np.uint8)
    for picture in (image, np.zeros_like(image)):
        fact = fingerprint.pack(*fingerprint.grid(of(picture, dpi), pose))
        assert len(fact.model_dump_json()) < 4096
        assert likeness(fact, fact).whole < 0.01


@pytest.mark.parametrize("area_mm2", [62_370.0, 61_000.0, 63_500.0])
def test_a_cropped_sheet_keeps_its_cells(area_mm2: float) -> None:
    """A scanner cuts A4 a little differently each time."""
    assert fingerprint.cell_of(area_mm2) == 2.5


def look(
    side: int, picture: int, *, words: tuple[Word, ...] = WORDS, number: int | None = None, written: bool = True
) -> Look:
    cells = np.random.default_rng(picture).uniform(0, 0.4, (85, 60)).astype(np.float32) * (np.arange(85) % 2)[:, None]
    return Look(side, written, number, words, fingerprint.pack(cells if written else 0 * cells, 3.5))


def changed(words: tuple[Word, ...], new: dict[int, str], confidence: float = 0.93) -> tuple[Word, ...]:
    return tuple(Word(new[at], word.box, confidence) if at in new else word for at, word in enumerate(words))


def test_picture_and_text_must_both_agree() -> None:
    """Either alone is a form."""
    assert alike(look(1, 5), look(2, 5))
    assert not alike(look(1, 5), look(2, 6))
    other = changed(WORDS, {3: "Bình", 9: "4217", 15: "Hạnh", 20: "1988"})
    assert not alike(look(1, 5), look(2, 5, words=other))


def test_blank_sides_and_nearly_empty_ones_are_never_twins() -> None:
    """They are alike by nature."""
    assert not alike(look(1, 5, written=False), look(2, 5, written=False))
    faint = fingerprint.pack(np.full((85, 60), 0.001, np.float32), 3.5)
    bare = Look(1, True, None, (), faint)
    assert not alike(bare, bare)


def test_drawings_without_words_are_compared_by_their_picture() -> None:
    assert alike(look(1, 5, words=()), look(2, 5, words=()))
    assert not alike(look(1, 5, words=()), look(2, 7, words=()))
    assert not alike(look(1, 5, words=()), look(2, 5)), "one of them has a page of text"


def test_numbered_forms_with_few_words_differ_by_their_number() -> None:
    few = WORDS[:30]
    assert not alike(look(1, 5, words=few, number=3), look(2, 5, words=few, number=4))


def test_what_is_misread_is_the_same_text_and_what_is_another_value_is_not() -> None:
    misread = changed(WORDS, {5: "cấp1", 11: "lwật", 30: "Gîám"}, 0.6)
    assert same_text(WORDS, misread)
    assert not same_text(WORDS, changed(WORDS, {5: "Nguyễn", 6: "Hòa", 7: "012345678901", 8: "Cúc"}))
    assert not same_text(WORDS, WORDS[: len(WORDS) // 2])


def test_a_sheet_that_went_through_twice_is_two_twins() -> None:
    """Duplex: front and back again; a blank back has no say, a different one has."""
    sheets = [look(1, 1), look(2, 2), look(3, 1), look(4, 2)]
    assert twins(sheets, duplex=True) == (Twin(1, 3), Twin(2, 4))
    assert twins(sheets, duplex=False) == ()
    backs = [look(1, 1), look(2, 0, written=False), look(3, 1), look(4, 0, written=False)]
    assert twins(backs, duplex=True) == (Twin(1, 3),)
    assert twins([look(1, 1), look(2, 2), look(3, 1), look(4, 3)], duplex=True) == ()
