"""``sohoa diff``: silent about what must differ, loud about everything else."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.facts import Failed, Refused
from models.settings import BlobSettings, Settings
from ops.diffing import Difference, OutputFolder, differences
from pipeline.adapters.s3_blobs import S3Blobs
from pipeline.wiring import dump_settings
from stages.count import Counted
from stages.sequence import Sequenced
from tests.ops.conftest import Sohoa
from tests.servers.s3 import S3
from tests.support.finished_run import Paper, Run, write_run

PAPER = Paper()
LATER = Run(at=datetime(2027, 1, 3, 9, 0, tzinfo=UTC), officer="officer-9", attempt_noise=b"second signature")


def compare(
    tmp_path: Path, left: list[Paper], right: list[Paper], runs: tuple[Run, Run] = (Run(), LATER)
) -> list[Difference]:
    """Differences of two runs that were at different times."""
    write_run(tmp_path / "left", left, runs[0])
    write_run(tmp_path / "right", right, runs[1])
    with closing(OutputFolder(tmp_path / "left")) as a, closing(OutputFolder(tmp_path / "right")) as b:
        return list(differences(a, b))


def test_two_runs_over_the_same_papers_do_not_differ(sohoa: Sohoa, tmp_path: Path) -> None:
    """Another year, another officer, another signature: nothing to report."""
    refused = Refused(code="page_missing", message="Thiếu trang 2.")
    papers = [PAPER, PAPER.but(name="bad", end=refused)]
    left = write_run(tmp_path / "a", papers, Run(turned=(("x", "bad_manifest"),)))
    right = write_run(tmp_path / "b", papers[::-1], Run(LATER.at, LATER.officer, b"other", (("x", "bad_manifest"),)))
    done = sohoa("diff", left, right, "--json")
    assert (done.code, done.document) == (0, {"differences": [], "documents": 2})
    assert "no difference in 2 documents" in sohoa("diff", left, right).out


@pytest.mark.parametrize(
    ("other", "what", "left", "right"),
    [
        (PAPER.but(lines=("Độc lập - Tự do - Hạnh phúc", "Số: 06/QĐ-UBND")), "text, line 2", "Số: 05", "Số: 06"),
        (PAPER.but(lines=PAPER.lines[:1]), "text, line 2", "Số: 05/QĐ-UBND", ""),
        (PAPER.but(left=11.0), "boxes or confidences", "", ""),
        (PAPER.but(number="06"), "Extracted: fields number", '"05"', '"06"'),
        (PAPER.but(version=2), "made by", "ocr 1", "ocr 2"),
        (PAPER.but(facts=(Counted(pages=2, notes=0, duplex=False, declared=True),)), "Counted", "", "there"),
        (PAPER.but(facts=(Sequenced(flags=("doubled:2",)),)), "Sequenced", "", "there"),
        (PAPER.but(sides=(2, 1)), "image of page 1", "", ""),
        (PAPER.but(sides=(1, 2, 3)), "pages of the copy", "2", "3"),
        (PAPER.but(end=Refused(code="x", message="y")), "status", "ARCHIVED", "REJECTED"),
        (PAPER.but(end=Failed(code="x", message="y")), "code", "", "x"),
    ],
)
def test_every_kind_of_difference_is_found(tmp_path: Path, other: Paper, what: str, left: str, right: str) -> None:
    """Texts, boxes, fields, facts, stage versions, pages, verdicts: each with both sides of the story."""
    found = [
        d for d in compare(tmp_path, [PAPER, PAPER.but(name="same")], [other, PAPER.but(name="same")]) if what in d.what
    ]
    assert found
    assert found[0].document == "doc/r1"
    assert left in found[0].left
    assert right in found[0].right
    assert found[0].left != found[0].right


def test_changed_flags_are_named(tmp_path: Path) -> None:
    """Of a list only what one side has is shown; a mere other order is a difference too."""
    flags = [PAPER.but(facts=(Sequenced(flags=f),)) for f in (("a:1", "b:2"), ("b:2", "c:3"), ("b:2", "a:1"))]
    (found,) = compare(tmp_path / "1", flags[:1], flags[1:2])
    assert (found.what, found.left, found.right) == ("Sequenced: flags", '["a:1"]', '["c:3"]')
    (found,) = compare(tmp_path / "2", flags[:1], flags[2:])
    assert found.what == "Sequenced: flags: order"


def test_a_document_of_one_side_only(tmp_path: Path) -> None:
    """It is named, with its status on the side that has it."""
    extra = PAPER.but(name="extra")
    assert compare(tmp_path, [PAPER], [PAPER, extra]) == [Difference("extra/r1", "document", "", "ARCHIVED")]


def test_batches_that_never_became_documents(tmp_path: Path) -> None:
    """What intake turned away is compared by name and code, as often as it stands there."""
    runs = Run(turned=(("a", "bad_manifest"), ("a", "bad_manifest"), ("b", "x"))), Run(turned=(("a", "bad_manifest"),))
    found = compare(tmp_path, [PAPER], [PAPER], runs)
    assert [(d.document, d.what) for d in found] == [("a", "turned away by intake"), ("b", "turned away by intake")]
    assert all("REJECTED" in d.left for d in found)


def test_how_far_a_failed_document_came_is_chance(tmp_path: Path) -> None:
    """Its status and code count, its facts do not."""
    failed = PAPER.but(end=Failed(code="x", message="y"))
    assert compare(tmp_path, [failed], [failed.but(number="07")]) == []


def test_missing_and_damaged_files_are_differences(tmp_path: Path) -> None:
    """A copy or a page's text that went away is not passed over."""
    left, right = write_run(tmp_path / "a", [PAPER]), write_run(tmp_path / "b", [PAPER.but(left=11.0)], LATER)
    for blob in (right / "state" / "blobs" / "doc").iterdir():
        blob.unlink()
    (pdf,) = right.glob("archive/*/*/*/*/document.pdf")
    pdf.unlink()
    with closing(OutputFolder(left)) as a, closing(OutputFolder(right)) as b:
        found = {d.what: (d.left, d.right) for d in differences(a, b)}
    assert found == {
        "TextRead of side 1: text blob": ("there", "blob_missing"),
        "archived copy": ("readable", "missing"),
    }
    pdf.write_bytes(b"%PDF-1.7 no more")
    with closing(OutputFolder(left)) as a, closing(OutputFolder(right)) as b:
        assert "damaged" in [d.right for d in differences(a, b)]


