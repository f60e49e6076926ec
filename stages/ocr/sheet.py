"""A side as an OCR engine sees it: from a scan, decoded as far as it is asked for, or from an array in memory."""

from __future__ import annotations

from functools import cached_property

import cv2
import numpy as np

from models.ports import Pixels, Raster
from stages.raster import warp
from stages.upright import Upright


class Sheet:
    """:class:`models.ports.UprightImage` of a scan; ``page``: how it is turned, None where it stays as it is."""

    def __init__(self, raster: Raster, page: Upright | None) -> None:
        self.width_px, self.height_px = (page or raster).width_px, (page or raster).height_px
        self.dpi = raster.dpi
        self._raster = raster
        self._page = page

    def half(self) -> Pixels:
        return self._half

    def full_grey(self) -> Pixels:
        return self._full_grey

    @cached_property
    def _half(self) -> Pixels:
        image = self._raster.working()
        return image if self._page is None else warp(image, self._page.halved())

    @cached_property
    def _full_grey(self) -> Pixels:
        image = self._raster.full_grey()
        return image if self._page is None else warp(image, self._page)


class Picture:
    """:class:`models.ports.UprightImage` of an array, grey or BGR, that is upright already."""

    def __init__(self, pixels: Pixels, dpi: int) -> None:
        self.height_px, self.width_px = pixels.shape[:2]
        self.dpi = dpi
        self._pixels = pixels

    def half(self) -> Pixels:
        return self._half

    def full_grey(self) -> Pixels:
        return self._full_grey

    @cached_property
    def _half(self) -> Pixels:
        size = (-(-self.width_px // 2), -(-self.height_px // 2))
        half = cv2.resize(self._pixels, size, interpolation=cv2.INTER_AREA)
        return np.asarray(half if half.ndim == 3 else cv2.cvtColor(half, cv2.COLOR_GRAY2BGR), dtype=np.uint8)

    @cached_property
    def _full_grey(self) -> Pixels:
        image = self._pixels
        return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
