"""Words of many lines at once: groups between spaces, edges at their ink."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ports import Pixels
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.words import Letters, ReadLine, words

_STEP_PX = 10


def _read(texts: list[str], crops: list[Pixels]) -> list[ReadLine]:
    """Each character of a line takes a step of ten pixels."""
    lines = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    starts = np.concatenate([np.zeros(0, np.intp), *(np.arange(len(text)) for text in texts)]).astype(np.intp)
    letters = Letters(list("".join(texts)), lines, starts, starts + 1, np.full(len(lines), 0.9, np.float32))
    return words(letters, crops, np.full(len(crops), float(_STEP_PX)), Calibration())


def _crop(text: str) -> Pixels:
    """A black bar of six pixels in the middle of each step but the spaces."""
    crop = np.full((20, max(1, _STEP_PX * len(text))), 255, np.uint8)
    for place, character in enumerate(text):
        if character != " ":
            crop[5:15, place * _STEP_PX + 2 : place * _STEP_PX + 8] = 0
    return crop


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("ab  ", max_size=12), max_size=5))
def test_words_are_what_stands_between_spaces(texts: list[str]) -> None:
    """Whatever lies before, between and after: no word reaches into another line, and each begins and ends at its ink."""
    for text, line in zip(texts, _read(texts, [_crop(text) for text in texts]), strict=True):
        assert [word.text for word in line.words] == text.split()
        at = 0
        for word in line.words:
            at = text.index(word.text, at)
            assert (word.x0_px, word.x1_px) == (at * _STEP_PX + 2, (at + len(word.text)) * _STEP_PX - 2)
            at += len(word.text)
        assert line.confidence == pytest.approx(0.9 if line.words else 0)


def test_a_word_without_ink_is_dropped() -> None:
    """The network saw letters where the paper is white; the lines beside it are not touched."""
    blank = np.full((20, 50), 255, np.uint8)
    found = _read(["ab b", "ab b", "ab b"], [_crop("ab b"), blank, _crop("ab b")])
    assert [line.text for line in found] == ["ab b", "", "ab b"]
    assert found[1].confidence == 0
