"""Files that a counter may send: PNG, multi-page TIFF, PDF of scans; and the ones it should not send."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

import cv2
import pikepdf
from PIL import Image

from benchmarks.corpus.scan import Scan


def png(scan: Scan) -> bytes:
    """One scan, lossless, with its resolution."""
    out = io.BytesIO()
    _rgb(scan).save(out, "PNG", dpi=(scan.dpi, scan.dpi), compress_level=3)
    return out.getvalue()


def tiff(scans: Sequence[Scan]) -> bytes:
    """Scans as the pages of one TIFF, LZW-compressed."""
    out = io.BytesIO()
    first, *rest = [_rgb(scan) for scan in scans]
    dpi = (scans[0].dpi, scans[0].dpi)
    first.save(out, "TIFF", save_all=True, append_images=rest, compression="tiff_lzw", dpi=dpi)
    return out.getvalue()


def pdf(scans: Sequence[Scan], *, signed: bool = False) -> bytes:
    """A PDF whose pages are scanned JPEGs, as a scanner writes it. ``signed``: with a signature field."""
    document = pikepdf.new()
    for scan in scans:
        height, width = scan.pixels.shape[:2]
        image = pikepdf.Stream(document, scan.jpeg())
        image.update(
            {"/Type": pikepdf.Name.XObject, "/Subtype": pikepdf.Name.Image, "/Width": width, "/Height": height,
             "/BitsPerComponent": 8, "/ColorSpace": pikepdf.Name.DeviceRGB, "/Filter": pikepdf.Name.DCTDecode}
        )  # fmt: skip
        size = (width * 72 / scan.dpi, height * 72 / scan.dpi)
        page = document.add_blank_page(page_size=size)
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
        page.Contents = pikepdf.Stream(document, f"q {size[0]:.3f} 0 0 {size[1]:.3f} 0 0 cm /Im0 Do Q".encode())
    if signed:
        _add_signature(document)
    out = io.BytesIO()
    document.save(out, deterministic_id=True)
    return out.getvalue()


def _add_signature(document: pikepdf.Pdf) -> None:
    """A filled signature field. Its PKCS#7 bytes are empty: a signed file is refused before they matter."""
    value = pikepdf.Dictionary(
        Type=pikepdf.Name.Sig,
        Filter=pikepdf.Name("/Adobe.PPKLite"),
        SubFilter=pikepdf.Name("/ETSI.CAdES.detached"),
        ByteRange=pikepdf.Array([0, 1000, 9000, 1000]),
        Contents=pikepdf.String(b"\x30\x80" + bytes(1022)),
        M=pikepdf.String("D:20260301090000+07'00'"),
    )
    widget = pikepdf.Dictionary(
        Type=pikepdf.Name.Annot,
        Subtype=pikepdf.Name.Widget,
        FT=pikepdf.Name.Sig,
        T=pikepdf.String("Signature1"),
        Rect=pikepdf.Array([0, 0, 0, 0]),
        F=132,
        V=document.make_indirect(value),
        P=document.pages[0].obj,
    )
    field = document.make_indirect(widget)
    document.pages[0].obj.Annots = pikepdf.Array([field])
    document.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]), SigFlags=3)


def bomb(side_px: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes whose header claims a picture of ``side_px`` × ``side_px`` pixels."""
    header = struct.pack(">IIBBBBB", side_px, side_px, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(64_000), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _rgb(scan: Scan) -> Image.Image:
    return Image.fromarray(cv2.cvtColor(scan.pixels, cv2.COLOR_BGR2RGB))
