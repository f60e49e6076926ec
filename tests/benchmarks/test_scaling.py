"""The scaling benchmark's arithmetic, and what it refuses; the runs themselves take a machine of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus.batch import BatchSpec
from benchmarks.scaling import Bare, _corpus, _ratios, _sides, main, reading_rate
from models.errors import OperatorError


def test_ratios_are_taken_round_by_round() -> None:
    """A machine that is slow in one round is slow for all counts of it: the ratio does not see it."""
    assert _ratios({1: [10.0, 1.0, 5.0], 2: [20.0, 2.0, 9.0]}) == {1: 1.0, 2: 2.0}


def test_the_clock_runs_while_every_slot_reads() -> None:
    """Neither the way in of the first page counts nor what comes after the last: two slots, two pages a second."""
    assert reading_rate([11.0, 10.0, 12.5, 10.5, 12.0, 11.5], slots=1) == pytest.approx(2.0)
    assert reading_rate([30.0, 30.0, 31.0, 31.0, 32.0, 32.0], slots=2) == pytest.approx(2.0)


def test_one_core_cannot_be_compared() -> None:
    """With one process there is nothing to scale."""
    with pytest.raises(OperatorError, match="one_core"):
        main(True, ["--processes", "1"])


def test_a_bare_engine_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The error says which engine is missing before anything is measured."""
    batches = _corpus(tmp_path / "c", [BatchSpec("s-0001", "declaration", dpi=200)])
    assert _sides(batches) == 1
    with pytest.raises(OperatorError, match="unknown_engine"), Bare("nothing", [0], batches, 200):
        pass
