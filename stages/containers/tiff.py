"""TIFF: every page re-coded without loss to PNG."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from PIL import TiffImagePlugin

from models.errors import Rejected
from stages.containers.pdf import MAX_PAGES
from stages.containers.picture import Picture, check_pixels, load, pillow, recode, resolution_of
from stages.containers.refusal import refused

MAGICS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_NEW_SUBFILE_TYPE = 254
_ORIENTATION = 274
_QUARTER_TURNS = (5, 6, 7, 8)
_REDUCED = 1
"""Bit of NewSubfileType: a small version of another page."""


def pictures(data: bytes, max_pixels: int) -> Iterator[Picture | Rejected]:
    """One picture a page, in order; a page that cannot be taken is yielded as its error.

    Pillow turns the pixels as the orientation tag says. Raises ``Rejected("damaged_image")`` where
    the file has no readable page at all, and ``too_many_pages`` before any is decoded.
    """
    if _has_more_pages(data, MAX_PAGES):
        raise refused("too_many_pages", f"hơn {MAX_PAGES} trang")
    with pillow():
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    index = page = 0
    while True:
        try:
            if not _has_page(image, index):
                break
        except Rejected as error:
            yield Rejected(error.code, error.message, page + 1)
            return
        index += 1
        if _is_reduced(image):
            continue
        page += 1
        try:
            yield _page(image, max_pixels)
        except Rejected as error:
            yield Rejected(error.code, error.message, page)
    if page == 0:
        raise refused("damaged_image")


def _has_more_pages(data: bytes, most: int) -> bool:
    """Whether more directories than that follow each other; Pillow's own count takes the square of their number."""
    order: Literal["little", "big"] = "little" if data.startswith(b"II") else "big"
    big = data[2:4] in (b"+\x00", b"\x00+")
    count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if big else (2, 12, 4)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    at = number(8, 8) if big else number(4, 4)
    seen: set[int] = set()
    while 0 < at < len(data) and at not in seen:
        seen.add(at)
        if len(seen) > most:
            return True
        at = number(at + count_bytes + entry_bytes * number(at, count_bytes), offset_bytes)
    return False


def _has_page(image: TiffImagePlugin.TiffImageFile, index: int) -> bool:
    """Go to that page, from 0. Raises ``Rejected`` where its directory is damaged."""
    with pillow():
        try:
            image.seek(index)
        except EOFError:
            return False
    return True


def _is_reduced(image: TiffImagePlugin.TiffImageFile) -> bool:
    kind = image.tag_v2.get(_NEW_SUBFILE_TYPE, 0)
    return isinstance(kind, int) and bool(kind & _REDUCED)


def _page(image: TiffImagePlugin.TiffImageFile, max_pixels: int) -> Picture:
    check_pixels(image.width, image.height, max_pixels)
    resolution = resolution_of(image)
    quarter = image.tag_v2.get(_ORIENTATION, 1) in _QUARTER_TURNS
    load(image)
    if resolution is not None and quarter:
        resolution = resolution._replace(x_dpi=resolution.y_dpi, y_dpi=resolution.x_dpi)
    return replace(recode(image), resolution=resolution)
