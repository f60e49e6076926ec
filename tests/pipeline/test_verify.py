"""verify: a genuine copy passes; every way of tampering is named in a sentence."""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Stream
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from models.errors import OperatorError
from models.manifest import SourceKind
from models.settings import Settings
from ops.commands import verify as command
from ops.output import Output
from pipeline.adapters.disk_archive import DiskArchive
from pipeline.adapters.test_ca import ROOT, TestCaSigner
from pipeline.appended import first_revision, strangers
from pipeline.verify import Finding, Roots, load_roots, verify
from stages import stamp
from tests.support.finished_line import archived, assembled, embedded_signer, ports, with_note
from tests.support.small_pdfa import A4_PT, scan, small_pdfa

AT = datetime(2026, 11, 21, 2, 15, 30, tzinfo=UTC)
LINES = stamp.sao_y("Sở Tư pháp", AT, is_test=True)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder as ``sohoa process`` leaves it: ``state/test-ca`` and two archived copies."""
    folder = tmp_path_factory.mktemp("out")
    signer = embedded_signer(folder / "state" / "test-ca")
    for name, kind in (("signed", SourceKind.PRINCIPAL), ("converted", None)):
        line = ports(signer, DiskArchive(folder / name))
        archived(assembled(line, kind), line)
    return folder


@pytest.fixture(scope="module")
def signer(out: Path) -> TestCaSigner:
    """The signer of those copies."""
    return embedded_signer(out / "state" / "test-ca")


@pytest.fixture(scope="module")
def roots(out: Path) -> Roots:
    """Their test root."""
    return load_roots([], [out / "state"])


def copy_of(out: Path, name: str, to: Path) -> Path:
    """A writable copy of an archived document and its record; returns the PDF."""
    (pdf,) = (out / name).rglob("document.pdf")
    to.mkdir(parents=True, exist_ok=True)
    for file in (pdf, pdf.with_name("record.json")):
        shutil.copyfile(file, to / file.name)
    return to / "document.pdf"


def test_a_certified_copy_is_ok(out: Path, roots: Roots, tmp_path: Path) -> None:
    """Every part of the answer, with the record and without it."""
    path = copy_of(out, "signed", tmp_path)
    found = verify(path, roots).plain()
    assert found["ok"] is True
    assert found["problems"] == []
    assert found["signature"] | {"signer": ""} == {
        "present": True,
        "intact": True,
        "valid": True,
        "trusted": True,
        "signer": "",
        "signed_at": "2026-11-21T09:15:30+07:00",
        "covers_whole_document": True,
        "form": "sao_y",
        "test": True,
    }
    assert found["pdfa"] == {"ok": True, "detail": "PDF/A-2b"}
    assert found["pages"] == {"checked": 2, "ok": True}
    assert found["record"] == str(tmp_path / "record.json")
    (tmp_path / "record.json").unlink()
    alone = verify(path, roots).plain()
    assert (alone["ok"], alone["record"], alone["pages"]) == (True, None, {"checked": 0, "ok": None})


def test_both_scans_of_a_page_with_a_note_are_checked(signer: TestCaSigner, roots: Roots, tmp_path: Path) -> None:
    """They lie beside the copy, whole, and the copy shows the one without the note."""
    line = ports(signer, DiskArchive(tmp_path))
    archived(with_note(assembled(line, SourceKind.PRINCIPAL), line), line)
    (pdf,) = tmp_path.rglob("document.pdf")
    assert verify(pdf, roots).plain()["variants"] == {"checked": 2, "ok": True}
    record = pdf.with_name("record.json")
    said = json.loads(record.read_bytes())
    record.chmod(0o600)
    for role, page in (("note_on", 1), ("note_off", 2)):
        forged = [v | {"role": role, "page": page} for v in said["variants"] if v["role"] == "note_off"]
        record.write_text(json.dumps(said | {"variants": forged}))
        assert "page" in sentence(verify(pdf, roots))
    record.write_text(json.dumps(said | {"variants": [said["variants"][0] | {"key": "../../etc/passwd"}]}))
    assert "not beside the file" in sentence(verify(pdf, roots))
    record.write_text(json.dumps(said))
    noted = pdf.with_name("variants") / next(v["sha256"] for v in said["variants"] if v["role"] == "note_on")
    noted.chmod(0o600)
    noted.write_bytes(noted.read_bytes() + b"0")
    assert "other bytes" in sentence(verify(pdf, roots))
    noted.unlink()
    assert "not beside the file" in sentence(verify(pdf, roots))


def test_a_conversion_is_ok_when_its_record_says_so(out: Path, roots: Roots, tmp_path: Path) -> None:
    """An unsigned copy needs the record; without it nothing speaks for the file."""
    path = copy_of(out, "converted", tmp_path)
    found = verify(path, roots)
    assert (found.ok, found.signature.form, found.signature.present) == (True, "conversion", False)
    (tmp_path / "record.json").unlink()
    assert "not signed" in sentence(verify(path, roots))


@given(share=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_bit_is_found(out: Path, roots: Roots, tmp_path: Path, share: float, bit: int) -> None:
    """With its record, no bit of the file can change; without it, none that the signature covers."""
    path = copy_of(out, "signed", tmp_path)
    data = bytearray(path.read_bytes())
    at = int(share * len(data))
    data[at] ^= 1 << bit
    path.write_bytes(data)
    assert not verify(path, roots).ok
    (tmp_path / "record.json").unlink()
    contents = data.index(b"/Contents <")
    if not contents <= at <= data.index(b">", contents):
        assert not verify(path, roots).ok


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_found(out: Path, roots: Roots, tmp_path: Path, share: float) -> None:
    """A cut file is never ok, and never an exception."""
    path = copy_of(out, "signed", tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    (tmp_path / "record.json").unlink()
    assert not verify(path, roots).ok


def test_the_unsigned_part_alone_is_found(out: Path, roots: Roots, tmp_path: Path) -> None:
    """Cutting the signature off does not make an uncertified copy of a certified one."""
    path = copy_of(out, "signed", tmp_path)
    path.write_bytes(first_revision(path.read_bytes()))
    assert "the file carries no signature" in sentence(verify(path, roots))


def test_another_record_is_found(out: Path, roots: Roots, tmp_path: Path) -> None:
    """A genuine file beside somebody else's record."""
    path = copy_of(out, "signed", tmp_path)
    copy_of(out, "converted", tmp_path / "other")
    shutil.copyfile(tmp_path / "other" / "record.json", tmp_path / "record.json")
    assert "not the one that its record describes" in sentence(verify(path, roots))


