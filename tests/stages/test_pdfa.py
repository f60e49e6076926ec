"""pdfa: geometry and codecs of the copy's pages, as properties."""

from __future__ import annotations

import io
import math
import zlib
from random import Random
from typing import Literal

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from models.geometry import Affine, Box
from models.side import Side
from stages.containers import png
from stages.pdfa.copy import image_matrix
from stages.pdfa.image import png_scan_lines
from stages.pdfa.layer import Hull, printable
from stages.upright import upright

Turn = Literal[0, 90, 180, 270]


@settings(max_examples=200)
@given(st.floats(1, 3000), st.floats(5, 200), st.sampled_from([0, 90, 180, 270]), st.floats(-5, 5))
def test_a_hull_tells_the_rectangle_again(width: float, height: float, turn: int, lean: float) -> None:
    """The box around a turned rectangle says how large the rectangle was."""
    rectangle = Box(0.0, 0.0, width, height)
    hull = Affine.rotation(-(turn + lean), rectangle.centre, (500.0, 500.0)).hull(rectangle)
    found = Hull(turn + lean).rectangle(hull.width, hull.height)
    thin = min(width, height) < max(width, height) * abs(math.tan(math.radians(lean)))
    if not thin:
        assert found == pytest.approx((width, height), rel=1e-6, abs=1e-6)


@settings(max_examples=200)
@given(
    st.integers(10, 4000),
    st.integers(10, 4000),
    st.sampled_from([0, 90, 180, 270]),
    st.floats(-5, 5),
    st.booleans(),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_the_image_matrix_is_the_upright_map(
    width: int, height: int, turn: int, skew: float, mirrored: bool, u: float, v: float
) -> None:
    """Any point of the image lands on the page where the upright map puts its pixel."""
    there = upright(width, height, turn, skew, mirrored=mirrored)
    side = Side(
        number=1,
        sha256="0" * 64,
        media="image/jpeg",
        width_px=width,
        height_px=height,
        channels=3,
        dpi=300,
        dpi_source="declared",
        source="x",
    )
    k = 72 / 300
    a, b, c, d, e, f = image_matrix(side, there.affine, k, there.height_px)
    x, y = there.affine.point(u * width, (1 - v) * height)
    assert (a * u + c * v + e, b * u + d * v + f) == pytest.approx((x * k, (there.height_px - y) * k), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["L", "RGB"]),
    st.integers(1, 40),
    st.integers(1, 40),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_a_png_shows_the_same_pixels(mode: str, width: int, height: int, noisy: bool, random: Random) -> None:
    """Its scan lines go into the PDF as they are, and come out the same."""
    channels = 3 if mode == "RGB" else 1
    pixels = random.randbytes(width * height * channels) if noisy else bytes(width * height * channels)
    out = io.BytesIO()
    Image.frombytes(mode, (width, height), pixels).save(out, "PNG")
    with pikepdf.new() as pdf:
        stream = pikepdf.Stream(
            pdf,
            png_scan_lines(out.getvalue()),
            Filter=pikepdf.Name.FlateDecode,
            DecodeParms=pikepdf.Dictionary(Predictor=15, Colors=channels, BitsPerComponent=8, Columns=width),
        )
        assert stream.read_bytes() == pixels


def test_an_interlaced_png_is_written_anew() -> None:
    """PDF knows no interlacing; an interlaced picture of one pixel is stored like a plain one."""
    out = io.BytesIO()
    Image.new("RGB", (1, 1), (10, 200, 30)).save(out, "PNG")
    data = bytearray(out.getvalue())
    data[28] = 1
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4)
    assert png.read_header(bytes(data)).interlaced
    assert zlib.decompress(png_scan_lines(bytes(data))) in (b"\0\x0a\xc8\x1e", b"\1\x0a\xc8\x1e")


@given(st.text())
def test_only_printable_characters_are_mapped(text: str) -> None:
    """Control characters, surrogates and spaces have no place in a word."""
    kept = printable(text)
    assert all(char.isprintable() and not char.isspace() for char in kept)
    assert kept.encode("utf-16-be") is not None
