"""The sample batches, and one embedded run over them that several tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus.samples import write_samples
from benchmarks.corpus.truth import DocumentTruth
from tests.acceptance.line import Outcome, process

SEED = 7


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The batches that ``make run`` makes."""
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder, SEED)
    return folder


@pytest.fixture(scope="session")
def truths(samples: Path) -> dict[str, DocumentTruth]:
    """What is true about each batch, by document id."""
    read = [DocumentTruth.model_validate_json(f.read_bytes()) for f in sorted(samples.glob("*.truth.json"))]
    return {truth.document_id: truth for truth in read}


@pytest.fixture(scope="session")
def few(samples: Path) -> list[Path]:
    """Three small batches for the tests that break things."""
    return [samples / name for name in ("s7-letter-0002", "s7-birth-0003", "s7-decision-0006")]


@pytest.fixture(scope="session")
def embedded(samples: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All samples through the embedded line."""
    return process([samples], tmp_path_factory.mktemp("embedded") / "out")
