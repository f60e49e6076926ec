"""The hard kinds of generated pages, and the fit that is made on them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.ocr.hard import AFTERWARDS, HARD
from benchmarks.ocr.kinds import KINDS, write_page
from benchmarks.ocr.pages import read_folder
from benchmarks.recogniser.handwriting import Words, fitted
from models.errors import OperatorError


@pytest.mark.parametrize("kind", sorted(HARD))
def test_every_kind_has_pages_with_a_truth(kind: str, tmp_path: Path) -> None:
    """The same seed gives the same bytes; what a hand wrote is told apart from the printed truth."""
    for folder in ("a", "b"):
        write_page(tmp_path / folder, kind, 1, seed=3, dpi=72)
    (page,) = read_folder(tmp_path / "a")
    assert page.truth
    assert page.path.read_bytes() == (tmp_path / "b" / kind / page.path.name).read_bytes()
    places = page.path.with_suffix(".hand.json")
    assert places.is_file() == (kind in ("form", "signed"))
    if places.is_file():
        assert all(left < right and top < bottom for left, top, right, bottom in json.loads(places.read_text()))


def test_a_plain_run_does_not_read_them() -> None:
    """Results of the ten kinds stay comparable from one version to the next."""
    assert not KINDS.keys() & HARD.keys()
    assert AFTERWARDS.keys() <= HARD.keys()


def test_an_unknown_kind_is_told(tmp_path: Path) -> None:
    """The message names both sets."""
    with pytest.raises(OperatorError, match=r"prose.*form"):
        write_page(tmp_path, "nonsense", 1, seed=3, dpi=72)


def test_the_fit_finds_what_separates() -> None:
    """A measure that says it all gets the weight; one of noise gets next to none."""
    rng = np.random.default_rng(1)
    hand = np.repeat([0.0, 1.0, 0.3], 200)
    values = np.column_stack([hand * 4 + rng.normal(0, 1, 600), rng.normal(0, 1, 600)])
    bias, strong, noise = fitted(Words(values, hand, hand, hand))
    assert bias < 0
    assert strong > 5 * abs(noise)
