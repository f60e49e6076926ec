"""JPEG: the received bytes stay as they are, when a PDF can hold them.

Whether every scan line is there shows where the page is decoded anyway (:mod:`stages.decode`): to
decode it for that alone would cost more than all else that unpack does.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pikepdf
from PIL import JpegImagePlugin

from models.ports import Pixels
from stages.containers.picture import Picture, check_pixels, exif_pose, load, pillow, recode, resolution_of
from stages.containers.refusal import refused

MAGIC = b"\xff\xd8\xff"

_SOF = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_KEPT_SOF = (0xC0, 0xC1, 0xC2)
"""Huffman-coded sequential and progressive: what DCTDecode and every viewer reads."""
_SOS, _EOI, _APP14, _DQT = 0xDA, 0xD9, 0xEE, 0xDB
_NO_LENGTH = frozenset((0x01, *range(0xD0, 0xD8)))
_IN_SCAN = np.zeros(256, bool)
_IN_SCAN[[0x00, 0x01, *range(0xD0, 0xD8), 0xFF]] = True
"""What may follow 0xFF inside an entropy-coded scan: stuffing, restart, fill."""
_MOST_SCANS = 100
"""A scanner's progressive picture has ten; each is a pass over all pixels, and may be a few bytes long."""
_MID_GREY = 128
"""What libjpeg fills in for blocks that are missing."""


class JpegHeader(NamedTuple):
    """What the markers say. ``ids``: component ids; ``adobe_transform``: None without an Adobe marker."""

    sof: int
    precision: int
    width_px: int
    height_px: int
    ids: tuple[int, ...]
    adobe_transform: int | None

    @property
    def kept(self) -> bool:
        """Whether a PDF shows exactly these colours from these bytes: 8 bits, grey or YCbCr."""
        if self.precision != 8 or self.sof not in _KEPT_SOF:
            return False
        if len(self.ids) == 1:
            return True
        return len(self.ids) == 3 and self.adobe_transform != 0 and bytes(self.ids) != b"RGB"


def read_header(data: bytes) -> JpegHeader:
    """Walk all markers to the end of the image; nothing is decoded.

    Raises ``Rejected``: ``truncated`` when the end is not there, else ``damaged_image``.
    """
    frame: JpegHeader | None = None
    adobe: int | None = None
    for marker, body in _segments(data):
        if marker in _SOF and frame is None:
            count = body[5] if len(body) > 5 else 0
            if len(body) < 6 + 3 * count or count == 0:
                raise refused("damaged_image")
            height_px, width_px = int.from_bytes(body[1:3]), int.from_bytes(body[3:5])
            ids = tuple(body[6 : 6 + 3 * count : 3])
            frame = JpegHeader(marker, body[0], width_px, height_px, ids, None)
        elif marker == _APP14 and body[:5] == b"Adobe" and len(body) >= 12:
            adobe = body[11]
    if frame is None:
        raise refused("damaged_image")
    return frame._replace(adobe_transform=adobe)


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Every marker with its body, up to the end-of-image marker."""
    at, scans = 2, 0
    while True:
        if data[at : at + 1] not in (b"\xff", b""):
            raise refused("damaged_image")
        while data[at : at + 1] == b"\xff":
            at += 1
        if at + 2 >= len(data):
            if data[at:] == bytes([_EOI]) or data[at : at + 1] == bytes([_EOI]):
                return
            raise refused("truncated")
        marker = data[at]
        at += 1
        if marker == _EOI:
            return
        if marker in _NO_LENGTH:
            continue
        end = at + int.from_bytes(data[at : at + 2])
        if end > len(data):
            raise refused("truncated")
        yield marker, data[at + 2 : end]
        at = end
        if marker == _SOS:
            scans += 1
            if scans > _MOST_SCANS:
                raise refused("unsupported_image")
            after = _next_marker(data, at)
            if after is None:
                raise refused("truncated")
            at = after


def _next_marker(data: bytes, start: int) -> int | None:
    """Where the scan that begins at ``start`` ends: the next marker that is no part of it, or None."""
    stream = np.frombuffer(data, np.uint8)[start:]
    escapes = np.flatnonzero(stream[:-1] == 0xFF)
    ends = escapes[~_IN_SCAN[stream[escapes + 1]]]
    return start + int(ends[0]) if len(ends) else None


def picture(data: bytes, max_pixels: int) -> Picture:
    """The picture of one JPEG file, or of one DCT stream of a PDF.

    Raises ``Rejected``: ``truncated``, ``damaged_image``, ``unsupported_image``, ``too_many_pixels``.
    """
    header = read_header(data)
    check_pixels(header.width_px, header.height_px, max_pixels)
    with pillow("unsupported_image" if header.precision != 8 else "damaged_image"):
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    pose, resolution = exif_pose(image), resolution_of(image)
    if header.kept:
        result = Picture(data, "image/jpeg", header.width_px, header.height_px, 1 if len(header.ids) == 1 else 3)
    else:
        load(image)
        result = recode(image)
    return Picture(
        result.data,
        result.media,
        result.width_px,
        result.height_px,
        result.channels,
        resolution,
        pose=pose,
        recoded=result.recoded,
    )


def luminance_table(data: bytes) -> tuple[int, ...] | None:
    """The 64 numbers of quantisation table 0, in zigzag order; None where there is none before the first scan."""
    for marker, body in _segments(data):
        if marker == _SOS:
            return None
        if marker != _DQT:
            continue
        at = 0
        while at < len(body):
            wide, number = divmod(body[at], 16)
            step = 2 if wide else 1
            end = at + 1 + 64 * step
            if number == 0:
                return (
                    tuple(int.from_bytes(body[n : n + step]) for n in range(at + 1, end, step))
                    if end <= len(body)
                    else None
                )
            at = end
    return None


def decodes_cleanly(data: bytes) -> bool:
    """Whether the whole entropy stream decodes without a warning, by qpdf's decoder, which counts them as errors."""
    with pikepdf.new() as pdf:
        stream = pikepdf.Stream(pdf, data, Filter=pikepdf.Name.DCTDecode)
        try:
            stream.get_stream_buffer(pikepdf.StreamDecodeLevel.all)
        except (pikepdf.PdfError, RuntimeError):
            return False
    return True


def ends_in_filling(image: Pixels) -> bool:
    """Whether the last line of a decoded picture is nothing but what libjpeg fills in."""
    return bool((image[-1] == _MID_GREY).all())


def check_whole(data: bytes) -> None:
    """Decode the whole entropy stream; for a picture that did not decode, or that ends in filling.

    libjpeg fills a scan that ends early with exact mid-grey and only warns. A last line of nothing
    else is therefore looked at again, by qpdf's decoder, which counts that warning as an error.
    Raises ``Rejected``: ``truncated`` or ``damaged_image``.
    """
    with pillow():
        image = JpegImagePlugin.JpegImageFile(io.BytesIO(data))
    image.draft("L", (max(image.width // 8, 1), max(image.height // 8, 1)))
    load(image)
    if not ends_in_filling(np.asarray(image)):
        return
    if not decodes_cleanly(data):
        raise refused("truncated")
