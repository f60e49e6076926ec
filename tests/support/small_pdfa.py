"""A small PDF/A-2b of scanned pages: what assemble makes, with as little as a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import cv2
import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageCms

A4_PT = (595.276, 841.89)


def scan(number: int, size_pt: tuple[float, float] = A4_PT) -> bytes:
    """A JPEG at 72 dpi that shows its number."""
    pixels = np.full((round(size_pt[1]), round(size_pt[0]), 3), 240, np.uint8)
    cv2.putText(pixels, f"side {number}", (30, 100), cv2.FONT_HERSHEY_SIMPLEX, 1.0, (20, 20, 20), 2)
    return bytes(cv2.imencode(".jpg", pixels)[1].tobytes())


def small_pdfa(scans: Sequence[bytes], size_pt: tuple[float, float] = A4_PT, *, object_streams: bool = True) -> bytes:
    """One page per JPEG, its bytes unchanged."""
    out = BytesIO()
    with pikepdf.new() as pdf:
        for jpeg in scans:
            with Image.open(BytesIO(jpeg)) as picture:
                width, height = picture.size
            image = Stream(
                pdf,
                jpeg,
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=width,
                Height=height,
                ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
            drawing = Stream(pdf, b"q %g 0 0 %g 0 0 cm /Im0 Do Q" % size_pt)
            page = Dictionary(
                Type=Name.Page,
                MediaBox=[0, 0, *size_pt],
                Resources=Dictionary(XObject=Dictionary(Im0=image)),
                Contents=pdf.make_indirect(drawing),
            )
            pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
        profile = Stream(pdf, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), N=3)
        intent = Dictionary(
            Type=Name.OutputIntent,
            S=Name.GTS_PDFA1,
            OutputConditionIdentifier="sRGB",
            DestOutputProfile=pdf.make_indirect(profile),
        )
        pdf.Root.OutputIntents = Array([pdf.make_indirect(intent)])
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            metadata["pdfaid:part"] = "2"
            metadata["pdfaid:conformance"] = "B"
        mode = pikepdf.ObjectStreamMode.generate if object_streams else pikepdf.ObjectStreamMode.disable
        pdf.save(out, min_version="1.7", object_stream_mode=mode, deterministic_id=True)
    return out.getvalue()
