"""unpack: PDFs of scanned pages give up their images, and nothing else gets in."""

from __future__ import annotations

import io
import shutil
import subprocess
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, TiffImagePlugin

from benchmarks.corpus.broken import documents
from stages.containers import pdf, pdf_image, pdf_page
from tests.stages.scans import FULL, encoded, jpeg_bytes, opened, paper, pdf_bytes, refused


def test_the_jpeg_of_a_pdf_comes_out_unchanged() -> None:
    """The DCT stream is the side's blob; resolution from the matrix: 330 px on 118.8 pt is 200 dpi."""
    data = jpeg_bytes(dpi=(72, 72))
    (side,), blobs = opened([("s.pdf", pdf_bytes(FULL, {"Im": data}))])
    assert blobs.get(side.sha256) == data
    assert (side.dpi, side.dpi_source, side.turn_deg, side.mirrored) == (200, "pdf", 0, False)


def test_the_scanners_hidden_text_is_ignored() -> None:
    """Text in render mode 3 over the image, or any text that the image covers, is an OCR layer."""
    over = FULL + b" BT 3 Tr /F 10 Tf (an) Tj ET"
    under = b"BT /F 10 Tf (duoi) Tj ET " + FULL
    for content in (over, under):
        (side,), _ = opened([("o.pdf", pdf_bytes(content, {"Im": jpeg_bytes()}))])
        assert side.number == 1


@pytest.mark.parametrize(
    "content",
    [FULL + b" BT /F 10 Tf (chu) Tj ET", FULL + b" 10 10 50 50 re f", b"0 0 m 50 50 l S", b"BT /F 9 Tf (A) Tj ET"],
)
def test_visible_text_or_drawing_is_born_digital(content: bytes) -> None:
    """What is not the scan would be lost by taking only the image."""
    assert refused([("b.pdf", pdf_bytes(content, {"Im": jpeg_bytes()}))]).code == "born_digital"


def test_a_form_inside_a_form_is_followed() -> None:
    """The matrices of nested forms multiply."""

    def nest(out: pikepdf.Pdf, page: pikepdf.Page) -> None:
        inner = page.obj.Resources
        form = out.make_stream(b"q 2 0 0 2 0 0 cm /Im Do Q")
        form.Type, form.Subtype = pikepdf.Name.XObject, pikepdf.Name.Form
        form.BBox, form.Resources = pikepdf.Array([0, 0, 10, 10]), inner
        form.Matrix = pikepdf.Array([59.4, 0, 0, 84.24, 0, 0])
        page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fm=form))

    (side,), _ = opened([("f.pdf", pdf_bytes(b"/Fm Do", {"Im": jpeg_bytes()}, extra=nest))])
    assert side.dpi == 200


