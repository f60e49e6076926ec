"""Windows around what a mask has."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from models.ports import Pixels
from stages.ocr.turbo.windows import bands

_MASKS = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 24), st.integers(1, 24)), elements=st.sampled_from([0, 0, 0, 255])
)


@given(_MASKS, st.integers(1, 6), st.booleans())
def test_windows_hold_all_and_keep_apart(mask: Pixels, apart: int, down: bool) -> None:
    """Nothing of the mask is outside, no window has an empty edge, and two are as far apart as was asked."""
    windows = bands(mask, apart, down=down)
    rest = mask.copy()
    for window in windows:
        part = mask[window]
        assert all(edge.any() for edge in (part[0], part[-1], part[:, 0], part[:, -1]))
        rest[window] = 0
    assert not rest.any()
    sides = [window[1 if down else 0] for window in windows]
    assert all(second.start - first.stop >= apart for first, second in pairwise(sides))
