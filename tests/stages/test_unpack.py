"""unpack: every container, whole and broken, to sides that hold the scanner's own bytes."""

from __future__ import annotations

import hashlib
import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from benchmarks.corpus.broken import pictures
from models.errors import Rejected
from models.settings import IntakeSettings, QualitySettings, Settings
from stages.containers import jpeg, tiff
from stages.containers.picture import Picture, Resolution, effective_dpi
from tests.stages.scans import FULL, encoded, jpeg_bytes, opened, paper, pdf_bytes, refused

REAL = Path(__file__).resolve().parents[2] / "../shared/real-scans"


def test_a_jpeg_stays_byte_for_byte() -> None:
    """The side's blob is the received file, and the header's resolution is taken."""
    data = jpeg_bytes(dpi=(240, 240))
    (side,), blobs = opened([("a.jpg", data)])
    assert blobs.get(side.sha256) == data
    assert side.sha256 == hashlib.sha256(data).hexdigest()
    assert (side.media, side.recoded, side.dpi, side.dpi_source) == ("image/jpeg", False, 240, "declared")


def test_progressive_and_grey_jpegs_stay_too() -> None:
    """PDF holds both as they are."""
    grey = encoded(paper(mode="L"), "JPEG")
    sides, blobs = opened([("p.jpg", jpeg_bytes(progressive=True)), ("g.jpg", grey)])
    assert [side.recoded for side in sides] == [False, False]
    assert sides[1].channels == 1
    assert blobs.get(sides[1].sha256) == grey


def test_a_cmyk_jpeg_is_recoded_and_its_original_kept() -> None:
    """CMYK cannot go under an RGB output intent: PNG, with the received file named beside it."""
    data = encoded(paper().convert("CMYK"), "JPEG", quality=95)
    (side,), blobs = opened([("c.jpg", data)])
    assert (side.media, side.recoded, side.original_sha256) == ("image/png", True, hashlib.sha256(data).hexdigest())
    with Image.open(io.BytesIO(blobs.get(side.sha256))) as image:
        assert image.mode == "RGB"
        assert np.abs(np.asarray(image, int) - np.asarray(paper(), int)).mean() < 12


def test_an_rgb_jpeg_without_transform_is_recoded() -> None:
    """An Adobe marker that says RGB would be read differently by different viewers."""
    data = encoded(paper(), "JPEG", keep_rgb=True)
    (side,), _ = opened([("rgb.jpg", data)])
    assert side.recoded


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0.02, 0.999))
def test_a_jpeg_cut_anywhere_is_refused(share: float) -> None:
    """Wherever the file ends early, it is the counter's to scan again."""
    data = jpeg_bytes()
    cut = data[: max(int(len(data) * share), 4)]
    if not cut.endswith(b"\xff\xd9"):
        assert refused([("cut.jpg", cut)]).code == "truncated"


