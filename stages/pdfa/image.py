"""The scan as a PDF image: its own bytes, never decoded on the way where that can be helped."""

from __future__ import annotations

import io

from PIL import PngImagePlugin

from models.side import Side
from stages.containers import png
from stages.containers.picture import load
from stages.pdfa.writer import PdfWriter, Ref

_COLOURS = {1: b"/DeviceGray", 3: b"/DeviceRGB"}


def write_image(pdf: PdfWriter, side: Side, data: bytes) -> Ref:
    """``data``: the side's blob. A JPEG goes in unchanged; a PNG gives its own deflated scan lines."""
    entries = b"/Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %s /BitsPerComponent 8" % (
        side.width_px,
        side.height_px,
        _COLOURS[side.channels],
    )
    if side.media == "image/jpeg":
        return pdf.stream(entries + b" /Filter /DCTDecode", data)
    parms = b"<< /Predictor 15 /Colors %d /BitsPerComponent 8 /Columns %d >>" % (side.channels, side.width_px)
    return pdf.stream(entries + b" /Filter /FlateDecode /DecodeParms " + parms, png_scan_lines(data))


def png_scan_lines(data: bytes) -> bytes:
    """The joined IDAT chunks: PNG and PDF share deflate and the row filters (predictor 15).

    An interlaced PNG is written anew first, since PDF knows no interlacing.
    """
    if png.read_header(data).interlaced:
        out = io.BytesIO()
        with PngImagePlugin.PngImageFile(io.BytesIO(data)) as image:
            load(image)
            image.info = {}
            image.save(out, "PNG")
        data = out.getvalue()
    return b"".join(body for kind, body in png.chunks(data) if kind == b"IDAT")
