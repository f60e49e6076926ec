"""quality (page): resolution, colour and size against the law (rules R5 and R6)."""

from __future__ import annotations

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.decode import Decoded


class QualityChecked(Fact):
    """``paper``: the known size that the scan has (``A4``, ``A3``, ``A5``, ``ID-1``…), or ``other``.

    ``flags``: stable codes (``low_dpi``, ``grey``, ``odd_size``, ``blurred``…), never a reason to
    delete anything; those that settings name are reasons to reject.
    """

    width_mm: float
    height_mm: float
    paper: str
    flags: tuple[str, ...] = ()


def run(inputs: Inputs, ports: Ports) -> QualityChecked:
    raise NotImplementedError


STAGE = Stage("quality", 1, Scope.PAGE, (Decoded,), QualityChecked, run)