def test_a_zero_filled_tail_is_refused() -> None:
    """A file of full length whose second half never arrived."""
    data = jpeg_bytes()
    half = len(data) // 2
    assert refused([("z.jpg", data[:half] + bytes(len(data) - half))]).code == "truncated"


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_damage_escapes_the_error_tree(draw: st.DataObject) -> None:
    """Whatever bytes are flipped, unpack accepts or rejects; it never breaks."""
    whole = {
        "jpeg": jpeg_bytes(),
        "png": encoded(paper(), "PNG"),
        "tiff": encoded(paper(), "TIFF", compression="tiff_lzw"),
        "pdf": pdf_bytes(FULL, {"Im": jpeg_bytes()}),
    }
    data = bytearray(whole[draw.draw(st.sampled_from(sorted(whole)))])
    for _ in range(draw.draw(st.integers(1, 6))):
        data[draw.draw(st.integers(3, len(data) - 1))] = draw.draw(st.integers(0, 255))
    try:
        opened([("x", bytes(data))])
    except Rejected as error:
        assert error.findings  # noqa: PT017


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_becomes_turn_and_mirror(orientation: int) -> None:
    """Flipping left to right, then turning clockwise, gives what EXIF viewers show."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = paper()
    (side,), _ = opened([("e.jpg", encoded(stored, "JPEG", exif=exif))])
    image = stored.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if side.mirrored else stored
    ours = image.rotate(-side.turn_deg, expand=True)
    shown = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }[orientation]
    theirs = stored if shown is None else stored.transpose(shown)
    assert ours.tobytes() == theirs.tobytes()


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["L", "RGB"]), st.integers(1, 60), st.integers(1, 60), st.randoms(use_true_random=False))
def test_a_plain_png_stays_byte_for_byte(mode: str, width: int, height: int, random: Any) -> None:
    """8-bit grey and RGB PNGs are kept whatever their size."""
    pixels = random.randbytes(width * height * (3 if mode == "RGB" else 1))
    data = encoded(Image.frombytes(mode, (width, height), pixels), "PNG")
    (side,), blobs = opened([("p.png", data)])
    assert not side.recoded
    assert blobs.get(side.sha256) == data


@pytest.mark.parametrize("mode", ["1", "P", "RGBA", "LA", "I;16"])
def test_other_pngs_are_recoded_without_loss(mode: str) -> None:
    """Palette, 1-bit, 16-bit and transparent samples become 8-bit grey or RGB of the same look."""
    source = (
        Image.fromarray(np.asarray(paper(mode="L")).astype(np.uint16) * 257)
        if mode == "I;16"
        else paper().convert(mode)
    )
    (side,), blobs = opened([("p.png", encoded(source, "PNG"))])
    assert side.recoded
    with Image.open(io.BytesIO(blobs.get(side.sha256))) as image:
        assert image.mode in ("L", "RGB")
        expected = paper(mode="L") if mode == "I;16" else source.convert("RGB")
        assert image.convert(expected.mode).tobytes() == expected.tobytes()


def test_a_png_without_its_end_is_refused() -> None:
    """A cut PNG, and one whose scan lines are fewer than its header says."""
    data = encoded(paper(), "PNG")
    assert refused([("c.png", data[:-30])]).code == "truncated"
    shorter = bytearray(encoded(paper((330, 400)), "PNG"))
    shorter[20:24] = (468).to_bytes(4)
    shorter[29:33] = zlib.crc32(shorter[12:29]).to_bytes(4)
    assert refused([("s.png", bytes(shorter))]).code == "truncated"


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "group4", "jpeg"])
def test_every_page_of_a_tiff_is_a_side(compression: str | None) -> None:
    """Pages come in order, without loss, with the file's resolution."""
    mode = "1" if compression == "group4" else "RGB"
    pages = [paper(mode=mode), paper((300, 468)).convert(mode), paper((250, 468)).convert(mode)]
    data = encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:], compression=compression, dpi=(300, 300))
    sides, blobs = opened([("t.tif", data)], sequences=[7])
    assert [(s.width_px, s.source_page, s.sequence, s.dpi) for s in sides] == [
        (330, 1, 7, 300),
        (300, 2, 8, 300),
        (250, 3, 9, 300),
    ]
    if compression != "jpeg":
        with Image.open(io.BytesIO(blobs.get(sides[1].sha256))) as image:
            assert image.convert("RGB").tobytes() == pages[1].convert("RGB").tobytes()


