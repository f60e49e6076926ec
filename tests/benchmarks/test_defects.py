"""Special papers and defects of scans: seeded, of the size that they claim, with codes that exist."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.corpus.defects import DEFECTS, STRENGTHS, Shot
from benchmarks.corpus.special import SPECIAL
from models.quality import SEVERITIES
from stages import paper
from tests.stages import rendered

SIZED = {"card": "ID-1", "spread": "A3", "a5": "A5", "tinted": "A4", "on_glass": "A4", "empty": "A4"}


@pytest.mark.parametrize("name", SIZED)
def test_papers_have_their_size_and_repeat(name: str) -> None:
    """Same seed, same pixels; known papers measure what they are."""
    one, two = (SPECIAL[name](np.random.default_rng(4), 75, "hard") for _ in range(2))
    assert (one.pixels == two.pixels).all()
    high, wide = one.pixels.shape[:2]
    assert paper.paper_name(*paper.size_mm(wide, high, one.dpi)) == SIZED[name]


@pytest.mark.parametrize("name", DEFECTS)
def test_defects_repeat_and_mean_something(name: str) -> None:
    """Same seed, same bytes; another strength, other bytes; every code has a severity."""
    page = rendered.pixels(rendered.prose(12, dpi=100))
    page[-200:-140, 60:120] = (60, 60, 200)  # a seal's red
    shot = Shot(page, 100)
    made = [DEFECTS[name].change(shot, strength, np.random.default_rng(1)).encoded() for strength in (0, 0, 1, 2)]
    assert made[0] == made[1]
    assert made[0] != shot.encoded()
    assert len(STRENGTHS) == 3
    assert set(DEFECTS[name].codes) <= set(SEVERITIES)
