"""Generated batches: the same bytes from the same seed, manifests that hold, faults that are what they say."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from pathlib import Path
from typing import cast

import orjson
import pikepdf
import pytest
from PIL import Image

from benchmarks import measure
from benchmarks.corpus.__main__ import main
from benchmarks.corpus.batch import KINDS, BatchSpec, make_batch, write_batch
from benchmarks.corpus.faults import FAULTS
from benchmarks.corpus.samples import corpus_specs, sample_specs, write_corpus
from benchmarks.corpus.truth import DocumentTruth
from models.document import Source
from models.errors import OperatorError
from models.manifest import Manifest
from models.settings import Settings
from pipeline.intake import Intake, find_batches
from pipeline.ledger.ledger import Ledger
from tests.support.finished_line import FixedClock
from tests.support.memory_blobs import MemoryBlobs

ROOT = Path(__file__).resolve().parents[2]


def faulty(fault: str) -> BatchSpec:
    return BatchSpec(f"s1-decision-0001-{fault}", "decision", pages=1, level="clean", fault=fault)


def test_same_seed_same_bytes_in_another_process(tmp_path: Path) -> None:
    """A corpus does not depend on the process, the hash seed or the clock; another seed gives another one."""
    write_corpus(tmp_path / "here", 11, 3, dpi=200)
    command = [sys.executable, "-m", "benchmarks.corpus", str(tmp_path / "there"), "--seed", "11"]
    subprocess.run([*command, "--documents", "3", "--dpi", "200"], check=True, cwd=ROOT, capture_output=True)
    write_corpus(tmp_path / "other", 12, 3, dpi=200)
    here = measure.corpus_hash(tmp_path / "here")
    assert here == measure.corpus_hash(tmp_path / "there")
    assert here != measure.corpus_hash(tmp_path / "other")


def test_a_batch_does_not_depend_on_its_neighbours() -> None:
    """Each batch draws from a seed of its own, so that leaving one out changes no other."""
    spec = corpus_specs(5, 4, dpi=200)[1]
    assert spec in corpus_specs(5, 9, dpi=200)
    first, again = make_batch(spec, 5), make_batch(spec, 5)
    assert first[0] == again[0]
    assert first[2] == again[2]


def test_the_sample_set_holds_everything_once() -> None:
    """Every kind, every container, both resolutions, and each fault of the issue are in the samples."""
    specs = sample_specs(7)
    assert len({spec.id for spec in specs}) == len(specs) == 14
    assert {spec.kind for spec in specs} == set(KINDS)
    assert {spec.container for spec in specs} == {"jpeg", "png", "tiff", "pdf"}
    assert {spec.dpi for spec in specs} == {200, 300}
    assert {spec.fault for spec in specs if spec.fault} == set(FAULTS) - {"misfed", "recaptured"}
    assert any(spec.note for spec in specs)
    assert any(spec.absent for spec in specs)
    assert any(spec.hand for spec in specs)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_manifest_and_truth_agree_with_the_files(kind: str, tmp_path: Path) -> None:
    """What is on disk is what manifest and truth declare; boxes lie on the picture."""
    spec = BatchSpec(f"s2-{kind}-0001", kind, pages=2, backs=True, hand=True, note=kind == "decision")
    truth = write_batch(tmp_path, spec, 2)
    folder = tmp_path / spec.id
    manifest = Manifest.model_validate_json((folder / "manifest.json").read_bytes())
    assert DocumentTruth.model_validate_json((tmp_path / f"{spec.id}.truth.json").read_bytes()) == truth
    assert {path.name for path in folder.iterdir()} == {file.name for file in manifest.files} | {"manifest.json"}
    for file in manifest.files:
        data = (folder / file.name).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file.size_bytes, file.sha256)
    assert manifest.sides == manifest.sheets
    assert len(truth.sides) == 2 * manifest.sheets + manifest.notes
    assert [side.blank for side in truth.sides[: 2 * manifest.sheets]] == [False, True] * manifest.sheets
    assert truth.selected == tuple(range(1, 2 * manifest.sheets, 2))
    assert truth.fields["type_name"] == manifest.type_name
    for side in truth.sides:
        with Image.open(folder / side.file) as image:
            assert (image.width, image.height) == (side.width_px, side.height_px)
        for block in side.blocks:
            x, y = block.box.centre
            assert 0 < x < side.width_px
            assert 0 < y < side.height_px


@pytest.mark.parametrize("kind", ["decision", "letter"])
def test_fields_stand_on_the_paper(kind: str) -> None:
    """What the truth calls a field can be read in the print of the document; what is by hand cannot."""
    for seed in range(3):
        spec = BatchSpec(f"s{seed}-{kind}-0001", kind, pages=1, level="clean")
        _, _, truth = make_batch(spec, seed)
        text = " ".join(truth.sides[0].text.split())
        for name in ("number_symbol", "issuing_body", "excerpt", "signer_name", "issued_place"):
            value = truth.fields[name]
            assert value is not None
            assert value in text, name


def test_an_absent_number_is_absent() -> None:
    """A letter whose number and day were never filled in has neither in its truth."""
    _, _, truth = make_batch(BatchSpec("s1-letter-0001", "letter", absent=True, level="clean"), 1)
    assert truth.fields["number_symbol"] is None
    assert truth.fields["issued_date"] is None
    assert truth.fields["issuing_body"]
    assert truth.handwritten == ()


def test_two_sided_papers_keep_all_their_sides() -> None:
    """An odd number of printed sides leaves a blank back that the copy must hold all the same."""
    _, manifest, truth = make_batch(BatchSpec("s1-decision-0001", "decision", pages=3, two_sided=True), 1)
    assert manifest.sides == 2 * manifest.sheets == len(truth.sides)
    assert truth.selected == tuple(range(1, len(truth.sides) + 1))


def test_pages_carry_their_numbers() -> None:
    """From page 2 on the number stands in the print, and the truth knows it."""
    _, _, truth = make_batch(BatchSpec("s1-decision-0001", "decision", pages=3, level="clean"), 1)
    assert [side.printed_number for side in truth.sides] == [None, *range(2, len(truth.sides) + 1)]
    assert all(side.blocks[0].text == str(side.printed_number) for side in truth.sides[1:])


def test_missing_leaves_a_gap() -> None:
    """One number of the scanner is not there, and the manifest declares a sheet more than came."""
    images, manifest, _ = make_batch(faulty("missing"), 1)
    numbers = [image.sequence for image in images]
    assert sorted(set(range(1, manifest.sheets + 1)) - set(numbers)) != []
    assert len(images) == manifest.sheets - 1


def test_swapped_contradicts_the_print() -> None:
    """In scanned order the printed numbers are wrong, in the manifest's order they are right."""
    images, manifest, truth = make_batch(faulty("swapped"), 1)
    printed = [side.printed_number or 1 for side in truth.sides]
    assert printed != sorted(printed)
    listed = {side.file: side.printed_number or 1 for side in truth.sides}
    assert [listed[file.name] for file in manifest.files] == sorted(printed)
    assert len(images) == manifest.sheets


