"""certify (document): the copy-certification signature (sao y), or the conversion line."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from models.base import Sha256
from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.assemble import Assembled
from stages.extract import Extracted


class Certified(Fact):
    """``form``: ``sao_y`` signed by the agency; ``conversion`` marked as converted, not certified.

    ``stamp``: the visible text. ``at``: the time printed in it. ``signer``: certificate subject, or empty.
    """

    form: Literal["sao_y", "conversion"]
    pdf: Sha256
    stamp: str
    at: datetime
    signer: str = ""
    is_test: bool = False

    def blobs(self) -> tuple[str, ...]:
        return (self.pdf,)


def run(inputs: Inputs, ports: Ports) -> Certified:
    raise NotImplementedError


STAGE = Stage("certify", 1, Scope.DOCUMENT, (Assembled, Extracted), Certified, run, repeatable=False)
