"""The soak's arithmetic, and one document read by a real page child."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.soak import SERVE, main, trend_mb
from benchmarks.stepwise import Stepwise
from models.errors import Defect
from models.settings import OcrSettings, Settings
from pipeline.intake import Batch
from pipeline.wiring import dump_settings


def test_a_leak_shows_and_a_large_paper_does_not() -> None:
    """Growth is a trend: 1 MB a document adds up, one page that needed more in the middle does not."""
    assert trend_mb({page: 200.0 + page for page in range(1, 102)}) == pytest.approx(100)
    assert abs(trend_mb({page: 240.0 if page == 51 else 200.0 for page in range(1, 102)})) < 0.5


def test_pages_are_read_and_their_blobs_forgotten(tmp_path: Path) -> None:
    """The page child has worked, and nothing of 5,000 pages stays on the disk."""
    write_batch(tmp_path / "corpus", BatchSpec("s1", "letter", level="clean"), 1)
    settings = Settings(state=tmp_path / "state", ocr=OcrSettings(engine="tesseract"))
    with Stepwise(settings, SERVE, dump_settings(settings)) as stepwise:
        stepwise.read(Batch("s1", tmp_path / "corpus" / "s1"))
        assert stepwise.page_child().cpu_s > 0
    assert list((tmp_path / "state" / "blobs").iterdir()) == []


def test_a_document_that_is_refused_stops_the_soak(tmp_path: Path) -> None:
    """Memory over documents that nobody read would mean nothing."""
    write_batch(tmp_path / "corpus", BatchSpec("s1", "letter", level="clean", fault="bomb"), 1)
    settings = Settings(state=tmp_path / "state", ocr=OcrSettings(engine="tesseract"))
    with Stepwise(settings, SERVE, dump_settings(settings)) as stepwise, pytest.raises(Defect, match="not_read"):
        stepwise.read(Batch("s1", tmp_path / "corpus" / "s1"))


def test_unknown_arguments_are_refused() -> None:
    """Before anything is measured."""
    with pytest.raises(SystemExit):
        main(True, ["--leaves", "3"])