def test_a_cut_tiff_names_its_bad_page() -> None:
    """The pages before it are fine, but the document cannot go on."""
    data = encoded(paper(), "TIFF", save_all=True, append_images=[paper()])
    error = refused([("t.tif", data[: len(data) // 2])])
    assert error.code in ("truncated", "damaged_image")
    assert "t.tif" in error.message


@pytest.mark.parametrize(
    ("size", "declared", "expected"),
    [
        ((2480, 3508), (300, 300), (300, "declared")),
        ((2480, 3508), (72, 72), (300, "paper")),
        ((1654, 2339), (72, 72), (200, "paper")),
        ((1654, 2339), (96, 96), (200, "paper")),
        ((1654, 2339), (600, 600), (200, "paper")),
        ((3508, 2480), None, (300, "paper")),
        ((1011, 638), (300, 300), (300, "declared")),
        ((1000, 300), (150, 150), (150, "declared")),
        ((1000, 300), None, (300, "assumed")),
        ((1240, 1748), (300, 300), (300, "declared")),
    ],
)
def test_a_declared_resolution_wins_unless_paper_contradicts(
    size: tuple[int, int], declared: tuple[int, int] | None, expected: tuple[int, str]
) -> None:
    """A4 pixels at 72 dpi would be a poster: the scanner did not mean it."""
    resolution = None if declared is None else Resolution(*declared)
    assert effective_dpi(Picture(b"", "image/jpeg", *size, 3, resolution)) == expected


def test_a_bomb_is_refused_by_its_header() -> None:
    """40,000 × 40,000 pixels in a few hundred bytes are never decoded."""
    header = bytearray(encoded(paper((8, 8)), "PNG"))
    header[16:24] = (40_000).to_bytes(4) * 2
    header[29:33] = zlib.crc32(header[12:29]).to_bytes(4)
    data = bytearray(jpeg_bytes())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = (40_000).to_bytes(2) * 2
    error = refused([("bomb.png", bytes(header)), ("bomb.jpg", bytes(data))])
    assert [finding.code for finding in error.findings] == ["too_many_pixels"] * 2
    assert "bomb.png" in error.message
    assert "bomb.jpg" in error.message


def test_a_scan_over_pillows_own_limit_is_accepted() -> None:
    """An A0 drawing at 300 dpi is legal; only our limit counts (a warning would fail this test)."""
    big = encoded(Image.new("L", (9000, 10_500), 255), "PNG", compress_level=1)
    (side,), _ = opened([("a0.png", big)])
    assert side.width_px == 9000


def test_all_bad_files_are_named_at_once() -> None:
    """One error, a finding a file with its side number, sentences that name the files."""
    small = Settings(quality=QualitySettings(max_pixels=10_000))
    files = [
        ("rong.jpg", b""),
        ("la.jpg", b"MZ\x90\x00 not an image"),
        ("tot.jpg", jpeg_bytes()),
        ("cut.jpg", jpeg_bytes()[:900]),
    ]
    error = refused(files)
    assert [(f.code, f.page) for f in error.findings] == [("empty_file", 1), ("foreign_file", 2), ("truncated", 4)]
    assert all(name in error.message for name in ("rong.jpg", "la.jpg", "cut.jpg"))
    assert refused([("to.jpg", jpeg_bytes())], settings=small).code == "too_many_pixels"


def test_a_file_over_the_limit_is_not_even_read() -> None:
    """The size that intake saw is enough."""
    limits = Settings(intake=IntakeSettings(max_file_mb=1))
    assert refused([("big.jpg", bytes(2_000_000))], settings=limits).code == "file_too_large"


def test_sides_follow_the_scanners_numbers() -> None:
    """Files arrive in any order; notes keep the page that they belong to."""
    files = [("c.jpg", jpeg_bytes(quality=70)), ("a.jpg", jpeg_bytes(quality=80)), ("b.jpg", jpeg_bytes(quality=90))]
    sides, _ = opened(files, sequences=[3, 1, 2], notes={"c.jpg": 2})
    assert [(s.number, s.source, s.sequence, s.note_of) for s in sides] == [
        (1, "a.jpg", 1, None),
        (2, "b.jpg", 2, None),
        (3, "c.jpg", 3, 2),
    ]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real scans are not here")
def test_real_scans_stay_as_their_offices_made_them() -> None:
    """Nine real pages, among them landscape and grey ones."""
    files = [(path.name, path.read_bytes()) for path in sorted(REAL.glob("*.jpg"))]
    sides, blobs = opened(files)
    assert [blobs.get(side.sha256) for side in sides] == [data for _, data in files]
    assert {side.dpi for side in sides} == {200}
    assert all(jpeg.read_header(data).kept for _, data in files)


def test_pages_are_counted_before_and_beyond_the_files() -> None:
    """A TIFF says how many it has before the first is decoded; files that each keep the limit exceed it together."""
    with pytest.raises(Rejected) as caught:
        next(tiff.pictures(pictures.tiff(25_000), 10**8))
    assert caught.value.code == "too_many_pages"
    assert refused([(f"{n}.jpg", b"?") for n in range(20_001)]).code == "too_many_pages"