@pytest.mark.parametrize("junk", [b"", b"{}", b'{"schema": 99}', b'{"schema": 1, "copy": []}', b"\xff\xfe"])
def test_a_damaged_record_is_found(out: Path, roots: Roots, tmp_path: Path, junk: bytes) -> None:
    """A record that cannot be read does not count as no record."""
    path = copy_of(out, "signed", tmp_path)
    (tmp_path / "record.json").write_bytes(junk)
    assert "record.json" in sentence(verify(path, roots))


def test_pages_are_compared_with_the_record(out: Path, roots: Roots, signer: TestCaSigner, tmp_path: Path) -> None:
    """A signed copy with other scans beside a record whose file hash was made to fit."""
    path = copy_of(out, "signed", tmp_path)
    forged = signer.sign(small_pdfa([scan(1), scan(8)]), LINES, AT)
    path.write_bytes(forged)
    rewrite(tmp_path / "record.json", forged)
    found = verify(path, roots)
    assert (found.pages.checked, found.pages.ok) == (2, False)
    assert "pages are not those of the record: 2" in sentence(found)


def test_an_unknown_signer_is_not_trusted(out: Path, roots: Roots, tmp_path: Path) -> None:
    """Anybody can sign; the chain must end at a root that the verifier holds."""
    path = copy_of(out, "signed", tmp_path)
    (tmp_path / "record.json").unlink()
    path.write_bytes(embedded_signer(tmp_path / "mine").sign(small_pdfa([scan(1)]), LINES, AT))
    found = verify(path, roots)
    assert (found.signature.intact, found.signature.trusted) == (True, False)
    assert "trusted root" in sentence(found)
    named = load_roots([tmp_path / "mine" / ROOT], [])
    assert (verify(path, named).ok, verify(path, named).signature.test) == (True, False)


