"""Where the pixels of a scan go when it is turned upright and straight. Pure geometry.

Points are in pixels with the origin at the top left *corner* of the first pixel, so that the image
covers ``0 … width`` and boxes with an exclusive right edge map without an offset.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from models.geometry import Affine, Box

Numbers = NDArray[np.float64]

STRAIGHTEN_FROM_DEG = 0.2
"""Below this lean nothing is gained by resampling, or by a matrix that is not a right angle."""
STRAIGHTEN_TO_DEG = 5.0
"""More than this is not a skewed page but a doubtful measure."""


class Upright(NamedTuple):
    """``affine`` maps the scan to the upright page of ``width_px`` × ``height_px``, at the scan's scale."""

    affine: Affine
    width_px: int
    height_px: int

    def points(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Where many points of the scan go."""
        a, b, c, d, e, f = self.affine
        return a * x + b * y + c, d * x + e * y + f

    def halved(self) -> Upright:
        """The same map between pictures at half scale."""
        a, b, c, d, e, f = self.affine
        return Upright(Affine(a, b, c / 2, d, e, f / 2), -(-self.width_px // 2), -(-self.height_px // 2))

    def to_scan(self, box: Box, scan_width_px: int, scan_height_px: int) -> Box:
        """A box on the upright page as the box around it on the scan, cut to the scan's edges."""
        hull = self.affine.inverse().hull(box)
        return Box(
            min(max(hull.left, 0.0), scan_width_px),
            min(max(hull.top, 0.0), scan_height_px),
            min(max(hull.right, 0.0), scan_width_px),
            min(max(hull.bottom, 0.0), scan_height_px),
        )


def upright(
    width_px: int,
    height_px: int,
    orientation_deg: int,
    skew_deg: float = 0.0,
    *,
    mirrored: bool = False,
    grow: bool = False,
) -> Upright:
    """The map from the scan to the upright page.

    In this order: flip left to right when ``mirrored``, turn clockwise by ``orientation_deg`` (the
    *whole* turn from scanned pixels to upright, one of 0, 90, 180, 270: ``Deskewed.orientation_deg``),
    then by ``-skew_deg`` about the centre. The page keeps the scan's size (sides swapped by a quarter
    turn), so straightening cuts the corners, unless ``grow``: then it is large enough for all of them.
    """
    wide, high = (height_px, width_px) if orientation_deg % 180 else (width_px, height_px)
    if grow and skew_deg:
        sin, cos = abs(math.sin(math.radians(skew_deg))), math.cos(math.radians(skew_deg))
        wide, high = math.ceil(wide * cos + high * sin), math.ceil(wide * sin + high * cos)
    flip = Affine(-1.0, 0.0, float(width_px), 0.0, 1.0, 0.0) if mirrored else Affine(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
    turn = Affine.rotation(orientation_deg - skew_deg, (width_px / 2, height_px / 2), (wide / 2, high / 2))
    return Upright(flip.then(turn), wide, high)


def worth_straightening(skew_deg: float) -> bool:
    """Whether a page with this lean is straightened at all (design section 6)."""
    return STRAIGHTEN_FROM_DEG <= abs(skew_deg) <= STRAIGHTEN_TO_DEG
