"""Bad input: every broken batch ends with a code and a sentence, or as a sound copy; nothing dies and nothing hangs.

The suite takes some of each kind; ``make broken`` takes them all.
"""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.corpus.broken import FLIPS, campaign
from benchmarks.corpus.broken.case import Case
from tests.faults import bad_input

SEED = 20261122
EACH = 4
"""Batches of each kind in the suite."""
LARGE = ("crowd", "10000-pages", "25000-pages", "zeros", "palette", "files-30001", "operators", "sparse")
"""Parts of the names of batches that take long to write or to read: only in the campaign."""


def chosen(every: bool) -> list[Case]:
    """All batches, or a few of each kind, always the same."""
    cases = list(campaign(SEED, FLIPS if every else 1))
    if every:
        return cases
    kinds: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if not any(part in case.name for part in LARGE):
            kinds[case.kind].append(case)
    rng = np.random.default_rng(SEED)
    return [kind[i] for kind in kinds.values() for i in sorted(rng.permutation(len(kind))[:EACH])]


@pytest.fixture(scope="module")
def every(pytestconfig: pytest.Config) -> bool:
    """Whether the whole campaign was asked for."""
    return bool(pytestconfig.getoption("--broken"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: pytest's own way to remove it fails on a thousand folders in each other."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.mark.timeout(3900)
def test_broken_batches_end_well(place: Path, every: bool, record_property: Callable[[str, object], None]) -> None:
    """Real intake, real line, real children; only the OCR engine reads nothing."""
    cases = chosen(every)
    assert len({case.name for case in cases}) == len(cases)
    assert len(cases) >= (500 if every else 60)
    found = bad_input.run(cases, place, within_s=3600 if every else 300)
    troubles = {case.name: wrong for case in cases if (wrong := bad_input.wrong(case, found))}
    assert troubles == {}
    assert found.running == 0
    assert len(found.ended) == found.receipts + found.refusals
    assert found.growth_mb < bad_input.PARENT_MB
    record_property("batches", len(cases))
    record_property("receipts", found.receipts)
    record_property("growth_mb", round(found.growth_mb))


def test_kinds_of_damage_are_all_in_the_suite() -> None:
    """No kind is left to the campaign alone."""
    assert {case.kind for case in chosen(every=False)} == {case.kind for case in campaign(SEED, 1)}
