"""put (document): writes the sealed bytes to the archive, PDF first, record last."""

from __future__ import annotations

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.seal import Sealed


class Archived(Fact):
    """``pdf`` and ``record``: keys in the archive, read back and verified."""

    pdf: str
    record: str


def run(inputs: Inputs, ports: Ports) -> Archived:
    raise NotImplementedError


STAGE = Stage("put", 1, Scope.DOCUMENT, (Sealed,), Archived, run)
