"""PNG: kept as it is when a PDF can hold its samples (8-bit grey or RGB), else re-coded without loss."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal, NamedTuple

from PIL import PngImagePlugin

from stages.containers.picture import UPRIGHT, Picture, check_pixels, exif_pose, load, pillow, recode, resolution_of
from stages.containers.refusal import refused

MAGIC = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE = 0, 2, 3
_INFLATE_BYTES = 1 << 20


class PngHeader(NamedTuple):
    """The IHDR chunk; whether a tRNS chunk makes samples transparent, and an eXIf chunk is there."""

    width_px: int
    height_px: int
    depth: int
    colour_type: int
    interlaced: bool
    transparent: bool = False
    exif: bool = False

    @property
    def kept(self) -> bool:
        return self.depth == 8 and self.colour_type in (_GREY, _RGB) and not self.transparent

    @property
    def channels(self) -> Literal[1, 3]:
        """Channels of a kept PNG."""
        return 1 if self.colour_type == _GREY else 3


def chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Every chunk with its body, to IEND, checksums verified.

    Raises ``Rejected``: ``truncated`` when IEND is not there, ``damaged_image`` on a wrong checksum.
    """
    view = memoryview(data)
    at = len(MAGIC)
    while True:
        if at + 12 > len(data):
            raise refused("truncated")
        size = int.from_bytes(view[at : at + 4])
        end = at + 12 + size
        if end > len(data):
            raise refused("truncated")
        kind, body = bytes(view[at + 4 : at + 8]), view[at + 8 : end - 4]
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise refused("damaged_image")
        if kind == b"IEND":
            return
        yield kind, body
        at = end


def read_header(data: bytes) -> PngHeader:
    """The header of a whole file. Raises ``Rejected`` as :func:`chunks` does."""
    header: PngHeader | None = None
    palette = False
    for kind, body in chunks(data):
        palette = palette or kind == b"PLTE"
        if kind == b"IHDR" and len(body) == 13 and header is None:
            width_px, height_px = int.from_bytes(body[0:4]), int.from_bytes(body[4:8])
            header = PngHeader(width_px, height_px, body[8], body[9], body[12] != 0)
        elif kind == b"tRNS" and header is not None:
            header = header._replace(transparent=True)
        elif kind == b"eXIf" and header is not None:
            header = header._replace(exif=True)
    if header is None or (header.colour_type == _PALETTE and not palette):
        raise refused("damaged_image")
    return header


def picture(data: bytes, max_pixels: int) -> Picture:
    """The picture of one PNG file. Raises ``Rejected`` as the JPEG's does."""
    if len(data) < 33 or data[12:16] != b"IHDR":
        raise refused("truncated" if len(data) < 33 else "damaged_image")
    check_pixels(int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), max_pixels)
    header = read_header(data)
    with pillow():
        image = PngImagePlugin.PngImageFile(io.BytesIO(data))
    resolution = resolution_of(image)
    if not header.kept or header.interlaced:
        load(image)
    else:
        _check_whole(data, header)
    pose = exif_pose(image) if header.exif else UPRIGHT
    if header.kept:
        return Picture(data, "image/png", header.width_px, header.height_px, header.channels, resolution, pose=pose)
    return replace(recode(image), resolution=resolution, pose=pose)


def _check_whole(data: bytes, header: PngHeader) -> None:
    """Inflate every scan line, a piece at a time. Raises ``Rejected``: ``truncated``, ``damaged_image``."""
    expected = header.height_px * (1 + header.width_px * header.channels)
    inflater = zlib.decompressobj()
    found = 0
    try:
        for kind, body in chunks(data):
            piece: bytes | memoryview = body if kind == b"IDAT" else b""
            while piece and found <= expected:
                found += len(inflater.decompress(piece, _INFLATE_BYTES))
                piece = inflater.unconsumed_tail
        while not inflater.eof and found <= expected:
            rest = inflater.decompress(b"", _INFLATE_BYTES)
            if not rest:
                break
            found += len(rest)
    except zlib.error as error:
        raise refused("damaged_image") from error
    if found != expected or not inflater.eof:
        raise refused("truncated" if found < expected else "damaged_image")