def test_an_addition_after_the_signature_is_found(out: Path, roots: Roots, tmp_path: Path) -> None:
    """A further revision with harmless-looking content."""
    path = copy_of(out, "signed", tmp_path)
    (tmp_path / "record.json").unlink()
    buffer = BytesIO(path.read_bytes())
    writer = IncrementalPdfFileWriter(buffer)
    writer.add_stream_to_page(0, writer.add_object(generic.StreamObject(stream_data=b"0 0 50 50 re f")))
    writer.write_in_place()
    path.write_bytes(buffer.getvalue())
    found = verify(path, roots)
    assert found.signature.covers_whole_document is False
    assert "added to the file after it was signed" in sentence(found)


def redraw(pdf: IncrementalPdfFileWriter) -> None:
    """Other content on page 1."""
    pdf.add_stream_to_page(0, pdf.add_object(generic.StreamObject(stream_data=b"0 0 50 50 re f")))


def script(pdf: IncrementalPdfFileWriter) -> None:
    """A script that runs when the file opens."""
    action = generic.DictionaryObject({generic.pdf_name("/S"): generic.pdf_name("/JavaScript")})
    pdf.root[generic.pdf_name("/OpenAction")] = pdf.add_object(action)
    pdf.update_root()


def note(pdf: IncrementalPdfFileWriter) -> None:
    """An annotation over page 1."""
    page_ref = pdf.find_page_for_modification(0)[0]
    box = generic.ArrayObject(generic.NumberObject(v) for v in (0, 0, 9, 9))
    square = {"/Type": generic.pdf_name("/Annot"), "/Subtype": generic.pdf_name("/Square"), "/Rect": box}
    annotation = generic.DictionaryObject({generic.pdf_name(k): v for k, v in square.items()})
    page_ref.get_object()[generic.pdf_name("/Annots")] = generic.ArrayObject([annotation])
    pdf.mark_update(page_ref)


def attach(pdf: IncrementalPdfFileWriter) -> None:
    """An object that nothing refers to."""
    pdf.add_object(generic.StreamObject(stream_data=b"hidden"))


@pytest.mark.parametrize("change", [redraw, script, note, attach])
@pytest.mark.parametrize("object_streams", [True, False])
def test_what_was_slipped_in_before_signing_is_found(
    change: Callable[[IncrementalPdfFileWriter], None],
    object_streams: bool,
    roots: Roots,
    signer: TestCaSigner,
    tmp_path: Path,
) -> None:
    """A valid signature over a PDF/A that was changed by an increment between the gate and the signature."""
    buffer = BytesIO(small_pdfa([scan(1)], object_streams=object_streams))
    writer = IncrementalPdfFileWriter(buffer)
    change(writer)
    writer.write_in_place()
    path = tmp_path / "copy.pdf"
    path.write_bytes(signer.sign(buffer.getvalue(), LINES, AT))
    found = verify(path, roots)
    assert found.signature.valid
    assert found.pdfa.ok is False
    assert "More than a signature" in sentence(found)


def test_a_paper_that_is_no_pdfa_is_found(roots: Roots, signer: TestCaSigner, tmp_path: Path) -> None:
    """The gate looks at the bytes that were signed upon."""
    plain = BytesIO()
    with pikepdf.open(BytesIO(small_pdfa([scan(1)]))) as pdf:
        del pdf.Root.OutputIntents
        pdf.save(plain)
    path = tmp_path / "copy.pdf"
    path.write_bytes(signer.sign(plain.getvalue(), LINES, AT))
    assert "no PDF/A-2b" in sentence(verify(path, roots))


@pytest.mark.parametrize("object_streams", [True, False])
def test_the_first_revision_is_cut_exactly(signer: TestCaSigner, object_streams: bool) -> None:
    """With cross-reference tables and streams, and for several signatures in a row."""
    paper = small_pdfa([scan(1)], object_streams=object_streams)
    assert first_revision(paper) == paper
    signed = signer.sign(paper, LINES, AT)
    assert first_revision(signed) == paper
    assert strangers(paper, signed) == []


