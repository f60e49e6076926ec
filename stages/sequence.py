"""sequence (document): are the pages in order? Rejects only when two sources agree."""

from __future__ import annotations

from models.facts import Fact
from models.stage import Inputs, Ports, Scope, Stage
from stages.count import Counted
from stages.ocr.stage import TextRead


class Sequenced(Fact):
    """``flags``: stable codes (``sequence_gap``, ``printed_order``, ``double_capture``…), with ``:side``."""

    flags: tuple[str, ...] = ()


def run(inputs: Inputs, ports: Ports) -> Sequenced:
    raise NotImplementedError


STAGE = Stage("sequence", 1, Scope.DOCUMENT, (Counted, TextRead), Sequenced, run)
