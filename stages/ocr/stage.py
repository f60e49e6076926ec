"""ocr (page): reads the upright, straightened side with the slot's warm engine."""

from __future__ import annotations

from models.base import Confidence, Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.blank_side import BlankMeasured
from stages.deskew import Deskewed


class TextRead(Fact):
    """``text``: blob of the :class:`models.text.PageText`. ``confidence``: mean over characters."""

    text: Sha256
    engine: str
    words: int
    confidence: Confidence

    def blobs(self) -> tuple[str, ...]:
        return (self.text,)


def run(inputs: Inputs, ports: Ports) -> TextRead:
    raise NotImplementedError


STAGE = Stage("ocr", 1, Scope.PAGE, (Deskewed, BlankMeasured), TextRead, run)