def test_the_command_shows_both_sides(sohoa: Sohoa, tmp_path: Path) -> None:
    """Exit 1, a line for people, a document for programs; no ledger is 64 and none is made."""
    left, right = write_run(tmp_path / "a", [PAPER]), write_run(tmp_path / "b", [PAPER.but(number="06")], LATER)
    done = sohoa("diff", left, right, "--json")
    assert done.code == 1
    assert [d["document"] for d in done.document["differences"]] == ["doc/r1"]
    plain = sohoa("diff", left, right)
    assert plain.code == 1
    assert "doc/r1" in plain.out
    assert sohoa("diff", left, tmp_path / "none").code == 64
    assert not (tmp_path / "none").exists()


def test_texts_in_a_bucket_are_compared_too(sohoa: Sohoa, tmp_path: Path, s3: S3) -> None:
    """With blobs on S3 the folders hold none: the settings say where they are."""
    blobs = BlobSettings(
        kind="s3",
        bucket=s3.bucket("diff"),
        prefix=tmp_path.name,
        endpoint=s3.endpoint,
        access_key=SecretStr(s3.access_key),
        secret_key=SecretStr(s3.secret_key),
    )
    other = PAPER.but(lines=("Độc lập - Tự do - Hạnh phúc", "Số: 06/QĐ-UBND"))
    left, right = (write_run(tmp_path / name, [paper]) for name, paper in (("a", PAPER), ("b", other)))
    for folder in (left, right):
        for blob in (folder / "state" / "blobs").rglob("*"):
            if blob.is_file():
                S3Blobs(blobs).put(blob.parent.name, blob.read_bytes())
        shutil.rmtree(folder / "state" / "blobs")
    settings = tmp_path / "settings.json"
    settings.write_bytes(dump_settings(Settings(state=tmp_path / "unused", blobs=blobs)))
    done = sohoa("diff", left, right, "--settings", settings, "--json")
    assert [d["what"] for d in done.document["differences"]] == ["TextRead of side 1: text, line 2"]
    assert sohoa("diff", left, left, "--settings", settings).code == 0
