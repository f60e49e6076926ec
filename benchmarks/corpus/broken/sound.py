"""The sound files that are then broken: one small printed page in every container."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
import pikepdf
from numpy.typing import NDArray
from PIL import Image

WIDTH_PX, HEIGHT_PX, DPI = 620, 877, 75
"""A4, as small as a page can be read: what is tested is not the reading."""


@lru_cache
def page() -> NDArray[np.uint8]:
    """Lines of text on paper, RGB."""
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), (250, 249, 244), np.uint8)
    for line in range(24):
        text = f"{line + 1}. Uy ban nhan dan tinh An Lam so {line * 7919 % 1000}/QD-UBND"
        cv2.putText(image, text, (50, 90 + 30 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 60), 1, cv2.LINE_AA)
    return image


@lru_cache
def jpeg(mode: str = "RGB", *, progressive: bool = False, restart: int = 0) -> bytes:
    """``restart``: rows of blocks between restart markers, 0 for none."""
    out = io.BytesIO()
    options = {"restart_marker_rows": restart} if restart else {}
    picture().convert(mode).save(out, "JPEG", quality=75, dpi=(DPI, DPI), progressive=progressive, **options)
    return out.getvalue()


@lru_cache
def saved(kind: str, mode: str = "RGB", **options: str) -> bytes:
    """The page in any format that Pillow writes."""
    out = io.BytesIO()
    picture().convert(mode).save(out, kind, dpi=(DPI, DPI), **options)
    return out.getvalue()


def picture() -> Image.Image:
    """The page."""
    return Image.fromarray(page())


def image_stream(pdf: pikepdf.Pdf, data: bytes | None = None, **changes: object) -> pikepdf.Stream:
    """The page's JPEG as an image of a PDF; ``changes`` to its dictionary."""
    stream = pikepdf.Stream(pdf, jpeg() if data is None else data)
    described = {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, "Width": WIDTH_PX, "Height": HEIGHT_PX}
    described |= {"BitsPerComponent": 8, "ColorSpace": pikepdf.Name.DeviceRGB, "Filter": pikepdf.Name.DCTDecode}
    for key, value in (described | changes).items():
        if value is not None:
            stream[f"/{key}"] = value
    return stream


def add_page(
    pdf: pikepdf.Pdf, image: pikepdf.Object, content: bytes = b"q 595 0 0 842 0 0 cm /Im0 Do Q"
) -> pikepdf.Page:
    """A page of A4 that shows ``/Im0``."""
    page = pdf.add_blank_page(page_size=(595, 842))
    page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Im0=image))
    page.obj.Contents = pikepdf.Stream(pdf, content)
    return page


def pdf_bytes(pdf: pikepdf.Pdf, **options: object) -> bytes:
    """The file; the same bytes each time."""
    out = io.BytesIO()
    pdf.save(out, deterministic_id="encryption" not in options, **options)  # type: ignore[arg-type]
    return out.getvalue()


@lru_cache
def pdf(pages: int = 1) -> bytes:
    """A scanner's PDF; all its pages share one image."""
    made = pikepdf.new()
    image = made.make_indirect(image_stream(made))
    for _ in range(pages):
        add_page(made, image)
    return pdf_bytes(made)


def raw_pdf(objects: Sequence[bytes], trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A PDF written by hand: objects 1, 2, 3 … with a correct cross-reference table."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, table)
    return bytes(out)
