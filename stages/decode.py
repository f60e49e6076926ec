"""decode (page): the image opens, whole; what it measures."""

from __future__ import annotations

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.count import Counted
from stages.unpack import Unpacked


class Decoded(Fact):
    """Size as scanned, before any turn. ``colour``: three channels that differ (not grey in RGB)."""

    width_px: int
    height_px: int
    dpi: int
    channels: int
    colour: bool


def run(inputs: Inputs, ports: Ports) -> Decoded:
    raise NotImplementedError


STAGE = Stage("decode", 1, Scope.PAGE, (Unpacked, Counted), Decoded, run)
