"""assemble (document): the two-layer PDF/A-2b out of untouched scans and hidden text."""

from __future__ import annotations

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.both_sides import BothSidesJudged
from stages.deskew import Deskewed
from stages.ocr.stage import TextRead
from stages.quality import QualityChecked


class Assembled(Fact):
    """``pdf``: blob of the unsigned PDF/A-2b."""

    pdf: Sha256
    pages: int
    size_bytes: int

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf,)


def run(inputs: Inputs, ports: Ports) -> Assembled:
    raise NotImplementedError


STAGE = Stage("assemble", 1, Scope.DOCUMENT, (BothSidesJudged, QualityChecked, Deskewed, TextRead), Assembled, run)
