"""A side as an OCR engine sees it: from a scan, decoded as far as it is asked for, or from an array in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import cv2
import numpy as np

from models.ports import Pixels, Raster
from stages.raster import warp
from stages.upright import Upright


class _Lazy(ABC):
    """:class:`models.ports.UprightImage` whose pictures are made when first asked for, and once."""

    def __init__(self, width_px: int, height_px: int, dpi: int) -> None:
        self.width_px = width_px
        self.height_px = height_px
        self.dpi = dpi

    def half(self) -> Pixels:
        return self._half

    def full_grey(self) -> Pixels:
        return self._full_grey

    @cached_property
    def _half(self) -> Pixels:
        return self._make_half()

    @cached_property
    def _full_grey(self) -> Pixels:
        return self._make_full_grey()

    @abstractmethod
    def _make_half(self) -> Pixels: ...

    @abstractmethod
    def _make_full_grey(self) -> Pixels: ...


class Sheet(_Lazy):
    """A scan; ``page``: how it is turned, None where it stays as it is."""

    def __init__(self, raster: Raster, page: Upright | None) -> None:
        seen = page or raster
        super().__init__(seen.width_px, seen.height_px, raster.dpi)
        self._raster = raster
        self._page = page

    def _make_half(self) -> Pixels:
        image = self._raster.working()
        return image if self._page is None else warp(image, self._page.halved())

    def _make_full_grey(self) -> Pixels:
        image = self._raster.full_grey()
        return image if self._page is None else warp(image, self._page)


class Picture(_Lazy):
    """An array, grey or BGR, that is upright already."""

    def __init__(self, pixels: Pixels, dpi: int) -> None:
        super().__init__(pixels.shape[1], pixels.shape[0], dpi)
        self._pixels = pixels

    def _make_half(self) -> Pixels:
        size = (-(-self.width_px // 2), -(-self.height_px // 2))
        half = cv2.resize(self._pixels, size, interpolation=cv2.INTER_AREA)
        return np.asarray(half if half.ndim == 3 else cv2.cvtColor(half, cv2.COLOR_GRAY2BGR), dtype=np.uint8)

    def _make_full_grey(self) -> Pixels:
        image = self._pixels
        return image if image.ndim == 2 else np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
