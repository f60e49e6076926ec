"""letters: which way up they stand, whatever way the picture lies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.ports import Pixels
from stages import survey
from stages.pose import letters, sight
from tests.stages import rendered


def seen(image: Pixels) -> sight.View:
    """What stands out of a BGR picture of 100 dpi."""
    found = survey.of(image, 100)
    return sight.view(found.contrast, found.dpi)


def look(image: Pixels) -> letters.Letters:
    view = seen(image)
    return letters.look(view.text, view.marks, view.keep, view.dpi)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("dpi", [80, 100, 130])
def test_upright_wins(turn: int, dpi: int) -> None:
    """By a wide margin on a page of prose, at any scale that a survey has."""
    page = rendered.scanned(rendered.pixels(rendered.prose(16, dpi)), turn)
    assert look(page).margin(turn) > 8


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 2**32 - 1), st.integers(0, 3), st.integers(0, 1), st.integers(0, 1))
def test_no_way_is_liked_better(seed: int, quarters: int, right: int, lower: int) -> None:
    """What a picture says turned is what it says, turned: to the last bit of doubt, also for odd sizes.

    Windows cut half a pixel off would tell letters upside down from others by that alone.
    """
    page = rendered.pixels(rendered.prose(6, 90))[: 700 + lower, : 700 + right]
    noisy = np.clip(page + np.random.default_rng(seed).normal(0, 6, page.shape), 0, 255).astype(np.uint8)
    straight, turned = look(noisy), look(rendered.scanned(noisy, 90 * quarters))
    assert straight.seen == pytest.approx(turned.seen, rel=0.05)
    back = np.roll(np.array(turned.odds), -quarters)
    assert back == pytest.approx(np.array(straight.odds), rel=0.3, abs=6)


@given(st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_scores_turn_with_the_window(quarters: int, seed: int) -> None:
    """The four scores of a turned window are those of the window, in turn."""
    window = np.random.default_rng(seed).random((5, letters.CELLS, letters.CELLS)).astype(np.float32)
    scores = letters.scores(letters.network(), window)
    turned = letters.scores(letters.network(), np.rot90(window, quarters, axes=(1, 2)))
    assert turned == pytest.approx(np.roll(scores, quarters, axis=1), abs=1e-3)


@pytest.mark.parametrize("image", [np.full((90, 60, 3), 255, np.uint8), np.zeros((1, 1, 3), np.uint8)])
def test_without_letters(image: Pixels) -> None:
    """Nothing is said about nothing."""
    found = look(image)
    assert (found.seen, found.height_px) == (0, 0.0)
    assert set(found.odds) == {0.0}
