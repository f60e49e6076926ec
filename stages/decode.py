"""decode (page): the image opens, whole; what it measures."""

from __future__ import annotations

import cv2
import numpy as np

from models.facts import Fact
from models.ports import Pixels
from models.stage import Inputs, Ports, Scope, Stage
from stages.count import Counted
from stages.raster import side_of
from stages.unpack import Unpacked

_COLOUR_LEVELS = 24
"""Difference of two channels that is colour; JPEG's coarse chroma and a warm lamp stay below."""
_COLOUR_SHARE = 0.0002
"""A signature in blue ink covers more of the page than this."""


class Decoded(Fact):
    """Size as scanned, before any turn. ``colour``: three channels that differ (not grey in RGB)."""

    width_px: int
    height_px: int
    dpi: int
    channels: int
    colour: bool


def has_colour(image: Pixels) -> bool:
    """Whether a BGR picture shows colour: tinted paper counts, a grey scan saved as RGB does not.

    Looked at on a reduced copy, where the chroma noise of scanner and JPEG averages out.
    """
    height, width = image.shape[:2]
    scale = min(1.0, 400 / min(height, width))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    blue, green, red = cv2.split(small)
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return float(np.count_nonzero(spread >= _COLOUR_LEVELS)) >= _COLOUR_SHARE * spread.size


def run(inputs: Inputs, ports: Ports) -> Decoded:
    """Raises ``Rejected("unreadable_image")``."""
    side = side_of(inputs, ports)
    raster = inputs.pixels()
    return Decoded(
        width_px=raster.width_px,
        height_px=raster.height_px,
        dpi=raster.dpi,
        channels=side.channels,
        colour=has_colour(raster.working()) if side.channels == 3 else False,
    )


STAGE = Stage("decode", 1, Scope.PAGE, (Unpacked, Counted), Decoded, run)