def test_signed_encrypted_and_broken_pdfs_have_codes() -> None:
    """Nothing signed is ever rewritten, and a repaired file may have lost pages."""

    def sign(out: pikepdf.Pdf, _page: pikepdf.Page) -> None:
        field = pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Signature1")
        out.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([out.make_indirect(field)]), SigFlags=3)

    good = pdf_bytes(FULL, {"Im": jpeg_bytes()})
    assert refused([("s.pdf", pdf_bytes(FULL, {"Im": jpeg_bytes()}, extra=sign))]).code == "signed_pdf"
    assert refused([("r.pdf", good + b"% /ByteRange [0 1 2 3]\n")]).code in ("signed_pdf", "damaged_pdf")
    for password in ("", "secret"):
        out = io.BytesIO()
        with pikepdf.open(io.BytesIO(good)) as opened_pdf:
            opened_pdf.save(out, encryption=pikepdf.Encryption(owner="o", user=password))
        assert refused([("e.pdf", out.getvalue())]).code == "encrypted_pdf"
    assert refused([("d.pdf", good[: len(good) * 2 // 3])]).code == "damaged_pdf"


def test_a_stretched_image_in_a_pdf_is_refused() -> None:
    """Both axes must have one resolution, within 2 %."""
    content = b"q 118.8 0 0 160 0 0 cm /Im Do Q"
    assert refused([("u.pdf", pdf_bytes(content, {"Im": jpeg_bytes()}))]).code == "uneven_dpi"


def test_strips_of_one_page_are_joined() -> None:
    """A page that the scanner cut into bands is one picture again, pixel for pixel."""
    whole = paper()
    top, bottom = (encoded(whole.crop(box), "JPEG", quality=95) for box in ((0, 0, 330, 200), (0, 200, 330, 468)))
    content = b"q 118.8 0 0 72 0 96.48 cm /A Do Q q 118.8 0 0 96.48 0 0 cm /B Do Q"
    (side,), blobs = opened([("strips.pdf", pdf_bytes(content, {"A": top, "B": bottom}))])
    assert (side.width_px, side.height_px, side.dpi, side.recoded) == (330, 468, 200, True)
    with Image.open(io.BytesIO(blobs.get(side.sha256))) as image:
        assert np.abs(np.asarray(image, int) - np.asarray(whole, int)).mean() < 4


def test_two_pictures_on_one_page_are_refused() -> None:
    """Which of them would be the side?"""
    content = b"q 50 0 0 70 0 0 cm /A Do Q q 50 0 0 70 60 90 cm /B Do Q"
    assert refused([("two.pdf", pdf_bytes(content, {"A": jpeg_bytes(), "B": jpeg_bytes()}))]).code == "several_images"


def test_a_masked_layer_is_refused() -> None:
    """MRC pictures have transparent layers; a layer is not the scan."""

    def mask(out: pikepdf.Pdf, page: pikepdf.Page) -> None:
        page.obj.Resources.XObject.Im.SMask = out.make_stream(b"\xff")

    assert refused([("mrc.pdf", pdf_bytes(FULL, {"Im": jpeg_bytes()}, extra=mask))]).code == "layered_pdf"


def test_a_flate_image_of_a_pdf_becomes_a_png() -> None:
    """Its samples are kept, even where the Decode array turns them to their negative."""

    def flate(out: pikepdf.Pdf, page: pikepdf.Page) -> None:
        image = out.make_stream(paper(mode="L").tobytes())
        image.Type, image.Subtype = pikepdf.Name.XObject, pikepdf.Name.Image
        image.Width, image.Height, image.BitsPerComponent = 330, 468, 8
        image.ColorSpace, image.Decode = pikepdf.Name.DeviceGray, pikepdf.Array([1, 0])
        page.obj.Resources.XObject.Im = image

    (side,), blobs = opened([("flate.pdf", pdf_bytes(FULL, {}, extra=flate))])
    with Image.open(io.BytesIO(blobs.get(side.sha256))) as image:
        assert np.array_equal(255 - np.asarray(image), np.asarray(paper(mode="L")))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from([0, 90, 180, 270]), st.booleans(), st.sampled_from([0, 90, 180, 270]), st.floats(-4, 4))
def test_matrix_and_rotate_give_the_pose(turn: int, mirrored: bool, rotate: int, lean: float) -> None:
    """Built from a pose, the matrix gives it back; a small lean changes nothing."""
    cos, sin = (float(f(np.radians(turn + lean))) for f in (np.cos, np.sin))
    base = (330.0 * cos, -330.0 * sin, 468.0 * sin, 468.0 * cos, 5.0, 7.0)
    flip = (-1.0, 0.0, 0.0, 1.0, 1.0, 0.0)
    matrix = pdf_page.multiply(flip, base) if mirrored else base
    assert pdf_image.pose_of(matrix, rotate) == ((turn + rotate) % 360, mirrored)


def test_rotate_turns_the_page() -> None:
    """/Rotate is what viewers do, so it is the side's turn."""
    (side,), _ = opened([("r.pdf", pdf_bytes(FULL, {"Im": jpeg_bytes()}, rotate=90))])
    assert side.turn_deg == 90


def test_twenty_thousand_pages_are_enough() -> None:
    """A PDF with more pages than a dossier can have is refused before any of them is read."""
    with pikepdf.new() as out:
        kid = out.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Page, MediaBox=[0, 0, 9, 9]))
        tree = out.Root.Pages
        kid.Parent = tree
        tree.Kids = pikepdf.Array([kid for _ in range(3)])
        tree.Count = 3
        stream = io.BytesIO()
        out.save(stream)
    assert refused([("copies.pdf", stream.getvalue())]).code in ("no_page_image", "damaged_pdf")
    assert pdf.MAX_PAGES == 20_000


def fax(black_is_one: bool) -> dict[str, Any]:
    """A G4 fax as PDFs hold it; the same strip, either way round."""
    file = encoded(paper(mode="1"), "TIFF", compression="group4")
    with Image.open(io.BytesIO(file)) as image:
        assert isinstance(image, TiffImagePlugin.TiffImageFile)
        offsets, lengths = image.tag_v2[273], image.tag_v2[279]
    parms = pikepdf.Dictionary(K=-1, Columns=330, Rows=468, BlackIs1=black_is_one)
    data = b"".join(file[at : at + size] for at, size in zip(offsets, lengths, strict=True))
    return {"data": data, "Filter": pikepdf.Name.CCITTFaxDecode, "DecodeParms": parms, "BitsPerComponent": 1}


def palette() -> dict[str, Any]:
    few = paper().quantize(16)
    lookup = pikepdf.String(bytes((few.getpalette() or [])[:48]))
    space = pikepdf.Array([pikepdf.Name.Indexed, pikepdf.Name.DeviceRGB, 15, lookup])
    return {"data": few.tobytes(), "ColorSpace": space, "BitsPerComponent": 8}


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="poppler-utils is not installed")
@pytest.mark.parametrize(
    "image",
    [
        fax(black_is_one=False) | {"ColorSpace": pikepdf.Name.DeviceGray},
        fax(black_is_one=True) | {"ColorSpace": pikepdf.Name.DeviceGray},
        fax(black_is_one=True) | {"ImageMask": True},
        fax(black_is_one=False) | {"ImageMask": True, "Decode": pikepdf.Array([1, 0])},
        {"data": paper(mode="1").tobytes(), "ColorSpace": pikepdf.Name.DeviceGray, "BitsPerComponent": 1},
        palette(),
    ],
    ids=["fax", "fax, black is 1", "stencil", "stencil, negative", "1 bit", "palette"],
)
def test_what_poppler_shows_is_what_is_taken_out(image: dict[str, Any], tmp_path: Path) -> None:
    """Every lossless coding of scanners, black and white the right way round."""

    def put(out: pikepdf.Pdf, page: pikepdf.Page) -> None:
        entries: dict[str, Any] = {
            "Type": pikepdf.Name.XObject,
            "Subtype": pikepdf.Name.Image,
            "Width": 330,
            "Height": 468,
        }
        page.obj.Resources.XObject.Im = pikepdf.Stream(out, **(entries | image))

    data = pdf_bytes(FULL, {}, extra=put)
    (tmp_path / "scan.pdf").write_bytes(data)
    command = ["pdftoppm", "-r", "200", "-png", "-singlefile", str(tmp_path / "scan.pdf"), str(tmp_path / "scan")]
    subprocess.run(command, check=True)
    (side,), blobs = opened([("scan.pdf", data)])
    with Image.open(io.BytesIO(blobs.get(side.sha256))) as ours, Image.open(tmp_path / "scan.png") as theirs:
        difference = np.abs(np.asarray(ours.convert("L"), int) - np.asarray(theirs.convert("L"), int))
    assert difference.mean() < 3