def test_an_end_marker_inside_a_scan_does_not_confuse(signer: TestCaSigner) -> None:
    """A JPEG comment may spell out the end of a PDF."""
    fake = b"startxref\n9\n%%EOF\n"
    jpeg = scan(1)
    jpeg = jpeg[:2] + b"\xff\xfe" + (len(fake) + 2).to_bytes(2, "big") + fake + jpeg[2:]
    paper = small_pdfa([jpeg])
    assert first_revision(signer.sign(paper, LINES, AT)) == paper


def test_a_signature_elsewhere_is_not_ours(roots: Roots, tmp_path: Path, signer: TestCaSigner) -> None:
    """A citizen's own signature does not make a certified copy."""
    with pikepdf.open(BytesIO(signer.sign(small_pdfa([scan(1)]), LINES, AT))) as pdf:
        out = BytesIO()
        pdf.Root.AcroForm.Fields[0].T = pikepdf.String("Citizen")
        pdf.save(out)
    path = tmp_path / "copy.pdf"
    path.write_bytes(out.getvalue())
    assert "not in the field" in sentence(verify(path, roots))


def test_a_file_that_is_not_there_is_named(roots: Roots, tmp_path: Path) -> None:
    """No traceback for a mistyped name."""
    assert "cannot be read" in sentence(verify(tmp_path / "none.pdf", roots))


def test_the_command_finds_the_test_root_of_an_output_folder(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One JSON list on standard output, and the exit code of the worst file."""
    files = sorted(out.rglob("document.pdf"))
    assert run_command(files) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [a["ok"] for a in answer] == [True, True]
    assert run_command([*files, out / "none.pdf"]) == 1
    assert [a["ok"] for a in json.loads(capsys.readouterr().out)] == [True, True, False]
    assert run_command(files, json_wanted=False) == 0
    assert "no legal value" in capsys.readouterr().out


def test_a_root_that_is_no_certificate_is_refused(tmp_path: Path) -> None:
    """A mistyped --root is the operator's error."""
    (tmp_path / "root.pem").write_bytes(b"hello")
    for name in ("root.pem", "none.pem"):
        with pytest.raises(OperatorError):
            load_roots([tmp_path / name], [])


def run_command(files: list[Path], *, json_wanted: bool = True) -> int:
    """``sohoa verify`` on the files, with settings that know nothing."""
    parser = argparse.ArgumentParser()
    command.configure(parser)
    return command.run(parser.parse_args([str(f) for f in files]), Settings(), Output(json=json_wanted))


def rewrite(record: Path, pdf: bytes) -> None:
    """Make a record's hashes fit another file, as a forger would."""
    content = json.loads(record.read_bytes())
    content["copy"]["sha256"] = hashlib.sha256(pdf).hexdigest()
    content["copy"]["unsigned_sha256"] = hashlib.sha256(first_revision(pdf)).hexdigest()
    record.write_text(json.dumps(content))


def sentence(found: Finding) -> str:
    """All problems as one text; there must be one."""
    assert not found.ok
    return " ".join(found.problems)


def test_an_overlay_hidden_in_the_form_is_found() -> None:
    """A widget that is no signature, drawn over page 1, is a stranger."""
    paper = small_pdfa([scan(1)])
    with pikepdf.open(BytesIO(paper)) as pdf:
        look = Stream(pdf, b"1 g 0 0 500 500 re f", Type=Name.XObject, Subtype=Name.Form, BBox=[0, 0, *A4_PT])
        button = Dictionary(
            Type=Name.Annot, Subtype=Name.Widget, FT=Name.Btn, Rect=[0, 0, *A4_PT], F=4, AP=Dictionary(N=look)
        )
        field = pdf.make_indirect(button)
        pdf.pages[0].obj.Annots = Array([field])
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]))
        out = BytesIO()
        pdf.save(out)
    assert any("annotations" in s for s in strangers(paper, out.getvalue()))
