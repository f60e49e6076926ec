"""Small scans and PDFs made on the spot, and unpack run on them."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageDraw

from models.errors import Rejected
from models.side import Side, SideIndex
from stages import unpack
from tests.stages import desk


def paper(size: tuple[int, int] = (330, 468), mode: str = "RGB") -> Image.Image:
    """A page with a few marks, unlike itself in any other orientation."""
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    draw.text((20, 20), "SAO Y", fill="black")
    draw.ellipse((200, 30, 300, 120), outline="red", width=4)
    draw.line((10, 400, 250, 440), fill="blue", width=3)
    return image.convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg_bytes(**options: Any) -> bytes:
    return encoded(paper(), "JPEG", **({"quality": 90, "dpi": (200, 200)} | options))


def opened(files: list[tuple[str, bytes]], **options: Any) -> tuple[tuple[Side, ...], desk.Blobs]:
    """The sides that unpack finds in these files."""
    blobs = desk.Blobs()
    at = desk.ports(blobs, options.pop("settings", None))
    fact = unpack.run(desk.inputs(desk.document(blobs, files, **options)), at)
    sides = SideIndex.model_validate_json(blobs.get(fact.index)).sides
    assert fact.sides == len(sides)
    return sides, blobs


def refused(files: list[tuple[str, bytes]], **options: Any) -> Rejected:
    with pytest.raises(Rejected) as error:
        opened(files, **options)
    return error.value


def pdf_bytes(content: bytes, images: dict[str, bytes], *, rotate: int = 0, extra: Any = None) -> bytes:
    """A one-page PDF; ``images``: JPEG bytes by resource name. ``extra(pdf, page)`` spoils it."""
    with pikepdf.new() as out:
        page = out.add_blank_page(page_size=(118.8, 168.48))
        page.Contents = out.make_stream(content)
        resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary())
        for name, data in images.items():
            with Image.open(io.BytesIO(data)) as image:
                resources.XObject[f"/{name}"] = pikepdf.Stream(
                    out,
                    data,
                    Type=pikepdf.Name.XObject,
                    Subtype=pikepdf.Name.Image,
                    Width=image.width,
                    Height=image.height,
                    ColorSpace=pikepdf.Name.DeviceGray if image.mode == "L" else pikepdf.Name.DeviceRGB,
                    BitsPerComponent=8,
                    Filter=pikepdf.Name.DCTDecode,
                )
        page.obj.Resources = resources
        if rotate:
            page.obj.Rotate = rotate
        if extra is not None:
            extra(out, page)
        stream = io.BytesIO()
        out.save(stream)
        return stream.getvalue()


FULL = b"q 118.8 0 0 168.48 0 0 cm /Im Do Q"