def test_a_signature_is_found_however_deep_and_rings_of_fields_end() -> None:
    """Nothing signed is ever rewritten; fields that are their own children are looked at once."""

    def fields(signed: bool) -> bytes:
        out = pikepdf.open(io.BytesIO(pdf_bytes(FULL, {"Im": jpeg_bytes()})))
        field = out.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name("/Sig" if signed else "/Tx")))
        field.Kids = pikepdf.Array([field] * 9)
        for _ in range(60):
            field = out.make_indirect(pikepdf.Dictionary(Kids=pikepdf.Array([field] * 9)))
        out.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        made = io.BytesIO()
        out.save(made)
        return made.getvalue()

    assert refused([("s.pdf", fields(signed=True))]).code == "signed_pdf"
    assert len(opened([("s.pdf", fields(signed=False))])[0]) == 1


BOMBS = ("forms-billion", "image-flate", "image-run-length", "content-operators", "image-jpx")
CONTENT_BOMBS = ("content-flate-parts", "content-lzw", "content-lzw-parts", "content-lzw-packed")


@pytest.mark.parametrize("name", [*BOMBS, *CONTENT_BOMBS])
def test_a_kilobyte_does_not_become_a_gigabyte(name: str, tmp_path: Path) -> None:
    """Bombs are refused before they fill the memory, and qpdf's limits are afterwards what they were."""
    before = pikepdf.settings.get_qpdf_limits()
    case = next(case for case in documents.cases(1, 0) if case.name == f"pdf-{name}")
    case.write(tmp_path)
    assert refused([("1.pdf", (tmp_path / "1.pdf").read_bytes())]).code in case.ends
    assert pikepdf.settings.get_qpdf_limits() == before


def lzw(content: bytes, *before: pikepdf.Name) -> bytes:
    """A scan whose page content is packed by LZW, and then by other filters. Every code stands for one byte."""
    codes = [code for at in range(0, len(content), 200) for code in (256, *content[at : at + 200])]
    bits = "".join(f"{code:09b}" for code in [*codes, 257])
    packed = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8))
    for name in before:
        packed = zlib.compress(packed) if name == pikepdf.Name.FlateDecode else packed.hex().encode() + b">"
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_bytes(b"", {"Im": jpeg_bytes()}))) as out:
        filters = pikepdf.Array([*before, pikepdf.Name.LZWDecode])
        out.pages[0].obj.Contents = out.make_stream(packed, Filter=filters)
        out.save(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    return made.getvalue()


def test_content_packed_by_lzw_is_read_where_it_cannot_burst() -> None:
    """Old programs pack it so, also in letters. What could fill the memory is refused before it is unpacked."""
    for sound in (lzw(FULL), lzw(FULL, pikepdf.Name.ASCIIHexDecode), lzw(FULL + b" " * 3000)):
        assert len(opened([("l.pdf", sound)])[0]) == 1
    for doubtful in (lzw(FULL, pikepdf.Name.FlateDecode), lzw(FULL + b" " * 4500)):
        assert refused([("l.pdf", doubtful)]).code == "damaged_pdf"


def test_more_content_than_a_page_draws_is_not_parsed() -> None:
    """Bytes that no filter has packed pass by qpdf's limits."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf_bytes(FULL + b" q Q" * 2_000_001, {"Im": jpeg_bytes()}))) as out:
        out.save(made, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.generalized)
    assert len(made.getvalue()) > 8_000_000
    assert refused([("c.pdf", made.getvalue())]).code == "damaged_pdf"
