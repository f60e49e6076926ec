"""Documents of real and of printed scans through the page stages, the real engine, and the rules of order."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from benchmarks.corpus.batch import OWNER, RECEIVER, BatchSpec, write_batch
from benchmarks.page_stages.order_scans import ScanDesk, wrong
from models.manifest import Manifest, ScannedFile, SourceKind

SCANS = Path(__file__).resolve().parents[2] / "../shared/real-scans"
PAPERS = {
    "a": ("decision-a-p1", "decision-a-p2", "decision-a-p3-landscape"),
    "b": ("decision-b-p1",),
    "c": ("decision-c-p1-grey", "decision-c-p2", "decision-c-p3-landscape"),
    "d": ("decision-d-p1", "decision-d-p2-landscape"),
}


@cache
def scan_desk(root: Path) -> ScanDesk:
    return ScanDesk(root)


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> ScanDesk:
    """One warm engine for all."""
    return scan_desk(tmp_path_factory.mktemp("engine"))


def batch(folder: Path, scans: Sequence[Path], sheets: int) -> Path:
    """A batch of these files, in this order, as a counter sends it."""
    folder.mkdir()
    files = []
    for number, scan in enumerate(scans, start=1):
        data, name = scan.read_bytes(), f"{number:04d}.jpg"
        (folder / name).write_bytes(data)
        sha256 = hashlib.sha256(data).hexdigest()
        files.append(ScannedFile(name=name, size_bytes=len(data), sha256=sha256, sequence=number))
    manifest = Manifest(
        document_id=folder.name,
        receiving_agency=RECEIVER,
        owning_agency=OWNER,
        counter="quay-1",
        type_code="QD",
        type_name="Quyết định",
        source_kind=SourceKind.ORIGINAL,
        sheets=sheets,
        sides=len(scans),
        files=tuple(files),
    )
    (folder / "manifest.json").write_text(manifest.model_dump_json(by_alias=True))
    return folder


@pytest.mark.skipif(not SCANS.is_dir(), reason="the real scans are not here")
@pytest.mark.parametrize("paper", sorted(PAPERS))
def test_real_decisions_are_in_order(paper: str, warm: ScanDesk, tmp_path: Path) -> None:
    """Consecutive pages of one decision, a table across among them: no doubt about any."""
    scans = [SCANS / f"{name}.jpg" for name in PAPERS[paper]]
    found = warm.judge(batch(tmp_path / paper, scans, len(scans)))
    assert (found.codes, found.flags) == ((), ())
    assert found.selected == tuple(range(1, len(scans) + 1))


@pytest.mark.skipif(not SCANS.is_dir(), reason="the real scans are not here")
def test_a_stack_of_real_decisions_is_in_order(warm: ScanDesk, tmp_path: Path) -> None:
    """Four decisions behind each other in one dossier: their numbers start again without a number 1."""
    scans = [SCANS / f"{name}.jpg" for names in PAPERS.values() for name in names]
    found = warm.judge(batch(tmp_path / "stack", scans, len(scans)))
    assert (found.codes, found.flags) == ((), ())


@pytest.mark.parametrize(
    "spec",
    [
        BatchSpec("t1-decision-1", "decision", pages=4, two_sided=True),
        BatchSpec("t1-decision-2", "decision", pages=4, fault="recaptured"),
        BatchSpec("t1-decision-3", "decision", pages=4, fault="swapped"),
    ],
    ids=lambda spec: spec.fault or "sound",
)
def test_printed_documents_are_judged_rightly(spec: BatchSpec, warm: ScanDesk, tmp_path: Path) -> None:
    """Rendered, scanned, read by the real engine."""
    truth = write_batch(tmp_path, spec, 4)
    assert wrong(truth.expected, truth.selected, warm.judge(tmp_path / spec.id)) == ""
