"""extract (document): proposals for the minimum fields of letter 9318 and Decree 30."""

from __future__ import annotations

from models.base import Confidence, Model
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.both_sides import BothSidesJudged
from stages.ocr.stage import TextRead


class Field(Model):
    """One proposed value. ``value`` normalised (dates ISO 8601), ``raw`` as printed, ``page`` the side.

    ``source``: ``manifest`` or ``ocr``.
    """

    name: str
    value: str
    raw: str
    source: str
    page: int = 0
    confidence: Confidence = 1.0


class Extracted(Fact):
    """Values found. A field that is absent on the paper is absent here, never guessed."""

    fields: tuple[Field, ...] = ()


def run(inputs: Inputs, ports: Ports) -> Extracted:
    raise NotImplementedError


STAGE = Stage("extract", 1, Scope.DOCUMENT, (BothSidesJudged, TextRead), Extracted, run)
