"""The hard sides of the blank benchmark, and how it counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.corpus.backs import HardSide, draw
from benchmarks.corpus.dirt import TROUBLES
from benchmarks.corpus.faint import INKS
from benchmarks.page_stages import blank


def test_a_side_is_the_same_whenever_it_is_made() -> None:
    """From its seed and number alone."""
    assert draw(9, 5) == draw(9, 5)
    assert HardSide(draw(9, 0)).back() == HardSide(draw(9, 0)).back()
    assert draw(9, 5) != draw(10, 5)


def test_every_kind_takes_its_turn() -> None:
    """Half of the sides are blank; each trouble and each ink comes as often as the others."""
    cases = [draw(4, number) for number in range(494)]
    assert Counter(case.truth for case in cases) == {"blank": 247, "ink": 247}
    names = Counter(case.name for case in cases)
    assert set(TROUBLES) | set(INKS) <= set(names)
    assert {names[name] for name in INKS} == {13}


@pytest.mark.parametrize("ink", sorted(INKS))
def test_ink_is_there(ink: str) -> None:
    """Every ink leaves something on the page: none was put outside of it."""
    number = next(n for n in range(1, 99, 2) if draw(4, n).ink == ink)
    case = draw(4, number)
    clean = np.asarray(cv2.imdecode(np.frombuffer(HardSide(case).back(), np.uint8), cv2.IMREAD_GRAYSCALE))
    assert clean.shape[0] > clean.shape[1] > 1000
    judged = blank.run([case])
    assert judged[0].verdict != "blank"


def test_the_bound_is_the_rule_of_three() -> None:
    """And more with every page lost."""
    assert blank.upper_bound(0, 1000) == 0.003
    assert 0.003 < blank.upper_bound(1, 1000) < blank.upper_bound(2, 1000) < 0.01
    assert blank.upper_bound(0, 0) == 1.0


def test_a_contact_sheet_shows_what_was_wrong(tmp_path: Path) -> None:
    """Wrong cases first; pictures are kept where asked."""
    judged = blank.run([draw(4, 1), draw(4, 2)], tmp_path)
    assert len(list(tmp_path.rglob("*.jpg"))) >= 2
    lost = [blank.Judged(one.case, one.page, "blank", one.doubts, one.share, one.ms) for one in judged]
    blank.contact_sheet(lost, tmp_path / "sheet.png", tmp_path)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert sheet is not None
    assert sheet.shape[1] == 8 * 340
    assert blank.summary(lost)["false_blank"] == 1
