"""decode (page): the image opens, whole; what it measures."""

from __future__ import annotations

import cv2
import numpy as np

from models.errors import Rejected
from models.facts import Fact
from models.ports import Pixels
from models.stage import Inputs, Ports, Scope, Stage
from stages.containers.jpeg import ends_in_filling
from stages.count import Counted
from stages.raster import side_of
from stages.unpack import Unpacked, check_whole

_COLOUR_LEVELS = 12
"""Difference of two channels that is colour. In grey saved as RGB it is 0, on black print in a colour
scan 0.2 to 0.4 % of the pixels reach it, from the fringes of the letters alone."""
_COLOUR_SHARE = 0.0005
_EVERY = 5
"""One line in so many is looked at: of A4 that is still half a million pixels."""


class Decoded(Fact):
    """Size as scanned, before any turn. ``colour``: three channels that differ (not grey in RGB)."""

    width_px: int
    height_px: int
    dpi: int
    channels: int
    colour: bool


def has_colour(image: Pixels) -> bool:
    """Whether a BGR picture comes from a colour scan, whatever the paper; grey saved as RGB does not."""
    blue, green, red = cv2.split(np.ascontiguousarray(image[::_EVERY]))
    spread = cv2.subtract(cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red))
    return int(np.count_nonzero(np.asarray(spread) >= _COLOUR_LEVELS)) >= _COLOUR_SHARE * spread.size


def run(inputs: Inputs, ports: Ports) -> Decoded:
    """Raises ``Rejected``: ``truncated``, ``damaged_image`` or ``unreadable_image``."""
    side = side_of(inputs, ports)
    raster = inputs.pixels()
    try:
        whole = not ends_in_filling(raster.working())
    except Rejected:
        check_whole(side, ports.blobs.get(side.sha256))
        raise
    if not whole:
        check_whole(side, ports.blobs.get(side.sha256))
    return Decoded(
        width_px=raster.width_px,
        height_px=raster.height_px,
        dpi=raster.dpi,
        channels=side.channels,
        colour=has_colour(raster.working()) if side.channels == 3 else False,
    )


STAGE = Stage("decode", 2, Scope.PAGE, (Unpacked, Counted), Decoded, run)
