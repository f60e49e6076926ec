"""The pixels of one scanned side: decoded when first asked for, at most once each way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self, cast

import cv2
import numpy as np

from models.errors import Rejected
from models.ports import Pixels, Raster, T
from models.side import Side, read_index
from models.stage import Inputs, Ports
from stages.unpack import Unpacked
from stages.upright import Upright

_RAW = cv2.IMREAD_IGNORE_ORIENTATION
"""Pixels as scanned: turning is for :mod:`stages.upright` alone."""


class DecodedRaster:
    """:class:`models.ports.Raster` over the encoded bytes of a JPEG or PNG.

    Arrays are shared and read-only. ``working`` comes from libjpeg's own half scale (DCT scaling):
    17 ms for A4 at 300 dpi, against 26 ms in full. Raises ``Rejected("unreadable_image")``.
    """

    def __init__(self, side: Side, data: bytes) -> None:
        self.width_px = side.width_px
        self.height_px = side.height_px
        self.dpi = side.dpi
        self.encoded = data
        self._number = side.number
        self._media = side.media
        self._working: Pixels | None = None
        self._grey: Pixels | None = None
        self._full_grey: Pixels | None = None
        self._made: dict[object, object] = {}

    def working(self) -> Pixels:
        if self._working is None:
            if self._media == "image/jpeg":
                self._working = self._decoded(cv2.IMREAD_REDUCED_COLOR_2, 2)
            else:
                half = (-(-self.width_px // 2), -(-self.height_px // 2))
                self._working = _frozen(
                    cv2.resize(self._decoded(cv2.IMREAD_COLOR, 1), half, interpolation=cv2.INTER_AREA)
                )
        return self._working

    def grey(self) -> Pixels:
        if self._grey is None:
            self._grey = _frozen(cv2.cvtColor(self.working(), cv2.COLOR_BGR2GRAY))
        return self._grey

    def full_grey(self) -> Pixels:
        if self._full_grey is None:
            self._full_grey = self._decoded(cv2.IMREAD_GRAYSCALE, 1)
        return self._full_grey

    def once(self, make: Callable[[Self], T]) -> T:
        if make not in self._made:
            self._made[make] = make(self)
        return cast("T", self._made[make])

    def _decoded(self, mode: int, shrink: int) -> Pixels:
        # A page step owns one core: OpenCV's own threads would only fight with the other slots. The
        # setting belongs to the process, costs nothing to repeat, and so does not depend on who started it.
        cv2.setNumThreads(1)
        try:
            image = cv2.imdecode(np.frombuffer(self.encoded, np.uint8), mode | _RAW)
        except cv2.error:
            image = None
        if image is None or not self._fits(image.shape[1], image.shape[0], shrink):
            raise unreadable(self._number)
        return _frozen(image)

    def _fits(self, width_px: int, height_px: int, shrink: int) -> bool:
        """Whether the decoded size is what the header promised (codecs round a half up or down)."""
        return abs(width_px * shrink - self.width_px) < shrink and abs(height_px * shrink - self.height_px) < shrink


def open_raster(side: Side, data: bytes) -> Raster:
    """The pixels of a side, not decoded yet; ``data``: the blob ``side.sha256``."""
    return DecodedRaster(side, data)


def warp(image: Pixels, page: Upright, background: int = 255) -> Pixels:
    """The picture as it looks on the upright page; ``background`` where the scan has nothing."""
    a, b, c, d, e, f = page.affine
    # The map is for corners of pixels, OpenCV's for their middles: half a pixel on either side.
    matrix = np.array([[a, b, c + (a + b - 1) / 2], [d, e, f + (d + e - 1) / 2]])
    size = (page.width_px, page.height_px)
    return np.asarray(cv2.warpAffine(image, matrix, size, borderValue=(background,) * 3), dtype=np.uint8)


def unreadable(page: int) -> Rejected:
    """The error for an image that does not decode whole."""
    return Rejected(
        "unreadable_image",
        f"Ảnh quét của mặt {page} bị hỏng hoặc thiếu dữ liệu, không mở được. Vui lòng quét lại mặt này.",
        page,
    )


def side_of(inputs: Inputs, ports: Ports) -> Side:
    """This page step's side, from the index that unpack wrote."""
    index = read_index(ports.blobs.get(inputs.fact(Unpacked).index))
    return index.sides[inputs.page - 1]


def _frozen(image: object) -> Pixels:
    pixels = cast("Pixels", image)
    pixels.setflags(write=False)
    return pixels
