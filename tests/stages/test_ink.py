"""ink: pictures reduced without losing what is on them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stages import ink


@settings(deadline=None)
@given(st.integers(1, 900), st.integers(1, 900), st.sampled_from([60, 100, 150]), st.booleans())
def test_reduced(height: int, width: int, short_px: int, colour: bool) -> None:
    """The shorter side comes to the wanted length or up to half more, the longer one with it; nothing is enlarged."""
    image = np.full((height, width, 3) if colour else (height, width), 200, np.uint8)
    found = ink.reduced(image, short_px)
    assert (found == 200).all()
    small, short = min(found.shape[:2]), min(height, width)
    assert small <= short
    if short >= short_px:
        assert 0.98 * short_px <= small <= 1.35 * short_px
    assert found.shape[0] / height == pytest.approx(found.shape[1] / width, abs=max(5 / height, 5 / width))


@pytest.mark.parametrize("size", [600, 800, 1000, 1190, 1240, 1650, 2480])
def test_reducing_evens_out_noise(size: int) -> None:
    """Every pixel of the copy blends several of the scan's: no stripes of noise, and less of it than in the scan."""
    noise = np.random.default_rng(3).normal(128, 20, (size, size)).clip(0, 255).astype(np.uint8)
    found = ink.reduced(noise, 500).astype(np.float64)
    if found.shape[0] < size:
        rows = found.std(axis=1)
        assert found.std() < 17
        assert rows.max() < 1.35 * rows.min()