def test_doubled_sends_one_too_many() -> None:
    """The second capture shows the same sheet in other bytes."""
    images, manifest, truth = make_batch(faulty("doubled"), 1)
    assert len(images) == manifest.sheets + 1
    assert len({image.data for image in images}) == len(images)
    assert len({side.sheet for side in truth.sides}) == manifest.sheets


def test_truncated_is_half_a_jpeg() -> None:
    """The file begins as a JPEG and cannot be decoded to its end."""
    images, _, _ = make_batch(faulty("truncated"), 1)
    with Image.open(io.BytesIO(images[-1].data)) as image, pytest.raises(OSError, match="truncated"):
        image.load()


def test_bomb_is_tiny_and_claims_a_lot() -> None:
    """A few hundred bytes whose header says 3.6 thousand million pixels."""
    images, _, _ = make_batch(faulty("bomb"), 1)
    data = images[-1].data
    assert len(data) < 1000
    assert (int.from_bytes(data[16:20]), int.from_bytes(data[20:24])) == (60_000, 60_000)


def test_signed_has_a_filled_signature_field() -> None:
    """The PDF opens, and its form holds a signature."""
    images, _, _ = make_batch(faulty("signed"), 1)
    with pikepdf.open(io.BytesIO(images[0].data)) as pdf:
        assert pdf.Root.AcroForm.Fields[0].V.Type == pikepdf.Name.Sig


def test_unmanifested_knows_the_id_that_intake_will_make(tmp_path: Path) -> None:
    """The folder has no manifest; the truth names the document as intake will."""
    truth = write_batch(tmp_path, faulty("unmanifested"), 1)
    (found,) = find_batches(tmp_path / truth.batch)
    intake = Intake(Settings(), cast(Ledger, None), MemoryBlobs(), FixedClock())
    document = intake._unmanifested(found)
    assert document.id == truth.document_id
    assert all(isinstance(source, Source) for source in document.sources)


def test_an_older_batch_is_replaced_whole(tmp_path: Path) -> None:
    """Files of an earlier run do not stay behind in the folder."""
    spec = BatchSpec("s1-letter-0001", "letter", level="clean")
    write_batch(tmp_path, spec, 1)
    (tmp_path / spec.id / "stray.jpg").write_bytes(b"old")
    write_batch(tmp_path, spec, 1)
    assert not (tmp_path / spec.id / "stray.jpg").exists()


@pytest.mark.parametrize(("kind", "fault"), [("poem", None), ("letter", "flood")])
def test_unknown_names_say_what_there_is(kind: str, fault: str | None) -> None:
    """A wrong kind or fault is the operator's error, and the message lists the right ones."""
    with pytest.raises(OperatorError, match="choose from"):
        make_batch(BatchSpec("x", kind, fault=fault), 1)


def test_command_counts_what_it_wrote(tmp_path: Path) -> None:
    """The command line writes documents and faults, mixes in own lines, and returns the counts."""
    (tmp_path / "own.txt").write_text("Dòng chữ riêng của người dùng.\n\n", encoding="utf-8")
    told = main(
        [str(tmp_path / "out"), "--seed", "3", "--documents", "1", "--kinds", "letter", "--dpi", "200",
         "--faults", "bomb", "--texts", str(tmp_path / "own.txt")]
    )  # fmt: skip
    folders = sorted(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())
    assert folders == ["s3-letter-0001", "s3-letter-0002-bomb"]
    assert told["documents"] == 2
    texts = [orjson.loads(path.read_bytes()) for path in (tmp_path / "out").glob("*.truth.json")]
    assert any(
        "Dòng chữ riêng" in block["text"] for truth in texts for side in truth["sides"] for block in side["blocks"]
    )
