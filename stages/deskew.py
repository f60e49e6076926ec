"""deskew (page): how the scan has to be turned to stand upright and straight."""

from __future__ import annotations

from typing import Literal

from models.base import Confidence
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.decode import Decoded


class Deskewed(Fact):
    """Turn the scan clockwise by ``orientation_deg``, then by ``-skew_deg``, and it is straight.

    ``skew_deg``: clockwise lean of the text lines after the orientation turn, −5 to 5; 0 with low
    confidence on pages that show no lines. ``clips_ink``: straightening would cut ink at a corner.
    """

    orientation_deg: Literal[0, 90, 180, 270]
    orientation_confidence: Confidence
    skew_deg: float
    skew_confidence: Confidence
    clips_ink: bool = False


def run(inputs: Inputs, ports: Ports) -> Deskewed:
    raise NotImplementedError


STAGE = Stage("deskew", 1, Scope.PAGE, (Decoded,), Deskewed, run)
