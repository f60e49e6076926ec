"""How sure the recogniser is of a word, against how often it is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.ocr.pages import TruthLine
from benchmarks.recogniser.calibrate import Judged, error, fit, judged, judged_page, recalibrated
from models.errors import OperatorError
from stages.ocr.turbo import traineddata
from stages.ocr.turbo.calibration import Calibration
from stages.ocr.turbo.engine import DATA

shares = st.floats(0, 1)
some_words = st.lists(st.builds(Judged, shares, st.booleans()), max_size=300)


@given(some_words, shares, shares)
def test_whatever_was_measured_the_surer_word_stays_the_surer(words: list[Judged], one: float, other: float) -> None:
    """And no confidence leaves 0 to 1, so that thresholds keep their meaning."""
    table = fit(words)
    low, high = table(np.array([min(one, other), max(one, other)])).tolist()
    assert 0 <= low <= high <= 1


def test_too_sure_words_are_told_how_often_they_are_right() -> None:
    """Confidence is the square root of what it should be: calibrated on half, right on the other half."""
    rng = np.random.default_rng(3)
    truly = rng.uniform(0.05, 1, 40_000)
    words = [Judged(float(share**0.5), bool(rng.random() < share)) for share in truly]
    table = fit(words[::2])
    rest = words[1::2]
    assert error(rest) > 0.1
    assert error(recalibrated(rest, table)) < 0.015
    assert table(np.array([0.9**0.5])) == pytest.approx(0.9, abs=0.03)


def test_a_word_is_right_where_the_line_has_it_in_order() -> None:
    read = [("Quyết", 0.9), ("dịnh", 0.5), ("số", 0.8), ("12", 0.7), ("rác", 0.1)]
    assert [word.right for word in judged("Quyết định số 12", read)] == [True, False, True, True, False]
    assert judged("", [("rác", 0.4)]) == [Judged(0.4, False)]


def test_on_a_page_invented_words_are_wrong_and_those_beside_handwriting_do_not_count() -> None:
    truth = [TruthLine("Ủy ban nhân dân tỉnh"), TruthLine("Số: □/QĐ-UBND")]
    lines = [[("Ủy", 0.9), ("ban", 0.9), ("nhân", 0.9), ("dan", 0.6), ("tỉnh", 0.9)], [("Số:", 0.9), ("17/QĐ-UBND", 0.3)],
             [("~~|~", 0.2)]]  # fmt: skip
    words = judged_page(truth, lines)
    assert sorted(words) == [Judged(0.2, False), Judged(0.6, False), *[Judged(0.9, True)] * 4]


def test_a_table_survives_its_file_and_a_broken_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "vie.calibration.json"
    table = Calibration((0.0, 0.9, 1.0), (0.0, 0.7, 1.0), "abc")
    table.write(path)
    assert Calibration.open(path) == table
    for text in ("", "{}", '{"network": "", "found": [0, 0.5, 1], "right": [0, 1]}',
                 '{"network": "", "found": [0, 0.6, 0.5, 1], "right": [0, 0.2, 0.4, 1]}'):  # fmt: skip
        path.write_text(text, encoding="utf-8")
        with pytest.raises(OperatorError, match="install sohoa again"):
            Calibration.open(path)


def test_the_shipped_table_was_measured_with_the_shipped_network() -> None:
    """After a new export, ``python -m benchmarks.recogniser.calibrate`` has to run again."""
    table = Calibration.open(DATA / "vie.calibration.json")
    assert table.network == traineddata.read(DATA / "vie.traineddata").sha256
    assert table(np.array([0.9])) < 0.9
