"""Pages with sticky notes through the whole line: the copy shows the page, the archive keeps both scans."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson
import pikepdf
import pytest

from benchmarks.corpus.batch import BatchSpec, write_batch
from benchmarks.corpus.note_faults import NOTE_FAULTS, write_note_batch
from stages.seal import image_hashes
from tests.acceptance.line import Outcome, process, sohoa

SEED = 11


def spec(name: str) -> BatchSpec:
    """A decision of two pages, a note on the first."""
    return BatchSpec(f"n-{name}", "decision", pages=2, note=True)


@pytest.fixture(scope="module")
def batches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sound batch, and one for each way in which a pair can be wrong."""
    folder = tmp_path_factory.mktemp("noted")
    write_batch(folder, spec("sound"), SEED)
    for fault in NOTE_FAULTS:
        write_note_batch(folder, spec(fault.replace("_", "-")), SEED, fault)
    return folder


@pytest.fixture(scope="module")
def outcome(batches: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All of them through the embedded line."""
    return process([batches], tmp_path_factory.mktemp("notes") / "out")


def record(outcome: Outcome, name: str) -> dict[str, Any]:
    """The record of an archived document."""
    read: dict[str, Any] = orjson.loads(Path(outcome.document(f"n-{name}")["record"]).read_bytes())
    return read


def flags(record: dict[str, Any]) -> list[str]:
    """What the notes stage flags."""
    (fact,) = [fact["value"] for fact in record["facts"] if fact["kind"] == "NotesPaired"]
    found: list[str] = fact["flags"]
    return found


def first_image(outcome: Outcome, name: str) -> str:
    """The image of page 1 of the copy."""
    with pikepdf.open(outcome.document(f"n-{name}")["pdf"]) as pdf:
        (image,) = image_hashes(pdf.pages[0])
    return image


def sent(batches: Path, name: str, *, noted: bool) -> str:
    """Hash of the first page's file, or of the scan with its note, as they were declared."""
    manifest = orjson.loads((batches / f"n-{name}" / "manifest.json").read_bytes())
    (file,) = [f for f in manifest["files"] if (f["note_of"] == 1 if noted else f["sequence"] == 1)]
    return str(file["sha256"])


def test_the_copy_shows_the_page_and_the_archive_keeps_both(outcome: Outcome, batches: Path) -> None:
    """The clean scan's bytes are in the PDF; both scans lie beside it, named with their roles."""
    said = record(outcome, "sound")
    assert flags(said) == []
    assert first_image(outcome, "sound") == sent(batches, "sound", noted=False)
    variants = {v["role"]: v for v in said["variants"]}
    assert {role: v["sha256"] for role, v in variants.items()} == {
        "note_off": sent(batches, "sound", noted=False),
        "note_on": sent(batches, "sound", noted=True),
    }
    folder = Path(outcome.document("n-sound")["record"]).parent
    for variant in variants.values():
        assert (variant["page"], variant["verdict"]) == (1, "paired")
        assert hashlib.sha256((folder / variant["key"]).read_bytes()).hexdigest() == variant["sha256"]


def test_swapped_scans_are_seen(outcome: Outcome, batches: Path) -> None:
    """The copy shows the page without its note, although the other scan was declared as the page; it is flagged."""
    said = record(outcome, "swapped")
    assert flags(said) == ["note_swapped:1"]
    assert first_image(outcome, "swapped") == sent(batches, "swapped", noted=True)
    assert [v["verdict"] for v in said["variants"]] == ["swapped", "swapped"]


@pytest.mark.parametrize("fault", [name for name, fault in NOTE_FAULTS.items() if fault.flag])
def test_a_doubtful_pair_is_archived_and_flagged(outcome: Outcome, fault: str) -> None:
    name = fault.replace("_", "-")
    assert outcome.document(f"n-{name}")["status"] == "ARCHIVED"
    assert f"{NOTE_FAULTS[fault].flag}:1" in flags(record(outcome, name))


@pytest.mark.parametrize("fault", [name for name, fault in NOTE_FAULTS.items() if fault.code])
def test_a_page_without_a_clean_scan_is_not_certified(outcome: Outcome, fault: str) -> None:
    """The counter is told, in a sentence, what to scan again."""
    entry = outcome.document(f"n-{fault.replace('_', '-')}")
    assert (entry["status"], entry["code"]) == ("REJECTED", NOTE_FAULTS[fault].code)
    assert "giấy ghi chú" in entry["message"]


def test_verify_is_content(outcome: Outcome) -> None:
    """Both variants are checked with the copy."""
    names = ("sound", "swapped", "identical", "undeclared")
    run = sohoa("verify", *(outcome.document(f"n-{name}")["pdf"] for name in names))
    assert run.code == 0, run.document
    assert [entry["variants"]["checked"] for entry in run.document] == [2, 2, 2, 0]
