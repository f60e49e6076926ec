"""The whole embedded line on the sample batches, judged by tools that we did not write."""

from __future__ import annotations

import subprocess
from pathlib import Path

import orjson
import pikepdf
import pytest

from benchmarks.accuracy import Errors, lines_in_text
from benchmarks.corpus.truth import DocumentTruth
from models.errors import OperatorError
from pipeline.processing import output_lock
from tests.acceptance.line import Outcome, process, sohoa
from tests.verapdf.judge import VeraPdf


def pdfs(outcome: Outcome) -> list[Path]:
    """Every archived copy."""
    return [Path(d["pdf"]) for d in outcome.report["documents"] if d["pdf"]]


def tool(*command: str | Path) -> str:
    """What a command-line tool printed."""
    return subprocess.run([str(c) for c in command], capture_output=True, check=True, text=True).stdout


def test_every_document_ends_as_its_papers_deserve(embedded: Outcome, truths: dict[str, DocumentTruth]) -> None:
    """Status and code of all sample documents are the expected ones, each with a sentence."""
    got = {d["id"]: (d["status"], d["code"]) for d in embedded.report["documents"]}
    assert got == {name: (t.expected.status, t.expected.code) for name, t in truths.items()}
    assert all(d["message"] for d in embedded.report["documents"] if d["status"] == "REJECTED")


def test_no_side_is_lost(embedded: Outcome) -> None:
    """Pages in PDFs, rejected and waiting sides are together the sides of the manifests."""
    s = embedded.report["summary"]
    pages = 0
    for path in pdfs(embedded):
        with pikepdf.open(path) as pdf:
            pages += len(pdf.pages)
    assert pages == s["pages"] > 0
    assert s["pages"] + s["sides_rejected"] + s["sides_waiting"] == s["sides"]


def test_the_right_sides_are_in_each_copy(embedded: Outcome, truths: dict[str, DocumentTruth]) -> None:
    """Each copy holds the selected sides, in order, with the scanner's own bytes."""
    for name, truth in truths.items():
        entry = embedded.document(name)
        if entry["record"] is None:
            continue
        record = orjson.loads(Path(entry["record"]).read_bytes())
        chosen = [side["number"] for side in record["sides"] if side["page"] is not None]
        assert chosen == list(truth.selected), name


def test_signatures_are_valid_for_poppler(embedded: Outcome, truths: dict[str, DocumentTruth]) -> None:
    """pdfsig accepts each certified copy; a converted one carries no signature and no SAO Y."""
    for name, truth in truths.items():
        entry = embedded.document(name)
        if entry["pdf"] is None:
            continue
        if truth.expected.certified:
            assert "Signature is Valid" in tool("pdfsig", entry["pdf"]), name
            assert "SAO Y" in tool("pdftotext", entry["pdf"], "-"), name
        else:
            text = tool("pdftotext", entry["pdf"], "-")
            assert "SAO Y" not in text
            assert "Bản điện tử chuyển đổi từ văn bản giấy" in text.replace("\n", " ")
            with pikepdf.open(entry["pdf"]) as pdf:
                assert "/AcroForm" not in pdf.Root


def test_the_text_is_found_in_the_copies(embedded: Outcome, truths: dict[str, DocumentTruth]) -> None:
    """pdftotext finds the printed lines with at most 2 % character errors over all samples."""
    errors = Errors()
    for name, truth in truths.items():
        entry = embedded.document(name)
        if entry["pdf"] is None:
            continue
        found = tool("pdftotext", "-layout", entry["pdf"], "-")
        lines = [
            line.text
            for side in truth.sides
            if side.number in truth.selected
            for block in side.blocks
            if block.printed
            for line in block.lines
        ]
        errors += lines_in_text(lines, found)
    assert errors.length > 10_000
    assert errors.rate <= 0.02


def test_copies_are_pdf_a(embedded: Outcome, verapdf: VeraPdf) -> None:
    """veraPDF finds every copy valid PDF/A-2b, signed or not."""
    for path in pdfs(embedded):
        verdict = verapdf(path, "2b")
        assert verdict.ok, f"{path}: {verdict.failures}"


def test_sohoa_verify_accepts_its_own_copies(embedded: Outcome) -> None:
    """Signature, PDF/A and page hashes hold against the records."""
    run = sohoa("verify", *pdfs(embedded))
    assert run.code == 0, run.document
    assert all(entry["ok"] for entry in run.document)


def test_the_same_run_again_changes_nothing(embedded: Outcome, few: list[Path], tmp_path: Path) -> None:
    """The same --out is resumed: nothing is done twice, and the copies are the same files."""
    first = process(few, tmp_path / "out")
    before = {p: Path(p).stat().st_mtime_ns for p in map(str, pdfs(first))}
    second = process(few, tmp_path / "out")
    assert second.report["documents"] == first.report["documents"]
    assert {p: Path(p).stat().st_mtime_ns for p in map(str, pdfs(second))} == before
    diff = sohoa("diff", first.folder, first.folder)
    assert diff.code == 0
    for document in second.report["documents"]:
        mine = {k: v for k, v in document.items() if k in ("status", "code")}
        assert mine == {k: embedded.document(document["id"])[k] for k in mine}


def test_an_output_folder_has_one_owner(tmp_path: Path, few: list[Path]) -> None:
    """While one process works in a folder, another is told so."""
    with output_lock(tmp_path), pytest.raises(OperatorError, match="another sohoa"), output_lock(tmp_path):
        pass
    with output_lock(tmp_path):
        run = sohoa("process", *few, "--out", tmp_path)
    assert run.code == OperatorError.exit_code
    assert run.document["error"]["code"] == "locked"


def test_a_missing_language_model_stops_the_run_and_loses_nothing(few: list[Path], tmp_path: Path) -> None:
    """The operator is told what to install; nothing FAILED by it, and the same command goes on afterwards."""
    settings = tmp_path / "sohoa.toml"
    settings.write_text(f'[ocr]\nengine = "tesseract"\ntessdata = "{tmp_path}"\n')
    run = sohoa("process", few[0], "--out", tmp_path / "out", "--settings", settings)
    assert run.code == OperatorError.exit_code
    assert run.document["error"]["code"] == "traineddata_missing"
    assert "tesseract-ocr-vie" in run.document["error"]["message"]
    again = process([few[0]], tmp_path / "out")
    assert again.report["summary"]["archived"] == 1
