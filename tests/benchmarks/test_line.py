"""The pieces of the line benchmark: what it leaves out is left out, what it measures is the real thing."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import orjson
import pytest

from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.line import _family, renamed
from benchmarks.replay import SERVE, SERVE_BARE, ReplayEngine, config
from benchmarks.stepwise import Stepwise
from models.errors import Defect
from models.geometry import Box
from models.manifest import Manifest
from models.settings import ArchiveSettings, Settings
from models.text import Block, Line, PageText, Word
from pipeline.intake import Batch
from pipeline.slots import Slot, SlotLimits
from stages.ocr.sheet import Picture

BOX = Box(100, 100, 300, 140)
TEXT = PageText(
    width_px=1654,
    height_px=2339,
    blocks=(Block(lines=(Line(words=(Word(text="Điều", box=BOX, confidence=0.9),), box=BOX),), box=BOX),),
)


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """A sound one-page letter."""
    spec = BatchSpec("s1-letter-0001", "letter", level="clean")
    write_batch(tmp_path / "corpus", spec, 1)
    return Batch(spec.id, tmp_path / "corpus" / spec.id)


def replaying(tmp_path: Path) -> tuple[Settings, bytes]:
    """Settings in the temporary folder, and the configuration of a child that replays the text."""
    (tmp_path / "text.json").write_text(TEXT.model_dump_json())
    settings = Settings(state=tmp_path / "state", archive=ArchiveSettings(root=tmp_path / "archive"))
    return settings, config(settings, tmp_path / "text.json")


def test_replay_says_the_same_of_every_image() -> None:
    """The text stays, the size is the image's."""
    found = ReplayEngine(TEXT).read(Picture(np.zeros((30, 20), np.uint8), 300))
    assert (found.text, found.width_px, found.height_px) == ("Điều", 20, 30)


def test_stepwise_archives_what_the_line_would(tmp_path: Path, batch: Batch) -> None:
    """A batch goes through real children into the archive, read by the engine that replays."""
    settings, given = replaying(tmp_path)
    with Stepwise(settings, SERVE, given) as stepwise:
        stepwise.process(batch)
        used = stepwise.page_child()
        view = stepwise.books.views.document(batch.name)
    assert view is not None
    assert view.status == "ARCHIVED"
    assert used.cpu_s > 0
    assert 10 < used.rss_mb <= used.peak_mb
    assert [path.name for path in (tmp_path / "archive").rglob("document.pdf")] == ["document.pdf"]


def test_stepwise_refuses_a_batch_that_is_not_sound(tmp_path: Path) -> None:
    """A benchmark over documents that were rejected would measure nothing, so it stops."""
    spec = BatchSpec("s1-letter-0002-bomb", "letter", level="clean", fault="bomb")
    write_batch(tmp_path / "corpus", spec, 1)
    settings, given = replaying(tmp_path)
    with Stepwise(settings, SERVE, given) as stepwise, pytest.raises(Defect, match="REJECTED"):
        stepwise.process(Batch(spec.id, tmp_path / "corpus" / spec.id))


def test_bare_runs_the_page_stages_and_nothing_else(tmp_path: Path, batch: Batch) -> None:
    """The bare child answers with sides and CPU seconds, and leaves nothing on the disk."""
    settings, given = replaying(tmp_path)
    with Slot("bare-1", SERVE_BARE, given, SlotLimits()) as slot:
        told = orjson.loads(slot.run(str(batch.folder).encode()))
    assert told["pages"] == len(Manifest.model_validate_json((batch.folder / "manifest.json").read_bytes()).files)
    assert told["cpu_s"] > 0
    assert not settings.state.exists()


def test_a_renamed_batch_is_another_document(tmp_path: Path, batch: Batch) -> None:
    """The same scans under another id, with a manifest that still holds."""
    copy = renamed(batch, tmp_path / "copies", "memory-00001")
    manifest = Manifest.model_validate_json((copy.folder / "manifest.json").read_bytes())
    assert manifest.document_id == copy.name == "memory-00001"
    assert all((copy.folder / file.name).stat().st_size == file.size_bytes for file in manifest.files)


def test_the_family_holds_this_process() -> None:
    """CPU seconds are summed over this process and what descends from it."""
    used = os.times()
    assert sum(_family().values()) >= used.user + used.system - 0.1
