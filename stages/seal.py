"""seal (document): fixes the exact bytes of the copy and of its record before anything is archived."""

from __future__ import annotations

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.certify import Certified


class Sealed(Fact):
    """``pdf`` and ``record``: blobs that the archive gets; ``originals``: blobs archived beside them."""

    pdf: Sha256
    record: Sha256
    originals: int = 0

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf, self.record)


def run(inputs: Inputs, ports: Ports) -> Sealed:
    raise NotImplementedError


STAGE = Stage("seal", 1, Scope.DOCUMENT, (Certified,), Sealed, run, repeatable=False)
