"""blank_side (page): is there anything on this side? A measure, never a deletion."""

from __future__ import annotations

from typing import Literal

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.decode import Decoded


class BlankMeasured(Fact):
    """``ink``: share of the page area that is ink, 0–1, borders, holes and dust left out."""

    verdict: Literal["blank", "ink", "unsure"]
    ink: float


def run(inputs: Inputs, ports: Ports) -> BlankMeasured:
    raise NotImplementedError


STAGE = Stage("blank_side", 1, Scope.PAGE, (Decoded,), BlankMeasured, run)
